"""How a sensor's time is cut: into epochs, and into the spans above them that the rollup tree has nodes of.

Law: each width divides the next, and a layout changes where epochs of both widths begin, so epochs and spans nest:
two of them lie apart, or the one in the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.domain.columns import Ints
from grafana_sensor.domain.layout import Layout, Widths

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
YEAR: Final = 364 * DAY

Span = tuple[int, int]
"""The start of an epoch, or of a node of the tree, and its width, in µs."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The widths that there are, ascending, each dividing the next.

    `epochs`: what an epoch may be wide; `nodes`: the spans of the tree above them, the last of which is no narrower
    than any epoch; `first`: what a sensor begins with.
    `chunks`, `size` (bytes): what an epoch should hold at most: it is one partition of a distributed store, where 8 MB
    are easily read and rewritten. One that holds less than a `spare`th of that is narrower than it need be.
    """

    epochs: tuple[int, ...]
    nodes: tuple[int, ...]
    first: int
    chunks: int = 256
    size: int = 8_000_000
    spare: int = 16

    @classmethod
    def of(cls, width: int) -> Ladder:
        """One width for all epochs, and a tree of small spans over them."""
        return cls((width,), (4 * width, 16 * width), width)


LADDER: Final = Ladder((HOUR, 6 * HOUR, DAY, WEEK, 28 * DAY, YEAR), (DAY, 28 * DAY, YEAR), WEEK)
"""From an hour of a sensor that sends hundreds of records a second, to a year of one that sends a few a day."""


class Grid:
    """The epochs and spans of one sensor."""

    def __init__(self, layout: Layout, ladder: Ladder) -> None:
        self.ladder = ladder
        self.reach = layout.reach
        self.widths: Widths = layout.widths
        self._froms = [start for start, _ in layout.widths]

    def width(self, time: int) -> int:
        """The width of the epoch that holds the time."""
        place = bisect_right(self._froms, time)
        return self.widths[place - 1][1] if place else self.ladder.first

    def epoch(self, time: int) -> int:
        """The start of the epoch that holds the time."""
        width = self.width(time)
        return time // width * width

    def epochs(self, times: Ints) -> Ints:
        """The starts of the epochs that hold the times."""
        if not self._froms:
            return times // self.ladder.first * self.ladder.first
        widths = np.array([self.ladder.first, *(width for _, width in self.widths)], np.int64)
        width = widths[np.searchsorted(self._froms, times, "right")]
        return times // width * width

    def spans(self, start: int, end: int, width: int) -> Iterator[Span]:
        """The spans of `width`, or the epochs where these are wider, that lie in [start, end); from `start` on."""
        while start < end:
            wide = max(width, self.width(start))
            yield start, wide
            start += wide

    def top(self, start: int, end: int) -> Iterator[Span]:
        """The widest spans that have a time of [start, end)."""
        width = self.ladder.nodes[-1]
        return self.spans(start // width * width, end, width)

    def is_epoch(self, span: Span) -> bool:
        """Whether the span is an epoch."""
        return span[1] == self.width(span[0])

    def below(self, span: Span) -> list[Span]:
        """The spans that a span, which is no epoch, is made of."""
        start, width = span
        narrower = [each for each in self.ladder.nodes if each < width]
        return list(self.spans(start, start + width, narrower[-1] if narrower else 0))

    def above(self, epoch: int) -> list[Span]:
        """The spans that an epoch lies in, itself aside, narrowest first."""
        own = self.width(epoch)
        return [(epoch // width * width, width) for width in self.ladder.nodes if width > own]

    def continued(self, width: int) -> Widths:
        """The layout with epochs of `width` from the first moment on that no record can be at yet."""
        if self.reach is None:
            return self.widths
        end = self.reach[1]
        kept = tuple(each for each in self.widths if each[0] < end)
        last = kept[-1][1] if kept else self.ladder.first
        wider = max(width, last)
        return kept if width == last else (*kept, (-(-end // wider) * wider, width))
