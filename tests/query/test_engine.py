from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.columns import Value
from grafana_sensor.domain.errors import LimitError, ProjectionError
from grafana_sensor.domain.plans import BEGINNING, FOREVER, Every
from grafana_sensor.domain.series import Series
from grafana_sensor.query.engine import Ask, scalars, series, table
from grafana_sensor.query.parse import parse_query
from tests.query.plainstore import PlainReading, Record

MS = 1000
SECOND = 1000 * MS
DAY = 86_400 * SECOND


def ask(
    text: str, start: int = 0, end: int = 60 * SECOND, *, max_points: int = 1000, every: Every | None = None
) -> Ask:
    return Ask(parse_query(text), start, end, end, every, max_points)


def record(time: int, sensor: str, position: int = 0, /, **attributes: Value) -> Record:
    return Record(time, sensor, ("b", position), attributes)


HOUSE = [
    record(10 * SECOND, "hall", 0, t=1.0, s="on"),
    record(12 * SECOND, "hall", 1, t=2.0),
    record(31 * SECOND, "hall", 2, t=4.0, s="off"),
    record(12 * SECOND, "cellar", 3, t=8.0, h=50.0),
    record(12 * SECOND, "cellar", 4, h="wet"),
    record(12 * SECOND, "", 5, t=16.0),
    record(13 * SECOND, "bare", 6),
]


def house() -> PlainReading:
    return PlainReading(HOUSE)


def rows(text: str, **parts: int) -> list[dict[str, object]]:
    """The rows of a query over the house's first minute."""
    return table(house(), ask(text, **parts), Budget()).rows()


def lines(text: str, **parts: int) -> list[Series]:
    """The series of a query over the house's first minute."""
    return series(house(), ask(text, **parts), Budget())


def points(one: Series) -> list[tuple[int, object]]:
    return list(zip(one.times.tolist(), one.values, strict=True))


def test_raw_rows_go_by_time_then_sensor_then_record() -> None:
    """A raw table has time, sensor and the attribute, in order of time, ties by sensor's name."""
    assert [
        {"time": 10 * SECOND, "sensor": "hall", "t": 1.0},
        {"time": 12 * SECOND, "sensor": "", "t": 16.0},
        {"time": 12 * SECOND, "sensor": "cellar", "t": 8.0},
        {"time": 12 * SECOND, "sensor": "hall", "t": 2.0},
        {"time": 31 * SECOND, "sensor": "hall", "t": 4.0},
    ] == rows("t")


def test_a_row_has_one_of_the_attributes_at_least() -> None:
    """Records without any projected attribute give no row; what a row's record lacks is None."""
    assert [
        {"time": 12 * SECOND, "sensor": "cellar", "t": 8.0, "s": None},
        {"time": 12 * SECOND, "sensor": "hall", "t": 2.0, "s": None},
        {"time": 31 * SECOND, "sensor": "hall", "t": 4.0, "s": "off"},
    ] == rows("t, s FROM hall, cellar WHERE time > 10")


def test_an_attribute_of_both_kinds_gives_two_columns() -> None:
    """Numbers and texts of one attribute stand in two columns, each of its kind."""
    found = table(house(), ask("h"), Budget())
    assert [("time", "time"), ("sensor", "text"), ("h", "number"), ("h_text", "text")] == [
        (column.name, column.kind) for column in found.columns
    ]
    assert [(50.0, None), (None, "wet")] == [(row["h"], row["h_text"]) for row in found.rows()]


def test_both_kinds_are_those_of_all_the_users_data() -> None:
    """Two columns come also where the rows asked hold one kind only."""
    assert [{"time": 12 * SECOND, "sensor": "cellar", "h": 50.0, "h_text": None}] == rows("h WHERE h = 50")


def test_the_library_has_both_kinds_in_one_column() -> None:
    """With split_kinds off an attribute has one column of numbers and texts."""
    found = table(house(), ask("h"), Budget(), split_kinds=False)
    assert [50.0, "wet"] == list(found.columns[2].values)
    assert ["time", "sensor", "h"] == [column.name for column in found.columns]


