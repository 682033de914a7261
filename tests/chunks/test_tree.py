"""What the rollup tree answers, and what it leaves to the epochs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.grid import Grid, Ladder
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.chunks.tree import cover
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.layout import Layout
from grafana_sensor.domain.plans import Need, Request
from grafana_sensor.ports import BlobReading
from tests.chunks.ladders import adapting
from tests.chunks.records import SENSOR, post, request, seal, summary

LADDER = Ladder.of(10)


class Counted(MemoryStore):
    """Dicts that count what looks ask of them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A look whose questions are counted: rollups and nodes one by one."""
        with super().reading() as reading:
            yield _Counting(reading, self.asked)


class _Counting:
    def __init__(self, reading: BlobReading, asked: Counter[str]) -> None:
        self._reading = reading
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._reading, name)

        def called(*arguments: Any) -> Any:
            found = method(*arguments)
            self._asked[name] += len(found) if name in ("rollups", "nodes") else 1
            return found

        return called


def filled(epochs: int) -> tuple[ChunkedStore, Counted]:
    """A store with one record in each of so many epochs, sealed, its counters at zero."""
    blobs = Counted()
    store = ChunkedStore(blobs, LADDER)
    store.append(post("b", [10 * n + 3 for n in range(epochs)], t=[float(n) for n in range(epochs)]))
    seal(store)
    blobs.asked.clear()
    return store, blobs


@pytest.mark.parametrize("epochs", [16, 160, 1_600])
def test_everything_costs_a_node_for_sixteen_epochs(epochs: int) -> None:
    """An aggregate over all of it reads the widest nodes, and no rollup, batch or chunk."""
    store, blobs = filled(epochs)
    assert epochs == summary(store, request(-(10**6), 10**6)).numbers
    assert {"nodes": epochs // 16, "layouts": 1, "markers": 1} == dict(blobs.asked)


def test_a_range_costs_its_edges() -> None:
    """A range from one moment to another reads rollups of the two epochs that it cuts amid records, and few nodes."""
    blobs = Counted()
    store = ChunkedStore(blobs, LADDER)
    times = [10 * n + i for n in range(1_600) for i in (3, 7)]
    store.append(post("b", times, t=[float(n) for n in times]))
    seal(store)
    blobs.asked.clear()
    assert 3_198 == summary(store, request(5, 15_995)).numbers
    assert 2 == blobs.asked["rollups"]
    assert blobs.asked["nodes"] <= 98 + 2 * (3 + 4)


def test_a_range_that_ends_between_records_costs_no_rollup() -> None:
    """Where the range cuts an epoch before its first record, or after its last, the epoch's node tells, and is enough."""
    store, blobs = filled(1_600)
    assert 1_600 == summary(store, request(3, 15_994)).numbers
    assert 1_598 == summary(store, request(4, 15_993)).numbers
    assert 0 == blobs.asked["rollups"]


def test_a_late_record_costs_its_epoch() -> None:
    """A marker anywhere makes its epoch, and no other, be read by its rollup and batch."""
    store, blobs = filled(160)
    store.append(post("late", [753], t=[7.0]))
    blobs.asked.clear()
    assert 161 == summary(store, request(-(10**6), 10**6)).numbers
    assert (1, 1) == (blobs.asked["rollups"], blobs.asked["batches_of"])


def test_what_a_node_does_not_tell_is_read_below_it() -> None:
    """More distinct texts than a summary keeps are still compared: from the rollups of the node's epochs, or the data."""
    blobs = Counted()
    store = ChunkedStore(blobs, LADDER)
    store.append(post("b", [10 * n for n in range(16)], t=[f"{n:0200}" for n in range(16)]))
    seal(store)
    blobs.asked.clear()
    found = summary(store, request(0, 160, Need.COUNT | Need.TEXTS))
    assert ("0".zfill(200), "15".zfill(200), 16) == (found.least_text, found.greatest_text, found.texts)
    assert 16 == blobs.asked["rollups"]


