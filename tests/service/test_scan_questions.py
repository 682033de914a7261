"""Scans asked as sensors are: by the doors' own functions, over a store in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.errors import (
    BadRequest,
    LimitError,
    ProjectionError,
    QuerySyntaxError,
    RangeError,
    StreamUnreadable,
    UnknownScan,
    UnknownStream,
)
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.domain.series import Series
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.panels import Found, Target, panel
from grafana_sensor.service.session import Session
from tests.service.fakes import NOW
from tests.service.scans import SECOND, START, Recorder, Trimmed, ascan, definition


def ask(text: str | None, **fields: Any) -> Question:
    """The question over the hour in which the scan is."""
    return Question(q=text, **{"start": "2026-01-01", "end": "2026-01-01T01:00:00Z", **fields})


def first(found: Found) -> Series:
    """The first series of a target's answer."""
    assert isinstance(found, Sequence)
    return found[0]


def drawn(series: Series) -> list[tuple[float, Any]]:
    """The points, their times in seconds since the scan began."""
    return [((time - NOW) / SECOND, value) for time, value in zip(series.times.tolist(), series.values, strict=True)]


@pytest.fixture
def scans(session: Session) -> Any:
    return session.store.scans()


def test_a_stream_is_a_series_on_the_scan_s_own_time(session: Session, scans: Any) -> None:
    """A metric of the last scan has the times of its epoch stream, and the unit and name of its channel; NaN is no point."""
    ascan(scans)
    (series,) = answers.series(session, ask("scan:last/diode:current"))
    assert [(0.0, 10.0), (1.0, 11.0), (3.0, 13.0), (4.0, 14.0)] == drawn(series)
    assert ("scan:last diode:current", "current", "A") == (series.name, series.title, series.unit)
    assert ({"sensor": "scan:last", "attribute": "diode:current"}, ()) == (series.tags, series.notices)


def test_the_last_scan_is_the_newest_at_each_answer(session: Session, scans: Any) -> None:
    """A scan that begins is the last one at once."""
    ascan(scans)
    answers.series(session, ask("scan:last/mot:x"))
    Recorder(scans, "K2", 2).start(definition("time"), definition("mot:x")).send(time=[START + 9], mot__x=[7.0])
    (series,) = answers.series(session, ask("scan:last/mot:x"))
    assert [(9.0, 7.0)] == drawn(series)


@pytest.mark.parametrize(
    ("text", "column", "values"),
    [
        ("scan:K1/mot:x", "mot:x", [0.0, 1.0, 2.0, 3.0, 4.0]),
        (r"scan:last\/mot:x", "mot:x", [0.0, 1.0, 2.0, 3.0, 4.0]),
        ('"scan:dataset=ab*/mot:x" WHERE "mot:x" > 2', "mot:x", [3.0, 4.0]),
        ("scan:dataset=ab*/mot:x", "mot:x", [0.0, 1.0, 2.0, 3.0, 4.0]),
        ("scan:last&dataset=abc&number=1/mot:x", "mot:x", [0.0, 1.0, 2.0, 3.0, 4.0]),
        ('"mot:x" FROM scan:last WHERE diode:current >= 13', "mot:x", [3.0, 4.0]),
        ("mot:x FROM (scan:K1) WHERE index IN (0, 4) AND time < 2027-01-01", "mot:x", [0.0, 4.0]),
        ("mot:x FROM scan:last WHERE shutter = 'closed'", "mot:x", [2.0]),
        ("shutter FROM scan:last WHERE mot:x > 1", "shutter", ["closed", '{"at": 1}', "open"]),
        ("scan:last/mca:spec@sum", "mca:spec@sum", [3.0, 6.0, 9.0, 12.0, 15.0]),
        ('"mca:spec@max" FROM scan:last WHERE "mca:spec@[1]" = 3', "mca:spec@max", [4.0]),
        ("scan:last/mca:spec@[7]", "mca:spec@[7]", []),
        ("AVG(diode:current) FROM scan:last", "avg_diode:current", [12.0]),
        ("AVG(scan:last/diode:current) WHERE mot:x > 0", "avg_diode:current", [38 / 3]),
        ("MAX(mot:x) AS most FROM scan:last EVERY 2s", "most", [1.0, 3.0, 4.0] + [None] * 1797),
        ("CNT(*) FROM scan:last", "cnt", [5]),
        ("LAST(shutter) FROM scan:last", "last_shutter", ["open"]),
    ],
)
def test_rows_of_a_scan_are_those_of_a_sensor(
    session: Session, scans: Any, text: str, column: str, values: Any
) -> None:
    """Names in every form, conditions over several streams, reductions, aggregates and buckets answer in rows."""
    ascan(scans, dataset="abc")
    table = answers.rows(session, ask(text))
    (found,) = [each for each in table.columns if each.name == column]
    assert values == list(found.values)


