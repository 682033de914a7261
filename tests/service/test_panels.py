"""Several targets of one panel, answered from one look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.reader import ChunkReading
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import (
    BadRequest,
    LimitError,
    ProjectionError,
    QuerySyntaxError,
    RecordError,
    Unavailable,
    UnknownAttribute,
    UnknownSensor,
)
from grafana_sensor.domain.series import Table
from grafana_sensor.service.answers import Question, rows, series
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.panels import REFUSALS, Found, Refused, Target, named, panel, points
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import MicroClock

LOST = UnknownAttribute("unknown attribute 'x'", position=0)


class WatchedStore(ChunkedStore):
    """Records in memory; counts the looks at them, each of which begins with `looked`."""

    def __init__(self) -> None:
        super().__init__(MemoryStore())
        self.looks = 0
        self.looked: Callable[[], None] = lambda: None

    @contextmanager
    def reading(self) -> Iterator[ChunkReading]:
        self.looks += 1
        self.looked()
        with super().reading() as reading:
            yield reading


def filled(**settings: Any) -> Session:
    """A session over hall, whose t is 0 to 9, and roof, whose t is 0 to -2."""
    clock = MicroClock()
    found = Session("alice", WatchedStore(), settings=Settings(**settings), ids=BatchIds(clock), clock=clock)
    found.insert_many("hall", [{"time": place, "t": place, "state": "on"} for place in range(10)])
    found.insert_many("roof", [{"time": place, "t": -place} for place in range(3)])
    return found


SOURCE = filled()
"""For those that only ask."""


def asks(q: str, name: str = "", shape: Any = "series", **more: Any) -> Target:
    return Target(name, Question(q, **{"start": 0, "end": 3600, **more}), shape)


def plain(answer: Found) -> object:
    """What an answer holds, with its names and times; the message of a refusal."""
    if isinstance(answer, REFUSALS):
        return answer.message
    if isinstance(answer, Table):
        return [(each.name, each.kind, list(each.values), each.unit, each.title) for each in answer.columns]
    return [(s.name, s.kind, s.times.tolist(), list(s.values), s.tags, s.notices, s.unit, s.title) for s in answer]


TEXTS = ["t", "SUM(t)", "t FROM roof", "CNT(*) BY sensor EVERY 30m", "LAST(state)", "*"]


@pytest.mark.parametrize("shape", ["series", "table"])
def test_a_target_is_answered_as_it_would_be_alone(shape: str) -> None:
    """Each target's answer is that of its question alone, in the shape that it asks, in the order of the targets."""
    alone: Callable[[Session, Question], Found] = series if shape == "series" else rows
    expected = [plain(alone(SOURCE, Question(text, start=0, end=3600))) for text in TEXTS]
    assert expected == list(map(plain, panel(SOURCE, [asks(text, shape=shape) for text in TEXTS])))


ANSWERS = {"MAX(t)": 9.0, "MIN(t)": -2.0, "CNT(*)": 13, "MAX(x)": None, "MAX(t": None, "MAX(t), t": None}
"""By query text, its one value; None where there is no answer."""


@given(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=6))
def test_answers_and_errors_keep_the_order_of_their_targets(texts: list[str]) -> None:
    """However targets are put together, each answer and each error stands where its target does."""
    targets = [asks(text, str(place), "table") for place, text in enumerate(texts)]
    wanted = [ANSWERS[text] for text in texts]
    if wanted and not any(value is not None for value in wanted):
        with pytest.raises(BadRequest):
            panel(SOURCE, targets)
    else:
        found = panel(SOURCE, targets)
        assert wanted == [each.columns[0].values[0] if isinstance(each, Table) else None for each in found]


QUERIES = [
    *["t", "state, t", "t AS x", "*", "t, *", "w FROM roof", "m", "state FROM roof"],
    *["SUM(t)", "MAX(t), MIN(w)", "CNT(*)", "LAST(state) AS s", "P50(m)", "CNT(m) BY sensor", "AVG(w) BY sensor"],
    *["MAX(t) FROM hall, roof", "MIN(w) FROM *", "AVG(t) EVERY 2s", "CNT(*) EVERY 2s", "x", "t,", "t FROM cellar"],
]
FIELDS: list[dict[str, Any]] = [{}, {"where": "t > 1"}, {"where": "w EXISTS"}, {"max_points": 3}, {"sensor": "hall"}]
MANY = filled()
MANY.insert_many("roof", [{"time": place, "w": place * 2, "m": place if place % 2 else "odd"} for place in range(5)])
MANY.insert_into({"time": 3, "t": 100, "m": "none"}, "loose")
MANY.declare("w", unit="celsius", title="Warmth")