def test_a_look_is_not_led_astray_by_a_later_seal() -> None:
    """Records that are sealed while a look is under way, beyond its range, don't get into the last bucket."""
    blobs = MemoryStore()
    store = ChunkedStore(blobs, LADDER)
    store.append(post("b1", [1, 2], t=[1.0, 1.0]))
    seal(store)
    with store.reading() as reading:
        edges = np.array([0, 50], np.int64)
        reading.summarise(SENSOR, Request({"t": Need.COUNT}, (), edges), Budget())
        store.append(post("b2", [61, 62], t=[1.0, 1.0]))
        seal(store)
        assert 2 == reading.summarise(SENSOR, Request({"t": Need.COUNT}, (), edges), Budget())["t"][0].numbers


def test_what_many_epochs_must_be_read_for_is_read_together() -> None:
    """The chunks of up to 32 pieces of however many epochs are one question to the store, and so are batches of 16."""
    blobs = Counted()
    store = ChunkedStore(blobs, LADDER)
    every = range(64)
    store.append(
        post("b", [10 * n + i for n in every for i in (3, 4)], t=[float(7 * i) for _ in every for i in (0, 1)])
    )
    seal(store)
    store.append(post("late", [10 * n + 5 for n in every], t=[float(n) for n in every]))
    blobs.asked.clear()
    assert 127 == summary(store, request(0, 640, Need.COUNT, Condition("t", "!=", ("7",)))).numbers
    assert (4, 4) == (blobs.asked["chunks_of"], blobs.asked["batches_of"])


@given(
    edges=st.lists(st.integers(-50, 700), min_size=2, max_size=6, unique=True).map(sorted),
    marked=st.sets(st.integers(0, 40).map(lambda n: 10 * n)),
    reach=st.tuples(st.integers(0, 20), st.integers(21, 64)).map(lambda ends: (10 * ends[0], 10 * ends[1])),
)
def test_nodes_and_epochs_cover_the_range_once(edges: list[int], marked: set[int], reach: tuple[int, int]) -> None:
    """Every time of the reach within the range lies in one node or one epoch; no marker is in a node, and no edge, but
    an end of the range in one of an epoch.
    """
    found = cover(Grid(Layout((), reach), LADDER), np.array(edges, np.int64), marked)
    spans = sorted([*found.nodes, *((epoch, 10) for epoch in found.epochs)])
    assert all(a[0] + a[1] <= b[0] for a, b in pairwise(spans))
    times = range(max(edges[0], reach[0]), min(edges[-1], reach[1]))
    assert all(any(start <= time < start + width for start, width in spans) for time in times)
    for start, width in found.nodes:
        ends = {edges[0], edges[-1]} if width == 10 else set[int]()
        assert not set(range(max(start, reach[0]) + 1, min(start + width, reach[1]))) & ({*edges} - ends)
        assert not marked & set(range(start, start + width))


@given(
    posts=st.lists(st.lists(st.integers(-100, 400), min_size=1, max_size=6), min_size=1, max_size=12),
    sealed=st.lists(st.booleans(), min_size=12, max_size=12),
    edges=st.lists(st.integers(-120, 420), min_size=2, max_size=5, unique=True).map(sorted),
)
def test_whatever_was_sealed_when_sums_are_those_of_a_pass(
    posts: list[list[int]], sealed: list[bool], edges: list[int]
) -> None:
    """Late or not, sealed or not, over epochs of changing widths: each bucket has its records, once, and check is clean."""
    store = ChunkedStore(MemoryStore(), adapting(10), 2)
    for number, times in enumerate(posts):
        made = post(f"b{number}", times, t=[1.0] * len(times))
        store.append(replace(made, version=store.catalog().version))
        if sealed[number]:
            seal(store)
    with store.reading() as reading:
        asked = Request({"t": Need.COUNT | Need.SUM}, (), np.array(edges, np.int64))
        counts = [each.numbers for each in reading.summarise(SENSOR, asked, Budget())["t"]]
    every = [time for times in posts for time in times]
    assert counts == [sum(a <= t < b for t in every) for a, b in pairwise(edges)]
    assert [] == list(store.check())