def test_fields_ask_scans_too(session: Session, scans: Any) -> None:
    """`sensor`, `select`, `where`, `aggregate` and `every` of a payload are taken as of sensors."""
    ascan(scans)
    question = ask(
        None,
        select=["mot:x"],
        sensor=["scan:last"],
        where=[["diode:current", ">", 10]],
        aggregate=["MIN", "MAX"],
        every="all",
    )
    assert [[(0.0, 1.0)], [(0.0, 4.0)]] == [drawn(series) for series in answers.series(session, question)]


def test_the_library_asks_scans(session: Session, scans: Any) -> None:
    """A scan's name is a sensor's for query_per_sensor and query."""
    ascan(scans)
    assert 48.0 == session.query_per_sensor("scan:last", ["SUM(diode:current)"])
    rows = session.query("mot:x FROM scan:last WHERE mot:x > 3")
    assert [("scan:last", 4.0)] == [(row["sensor"], row["mot:x"]) for row in rows]


def test_several_scans_answer_each_for_itself(session: Session, scans: Any) -> None:
    """A search answers with a series for each scan that it finds, the newest first, titled by name and number."""
    ascan(scans, dataset="abc")
    ascan(scans, "K2", 2, dataset="abd")
    ascan(scans, "K3", 3, dataset="x")
    found = answers.series(session, ask("scan:dataset=ab*/diode:current"))
    assert {"scan:K1": "ascan 1 current", "scan:K2": "ascan 2 current"} == {s.tags["sensor"]: s.title for s in found}
    found = answers.series(session, ask("scan:(K1|K3)/(mot:x|diode:current)"))
    assert [(n, s) for s in ("mot:x", "diode:current") for n in ("scan:K1", "scan:K3")] == [
        (series.tags["sensor"], series.tags["attribute"]) for series in found
    ]


def test_a_wide_search_answers_with_the_newest_and_says_so(session: Session, scans: Any) -> None:
    """Of 23 scans 20 answer, and a notice says how many there are."""
    for number in range(23):
        Recorder(scans, f"K{number:02}", number).start(definition("time"), definition("a")).send(
            time=[START], a=[number]
        )
    table = answers.rows(session, ask("scan:name=ascan/a"))
    assert list(range(3, 23)) == sorted(table.columns[2].values)
    assert "23 scans meet scan:name=ascan: the newest 20 of them answer" in table.notices[0]


def test_without_a_time_there_is_no_series_but_rows_by_index(session: Session, scans: Any) -> None:
    """Streams without a time channel are refused as series; as a table all points answer by index, and it is told."""
    Recorder(scans, info={}).start(definition("x"), definition("y")).send(x=[1.0, 2.0, 3.0], y=[4.0, 5.0])
    with pytest.raises(StreamUnreadable, match="no stream tells the times of ascan 1"):
        answers.series(session, ask("scan:last/x"))
    table = answers.rows(session, ask("x, y FROM scan:last WHERE x > 1", start="2020-01-01", end="2020-01-02"))
    assert [{"index": 1, "x": 2.0, "y": 5.0}, {"index": 2, "x": 3.0, "y": None}] == table.rows()
    assert ("no stream tells the times of ascan 1: all of its points answer, by index",) == table.notices
    assert [{"sensor": "scan:last", "avg_y": 4.5}] == answers.rows(session, ask("AVG(y) FROM scan:last")).rows()
    for text in ("AVG(y) FROM scan:last EVERY 1s", "x FROM scan:last WHERE time > now-1h"):
        with pytest.raises(RangeError):
            answers.rows(session, ask(text))


