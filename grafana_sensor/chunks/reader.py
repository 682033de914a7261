"""Reading: from summaries where they decide, from the data where they don't.

Law: the answer is that of a pass over all records. A piece of one chunk whose conditions the summaries decide
is taken or left without its data; whatever is undecided, cut by the range or by a bucket, or overlapped, is
decoded: only the columns that the request names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from grafana_sensor.chunks.decide import Verdict, decide, decide_times
from grafana_sensor.chunks.epochs import Epoch, blocks, epochs, opened
from grafana_sensor.chunks.grid import Grid, Ladder, Span
from grafana_sensor.chunks.pieces import Piece
from grafana_sensor.chunks.rollup import Chunk
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.chunks.tree import Node, cover
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import Block, Ints
from grafana_sensor.domain.conditions import TIME
from grafana_sensor.domain.layout import Layout
from grafana_sensor.domain.passing import conditioned, passing, summarise_block
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from grafana_sensor.domain.summaries import End, Summary
from grafana_sensor.ports import BlobReading, RecordReading

Answer = dict[str, list[Summary]]

_FEW: Final = 64
"""Epochs that are asked for by name; more of them by their range."""

_AT_ONCE: Final = 32
"""Pieces that are read and decoded together: fewer steps, in bounded memory."""

_AHEAD: Final = 8
"""Pieces of a list of records that are read together."""


class ChunkReading(RecordReading):
    """A look at a user's chunks and batches."""

    def __init__(self, blobs: BlobReading, ladder: Ladder) -> None:
        self._blobs = blobs
        self._ladder = ladder
        self._catalog: Catalog | None = None
        self._grids: dict[str, Grid] = {}

    def catalog(self) -> Catalog:
        if self._catalog is None:
            self._catalog = self._blobs.catalog()
        return self._catalog

    def summarise(self, sensor: str, request: Request, budget: Budget) -> Answer:
        edges = request.edges
        answer: Answer = {name: [Summary() for _ in range(len(edges) - 1)] for name in request.wants}
        start, end = int(edges[0]), int(edges[-1])
        if start >= end:
            return answer
        summed = not request.conditions and all(Need.VALUES not in need for need in request.wants.values())
        found = (
            self._beside_nodes(sensor, request, answer)
            if summed
            else epochs(self._blobs, sensor, start, end, self._grid(sensor))
        )
        wants = [name for name in request.wants if name != EVERYTHING]
        names = list(dict.fromkeys([*wants, *conditioned(request)]))
        ids = any(need & (Need.ENDS | Need.TEXTS) for need in request.wants.values())
        undecided = (
            (epoch, piece) for epoch in found for piece in _Summariser(epoch, request, budget, answer).undecided()
        )
        for parts in _gathered(undecided, _AT_ONCE):
            budget.tick()
            for block in blocks(parts, names, ids=ids):
                summarise_block(passing(block, request), request, answer, budget)
        return answer

    def _grid(self, sensor: str) -> Grid:
        """How the sensor's time is cut, as this look sees it from its first question on."""
        if sensor not in self._grids:
            self._grids[sensor] = Grid(self._blobs.layouts().get(sensor, Layout()), self._ladder)
        return self._grids[sensor]

    def _beside_nodes(self, sensor: str, request: Request, answer: Answer) -> Iterator[Epoch]:
        """Add to the answer what nodes of the rollup tree tell, and give the epochs that they don't."""
        edges = request.edges
        grid = self._grid(sensor)
        markers = self._blobs.markers(sensor, grid.epoch(int(edges[0])), int(edges[-1]))
        found = cover(grid, edges, markers)
        epochs, wide = found.epochs, list[Span]()
        for span, blob in self._blobs.nodes(sensor, found.nodes).items():
            node = Node.decode(blob)
            if node.last < edges[0] or node.first >= edges[-1]:
                continue
            # A seal since the look began may have given it records of another bucket.
            bucket = _bucket(edges, node.first, node.last)
            entries = {name: node.entry(name) for name in request.wants if name != EVERYTHING}
            if bucket is None or not _take(answer, request, bucket, entries, node):
                epochs.append(span[0]) if grid.is_epoch(span) else wide.append(span)
        epochs.sort()
        few = epochs if len(epochs) <= _FEW else None
        asked = self._blobs.rollups(sensor, epochs[0], epochs[-1] + 1, few) if epochs else []
        wanted = set(epochs)
        rollups = [rollup for rollup in asked if rollup.epoch in wanted]
        for start, width in wide:
            rollups += self._blobs.rollups(sensor, start, start + width)
        yield from opened(self._blobs, sensor, markers, rollups)

    def records(
        self, sensor: str, attributes: Sequence[str], request: Request, budget: Budget, *, ids: bool = False
    ) -> Iterator[Block]:
        start, end = int(request.edges[0]), int(request.edges[-1])
        if start >= end:
            return
        names = list(dict.fromkeys([*attributes, *conditioned(request)]))
        wanted = (
            (epoch, [piece])
            for epoch in epochs(self._blobs, sensor, start, end, self._grid(sensor))
            for piece in epoch.pieces()
            if not _beyond(epoch, piece, start, end) and _verdict(epoch, piece, request) is not False
        )
        for parts in _growing(wanted, _AHEAD):
            for found in blocks(parts, names, ids=ids):
                budget.tick()
                block = passing(found, request)
                if len(block):
                    columns = {name: block.columns[name] for name in attributes if name in block.columns}
                    yield Block(block.times, block.ids if ids else None, columns)