def test_the_column_of_texts_takes_the_first_free_name() -> None:
    """`a_text` gives way to attributes of the user and to other columns."""
    reading = PlainReading(
        [record(1, "a", 0, a=1.0, a_text=2.0), record(2, "a", 1, a="x"), record(3, "b", 2, a_text_2=1.0)]
    )
    found = table(reading, ask("a, a_text AS a_text_3"), Budget())
    assert ["time", "sensor", "a", "a_text_4", "a_text_3"] == [column.name for column in found.columns]


def test_columns_have_names_of_their_own() -> None:
    """AS names a column; a second one of a name, `time` and `sensor` among them, gets _2."""
    names = [column.name for column in table(house(), ask("t, t, t AS x, s AS time"), Budget()).columns]
    assert ["time", "sensor", "t", "t_2", "x", "time_2"] == names


def test_everything_is_the_attributes_of_the_sensors_asked() -> None:
    """`*` gives the columns of the sensors in FROM; a record without attributes gives no row."""
    assert ["time", "sensor", "s", "t"] == [c.name for c in table(house(), ask("* FROM hall"), Budget()).columns]
    assert [] == rows("* FROM bare")


def test_a_raw_table_of_nothing_has_its_columns() -> None:
    """An empty range gives a table without rows, its columns named all the same."""
    found = table(house(), ask("t, s", 5, 5), Budget())
    assert (["time", "sensor", "t", "s"], []) == ([c.name for c in found.columns], found.rows())
    assert ["time", "number", "text"] == [found.columns[i].kind for i in (0, 2, 3)]


def test_the_start_is_in_and_the_end_is_out() -> None:
    """A range is half-open."""
    assert [1.0, 2.0] == [row["t"] for row in rows("t FROM hall", start=10 * SECOND, end=31 * SECOND)]


def test_a_table_of_an_aggregate_is_one_value_over_the_range() -> None:
    """Without EVERY and FROM an aggregate is one row over all of the user's records."""
    assert [{"avg_t": 6.2, "cnt": 7}] == rows("AVG(t), CNT(*)")
    assert [{"avg_t": 6.2}] == rows("AVG(t) EVERY all")


def test_from_and_by_give_a_row_for_each_sensor() -> None:
    """FROM and BY sensor give a sensor column and a row for each that has the attribute, by name."""
    assert [{"sensor": "cellar", "avg_t": 8.0}, {"sensor": "hall", "avg_t": 7 / 3}] == rows("AVG(t) FROM hall, cellar")
    assert ["", "cellar", "hall"] == [row["sensor"] for row in rows("AVG(t) BY sensor")]
    assert [("", 0), ("bare", 0), ("cellar", 2), ("hall", 0)] == [
        (row["sensor"], row["cnt_h"]) for row in rows("CNT(h), CNT(*) BY sensor")
    ]


def test_no_record_is_a_row_of_null_for_each_sensor_that_has_the_attribute() -> None:
    """Over no record CNT is 0 and the others None; a sensor that lacks all the attributes has no row."""
    assert [{"avg_t": None, "cnt_t": 0, "cnt": 0}] == rows("AVG(t), CNT(t), CNT(*) WHERE t > 99")
    assert [
        {"sensor": "cellar", "max_h": 50.0, "cnt_t": 1},
        {"sensor": "hall", "max_h": None, "cnt_t": 0},
    ] == rows("MAX(h), CNT(t) FROM cellar, hall WHERE h EXISTS")
    assert [{"sensor": "cellar", "max_h": None}] == rows("MAX(h) FROM cellar, hall, bare WHERE t > 99")
    assert [{"avg_t": None, "cnt": 0}] == rows("AVG(t), CNT(*)", start=5, end=5)


def test_a_condition_on_an_attribute_that_a_sensor_lacks_is_false() -> None:
    """The sensor's records do not count, whatever the operator."""
    assert [{"sensor": "cellar", "cnt": 0}, {"sensor": "hall", "cnt": 1}] == rows(
        "CNT(*) FROM hall, cellar WHERE s != 'on'"
    )


def test_conditions_on_sensor_meet_the_records_sensor() -> None:
    """A condition on `sensor` chooses records by their sensor; those without one meet none."""
    assert [{"cnt": 3}] == rows("CNT(*) WHERE sensor != 'hall'")
    assert [{"cnt": 3}] == rows("CNT(*) WHERE sensor =~ 'h.*'")
    assert {"hall"} == {row["sensor"] for row in rows("t WHERE sensor = 'hall'")}