def test_a_table_whose_first_column_is_the_index_goes_by_it(session: Session, scans: Any) -> None:
    """It has every point of the scan, whatever the range, without times; pages lead through it."""
    ascan(scans)
    question = ask("index, mot:x FROM scan:last", start="2020-01-01", end="2020-01-02", limit=3)
    table = answers.rows(session, question)
    assert [{"index": n, "mot:x": float(n)} for n in range(3)] == table.rows()
    table = answers.rows(
        session, ask("index, mot:x FROM scan:last", start="2020-01-01", end="2020-01-02", limit=3, cursor=table.next)
    )
    assert ([3, 4], None, ()) == (table.columns[0].values, table.next, table.notices)


def test_elapsed_time_counts_from_the_start_and_is_told(session: Session, scans: Any) -> None:
    """Without an epoch the times are start_time + elapsed_time, with a notice that they are approximate."""
    info = {"start_time": "2026-01-01T01:00:30+01:00"}
    Recorder(scans, info=info).start(definition("timer:elapsed_time"), definition("a")).send(
        timer__elapsed_time=[0.5, 1.5], a=[1.0, 2.0]
    )
    (series,) = answers.series(session, ask("scan:last/a"))
    assert [(30.5, 1.0), (31.5, 2.0)] == drawn(series)
    assert ("times of ascan 1 are approximate: its start and its elapsed_time",) == series.notices


def test_a_start_without_a_zone_is_not_believed(session: Session, scans: Any) -> None:
    """The moment at which the scan was STARTED stands in for it."""
    Recorder(scans, info={"start_time": "2026-01-01T12:00:00"}).start(definition("elapsed_time"), definition("a")).send(
        elapsed_time=[1.0], a=[1.0]
    )
    assert [(1.0, 1.0)] == drawn(answers.series(session, ask("scan:last/a"))[0])


def test_a_stream_called_time_must_hold_times(session: Session, scans: Any) -> None:
    """Seconds from 0 on are no Unix times, so nothing tells the time."""
    Recorder(scans, info={}).start(definition("time"), definition("a")).send(time=[0.0, 1.0], a=[1.0, 2.0])
    with pytest.raises(StreamUnreadable):
        answers.series(session, ask("scan:last/a"))


def test_points_are_paired_by_index_and_cut_to_the_shorter(session: Session, scans: Any) -> None:
    """Values without a time are left out, and so are times without a value; a NaN is no time."""
    recorder = Recorder(scans).start(definition("epoch"), definition("a"), definition("b"))
    recorder.send(epoch=[START, np.nan, START + 2], a=[1.0, 2.0, 3.0, 4.0], b=[5.0])
    found = answers.series(session, ask("a, b FROM scan:last"))
    assert [[(0.0, 1.0), (2.0, 3.0)], [(0.0, 5.0)]] == [drawn(series) for series in found]


def test_times_out_of_order_are_sorted_and_told(session: Session, scans: Any) -> None:
    """The points come in the order of their times, with a notice."""
    Recorder(scans).start(definition("epoch"), definition("a")).send(
        epoch=[START + 2, START, START + 1], a=[2.0, 0.0, 1.0]
    )
    (series,) = answers.series(session, ask("scan:last/a"))
    assert [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)] == drawn(series)
    assert ("the times in epoch of ascan 1 don't ascend everywhere: points are sorted by them",) == series.notices


