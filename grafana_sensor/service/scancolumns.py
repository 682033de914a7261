"""Streams as columns, kept between answers, so that a picture that is drawn again reads what is new only.

Law: what is kept is what the store would give: a stream only grows, so new points are put behind those that are there,
and one that is another than before is read anew. At most `limit` bytes are kept; what was used longest ago goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Floats
from grafana_sensor.domain.errors import ScanNotFoundError, UnknownScan
from grafana_sensor.domain.scan import Points, Scan, ScanState, Stream
from grafana_sensor.ports.scans import ScanStore
from grafana_sensor.query.streamvalues import numbers, texts

AT_ONCE: Final = 1_000_000
"""Numbers that are read of a stream at a time."""

_TEXT_BYTES: Final = 60
"""What a text costs beside its characters."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamColumn:
    """Points of a stream from index `first` on: float64[n] (NaN is none), or texts."""

    first: int
    values: Floats | list[str]

    def aligned(self, start: int, n: int) -> Floats | list[str | None]:
        """The values of indexes [start, start + n); NaN or None where there are none."""
        a, b = max(self.first, start), min(self.first + len(self.values), start + n)
        if isinstance(self.values, list):
            lines: list[str | None] = [None] * n
            if a < b:
                lines[a - start : b - start] = self.values[a - self.first : b - self.first]
            return lines
        if a == start and b == start + n:
            return self.values[a - self.first : b - self.first]
        found = np.full(n, np.nan)
        if a < b:
            found[a - start : b - start] = self.values[a - self.first : b - self.first]
        return found


@dataclass(slots=True, eq=False)
class _Kept:
    """What is kept of a stream: `count` values from index `first` on, in a buffer with room behind them."""

    stream: Stream
    made: int | None
    first: int = 0
    count: int = 0
    buffer: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    lines: list[str] = field(default_factory=list)
    size: int = 0
    lock: Lock = field(default_factory=Lock)

    def continues(self, stream: Stream, made: int | None) -> bool:
        """Whether the stream is this one, later."""
        same = self.stream.definition == stream.definition and self.made == made
        return same and self.stream.length <= stream.length

    def restart(self, first: int) -> None:
        """Forget what is kept; the next points begin at `first`."""
        self.first, self.count, self.lines, self.size = first, 0, [], self.buffer.nbytes

    def add(self, points: Points, reduction: str | None) -> None:
        """Put the points behind those that are kept."""
        if self.stream.definition.kind == "json":
            more = texts(points)
            self.lines = self.lines + more  # a new list: others may be reading the one that was
            self.size += sum(map(len, more)) + _TEXT_BYTES * len(more)
            self.count += len(more)
            return
        new = numbers(points, reduction)
        end = self.count + len(new)
        if end > len(self.buffer):
            grown = np.empty(end if not self.count else max(end, 2 * len(self.buffer)))
            grown[: self.count] = self.buffer[: self.count]
            self.buffer, self.size = grown, grown.nbytes
        self.buffer[self.count : end] = new
        self.count = end

    def view(self, stream: Stream) -> StreamColumn:
        """What the stream has, as it was seen."""
        first = max(self.first, stream.first)
        a, b = first - self.first, min(self.count, stream.length - self.first)
        if stream.definition.kind == "json":
            return StreamColumn(first, self.lines[a:b])
        return StreamColumn(first, self.buffer[a:b])


class StreamColumns:
    """The columns of all users' scans in this process; safe for threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = Lock()
        self._kept: OrderedDict[tuple[str, str, str, str | None], _Kept] = OrderedDict()

    @property
    def size(self) -> int:
        """The bytes that are kept."""
        return sum(kept.size for kept in list(self._kept.values()))

    def column(
        self, owner: str, store: ScanStore, scan: Scan, stream: Stream, reduction: str | None, budget: Budget
    ) -> StreamColumn:
        """The stream of the scan as the column that the reduction makes of it; `owner`: the user whose store it is.

        Raises LimitError beyond the budget, and UnknownScan where the scan was deleted meanwhile.
        """
        name = stream.definition.name
        place = (owner, scan.key, name, reduction)
        made = scan.reached.get(ScanState.CREATED)
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or not kept.continues(stream, made):
                kept = self._kept[place] = _Kept(stream, made)
            self._kept.move_to_end(place)
        with kept.lock:
            if kept.continues(stream, made):
                kept.stream = stream
            _read_on(kept, store, scan.key, stream, reduction, budget)
            found = kept.view(stream)
        self._trim()
        return found

    def _trim(self) -> None:
        with self._lock:
            total = sum(kept.size for kept in self._kept.values())
            while total > self._limit and self._kept:
                total -= self._kept.popitem(last=False)[1].size


def _read_on(kept: _Kept, store: ScanStore, key: str, stream: Stream, reduction: str | None, budget: Budget) -> None:
    """Read what is there of the stream and not kept yet."""
    each = max(1, int(np.prod([max(1, abs(n)) for n in stream.definition.shape])))
    at_once = max(1, AT_ONCE // each)
    while (at := max(kept.first + kept.count, stream.first)) < stream.length:
        try:
            points = store.points(key, stream.definition.name, at, min(at + at_once, stream.length))
        except ScanNotFoundError as error:
            raise UnknownScan(error.message) from None
        budget.hold(len(points) * each)
        if points.start != kept.first + kept.count:
            kept.restart(points.start)
        if not len(points):
            return
        kept.add(points, reduction)