def test_every_cuts_a_table_into_buckets() -> None:
    """A table with EVERY has each bucket's start as its time; empty buckets are null."""
    assert [
        {"time": 0, "sum_t": None, "cnt": 0},
        {"time": 10 * SECOND, "sum_t": 27.0, "cnt": 6},
        {"time": 20 * SECOND, "sum_t": None, "cnt": 0},
        {"time": 30 * SECOND, "sum_t": 4.0, "cnt": 1},
    ] == rows("SUM(t), CNT(*) EVERY 10s", start=5 * SECOND, end=32 * SECOND)


def test_rows_of_buckets_go_by_time_then_sensor() -> None:
    """With EVERY and FROM each bucket has a row for each sensor, by name."""
    assert [(0, "cellar", 8.0), (0, "hall", 2.0), (30 * SECOND, "cellar", None), (30 * SECOND, "hall", 4.0)] == [
        (row["time"], row["sensor"], row["last_t"]) for row in rows("LAST(t) FROM hall, cellar EVERY 30s")
    ]


def test_the_first_bucket_has_only_records_of_the_range() -> None:
    """A bucket that begins before `from` is named so, and has no record from before it."""
    assert [{"time": 10 * SECOND, "cnt": 4}] == rows("CNT(*) EVERY 10s", start=12 * SECOND, end=13 * SECOND)


def test_conditions_on_time_leave_the_buckets_as_they_are() -> None:
    """All buckets of the range are there, those that a condition on time empties too."""
    assert [0, 5, 0, 0, 0, 0] == [row["cnt"] for row in rows("CNT(*) WHERE time > 10 AND time <= 13 EVERY 10s")]
    assert [0, 1, 0, 1, 0, 0] == [row["cnt_t"] for row in rows("CNT(t) WHERE time IN (10, 31) EVERY 10s")]


def test_a_table_with_auto_is_cut_by_the_ladder() -> None:
    """EVERY auto gives at most max_points buckets to a table as well."""
    assert [0, 30 * SECOND] == [row["time"] for row in rows("CNT(*) EVERY auto", max_points=3)]
    assert [{"time": 7, "cnt": 7}] == rows("CNT(*) EVERY auto", max_points=1, start=7)


def test_an_empty_range_has_no_buckets() -> None:
    """from equal to to gives no row with EVERY, and series without points."""
    assert [] == rows("CNT(*) EVERY 10s", start=5, end=5)
    assert [[]] == [points(one) for one in lines("CNT(*)", start=5, end=5)]


def test_kinds_of_aggregates() -> None:
    """CNT is an integer; MIN, MAX, FIRST and LAST of an attribute of texts are texts, AVG of it is null."""
    found = table(house(), ask("CNT(s), MIN(s), MAX(s), FIRST(s), LAST(s), AVG(s), MAX(h), P50(t)"), Budget())
    assert ["integer", "text", "text", "text", "text", "number", "number", "number"] == [c.kind for c in found.columns]
    assert [2, "off", "on", "on", "off", None, 50.0, 4.0] == list(found.rows()[0].values())


def test_aggregates_of_both_kinds_see_the_numbers() -> None:
    """Of numbers and texts an aggregate sees the numbers, CNT the texts too."""
    assert [{"cnt_h": 2, "last_h": 50.0}] == rows("CNT(h), LAST(h)")


def test_names_of_aggregate_columns() -> None:
    """Columns of aggregates are named for aggregate and attribute, or by AS, each once."""
    names = [c.name for c in table(house(), ask("MEAN(t), AVG(t), P99.9(t), CNT(*), MAX(t) AS time"), Budget()).columns]
    assert ["avg_t", "avg_t_2", "p99_9_t", "cnt", "time"] == names
    timed = table(house(), ask("MAX(t) AS time, MIN(t) AS sensor BY sensor EVERY 10s"), Budget())
    assert ["time", "sensor", "time_2", "sensor_2"] == [c.name for c in timed.columns]


def test_series_without_from_are_over_all_sensors() -> None:
    """An aggregate without FROM is one series named as it was written, tagged with the attribute."""
    (one,) = lines("avg(t) EVERY 30s")
    assert ("avg(t)", {"attribute": "t"}) == (one.name, one.tags)
    assert [(0, 27 / 4), (30 * SECOND, 4.0)] == points(one)