class _Summariser:
    """Adds one epoch to the answer."""

    def __init__(self, epoch: Epoch, request: Request, budget: Budget, answer: Answer) -> None:
        self._epoch = epoch
        self._request = request
        self._budget = budget
        self._answer = answer
        self._edges = request.edges

    def undecided(self) -> Iterator[Piece]:
        """The pieces whose data are needed; the others are taken or left when they are passed."""
        self._budget.tick()
        if self._whole_epoch():
            return
        for piece in self._epoch.pieces():
            if _beyond(self._epoch, piece, int(self._edges[0]), int(self._edges[-1])):
                continue
            verdict = _verdict(self._epoch, piece, self._request)
            if verdict is not False and not (verdict and piece.alone and self._chunk(piece.chunks[0])):
                yield piece

    def _whole_epoch(self) -> bool:
        """Take or leave the epoch by its own entries; False where its pieces must be looked at."""
        rollup, live = self._epoch.rollup, self._epoch.live
        if live is not None or not rollup.chunks:
            return False
        whole = _Taken(rollup.count, rollup.chunks[0].first, max(chunk.last for chunk in rollup.chunks))
        verdicts: list[Verdict] = [
            decide_times(c, whole.first, whole.last)
            if c.attribute == TIME
            else decide(c, rollup.attribute(c.attribute).whole, rollup.count)
            for c in self._request.conditions
        ]
        if False in verdicts:
            return True
        bucket = _bucket(self._edges, whole.first, whole.last)
        if None in verdicts or bucket is None:
            return False
        entries = {a: rollup.attribute(a).whole for a in self._request.wants if a != EVERYTHING}
        return _take(self._answer, self._request, bucket, entries, whole)

    def _chunk(self, place: int) -> bool:
        """Take a chunk whose conditions are met by its entries; False where its data are needed."""
        rollup = self._epoch.rollup
        chunk = rollup.chunks[place]
        bucket = _bucket(self._edges, chunk.first, chunk.last)
        if bucket is None:
            return False
        entries = {a: rollup.attribute(a).get(place) for a in self._request.wants if a != EVERYTHING}
        return _take(self._answer, self._request, bucket, entries, chunk)


Parts = list[tuple[Epoch, list[Piece]]]


def _gathered(pieces: Iterable[tuple[Epoch, Piece]], most: int) -> Iterator[Parts]:
    """The pieces of each epoch together, in parts of at most so many pieces of one or several epochs."""
    parts: Parts = []
    count = 0
    for epoch, piece in pieces:
        if parts and parts[-1][0] is epoch:
            parts[-1][1].append(piece)
        else:
            parts.append((epoch, [piece]))
        count += 1
        if count == most:
            yield parts
            parts, count = [], 0
    if parts:
        yield parts


def _growing(parts: Iterator[tuple[Epoch, list[Piece]]], most: int) -> Iterator[Parts]:
    """One, then two, four … at most so many: the first comes soon, and of many the next are read together."""
    count = 1
    while some := list(islice(parts, count)):
        yield some
        count = min(2 * count, most)


@dataclass(frozen=True, slots=True)
class _Taken:
    """`count` records from `first` to `last` (UTC µs, both included)."""

    count: int
    first: int
    last: int


def _take(
    answer: Answer, request: Request, bucket: int, entries: Mapping[str, Entry], records: _Taken | Chunk | Node
) -> bool:
    """Add these entries, of those records, to a bucket; False, with nothing added, where they don't tell enough."""
    wants = request.wants
    if not all(entry.answers(wants[name]) for name, entry in entries.items()):
        return False
    for name, entry in entries.items():
        answer[name][bucket].add(entry.summary)
    if EVERYTHING in wants:
        ends = End(records.first, ("", -1), 0.0), End(records.last, ("", -1), 0.0)
        answer[EVERYTHING][bucket].add(Summary(numbers=records.count, first=ends[0], last=ends[1]))
    return True


def _bucket(edges: Ints, first: int, last: int) -> int | None:
    """The bucket that holds both times; None where none does."""
    a, b = (np.searchsorted(edges, [first, last], "right") - 1).tolist()
    return a if a == b and 0 <= a < len(edges) - 1 else None


def _beyond(epoch: Epoch, piece: Piece, start: int, end: int) -> bool:
    """Whether all of the piece lies outside [start, end)."""
    firsts = [epoch.rollup.chunks[place].first for place in piece.chunks]
    lasts = [epoch.rollup.chunks[place].last for place in piece.chunks]
    if epoch.live is not None and piece.start < piece.stop:
        firsts.append(int(epoch.live.times[piece.start]))
        lasts.append(int(epoch.live.times[piece.stop - 1]))
    return max(lasts) < start or min(firsts) >= end


def _verdict(epoch: Epoch, piece: Piece, request: Request) -> Verdict:
    """What the summaries say of all conditions on a piece of one chunk; None of any other piece."""
    if not piece.alone:
        return None
    place = piece.chunks[0]
    chunk = epoch.rollup.chunks[place]
    met: Verdict = True
    for condition in request.conditions:
        if condition.attribute == TIME:
            verdict = decide_times(condition, chunk.first, chunk.last)
        else:
            verdict = decide(condition, epoch.rollup.attribute(condition.attribute).get(place), chunk.count)
        if verdict is False:
            return False
        met = met and verdict
    return met
