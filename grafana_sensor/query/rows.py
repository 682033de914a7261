"""Rows: the records of the sensors asked that have a projected attribute, in the order of time.

Law: rows go by time, then sensor, then record id. They are read block by block, and no further than a page
needs: a sensor is read on only while a row of its could still stand among those wanted.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Block, Column, Ids, Ints, Mask
from grafana_sensor.domain.plans import Request
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.paging import Page, Place
from grafana_sensor.query.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n rows: `times`: int64[n]; `sensors`: int[n] into `names`; `ids` where they were asked for."""

    times: Ints
    names: tuple[str, ...]
    sensors: NDArray[np.intp]
    ids: Ids | None
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.times)

    def take(self, index: NDArray[np.intp] | slice) -> Rows:
        """The rows that `index` picks."""
        return Rows(
            self.times[index],
            self.names,
            self.sensors[index],
            None if self.ids is None else self.ids.take(index),
            {name: column.take(index) for name, column in self.columns.items()},
        )

    def place(self, row: int) -> Place:
        """Where the row stands; the rows have ids."""
        if self.ids is None:
            raise TypeError("rows without ids have no place")
        return Place(int(self.times[row]), self.names[self.sensors[row]], *self.ids[row])


def read_all(reading: RecordReading, plan: Plan, after: Place | None, budget: Budget) -> Rows:
    """All the rows after a place. Raises LimitError as soon as there are more than the budget allows."""
    sources = _sources(reading, plan, after, budget, ids=after is not None)
    count = 0
    for source in sources:
        while source.pull():
            budget.give(count + source.count)
        count += source.count
    return _merged(sources)


def read_page(reading: RecordReading, plan: Plan, page: Page, limit: int, budget: Budget) -> Rows:
    """The first rows after the page's place, with ids: `limit` and one more where there are as many.

    Raises LimitError where a page has more rows than the budget allows.
    """
    sources = _sources(reading, plan, page.after, budget, ids=True)
    wanted = min(limit, budget.points) + 1
    _pull_until(sources, wanted)
    _trim(sources, wanted)
    rows = _merged(sources)
    budget.give(min(limit, len(rows)))
    return rows.take(slice(limit + 1))


def of_sensor(reading: RecordReading, plan: Plan, sensor: str, budget: Budget) -> Block:
    """All the rows of one sensor as one block, without ids."""
    source = _Source(sensor, plan.attributes(sensor), _blocks(reading, plan, sensor, plan.low, budget, ids=False), None)
    while source.pull():
        pass
    return Block(_times(source.kept), None, {name: source.column(name) for name in source.attributes})


@dataclass(slots=True, eq=False)
class _Source:
    """The rows of one sensor, read as they are pulled. `reached`: the time up to which they are read."""

    sensor: str
    attributes: Sequence[str]
    blocks: Iterator[Block]
    after: Place | None
    kept: list[Block] = field(default_factory=list)
    count: int = 0
    reached: int = 0

    def pull(self) -> bool:
        """Read another block; False where there is none."""
        block = next(self.blocks, None)
        if block is None:
            return False
        if len(block):
            self.reached = int(block.times[-1])
            block = _with_attributes(_past(block, self.after), self.attributes)
            if len(block):
                self.kept.append(block)
                self.count += len(block)
        return True

    def before(self, time: int) -> int:
        """How many of the rows lie before the time."""
        return sum(int(np.searchsorted(block.times, time, "left")) for block in self.kept)

    def column(self, name: str) -> Column:
        return Column.concatenate([(block.columns.get(name), len(block)) for block in self.kept])


def _sources(reading: RecordReading, plan: Plan, after: Place | None, budget: Budget, *, ids: bool) -> list[_Source]:
    sources = []
    for sensor in plan.sensors:
        low, place = plan.low, None
        if after is not None:
            low = max(low, after.time + (sensor < after.sensor))
            place = after if sensor == after.sensor else None
        attributes = plan.attributes(sensor)
        if attributes and low < plan.high and plan.answers(sensor):
            sources.append(_Source(sensor, attributes, _blocks(reading, plan, sensor, low, budget, ids=ids), place))
    return sources


def _blocks(reading: RecordReading, plan: Plan, sensor: str, low: int, budget: Budget, *, ids: bool) -> Iterator[Block]:
    """The sensor's records from `low` on that pass the conditions; what is read is held."""
    if low >= plan.high or not plan.answers(sensor):
        return
    attributes = plan.attributes(sensor)
    request = Request({}, plan.conditions, np.array([low, plan.high], np.int64))
    for block in reading.records(sensor, attributes, request, budget, ids=ids):
        budget.hold(len(block) * (1 + len(attributes)))
        yield block


def _past(block: Block, after: Place | None) -> Block:
    """The block without the records up to the place; the block is of its sensor and begins at its time."""
    ids = block.ids
    if after is None or ids is None or block.times[0] > after.time:
        return block
    same = range(int(np.searchsorted(block.times, after.time, "right")))
    return block.take(slice(bisect_right(same, (after.batch, after.position), key=lambda i: ids[i]), None))


def _with_attributes(block: Block, attributes: Sequence[str]) -> Block:
    """The block's records that have at least one of the attributes."""
    here: Mask = np.zeros(len(block), np.bool_)
    for name in attributes:
        if name in block.columns:
            here |= block.columns[name].present(len(block))
        if here.all():
            return block
    return block.take(here)


def _pull_until(sources: Sequence[_Source], wanted: int) -> None:
    """Pull until the first `wanted` rows of all sources are among those read, or there are no more."""
    count = 0
    heap: list[tuple[int, int]] = []

    def pull(place: int) -> None:
        nonlocal count
        source = sources[place]
        had = source.count
        if source.pull():
            count += source.count - had
            heapq.heappush(heap, (source.reached, place))

    for place in range(len(sources)):
        pull(place)
    while heap:
        frontier, place = heap[0]
        if count >= wanted and (len(sources) == 1 or sum(s.before(frontier) for s in sources) >= wanted):
            return  # what is still unread lies at the frontier or after it
        heapq.heappop(heap)
        pull(place)


def _trim(sources: Sequence[_Source], wanted: int) -> None:
    """Let go of the rows that lie after the first `wanted` in time."""
    times = _times([block for source in sources for block in source.kept])
    if len(times) <= wanted:
        return
    latest = np.partition(times, wanted - 1)[wanted - 1]
    for source in sources:
        stops = [int(np.searchsorted(block.times, latest, "right")) for block in source.kept]
        source.kept = [block.take(slice(stop)) for block, stop in zip(source.kept, stops, strict=True) if stop]
        source.count = sum(stops)


def _times(blocks: Sequence[Block]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *(block.times for block in blocks)])


def _merged(sources: Sequence[_Source]) -> Rows:
    """The rows of all sources; sources come in the order of their names, each in order of (time, id)."""
    attributes = dict.fromkeys(name for source in sources for name in source.attributes)
    blocks = [block for source in sources for block in source.kept]
    counts = np.array([source.count for source in sources], np.intp)
    times = _times(blocks)
    ids = [block.ids for block in blocks if block.ids is not None]
    rows = Rows(
        times,
        tuple(source.sensor for source in sources),
        np.repeat(np.arange(len(sources), dtype=np.intp), counts),
        Ids.concatenate(ids) if ids else None,
        {name: Column.concatenate([(b.columns.get(name), len(b)) for b in blocks]) for name in attributes},
    )
    if len(sources) < 2:
        return rows
    return rows.take(np.argsort(times, kind="stable"))