@given(
    st.lists(
        st.tuples(st.sampled_from(QUERIES), st.sampled_from(FIELDS), st.sampled_from(["series", "series", "table"])),
        max_size=8,
    )
)
def test_company_changes_no_answer(drawn: list[tuple[str, dict[str, Any], str]]) -> None:
    """Whatever targets stand beside it, a target's answer or error is the one that it gets alone."""
    targets = [asks(text, shape=shape, **{"end": 10, **fields}) for text, fields, shape in drawn]
    expected = [plain(alone(target)) for target in targets]
    try:
        found = panel(MANY, targets)
    except BadRequest as error:
        assert "; ".join(map(str, expected)) == error.message  # noqa: PT017  # where all fail, this is right
    else:
        assert expected == list(map(plain, found))


def alone(target: Target) -> Found:
    """The answer to a target by itself."""
    assert isinstance(target.question, Question)
    try:
        return rows(MANY, target.question) if target.shape == "table" else series(MANY, target.question)
    except REFUSALS as error:
        return error


def test_shapes_stand_side_by_side() -> None:
    """Series and tables are answered in one panel, each where its target stands."""
    found = panel(SOURCE, [asks("t FROM roof", shape="table"), asks("t FROM roof"), asks("MAX(t)", shape="table")])
    assert [True, False, True] == [isinstance(answer, Table) for answer in found]
    assert [3, 3, 1] == [points(answer) for answer in found]


def test_one_look_answers_all_targets() -> None:
    """A panel takes one look at the records, of however many targets it is, and one of none takes none."""
    source = filled()
    assert isinstance(source.store, WatchedStore)
    assert [] == panel(source, [])
    assert 0 == source.store.looks
    panel(source, [asks(text) for text in (*TEXTS, "x", "t,")])
    assert 1 == source.store.looks


def test_targets_of_one_kind_take_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Series that differ in their projections alone are read and summarised together, each sensor once."""
    read: list[str] = []
    summarised: list[str] = []
    records, summarise = ChunkReading.records, ChunkReading.summarise

    def reading(self: ChunkReading, sensor: str, *args: Any, **more: Any) -> Any:
        read.append(sensor)
        return records(self, sensor, *args, **more)

    def summarising(self: ChunkReading, sensor: str, *args: Any) -> Any:
        summarised.append(sensor)
        return summarise(self, sensor, *args)

    monkeypatch.setattr(ChunkReading, "records", reading)
    monkeypatch.setattr(ChunkReading, "summarise", summarising)
    panel(SOURCE, [asks("t"), asks("AVG(t)"), asks("state"), asks("MAX(t), MIN(t)"), asks("t AS x"), asks("SUM(t)")])
    assert (["hall", "roof"], ["hall", "roof"]) == (read, summarised)


def test_targets_belong_to_one_moment() -> None:
    """The clock is read once, so that `now` means the same to all targets while time passes."""
    source = filled()
    ticks = iter(range(10_000_000, 10**9, 1_000_000))
    source.clock = lambda: next(ticks)
    found = panel(source, [asks("CNT(t) EVERY all", start="now-5s", end="now", shape="table") for _ in range(3)])
    assert [[("cnt_t", "integer", [5], None, None)]] * 3 == list(map(plain, found))


def test_one_that_fails_keeps_no_other_from_its_answer() -> None:
    """Errors of single targets stand among the answers, as they would be raised for the target alone."""
    found = panel(SOURCE, [asks("x", "A"), asks("MAX(t)", "B", "table"), asks("t FROM cellar", "C"), asks("t,", "D")])
    assert [UnknownAttribute, Table, UnknownSensor, QuerySyntaxError] == list(map(type, found))
    assert [0, 7, 2] == [each.position for each in found if isinstance(each, REFUSALS)]


def test_an_answer_of_nothing_is_an_answer() -> None:
    """A target that finds no record is answered, so that one beside it that fails is no error of the request."""
    found = panel(SOURCE, [asks("t WHERE t > 99", shape="table"), asks("x"), asks("state FROM roof")])
    assert [0, 0, 0] == [points(answer) for answer in found]
    assert [Table, UnknownAttribute, list] == list(map(type, found))


@pytest.mark.parametrize("error", [LOST, RecordError("nested too deep"), LimitError("too long")])
def test_a_question_may_be_its_error(error: Refused) -> None:
    """What could not be read is its own answer, in its place, and raised where there is nothing else."""
    found = panel(SOURCE, [asks("MAX(t)", "A"), Target("B", error)])
    assert error is found[1]
    with pytest.raises(type(error)) as caught:
        panel(SOURCE, [Target("B", error)])
    assert error is caught.value


def test_a_single_failure_is_as_it_would_be_alone() -> None:
    """The error of the only target has its kind, its position, and its message without the target's name."""
    with pytest.raises(UnknownAttribute) as caught:
        panel(SOURCE, [asks("MAX(tt)", "A")])
    assert ("unknown attribute 'tt' (did you mean 't'?)", 4) == (caught.value.message, caught.value.position)


