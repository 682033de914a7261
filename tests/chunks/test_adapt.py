"""How wide epochs become."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.grid import Ladder
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.layout import Layout
from grafana_sensor.ports import BlobReading
from tests.chunks.records import SENSOR, post, request, seal, summary, times

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


class Overtaken(MemoryStore):
    """Dicts; what is given as `meanwhile` happens once, when a look has read the layouts."""

    meanwhile: Callable[[], None] | None = None

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        """Whoever wants to seal may, so that sealers race."""
        yield True

    @contextmanager
    def reading(self) -> Iterator[BlobReading]:
        """A look that may be overtaken."""
        with super().reading() as reading:
            yield _Overtaken(reading, self)  # type: ignore[misc]  # it has all that a look has


class _Overtaken:
    def __init__(self, reading: BlobReading, store: Overtaken) -> None:
        self._reading = reading
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)

    def layouts(self) -> Mapping[str, Layout]:
        found = self._reading.layouts()
        happens, self._store.meanwhile = self._store.meanwhile, None
        if happens is not None:
            happens()
        return found


def test_a_sealer_that_was_overtaken_by_a_layout_loses() -> None:
    """Epochs of a layout that it doesn't know are in the nodes above all the same: it begins anew, with that layout."""
    blobs = Overtaken()
    store = ChunkedStore(blobs, replace(LADDER, nodes=(240,)), 2)
    store.append(post("b0", list(range(50)), t=[1.0] * 50))

    def others() -> None:
        seal(store)
        store.append(replace(post("b1", [65], t=[1.0]), version=1))
        seal(store)
        store.append(replace(post("late", [5], t=[1.0]), version=1))

    blobs.meanwhile = others
    seal(store)
    assert ((60, 10),) == widths(store)
    assert 52 == summary(store, request(0, 240)).numbers
    assert [] == list(store.check())
