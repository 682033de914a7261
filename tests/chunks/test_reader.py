"""Reading decodes only what summaries leave open."""

from typing import Any

import numpy as np
import pytest

from grafana_sensor.adapters.memory import MemoryReading, MemoryStore
from grafana_sensor.chunks.grid import Ladder
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import LimitError
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from tests.chunks.records import SENSOR, post, request, seal, summary

ALL = Need.COUNT | Need.SUM | Need.SQUARES | Need.EXTREMES | Need.ENDS


@pytest.fixture
def store() -> ChunkedStore:
    """Three full chunks of four records each: t = 0 to 11 at the times 0 to 11, s = "low" then "high"."""
    made = ChunkedStore(MemoryStore(), ladder=Ladder.of(1000), chunk_records=4)
    made.append(post("b", list(range(12)), t=[float(i) for i in range(12)], s=["low"] * 6 + ["high"] * 6))
    seal(made)
    return made


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The columns that were asked for, as they are asked for."""
    asked: list[str] = []
    plain = MemoryReading.chunks

    def chunks(self: MemoryReading, sensor: Any, epoch: Any, wanted: Any) -> Any:
        asked.extend(column for _, column in wanted)
        return plain(self, sensor, epoch, wanted)

    monkeypatch.setattr(MemoryReading, "chunks", chunks)
    return asked


def test_a_whole_epoch_needs_no_data(store: ChunkedStore, decoded: list[str]) -> None:
    """An aggregate over all that an epoch holds comes from its summary."""
    found = summary(store, request(0, 1000, ALL))
    assert (12, 0.0, 11.0) == (found.numbers, found.minimum, found.maximum)
    assert [] == decoded


def test_chunks_that_a_condition_decides_need_no_data(store: ChunkedStore, decoded: list[str]) -> None:
    """t >= 4 takes two chunks and leaves one, by their extremes."""
    assert 8 == summary(store, request(0, 1000, ALL, Condition("t", ">=", ("4",)))).numbers
    assert [] == decoded


def test_texts_decide_by_their_dictionary(store: ChunkedStore, decoded: list[str]) -> None:
    """s = 'high' is decided for the first and the last chunk; the middle one alone is read."""
    assert 6 == summary(store, request(0, 1000, ALL, Condition("s", "=", ("high",)))).numbers
    assert ["#t", "#i", "a:t", "a:s"] == decoded


def test_a_range_reads_only_the_chunks_that_it_cuts(store: ChunkedStore, decoded: list[str]) -> None:
    """[2, 10) takes the middle chunk whole and reads the other two."""
    assert 8 == summary(store, request(2, 10)).numbers
    assert ["#t", "a:t"] * 2 == decoded


def test_an_unsealed_record_leaves_other_chunks_to_their_summaries(store: ChunkedStore, decoded: list[str]) -> None:
    """A marker in the epoch doesn't cost the reading of chunks that no unsealed record touches."""
    store.append(post("new", [20], t=[20.0]))
    assert 13 == summary(store, request(0, 1000)).numbers
    assert [] == decoded


def test_an_unsealed_record_within_a_chunk_opens_that_chunk(store: ChunkedStore, decoded: list[str]) -> None:
    """A late record that lies in a chunk's span makes that one chunk, with its record ids, be read."""
    store.append(post("late", [5], t=[5.0]))
    assert 13 == summary(store, request(0, 1000)).numbers
    assert ["#t", "#i", "a:t"] == decoded


def test_a_column_that_a_chunk_lacks_is_not_asked_for(store: ChunkedStore, decoded: list[str]) -> None:
    """Records without the attribute are left by the rollup."""
    store.append(post("other", [500], u=[1.0]))
    seal(store)
    assert 12 == summary(store, request(0, 600, ALL)).numbers
    assert "a:u" not in decoded


def test_buckets_are_filled_by_summaries_where_chunks_lie_within(store: ChunkedStore, decoded: list[str]) -> None:
    """Edges that fall between chunks need no data."""
    with store.reading() as reading:
        ask = Request({"t": ALL, EVERYTHING: Need.COUNT}, (), np.array([0, 4, 8, 12]))
        answer = reading.summarise(SENSOR, ask, Budget())
    assert [0.0, 4.0, 8.0] == [s.minimum for s in answer["t"]]
    assert [4, 4, 4] == [s.numbers for s in answer[EVERYTHING]]
    assert [] == decoded


def test_records_outside_are_not_read(store: ChunkedStore, decoded: list[str]) -> None:
    """Listing [0, 2) reads the first chunk alone, and only when it is asked for."""
    with store.reading() as reading:
        listing = reading.records(SENSOR, ["t"], request(0, 2), Budget())
        assert [] == decoded
        assert [[0, 1]] == [block.times.tolist() for block in listing]
    assert ["#t", "a:t"] == decoded


def test_one_look_has_one_catalog(store: ChunkedStore) -> None:
    """What is stored while an answer is made does not change the names that it is made of."""
    with store.reading() as reading:
        before = reading.catalog()
        store.append(post("new", [20], other=[1.0]))
        assert before == reading.catalog()
    assert "other" in store.catalog().sensors[SENSOR]


def test_an_unknown_sensor_is_empty(store: ChunkedStore) -> None:
    """A sensor that isn't there gives empty summaries, not an error."""
    with store.reading() as reading:
        assert 0 == reading.summarise("none", request(0, 10), Budget())["t"][0].numbers


def test_the_values_held_are_bounded(store: ChunkedStore) -> None:
    """Needing all values counts them against the budget."""
    with store.reading() as reading, pytest.raises(LimitError, match="values in memory"):
        reading.summarise(SENSOR, request(0, 1000, Need.VALUES), Budget(values=5))


def test_the_time_is_bounded(store: ChunkedStore) -> None:
    """A look that is over its time stops at the next chunk and says so."""
    moments = iter([0.0, 10.0])
    with store.reading() as reading, pytest.raises(LimitError, match="limit of 5 s"):
        reading.summarise(SENSOR, request(0, 10), Budget(seconds=5, clock=lambda: next(moments)))


def test_a_marker_whose_batch_never_came_is_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that died between its marker and its batch leaves an epoch that is empty, not a fault."""
    store = ChunkedStore(MemoryStore(), ladder=Ladder.of(1000))
    store.append(post("dead", [1], t=[1.0]))
    monkeypatch.setattr(MemoryReading, "batches", lambda *_: [])
    assert 0 == summary(store, request(0, 1000, ALL)).numbers
    with store.reading() as reading:
        assert [] == list(reading.records(SENSOR, ["t"], request(0, 1000), Budget()))
    assert (1, 0) == (seal(store).epochs, seal(store).records)
    assert [] == list(store.check())