def test_each_top_master_has_a_time_of_its_own(session: Session, scans: Any) -> None:
    """Streams of two entries of the acquisition chain are paired with the time of theirs, and it is told."""
    info = {
        "acquisition_chain": {
            "slow": {"devices": ["s"]},
            "fast": {"scalars": ["fast:epoch", "b"]},
        },
        "devices": {"s": {"triggered_devices": ["t"]}, "t": {"channels": ["slow:epoch", "a"]}},
    }
    Recorder(scans, info=info).start(*map(definition, ("slow:epoch", "a", "fast:epoch", "b"))).send(
        slow__epoch=[START, START + 10], a=[1.0, 2.0], fast__epoch=[START, START + 1, START + 2], b=[3.0, 4.0, 5.0]
    )
    found = answers.series(session, ask("a, b FROM scan:last"))
    assert [[(0.0, 1.0), (10.0, 2.0)], [(0.0, 3.0), (1.0, 4.0), (2.0, 5.0)]] == [drawn(series) for series in found]
    assert ("streams of ascan 1 have times of their own: a, b are not of one record",) == found[0].notices
    assert [5] == list(answers.rows(session, ask("CNT(*) FROM scan:last")).columns[1].values)


def test_trimmed_points_are_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis forgets the oldest points: what is left answers, at its own times, with a notice."""
    store = Trimmed()
    monkeypatch.setattr(session, "scans", lambda: store)
    ascan(store)
    store.first = 3
    (series,) = answers.series(session, ask("scan:last/mot:x"))
    assert [(3.0, 3.0), (4.0, 4.0)] == drawn(series)
    assert ("the first 3 points of mot:x in ascan 1 are gone: they were trimmed",) == series.notices
    assert [3, 4] == answers.rows(session, ask("index, mot:x FROM scan:last")).columns[0].values


def test_a_scan_outside_of_the_range_is_told(session: Session, scans: Any) -> None:
    """A series without points says where the points are."""
    ascan(scans)
    (series,) = answers.series(session, ask("scan:last/mot:x", start="2026-01-02", end="2026-01-03"))
    assert ([], ("all points of ascan 1 lie before the range",)) == (drawn(series), series.notices)


def test_everything_is_what_has_one_value_a_point(session: Session, scans: Any) -> None:
    """`*` leaves out spectra and images, and names them."""
    ascan(scans)
    table = answers.rows(session, ask("* FROM scan:last"))
    assert ["time", "sensor", "timer:epoch", "mot:x", "diode:current", "shutter"] == [c.name for c in table.columns]
    assert ("left out, for want of a single value a point: mca:spec, cam:image",) == table.notices


def test_a_spectrum_is_a_table_of_the_latest_one(session: Session, scans: Any) -> None:
    """Over the axis of its device, whatever the range; a condition picks another point."""
    ascan(scans)
    table = answers.rows(session, ask("scan:last/mca:spec", start="2020-01-01", end="2020-01-02"))
    assert [{"x": 1.0, "mca:spec": 4.0}, {"x": 2.0, "mca:spec": 5.0}, {"x": 4.0, "mca:spec": 6.0}] == table.rows()
    assert [("keV", "counts")] == [(table.columns[0].unit, table.columns[1].unit)]
    table = answers.rows(session, ask('"mca:spec" FROM scan:last WHERE mot:x < 2'))
    assert [1.0, 2.0, 3.0] == table.columns[1].values
    with pytest.raises(StreamUnreadable, match="mca:spec@sum"):
        answers.series(session, ask("scan:last/mca:spec"))
    with pytest.raises(StreamUnreadable, match="one number of each is mca:spec@sum"):
        answers.rows(session, ask("mot:x, mca:spec FROM scan:last"))


def test_spectra_of_any_length_are_padded(session: Session, scans: Any) -> None:
    """Two streams of lists side by side, each at the last point that both have; over the index without an axis."""
    Recorder(scans, info={}).start(definition("a", shape=(-1,)), definition("b", shape=(2,))).send(
        a=[np.array([1.0]), np.array([1.0, np.inf, 3.0])], b=[[5.0, 6.0], [7.0, 8.0], [9.0, 9.0]]
    )
    table = answers.rows(session, ask("a, b FROM scan:last"))
    assert [
        {"index": 0, "a": 1.0, "b": 7.0},
        {"index": 1, "a": None, "b": 8.0},
        {"index": 2, "a": 3.0, "b": None},
    ] == table.rows()
    assert [1.0, None] == answers.rows(session, ask("scan:last/a@sum")).columns[1].values


def test_instants_are_of_now_whatever_the_range(session: Session, scans: Any) -> None:
    """State, points and last value have one point each, with the channel's unit."""
    ascan(scans)
    found = panel(
        session, [Target("A", ask(f"scan:last/{name}")) for name in ("@state", "@points", "diode:current@last")]
    )
    assert [["STARTED"], [5], [14.0]] == [list(first(answer).values) for answer in found]
    assert "A" == first(found[2]).unit
    table = answers.rows(session, ask('"@state", "shutter@last" FROM scan:last'))
    assert [{"time": NOW, "sensor": "scan:last", "@state": "STARTED", "shutter@last": "open"}] == table.rows()
    with pytest.raises(ProjectionError, match="one value, of now"):
        answers.rows(session, ask('"@state", mot:x FROM scan:last'))


