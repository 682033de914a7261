"""Records as events to draw into a picture."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import LimitError, ProjectionError, QuerySyntaxError, UnknownAttribute
from grafana_sensor.domain.timestamps import EARLIEST, END, SECOND, to_iso
from grafana_sensor.service.annotations import Annotation, find_annotations
from grafana_sensor.service.answers import Question
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import NOW, MicroClock

MINUTE = 60 * SECOND


def empty() -> Session:
    """A session of a user who has nothing."""
    clock = MicroClock()
    return Session("alice", ChunkedStore(MemoryStore()), settings=Settings(), ids=BatchIds(clock), clock=clock)


@pytest.fixture
def filled(session: Session) -> Session:
    """Doors that open and close, a deploy that took a while, and a record without a sensor."""
    session.insert_many(
        "hall",
        [
            {"time": "2026-01-01T00:00:00Z", "state": "open", "t": 20.5},
            {"time": "2026-01-01T00:02:00Z", "state": "shut"},
        ],
    )
    session.insert_many("roof", [{"time": "2026-01-01T00:01:00Z", "state": "open", "t": 5}])
    session.insert_into({"time": "2026-01-01T00:03:00Z", "state": "lost", "t": 1e22}, "loose")
    session.insert_many(
        "ci",
        [
            {
                "time": "2026-01-01T01:00:00Z",
                "timeEnd": "2026-01-01T01:05:00Z",
                "title": "Deploy",
                "text": "version <2>",
                "tags": "deploy, v2 ,,",
            },
            {"time": "2026-01-01T02:00:00Z", "title": 5, "text": 0.25, "tags": 7},
        ],
    )
    return session


def found(source: Session, q: str, **more: Any) -> list[Annotation]:
    return find_annotations(source, Question(q, **more))


def test_each_record_is_a_point(filled: Session) -> None:
    """Each record is an annotation in the order of time, titled and tagged by its sensor, told by its values."""
    assert [
        Annotation(NOW, NOW, "hall", "state: open, t: 20.5", ("hall",)),
        Annotation(NOW + MINUTE, NOW + MINUTE, "roof", "state: open, t: 5", ("roof",)),
        Annotation(NOW + 2 * MINUTE, NOW + 2 * MINUTE, "hall", "state: shut", ("hall",)),
    ] == found(filled, "state, t FROM hall, roof")


def test_only_records_that_are_asked_for_are_annotations(filled: Session) -> None:
    """The query's conditions, its sensors and the range choose the records: `start` is in, `end` is out."""
    assert [NOW, NOW + MINUTE] == [each.time for each in found(filled, "t WHERE state = 'open'")]
    within = found(filled, "state", start="2026-01-01T00:01:00Z", end="2026-01-01T00:02:00Z")
    assert ["roof"] == [each.title for each in within]
    assert ["hall", "hall"] == [each.title for each in found(filled, "state", sensor="hall")]
    assert [] == found(filled, "state WHERE t > 1e300")


def test_a_record_without_a_sensor_is_titled_by_what_it_tells(filled: Session) -> None:
    """A record that has no sensor is titled by the names of its columns, and has no tags."""
    (one,) = found(filled, "state, t AS temperature WHERE state = 'lost'")
    assert Annotation(one.time, one.time, "state, temperature", "state: lost, temperature: 1e22", ()) == one


def test_columns_are_what_their_names_say(filled: Session) -> None:
    """Attributes that are called title, text, tags and timeEnd are these, and the sensor is then told nowhere."""
    assert [
        Annotation(NOW + 60 * MINUTE, NOW + 65 * MINUTE, "Deploy", "version <2>", ("deploy", "v2")),
        Annotation(NOW + 120 * MINUTE, NOW + 120 * MINUTE, "5", "0.25", ("7",)),
    ] == found(filled, "title, text, tags, timeEnd FROM ci")


def test_a_column_has_its_meaning_by_its_new_name(filled: Session) -> None:
    """AS gives a column its meaning, in any case of letters; what keeps another name is told where no text is."""
    (deploy, _) = found(filled, "tags AS Title, title AS TAGS, text AS note, timeEnd AS timeend FROM ci")
    assert ("deploy, v2 ,,", ("Deploy",), "note: version <2>") == (deploy.title, deploy.tags, deploy.text)
    assert NOW + 65 * MINUTE == deploy.end
    (first, *_) = found(filled, "state AS text, t FROM hall")
    assert ("hall", "open") == (first.title, first.text)


def test_an_attribute_by_another_name_loses_its_meaning(filled: Session) -> None:
    """AS takes the meaning off an attribute that is called like one."""
    (deploy, _) = found(filled, "title AS what, timeEnd AS until FROM ci")
    assert ("ci", "what: Deploy, until: 2026-01-01T01:05:00Z") == (deploy.title, deploy.text)
    assert deploy.time == deploy.end


def test_the_first_column_of_a_meaning_has_it(filled: Session) -> None:
    """Of two columns with one meaning the first has it, in whatever case they are written."""
    assert ["open", "open", "shut"] == [
        each.title for each in found(filled, "state AS Title, t AS title FROM hall, roof")
    ]