def test_series_of_sensors_carry_their_names() -> None:
    """With FROM a series is named for sensor and projection and tagged with both."""
    found = lines("AVG(t), MAX(t) AS top FROM hall, cellar EVERY 60s")
    assert ["cellar AVG(t)", "hall AVG(t)", "cellar top", "hall top"] == [one.name for one in found]
    assert {"sensor": "hall", "attribute": "t"} == found[3].tags


def test_records_without_a_sensor_have_a_series_without_its_name() -> None:
    """BY sensor gives them a series named by the projection alone."""
    assert ["AVG(t)", "cellar AVG(t)", "hall AVG(t)"] == [one.name for one in lines("AVG(t) BY sensor")]
    assert {"attribute": "t"} == lines("AVG(t) BY sensor")[0].tags


def test_a_sensor_that_lacks_the_attribute_gives_no_series() -> None:
    """Only sensors that have the projection's attribute give a series of it."""
    assert ["hall t"] == [one.name for one in lines("h, t FROM hall, bare")]
    assert ["hall MAX(s)"] == [one.name for one in lines("MAX(s) FROM hall, cellar")]
    assert [] == lines("MAX(s) FROM cellar")
    assert [] == lines("s FROM cellar")


def test_series_of_no_record_are_null() -> None:
    """Over no record a series has its buckets: null, and CNT 0."""
    found = lines("AVG(t), CNT(*) FROM hall WHERE t > 99 EVERY 30s")
    assert [[(0, None), (30 * SECOND, None)], [(0, 0), (30 * SECOND, 0)]] == [points(one) for one in found]


def test_series_are_cut_by_auto() -> None:
    """Without EVERY a series has at most max_points buckets of the ladder."""
    assert [0, 15 * SECOND, 30 * SECOND, 45 * SECOND] == lines("CNT(*)", max_points=4)[0].times.tolist()
    assert [(7, 7)] == points(lines("CNT(*)", max_points=1, start=7)[0])
    assert [(7, 7)] == points(lines("CNT(*) EVERY all", start=7)[0])


def test_a_series_of_texts_has_texts() -> None:
    """FIRST of an attribute that holds only texts is a series of texts."""
    assert [(0, "on"), (30 * SECOND, "off")] == points(lines("FIRST(s) EVERY 30s")[0])
    assert [(10 * SECOND, "on"), (31 * SECOND, "off")] == points(lines("s")[0])


def test_a_series_of_both_kinds_has_its_numbers_and_a_notice() -> None:
    """Texts of a mixed attribute are no points; a notice says so, but not for CNT, which counts them."""
    (raw,) = lines("h")
    assert [(12 * SECOND, 50.0)] == points(raw)
    assert ["holds texts too" in notice for notice in raw.notices] == [True]
    most, count = lines("MAX(h), CNT(h)")
    assert (1, 0) == (len(most.notices), len(count.notices))


def test_raw_series_are_the_points_of_each_sensor() -> None:
    """Without FROM a raw projection gives one series for each sensor, by name."""
    found = lines("t")
    assert ["t", "cellar t", "hall t"] == [one.name for one in found]
    assert [(10 * SECOND, 1.0), (12 * SECOND, 2.0), (31 * SECOND, 4.0)] == points(found[2])
    assert all(one.notices == () for one in found)


def test_raw_series_skip_records_without_the_attribute() -> None:
    """A point is there where the record has this attribute, whatever else is asked."""
    (_, state) = lines("t, s FROM hall")
    assert [10 * SECOND, 31 * SECOND] == state.times.tolist()


