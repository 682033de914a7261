"""Reading streams point after point: cursors, and the views that they give.

Law: a cursor never misses a point and gives none twice. One view holds what came since the last one, up to a bound;
points that were trimmed before they were read are counted in the view, and asking for them is an error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from grafana_sensor.domain.errors import BadRequest, EndOfStream, IndexNoMoreThereError, StreamUnreadable
from grafana_sensor.domain.scan import Points, Scan, StreamDefinition
from grafana_sensor.domain.scan import Stream as Extent
from grafana_sensor.service.feeds import Feed, Patience

if TYPE_CHECKING:
    from grafana_sensor.service.loadedstream import Stream

_POINTS: Final = 100_000
_BYTES: Final = 32 * 2**20
"""The most points, and about the most bytes, of one view."""
_TURN: Final = 0.02
"""Seconds for which a group of several scans' streams waits for one of the scans."""

Shown = Callable[[Points], Any]
"""What a user sees of points."""


class View:
    """Points of a stream that a cursor came by."""

    def __init__(self, index: int, expired: int, values: Any) -> None:
        self._index = index
        self._expired = expired
        self._values = values

    def __repr__(self) -> str:
        return f"<View of points {self.index} to {self.last_index}>"

    def __len__(self) -> int:
        return self._expired + len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.get_data())

    @property
    def index(self) -> int:
        """The index in the stream of the first point."""
        return self._index

    @property
    def last_index(self) -> int:
        """The index in the stream of the last point."""
        return self._index + len(self) - 1

    def get_data(self, start: int | None = None, stop: int | None = None) -> Any:
        """The points, or those of [start, stop) within the view: an array, or a list where they are JSON or vary in shape.

        Raises IndexNoMoreThereError where some of them were trimmed.
        """
        wanted = range(len(self))[start:stop]
        if wanted and wanted.start < self._expired:
            raise IndexNoMoreThereError(
                f"points {self._index} to {self._index + self._expired - 1} were trimmed before they were read;"
                f" get_data({self._expired}) has the others"
            )
        first = wanted.start - self._expired
        return self._values[max(0, first) : max(0, first) + len(wanted)]


class Cursor:
    """A reader of one stream, from its first point on. For one thread at a time."""

    def __init__(self, stream: Stream) -> None:
        if stream.kind == "missing":
            raise StreamUnreadable(
                f"the points of stream {stream.name!r} can't be read here: blissdata's plugin for them is needed"
            )
        self.stream = stream
        self._position = 0

    @property
    def position(self) -> int:
        """The index of the point that is read next."""
        return self._position

    def read(self, block: bool = True, timeout: float = 0, last_only: bool = False) -> View | None:
        """What came since the last read, or with `last_only` the last point of it alone.

        Where nothing came, it is waited for: until `timeout` seconds are over, then None; for ever where they are 0;
        not at all without `block`. Raises EndOfStream when all was read and the stream is sealed, ScanNotFoundError
        when the scan was deleted.
        """
        feed = self.stream.feed
        patience = Patience(feed.source, timeout, block=block)
        while True:
            scan = feed.now()
            extent = scan.streams[self.stream.name]
            if (view := self.take(extent, last_only=last_only)) is not None:
                return view
            if extent.sealed:
                raise EndOfStream(f"all {extent.length:,} points of stream {self.stream.name!r} were read")
            if not patience.wait(feed, scan):
                return None

    def take(self, extent: Extent, *, last_only: bool) -> View | None:
        """The points up to the stream's present end, as many as a view has; None where there is no new one."""
        start, end = self._position, extent.length
        if end <= start:
            return None
        if last_only:
            start = end - 1
        end = min(end, start + most(extent.definition))
        points = self.stream.points(start, end)
        expired = max(0, points.start - start) if len(points) else end - start
        values = self.stream.shown(points)
        self._position = start + expired + len(points)
        return View(start, expired, values)


class CursorGroup:
    """A reader of several streams at once: a scan's `streams`, or any of them. For one thread at a time.

    Streams whose points can't be read, since a plugin is missing, are left out.
    """

    def __init__(self, streams: Mapping[str, Stream] | Iterable[Stream]) -> None:
        given = list(streams.values() if isinstance(streams, Mapping) else streams)
        if len({id(stream.feed.source.store) for stream in given}) > 1:
            raise BadRequest("the streams of a CursorGroup are of different data stores; make a group for each")
        self._cursors = [Cursor(stream) for stream in given if stream.kind != "missing"]
        self._active = list(self._cursors)

    @property
    def position(self) -> dict[Stream, int]:
        """The index of the point that is read next, of each stream."""
        return {cursor.stream: cursor.position for cursor in self._cursors}

    def read(self, block: bool = True, timeout: float = 0, last_only: bool = False) -> dict[Stream, View]:
        """What came since the last read, of each stream that brought something; otherwise as Cursor.read.

        Empty where nothing came in time. Raises EndOfStream when all streams were read to their ends.
        """
        if not self._active:
            raise EndOfStream("all streams have been read until their ends")
        patience = Patience(self._active[0].stream.feed.source, timeout, block=block)
        while True:
            scans = self._scans()
            views: dict[Stream, View] = {}
            for cursor in list(self._active):
                extent = scans[cursor.stream.feed.key][1].streams[cursor.stream.name]
                if (view := cursor.take(extent, last_only=last_only)) is not None:
                    views[cursor.stream] = view
                elif extent.sealed:
                    self._active.remove(cursor)
            if views:
                return views
            if not self._active:
                raise EndOfStream("all streams have been read until their ends")
            feed, scan = scans[self._active[0].stream.feed.key]
            if not patience.wait(feed, scan, _TURN if len(scans) > 1 else math.inf):
                return {}

    def _scans(self) -> dict[str, tuple[Feed, Scan]]:
        """The scans of the streams that are still read, as they are now, the first stream's first."""
        feeds = {cursor.stream.feed.key: cursor.stream.feed for cursor in self._active}
        return {key: (feed, feed.now()) for key, feed in feeds.items()}


def most(definition: StreamDefinition) -> int:
    """How many of the stream's points one view has at most."""
    if definition.kind != "array":
        return _POINTS // 10
    size = np.dtype(definition.dtype).itemsize * math.prod(abs(each) for each in definition.shape)
    return max(1, min(_POINTS, _BYTES // max(1, size)))
