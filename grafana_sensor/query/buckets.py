"""Buckets: how a range of time is cut for aggregates.

Law: buckets of a step lie at its multiples since 1970 in UTC and are named by their start; they cover exactly
the range [start, end), so the first and the last may be cut by it. Nothing here is as long as the number of
buckets until names or edges are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.domain.columns import Ints
from grafana_sensor.domain.errors import RangeError
from grafana_sensor.domain.plans import Every

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_YEAR_1: Final = -62_135_596_800 * _SECOND

LADDER: Final = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28)),
)
"""The widths that `auto` takes, in µs; above them come the multiples of the last."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """`count` buckets of [start, end): bucket i is named `first + i * step` (all UTC µs)."""

    start: int
    end: int
    first: int
    step: int
    count: int

    @classmethod
    def whole(cls, start: int, end: int) -> Buckets:
        """One bucket of all the range, named by the start; it is there where the range is empty, too.

        >>> Buckets.whole(5, 9).names(0, 1).tolist()
        [5]
        """
        return cls(start, end, start, max(end - start, 1), 1)

    @classmethod
    def aligned(cls, start: int, end: int, step: int) -> Buckets:
        """The buckets at the multiples of `step` that the range touches; none where it is empty.

        >>> Buckets.aligned(-5, 25, 10).names(0, 4).tolist()
        [-10, 0, 10, 20]
        """
        first = start // step
        return cls(start, end, first * step, step, -(-end // step) - first if start < end else 0)

    def names(self, a: int, b: int) -> Ints:
        """int64[b - a]: the starts of buckets [a, b)."""
        return self.first + self.step * np.arange(a, b, dtype=np.int64)

    def edges(self, a: int, b: int) -> Ints:
        """int64[b - a + 1]: where buckets [a, b) begin and end, cut by the range; a < b.

        >>> Buckets.aligned(-5, 25, 10).edges(0, 4).tolist()
        [-5, 0, 10, 20, 25]
        """
        low = max(self.start, self.first + a * self.step)
        high = min(self.end, self.first + b * self.step)
        return np.concatenate(([low], self.names(a + 1, b), [high]), dtype=np.int64)

    def touching(self, low: int, high: int) -> tuple[int, int]:
        """The places [a, b) of the buckets that [low, high) touches; a >= b where it touches none."""
        if low >= high:
            return 0, 0
        return max(0, (low - self.first) // self.step), min(self.count, -((self.first - high) // self.step))


def cut(start: int, end: int, every: Every, *, max_points: int, interval: int) -> Buckets:
    """The buckets of [start, end) for an EVERY; `max_points` (at least 1) and `interval` (µs) guide `auto`.

    Raises RangeError when a duration is not positive, or so long that a bucket would begin before the year 1.
    """
    if every == "all" or (every == "auto" and max_points == 1):
        return Buckets.whole(start, end)
    if every == "auto":
        return _automatic(start, end, max_points, interval)
    if every <= 0:
        raise RangeError(f"EVERY needs a duration of 1 µs or more, not {every} µs")
    buckets = Buckets.aligned(start, end, every)
    if buckets.first < _YEAR_1:
        raise RangeError(f"EVERY is too long: buckets of {every // _DAY:,} days have one that begins before the year 1")
    return buckets


def _automatic(start: int, end: int, max_points: int, interval: int) -> Buckets:
    """The smallest step of the ladder that is at least the interval and gives at most `max_points` buckets."""
    for step in LADDER:
        buckets = Buckets.aligned(start, end, step)
        if step >= interval and buckets.count <= max_points:
            return buckets
    widest = LADDER[-1]
    least = max(interval, -((start - end) // max_points), widest)
    multiple = -(-least // widest)
    while (buckets := Buckets.aligned(start, end, multiple * widest)).count > max_points:
        multiple += 1
    return buckets
