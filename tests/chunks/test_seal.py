"""What sealing makes of batches: few chunks, none lost, none twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.grid import Ladder
from grafana_sensor.chunks.seal import Prepared, prepare
from grafana_sensor.chunks.store import ChunkedStore
from tests.chunks.records import SENSOR, chunks, post, seal, times

WIDTH, SIZE = 1000, 4


@pytest.fixture
def store() -> ChunkedStore:
    """An empty store with small epochs and chunks."""
    return ChunkedStore(MemoryStore(), ladder=Ladder.of(WIDTH), chunk_records=SIZE)


def prepared(store: ChunkedStore) -> Prepared:
    """The seal of the epoch at 0, as a sealer that looks now makes it."""
    made = prepare(store._blobs, SENSOR, 0, Ladder.of(WIDTH), SIZE)
    assert made is not None
    return made


def trickle(store: ChunkedStore, moments: Any) -> None:
    """One post and one seal for each moment."""
    for i, moment in enumerate(moments):
        store.append(post(f"b{i}", [moment], t=[1.0]))
        seal(store)


def test_a_live_sensor_fills_its_chunks(store: ChunkedStore) -> None:
    """Records that come one by one, sealed each time, end in full chunks and one that grows."""
    trickle(store, range(10))
    assert [(0, 3, 4), (4, 7, 4), (8, 9, 2)] == chunks(store)


def test_late_records_join_an_underfull_chunk(store: ChunkedStore) -> None:
    """A late record in a gap goes to the underfull chunk beside it."""
    trickle(store, [100, 101, 50])
    assert [(50, 101, 3)] == chunks(store)


def test_late_records_in_a_full_chunk_cut_it_evenly(store: ChunkedStore) -> None:
    """A record that lies within a full chunk makes two of it, of about one size."""
    trickle(store, [0, 10, 20, 30, 40, 41, 42, 43, 15])
    assert [(0, 15, 3), (20, 30, 2), (40, 43, 4)] == chunks(store)


def test_chunks_that_nothing_touches_stay(store: ChunkedStore) -> None:
    """A seal writes only what is new: the full chunks before keep their ids."""
    trickle(store, range(8))
    store.append(post("new", [8], t=[1.0]))
    found = prepared(store)
    made, records = found.seal, found.records
    assert (1, []) == (records, made.dropped)
    assert 1 == len({chunk for chunk, _ in made.chunks})


def test_records_of_one_time_stay_together_where_they_can(store: ChunkedStore) -> None:
    """A cut is moved by up to a quarter of a chunk, so that equal times don't lie in two."""
    store.append(post("b", [0, 1, 2, 3, 3, 4, 5, 6], t=[1.0] * 8))
    seal(store)
    assert [(0, 2, 3), (3, 5, 4), (6, 6, 1)] == chunks(store)


def test_a_repeat_after_its_seal_is_forgiven(store: ChunkedStore) -> None:
    """A batch that comes again when it is sealed already changes neither answer nor count."""
    first = post("b", [1, 2, 3], t=[1.0, 2.0, 3.0])
    store.append(first)
    seal(store)
    store.append(first)
    assert [1, 2, 3] == times(store, 0, 10)
    seal(store)
    assert [1, 2, 3] == times(store, 0, 10)
    assert [(1, 3, 3)] == chunks(store)


def test_a_lost_race_changes_nothing(store: ChunkedStore) -> None:
    """Of two seals of one look the second is refused, and the answer stays."""
    store.append(post("a", [1], t=[1.0]))
    one = prepared(store).seal
    store.append(post("b", [2], t=[2.0]))
    other = prepared(store).seal
    assert [True, False] == [store._blobs.seal(one), store._blobs.seal(other)]
    assert [1, 2] == times(store, 0, 10)


def test_sealing_says_what_it_did(store: ChunkedStore) -> None:
    """Epochs and records are counted; with nothing to do they are 0."""
    store.append(post("a", [1, 2, 1001], t=[1.0, 1.0, 1.0]))
    done = seal(store)
    assert (2, 3, 0) == (done.epochs, done.records, done.lost)
    assert (0, 0, 0) == (seal(store).epochs, seal(store).records, seal(store).lost)


@given(st.lists(st.lists(st.integers(-30, 30), min_size=1, max_size=12), max_size=8), st.integers(1, 6))
def test_no_order_of_arrival_loses_a_record(posts: list[list[int]], size: int) -> None:
    """Whatever comes in whatever order, sealed after each post, all records are there once and check is clean."""
    store = ChunkedStore(MemoryStore(), ladder=Ladder.of(25), chunk_records=size)
    for i, moments in enumerate(posts):
        store.append(post(f"b{i}", moments, t=[float(i)] * len(moments)))
        seal(store)
    assert sorted(time for moments in posts for time in moments) == times(store, -100, 100)
    assert [] == list(store.check())