@pytest.mark.parametrize("max_points", [1, 2, 3, 10, 49])
@pytest.mark.parametrize("attribute", ["t", "s"])
def test_a_long_series_is_reduced_with_a_notice(attribute: str, max_points: int) -> None:
    """Beyond max_points some of the points are left, and the notice says how many of how many."""
    stored = [record(n, "a", n, t=math.sin(n), s=str(n // 2)) for n in range(50)]
    (one,) = series(PlainReading(stored), ask(attribute, max_points=max_points), Budget())
    assert set(points(one)) <= {(r.time, r.attributes[attribute]) for r in stored}
    assert one.times.tolist() == sorted(set(one.times.tolist()))
    assert 1 <= len(one.values) <= max_points
    (notice,) = one.notices
    assert f"50 points are reduced to {len(one.values)} " in notice


def test_a_table_is_never_thinned() -> None:
    """max_points leaves the rows of a table alone."""
    assert 5 == len(rows("t", max_points=1))


def test_a_table_beyond_the_budget_is_refused_while_it_is_read() -> None:
    """More rows than the budget's points are a LimitError, before all of them are read."""
    reading = PlainReading([record(n, "a", n, t=1.0) for n in range(100)])
    with pytest.raises(LimitError):
        table(reading, ask("t"), Budget(points=10), limit=None)
    assert reading.given <= 12
    assert 100 == len(table(reading, ask("t"), Budget(points=100)))


def test_rows_of_all_sensors_count_together() -> None:
    """The budget's points bound the rows of all sensors as a whole."""
    reading = PlainReading([record(n, sensor, n, t=1.0) for n in range(8) for sensor in ("a", "b")])
    assert 16 == len(table(reading, ask("t"), Budget(points=16)))
    with pytest.raises(LimitError):
        table(reading, ask("t"), Budget(points=15))


@pytest.mark.parametrize("answer", [table, series])
def test_too_many_buckets_are_refused_before_anything_is_read(answer: Callable[..., object]) -> None:
    """EVERY 1ms over 200 years is a LimitError at once."""
    reading = house()
    with pytest.raises(LimitError):
        answer(reading, ask("AVG(t) EVERY 1ms", 0, 200 * 365 * DAY), Budget())
    assert [] == reading.summarised


def test_points_of_all_series_count_together() -> None:
    """The budget's points bound the series of an answer as a whole."""
    assert 2 == len(series(house(), ask("CNT(t), CNT(*) EVERY 10s"), Budget(points=12)))
    with pytest.raises(LimitError):
        series(house(), ask("CNT(t), CNT(*) EVERY 10s"), Budget(points=11))
    with pytest.raises(LimitError):
        series(house(), ask("t"), Budget(points=4))


def test_values_held_are_bounded() -> None:
    """What a raw series holds before it is reduced counts against the budget's values."""
    reading = PlainReading([record(n, "a", n, t=1.0) for n in range(100)])
    with pytest.raises(LimitError, match="memory"):
        series(reading, ask("t", max_points=10), Budget(values=150))


def test_every_on_raw_is_refused() -> None:
    """A raw projection is points as they are: EVERY is a ProjectionError, in series and tables."""
    for answer in (table, series):
        with pytest.raises(ProjectionError, match=r"AVG\(t\)"):
            answer(house(), ask("t EVERY 10s"), Budget())


def test_scalars_are_over_the_union_of_the_sensors() -> None:
    """One value per projection, over all sensors asked together; of nothing CNT 0 and None."""
    assert [5, 16.0, "on"] == scalars(house(), ask("CNT(t), MAX(t), FIRST(s)"), Budget())
    assert [4, 8.0] == scalars(house(), ask("CNT(t), MAX(t) FROM hall, cellar EVERY 1s"), Budget())
    assert [0, None, 0] == scalars(house(), ask("CNT(t), P50(t), CNT(*) WHERE t > 99"), Budget())
    with pytest.raises(ProjectionError):
        scalars(house(), ask("t"), Budget())


def test_a_declared_attribute_without_values_is_null() -> None:
    """Nobody has it: over all sensors there is a value of nothing, per sensor no row and no series."""
    reading = PlainReading(HOUSE, {"serial": Declaration(kind="text")})
    assert [{"last_serial": None}] == table(reading, ask("LAST(serial)"), Budget()).rows()
    assert [] == table(reading, ask("LAST(serial) BY sensor"), Budget()).rows()
    assert [] == series(reading, ask("serial"), Budget())


def test_buckets_of_the_whole_history_are_those_of_its_records() -> None:
    """An open range begins with the first record of the sensors asked and ends with their last."""
    reading = PlainReading([record(5 * DAY, "a", 0, t=1.0), record(7 * DAY + 1, "a", 1), record(DAY, "b", 2, t=3.0)])
    whole = ask("SUM(t) FROM a WHERE t > 0 EVERY 1d", BEGINNING, FOREVER)
    assert [(5 * DAY, 1.0), (6 * DAY, None), (7 * DAY, None)] == [
        (row["time"], row["sum_t"]) for row in table(reading, whole, Budget()).rows()
    ]
    since = ask("CNT(*) EVERY 1d", 6 * DAY, FOREVER)
    assert [(6 * DAY, 0), (7 * DAY, 1)] == points(series(reading, since, Budget())[0])


def test_a_whole_history_of_nothing_has_no_buckets() -> None:
    """Where there is no record, an open range is empty."""
    assert [] == table(PlainReading([]), ask("CNT(*) EVERY 1d", BEGINNING, FOREVER), Budget()).rows()
    assert [(9, 0)] == points(
        series(PlainReading([]), Ask(parse_query("CNT(*) EVERY all"), BEGINNING, FOREVER, 9), Budget())[0]
    )


values = st.one_of(st.floats(-1e6, 1e6), st.sampled_from([0.1, 1e300, -5.0, 5.0]))
histories = st.lists(
    st.tuples(
        st.integers(-30, 30).map(lambda n: n * MS),
        st.sampled_from(["a", "b", ""]),
        st.fixed_dictionaries(
            {}, optional={"t": values, "s": st.sampled_from(["x", "y"]), "m": st.one_of(values, st.just("z"))}
        ),
    ),
    min_size=1,
    max_size=30,
)


def stored(history: Sequence[tuple[int, str, dict[str, Value]]]) -> PlainReading:
    return PlainReading([Record(time, sensor, ("b", n), held) for n, (time, sensor, held) in enumerate(history)])


def numbers(records: Sequence[Record], name: str) -> list[float]:
    return [value for r in records if isinstance(value := r.attributes.get(name), float)]


@given(histories, st.integers(-31, 31), st.integers(0, 40), st.integers(1, 12), st.booleans())
def test_buckets_equal_a_pass_over_all_records(
    history: list[tuple[int, str, dict[str, Value]]], start: int, width: int, step: int, apart: bool
) -> None:
    """Every bucket's aggregates are those of the records whose time lies in it and in the range."""
    reading = stored([*history, (0, "a", {"t": 0.0, "m": "z"}), (MS, "b", {"m": 3.0})])
    low, high = start * MS, (start + width) * MS
    text = f"CNT(*), SUM(t), CNT(m), MAX(m), STDDEV(t) {'BY sensor' if apart else ''} EVERY {step}ms"
    expected: list[tuple[object, ...]] = []
    for name in range(low // (step * MS), -(-high // (step * MS)) if low < high else low // (step * MS)):
        for sensor in sorted({r.sensor for r in reading.all}) if apart else [None]:
            held = [
                r
                for r in reading.all
                if sensor in (None, r.sensor) and low <= r.time < high and r.time // (step * MS) == name
            ]
            t = numbers(held, "t")
            expected.append(
                (
                    name * step * MS,
                    len(held),
                    math.fsum(t) if t else None,
                    sum("m" in r.attributes for r in held),
                    max(numbers(held, "m"), default=None),
                    pytest.approx(statistics.stdev(t), rel=1e-9) if len(t) > 1 else None,
                )
            )
    found = table(reading, ask(text, low, high), Budget())
    columns = [c.values for c in found.columns if c.name != "sensor"]
    assert expected == list(zip(*columns, strict=True))


@given(histories, st.integers(-31, 31), st.integers(0, 40), st.sampled_from(["", " WHERE t > 0", " WHERE m != 'z'"]))
def test_raw_rows_equal_a_pass_over_all_records(
    history: list[tuple[int, str, dict[str, Value]]], start: int, width: int, where: str
) -> None:
    """The rows are the records of the range that pass the conditions and have a projected attribute."""
    reading = stored([*history, (0, "a", {"t": 0.0, "m": "z", "s": "x"})])
    low, high = start * MS, (start + width) * MS

    def passes(r: Record) -> bool:
        t, m = r.attributes.get("t"), r.attributes.get("m")
        met = {"": True, " WHERE t > 0": isinstance(t, float) and t > 0, " WHERE m != 'z'": m not in (None, "z")}
        return met[where] and ("m" in r.attributes or "s" in r.attributes) and low <= r.time < high

    expected = [
        (r.time, r.sensor, r.attributes.get("m"), r.attributes.get("s"))
        for r in sorted(reading.all, key=lambda r: (r.time, r.sensor, r.id))
        if passes(r)
    ]
    found = table(reading, ask("m, s" + where, low, high), Budget(), split_kinds=False)
    assert expected == list(zip(*(c.values for c in found.columns), strict=True))