def test_a_scan_that_is_not_prepared_has_nothing_yet(session: Session, scans: Any) -> None:
    """A panel on the last scan doesn't fail while a scan is being made: it is empty, and the table says why."""
    Recorder(scans)
    assert [] == answers.series(session, ask("scan:last/mot:x"))
    table = answers.rows(session, ask("scan:last/mot:x"))
    assert ([], ("ascan 1 is not prepared yet, and has no streams so far",)) == (table.rows(), table.notices)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("scan:K9/mot:x", UnknownScan, "unknown scan 'K9'"),
        ("scan:dataset=zzz*/mot:x", UnknownScan, "no scan meets scan:dataset=zzz*"),
        ("scan:last/mot:y", UnknownStream, "unknown stream 'mot:y' (did you mean 'mot:x'?) in ascan 1"),
        ("mot:x FROM scan:last WHERE mot:z > 1", UnknownStream, "'mot:z'"),
        ("scan:last/cam:image", StreamUnreadable, "it holds images"),
        ("scan:last/mot:x@sum", StreamUnreadable, "it holds no lists"),
        ("scan:last/", QuerySyntaxError, "names no stream"),
        ("scan:title=x/mot:x", QuerySyntaxError, "can't be searched by"),
        ("scan:number=x/mot:x", QuerySyntaxError, "no whole number"),
        ("scan:dataset=/mot:x", QuerySyntaxError, "has no value"),
        ("scan:last/$stream", QuerySyntaxError, "left unexpanded"),
        ("mot:x FROM scan:last, hall", BadRequest, "don't mix"),
        ("scan:last/mot:x, t", ProjectionError, "don't mix"),
        ("mca:spec@sum FROM scan:last", QuerySyntaxError, "a name with @ in it stands in double quotes"),
        ("scan:last/diode current WHERE x > 1", QuerySyntaxError, "expected"),
        ("mot:x FROM scan:last EVERY 1s", ProjectionError, "AVG(mot:x) would do"),
        ("streams(K9)", UnknownScan, "unknown scan 'K9'"),
        ("scans(last)", BadRequest, "scans(dataset=efgh*)"),
    ],
)
def test_what_can_t_be_answered_is_told(
    session: Session, scans: Any, text: str, error: type[Exception], says: str
) -> None:
    """An error names what is wrong and what would be right."""
    ascan(scans)
    session.insert_into_sensor("hall", {"t": 1})
    with pytest.raises(error, match=says.translate({ord(c): f"\\{c}" for c in "()?*"})):
        answers.rows(session, ask(text))


def test_without_any_scan_the_last_one_is_unknown(session: Session) -> None:
    """There is no scan yet, and no scan in the list."""
    with pytest.raises(UnknownScan, match="there is no scan yet"):
        answers.rows(session, ask("scan:last/mot:x"))
    assert [] == answers.rows(session, ask("scans")).rows()


def test_a_user_s_own_names_go_first(session: Session, scans: Any) -> None:
    """An attribute or a sensor that is called as a scan is the attribute or the sensor."""
    ascan(scans)
    session.insert_into_sensor("scan:last", {"time": "2026-01-01T00:00:01Z", "scan:last/mot:x": 77, "scans": 5})
    assert [(1.0, 77.0)] == drawn(answers.series(session, ask("scan:last/mot:x"))[0])
    assert [77.0] == list(answers.series(session, ask("scan:last/mot:x FROM scan:last"))[0].values)
    assert [(1.0, 5.0)] == drawn(answers.series(session, ask("scans"))[0])