def test_what_a_record_lacks_is_as_without_the_column(session: Session) -> None:
    """A record that lacks a title, a text or tags is titled, told and tagged as if there were no such columns."""
    session.insert_many("hall", [{"time": 1, "title": "a", "tags": "x"}, {"time": 2, "text": "b"}, {"time": 3, "t": 5}])
    assert [
        ("a", "", ("x",)),
        ("hall", "b", ("hall",)),
        ("hall", "t: 5", ("hall",)),
    ] == [(each.title, each.text, each.tags) for each in found(session, "*")]


def test_declared_titles_are_shown(filled: Session) -> None:
    """An attribute's declared title stands for its name in the text, and in the title of a record without a sensor."""
    filled.declare("t", title="Temperature")
    *_, roof, _, lost = found(filled, "state, t")
    assert ("state: open, Temperature: 5", "state, Temperature") == (roof.text, lost.title)


def test_mixed_attributes_are_told_in_either_kind(session: Session) -> None:
    """An attribute that holds numbers and texts is one column, which says what each record has."""
    session.insert_many("hall", [{"time": 1, "m": 5, "title": "a"}, {"time": 2, "m": "off", "title": 7}])
    assert [("a", "m: 5"), ("7", "m: off")] == [(each.title, each.text) for each in found(session, "m, title")]
    assert ["5", "off"] == [each.text for each in found(session, "m AS text")]


TIMES = st.integers(EARLIEST // SECOND, END // SECOND - 1)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("1970-01-02T00:00:00Z", 86_400 * SECOND),
        ("1970-01-02", 86_400 * SECOND),
        ("1970-01-02T01:00:00+01:00", 86_400 * SECOND),
        (86_400, 86_400 * SECOND),
        (86_400.5, 86_400_500_000),
        ("86400", 86_400 * SECOND),
        (1_767_225_600_000, NOW),
        (500, 1000 * SECOND),
        ("1970-01-01T00:00:10Z", 1000 * SECOND),
        ("soon", 1000 * SECOND),
        ("now", 1000 * SECOND),
        ("2026-02-30", 1000 * SECOND),
        ("9999-01-01", 1000 * SECOND),
        (1e300, 1000 * SECOND),
        ("", 1000 * SECOND),
        (None, 1000 * SECOND),
    ],
)
def test_a_region_ends_by_its_time_end(end: object, expected: int, session: Session) -> None:
    """A record ends at its timeEnd, an ISO text or an epoch, and when it begins where that is no time or an earlier one."""
    session.insert_into_sensor("hall", {"time": 1000, "t": 1, "timeEnd": end})
    session.insert_into_sensor("other", {"time": 1000, "timeEnd": "2026-01-01"})
    (one,) = found(session, "t, timeEnd FROM hall")
    assert (1000 * SECOND, expected) == (one.time, one.end)


@given(st.lists(st.tuples(TIMES, TIMES, st.booleans()), min_size=1, max_size=5))
def test_nothing_ends_before_it_begins(spans: list[tuple[int, int, bool]]) -> None:
    """Each annotation ends at the later of its times, whether the end is written as a text or as a number."""
    source = empty()
    records = [
        {"time": to_iso(start * SECOND), "timeEnd": to_iso(end * SECOND) if text else end} for start, end, text in spans
    ]
    source.insert_many("hall", records)
    expected = sorted((start * SECOND, max(start, end) * SECOND) for start, end, _ in spans)
    assert expected == sorted((each.time, each.end) for each in found(source, "timeEnd"))


@pytest.mark.parametrize("text", ["CNT(*)", "AVG(t) BY sensor", "LAST(state) AS text EVERY 1h"])
def test_an_aggregate_is_no_annotation(text: str, filled: Session) -> None:
    """Aggregates are refused with what to write instead, since no record is one."""
    with pytest.raises(ProjectionError, match="is an aggregate: name attributes") as caught:
        found(filled, text)
    assert 0 == caught.value.position


@pytest.mark.parametrize(
    ("text", "kind"), [("x", UnknownAttribute), ("state WHERE", QuerySyntaxError), ("state EVERY 1h", ProjectionError)]
)
def test_a_wrong_question_is_an_error(text: str, kind: type[Exception], filled: Session) -> None:
    """What is wrong with an annotation's query is told as of any other."""
    with pytest.raises(kind):
        found(filled, text)


@pytest.mark.parametrize("text", ["scans", " scans\n"])
def test_scans_are_asked_by_their_word(text: str, filled: Session) -> None:
    """`scans` asks for scans, of which a user who recorded none has none, though an attribute be called so."""
    filled.insert_into_sensor("hall", {"scans": 5})
    assert [] == found(filled, text)


def test_annotations_are_bounded(filled: Session) -> None:
    """More records than an answer may have are refused."""
    filled.settings = Settings(max_points=3)
    assert 3 == len(found(filled, "state FROM hall, roof"))
    with pytest.raises(LimitError):
        found(filled, "state")
