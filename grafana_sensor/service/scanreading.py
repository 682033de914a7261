"""Scans as the query engine reads sensors: an attribute is a stream, a record the points of one index.

Law: the time of a record is that of the scan's own time channel (query.timeaxis), or where rows go by index the index
itself, as if it were microseconds. Streams of different times of one scan make records apart. `index` is an attribute
that every record has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import Block, Column, Ids, Ints, Mask, concatenate
from grafana_sensor.domain.passing import conditioned, passing, summarise_block
from grafana_sensor.domain.plans import EVERYTHING, Request
from grafana_sensor.domain.summaries import Summary
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.scannames import INDEX
from grafana_sensor.query.timeaxis import TimeAxis
from grafana_sensor.service.scancolumns import StreamColumn

Moments = tuple[int, Ints, Mask]
"""Of an axis: the first index, the times in UTC µs from there on, and where there is one."""

BLOCK: Final = 65_536
"""Records that are given at a time."""


@dataclass(slots=True, eq=False)
class ScanTable:
    """The records of one scan.

    `axes`: by attribute, the axis that gives its points their time; None where they go by index. `column` gives an
    attribute's points, `moments` those of an axis, and `disorder` what streams of times had to be sorted, once it was read.
    """

    axes: Mapping[str, TimeAxis | None]
    column: Callable[[str], StreamColumn]
    moments: Callable[[TimeAxis], Moments]
    disorder: set[str] = field(default_factory=set)
    _blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)

    def block(self, names: Sequence[str]) -> Block:
        """The records with these attributes, by (time, id), with ids; all of the scan's where none or EVERYTHING is."""
        asked = tuple(dict.fromkeys(name for name in names if name in self.axes or name in (INDEX, EVERYTHING)))
        if asked not in self._blocks:
            groups: dict[TimeAxis | None, list[str]] = {}
            for name in self.axes if set(asked) <= {INDEX} or EVERYTHING in asked else asked:
                if name == INDEX:
                    continue
                groups.setdefault(self.axes[name], []).append(name)
            parts = [self._group(axis, members, asked) for axis, members in groups.items()]
            self._blocks[asked] = _merged(parts)
        return self._blocks[asked]

    def _group(self, axis: TimeAxis | None, names: Sequence[str], asked: Sequence[str]) -> Block:
        """The records of the streams of one axis."""
        given = {name: self.column(name) for name in names if axis is None or name in asked}
        if axis is None:
            first = min((c.first for c in given.values()), default=0)
            n = max((c.first + len(c.values) for c in given.values()), default=first) - first
            times, here = np.arange(first, first + n, dtype=np.int64), np.ones(n, np.bool_)
        else:
            first, times, here = self.moments(axis)
            n = len(times)
        columns = {name: _column(given[name].aligned(first, n)) for name in names if name in asked}
        index = np.arange(first, first + n, dtype=np.int64)
        if INDEX in asked:
            columns[INDEX] = Column(index.astype(np.float64), None)
        ids = Ids(("" if axis is None else axis.stream,), np.zeros(n, np.int32), index)
        block = Block(times, ids, columns)
        if not here.all():
            block = block.take(here)
        if axis is not None and (np.diff(block.times) < 0).any():
            self.disorder.add(axis.stream)
            block = block.take(np.argsort(block.times, kind="stable"))
        return block


class ScanReading(RecordReading):
    """A look at scans, by the names under which they were asked for."""

    def __init__(self, tables: Mapping[str, ScanTable], catalog: Catalog) -> None:
        self._tables = tables
        self._catalog = catalog

    def catalog(self) -> Catalog:
        """See the port."""
        return self._catalog

    def summarise(self, sensor: str, request: Request, budget: Budget) -> dict[str, list[Summary]]:
        """See the port."""
        answer: dict[str, list[Summary]] = {name: [Summary() for _ in request.edges[1:]] for name in request.wants}
        if request.edges[0] < request.edges[-1]:
            budget.tick()
            block = self._tables[sensor].block([*request.wants, *conditioned(request)])
            summarise_block(passing(block, request), request, answer, budget)
        return answer

    def records(
        self, sensor: str, attributes: Sequence[str], request: Request, budget: Budget, *, ids: bool = False
    ) -> Iterator[Block]:
        """See the port."""
        found = passing(self._tables[sensor].block([*attributes, *conditioned(request)]), request)
        columns = {name: found.columns[name] for name in attributes if name in found.columns}
        whole = Block(found.times, found.ids if ids else None, columns)
        for start in range(0, len(whole), BLOCK):
            budget.tick()
            yield whole.take(slice(start, start + BLOCK))


def _column(values: object) -> Column:
    return Column.of(values) if isinstance(values, list) else Column(np.asarray(values, np.float64), None)


def _merged(parts: Sequence[Block]) -> Block:
    """The records of all parts by (time, id); each part is in that order."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Block(np.zeros(0, np.int64), Ids.of([]), {})
    joined = concatenate(parts)
    ids = joined.ids
    if ids is None:
        raise TypeError("records of scans have ids")
    return joined.take(np.lexsort((ids.position, ids.rank(), joined.times)))