def test_where_all_fail_the_first_one_gives_the_kind() -> None:
    """Where no target has an answer, the error is of the first one's kind and has every message, each by its target."""
    with pytest.raises(ProjectionError) as caught:
        panel(SOURCE, [asks("t, MAX(t)", "A"), asks("x", "B"), Target("C", LOST), Target("", LimitError("too much"))])
    first, *others = caught.value.message.split("; ")
    assert first.startswith("A: raw and aggregate projections")
    assert ["B: unknown attribute 'x'", "C: unknown attribute 'x'", "too much"] == others
    assert None is caught.value.position
    with pytest.raises(LimitError, match=r"^too much; A: unknown attribute 'x'$"):
        panel(SOURCE, [Target("", LimitError("too much")), Target("A", LOST)])


def test_a_message_has_its_targets_name() -> None:
    """A target's message is told with its name, where it has one."""
    assert "A: unknown attribute 'x'" == named(Target("A", LOST), LOST)
    assert "unknown attribute 'x'" == named(Target("", LOST), LOST)


@given(st.integers(1, 25), st.lists(st.tuples(st.integers(0, 10), st.sampled_from(["series", "table"])), max_size=6))
def test_targets_share_one_limit(most: int, sizes: list[tuple[int, str]]) -> None:
    """A target is refused where its points, with those given before it, are more than one answer may have."""
    source = Session("alice", SOURCE.store, settings=Settings(max_points=most), ids=BatchIds(int), clock=MicroClock())
    targets = [asks(f"t FROM hall WHERE t < {size}", shape=shape) for size, shape in sizes]
    wanted: list[int | None] = []
    for size, _ in sizes:
        fits = sum(each or 0 for each in wanted) + size <= most
        wanted.append(size if fits else None)
    if wanted and not any(each is not None for each in wanted):
        with pytest.raises(LimitError, match=f"more than {most} rows or points"):
            panel(source, targets)
    else:
        found = panel(source, targets)
        assert wanted == [None if isinstance(each, LimitError) else points(each) for each in found]


def test_buckets_count_as_points() -> None:
    """The buckets of aggregates, empty ones too, and the points of every series are what the targets share."""
    source = filled(max_points=20)
    found = panel(source, [asks("AVG(t) EVERY 1s", end=8), asks("t", "B"), asks("MAX(t) BY sensor EVERY 1s", end=6)])
    assert [8, 0, 12] == [points(answer) for answer in found]
    assert isinstance(found[1], LimitError)


def test_targets_share_the_time_of_one_answer() -> None:
    """The time that an answer may take is counted from the beginning of the panel, and is over for all targets."""
    with pytest.raises(LimitError, match=r"A: the answer takes longer than .*; B: the answer takes longer"):
        panel(filled(query_seconds=0.0), [asks("AVG(t)", "A"), asks("t", "B")])


def test_a_store_that_does_not_answer_is_the_requests_error() -> None:
    """Where the store does not answer, the whole request has that error, from the start and midway."""
    source = filled()
    assert isinstance(source.store, WatchedStore)
    away = Unavailable("the store does not answer")

    def fail(*_: object, **__: object) -> None:
        raise away

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChunkReading, "summarise", fail)
        with pytest.raises(Unavailable):
            panel(source, [asks("t"), asks("AVG(t)")])
    source.store.looked = fail
    with pytest.raises(Unavailable):
        panel(source, [asks("t"), Target("B", LOST)])
