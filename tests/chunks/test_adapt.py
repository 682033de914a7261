"""How wide epochs become."""

from __future__ import annotations

from dataclasses import replace

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.grid import Ladder
from grafana_sensor.chunks.store import ChunkedStore
from tests.chunks.records import SENSOR, post, seal, times

LADDER = Ladder((10, 60, 240), (60, 240), 60, chunks=4, spare=4)


def filled(*moments: list[int], ladder: Ladder = LADDER) -> ChunkedStore:
    """A store with chunks of two records, to which each list of times came as a post, each sealed at once."""
    store = ChunkedStore(MemoryStore(), ladder, 2)
    for number, each in enumerate(moments):
        made = post(f"b{number}", each, t=[1.0] * len(each))
        store.append(replace(made, version=store.catalog().version))
        seal(store)
    return store


def widths(store: ChunkedStore) -> tuple[tuple[int, int], ...]:
    """What was laid."""
    with store._blobs.reading() as reading:
        return reading.layouts()[SENSOR].widths


def test_epochs_that_hold_what_they_should_stay() -> None:
    """Neither too full nor nearly empty ones change anything."""
    assert () == widths(filled(*([60 * n + 10 * i for i in range(4)] for n in range(5))))


def test_a_full_epoch_makes_the_next_ones_narrow() -> None:
    """Beyond the most chunks the width becomes the widest at which as many records an hour fit; data stay as cut."""
    store = filled(list(range(50)))
    assert ((60, 10),) == widths(store)
    store.append(replace(post("next", [55, 61, 75], t=[1.0] * 3), version=store.catalog().version))
    assert {0, 60, 70} == {each.epoch for each in store.backlog()}
    seal(store)
    assert [*range(50), 55, 61, 75] == times(store, 0, 1_000)
    assert [] == list(store.check())


def test_bytes_count_as_chunks_do() -> None:
    """An epoch of few chunks that are large is too full as well."""
    assert ((60, 10),) == widths(filled([1, 2], ladder=replace(LADDER, size=20)))


def test_nearly_empty_epochs_make_the_next_ones_wide() -> None:
    """A new epoch and the two before it with little in them: the next width is the next of the ladder."""
    spare = replace(LADDER, chunks=40)
    assert () == widths(filled([1], [61], ladder=spare))
    assert ((240, 240),) == widths(filled([1], [61], [121], ladder=spare))


def test_nothing_is_wider_than_the_ladder() -> None:
    """The widest stays the widest."""
    spare = replace(LADDER, chunks=40)
    assert ((240, 240),) == widths(filled([1], [61], [121], [241], [481], [721], [961], ladder=spare))


def test_a_record_from_far_ahead_keeps_the_width() -> None:
    """A layout begins beyond all data: one clock that runs years ahead puts it there, and no record is cut anew."""
    store = filled([100_000], list(range(50)))
    assert () == widths(store) or widths(store)[0][0] >= 100_000
    assert [*range(50), 100_000] == times(store, 0, 10**6)