def test_targets_of_a_panel_see_one_state_and_share_the_limits(session: Session, scans: Any) -> None:
    """Records and scans answer side by side; what a limit leaves no room for is refused alone."""
    ascan(scans)
    session.insert_into_sensor("hall", {"time": "2026-01-01T00:00:01Z", "t": 1.5})
    found = panel(
        session, [Target(n, ask(t)) for n, t in zip("ABC", ("scan:last/mot:x", "t", "scan:last/nothing"), strict=True)]
    )
    assert [[0.0, 1.0, 2.0, 3.0, 4.0], [1.5]] == [list(first(answer).values) for answer in found[:2]]
    assert isinstance(found[2], UnknownStream)


def test_a_limit_bites_on_scans_too(database: Any, scans: Any) -> None:
    """More points than an answer may have are refused."""
    ascan(scans)
    small = database.session_login("alice", "secret")
    small.settings = type(small.settings)(max_points=3)
    with pytest.raises(LimitError, match="more than 3 rows"):
        answers.rows(small, ask("scan:last/mot:x"))


def test_lists_of_scans_streams_and_positioners(session: Session, scans: Any) -> None:
    """The tables have what the scans say of themselves, the newest scan first."""
    positions = {
        "positioners_start": {"sx": 1.5, "sy": "OFF"},
        "positioners_end": {"sx": 2},
        "positioners_units": {"sx": "mm"},
    }
    Recorder(scans, "K0", 0, {"positioners": positions, "title": "move", "npoints": 3}, dataset="d").start().end()
    ascan(scans)
    rows = answers.rows(session, ask("scans")).rows()
    assert [("K1", "STARTED", None), ("K0", "CLOSED", "SUCCESS")] == [
        (r["key"], r["state"], r["end_reason"]) for r in rows
    ]
    assert [(None, 6, None), ("move", 0, 60.0)] == [(r["title"], r["streams"], r["duration"]) for r in rows]
    assert ["K0"] == [row["key"] for row in answers.rows(session, ask("scans(dataset=d*)")).rows()]
    rows = answers.rows(session, ask("streams(last)")).rows()
    assert [
        ("timer:epoch", START + 4.0, None),
        ("mot:x", 4.0, "mm"),
        ("diode:current", 14.0, "A"),
        ("mca:spec", None, "counts"),
    ] == [(row["stream"], row["last"], row["unit"]) for row in rows[:4]]
    assert [
        {"positioner": "sx", "start": 1.5, "end": 2.0, "start_dial": None, "end_dial": None, "unit": "mm"},
        {"positioner": "sy", "start": None, "end": None, "start_dial": None, "end_dial": None, "unit": None},
    ] == answers.rows(session, ask("positioners(K0)")).rows()


def test_lists_of_scans_are_paged(session: Session, scans: Any) -> None:
    """Pages of two lead through five scans, each once."""
    for number in range(5):
        Recorder(scans, f"K{number}", number)
    found, cursor = [], None
    while True:
        table = answers.rows(session, ask("scans", limit=2, cursor=cursor))
        found.append([row["key"] for row in table.rows()])
        if (cursor := table.next) is None:
            break
    assert [["K4", "K3"], ["K2", "K1"], ["K0"]] == found


def test_the_state_of_a_scan_rises_in_the_list(session: Session, scans: Any) -> None:
    """A scan that is closed is remembered as such, an open one is looked at again."""
    recorder = ascan(scans)
    states = [answers.rows(session, ask("scans")).rows()[0]["state"]]
    recorder.end("FAILURE")
    states += [answers.rows(session, ask("scans")).rows()[0]["state"] for _ in range(2)]
    assert [ScanState.STARTED.name, ScanState.CLOSED.name, ScanState.CLOSED.name] == states
    scans.delete("K1")
    assert [] == answers.rows(session, ask("scans")).rows()
