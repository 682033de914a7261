"""A stream of a scan as blissdata's users know it: an array that grows.

Law: an index is absolute, and a negative one counts from the end so far. What isn't there is an error that says
whether it may come, won't, or was trimmed; a slice takes what is there of its range, but is an error where some of
that was trimmed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, overload

import numpy as np

from grafana_sensor.domain.errors import (
    EndOfStream,
    IndexNoMoreThereError,
    IndexNotYetThereError,
    IndexWontBeThereError,
    LimitError,
    StreamUnreadable,
)
from grafana_sensor.domain.scan import Kind, Points, StreamDefinition
from grafana_sensor.domain.scan import Stream as Extent
from grafana_sensor.service.cursors import Cursor, most
from grafana_sensor.service.feeds import Feed, Patience

if TYPE_CHECKING:
    from grafana_sensor.service.loadedscan import Scan

_OBJECTS: Final = np.dtype(object)


class Stream:
    """A stream; `load` gives the scan of a key, for streams of sub-scans. Safe for threads."""

    def __init__(self, feed: Feed, definition: StreamDefinition, load: Callable[[str], Scan]) -> None:
        self.feed = feed
        self._definition = definition
        self._load = load

    def __repr__(self) -> str:
        return f"<Stream {self.name!r} of {self.feed.key}>"

    @property
    def name(self) -> str:
        """Its name in the scan."""
        return self._definition.name

    @property
    def kind(self) -> Kind:
        """Its kind: array, json, scan (sub-scans), or missing, where only a plugin could read it."""
        return self._definition.kind

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's type of its numbers; `object` where they are none. Raises StreamUnreadable."""
        self._check_readable()
        return np.dtype(self._definition.dtype) if self.kind == "array" else _OBJECTS

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one point; -1 where a dimension varies."""
        return self._definition.shape

    @property
    def info(self) -> Mapping[str, Any]:
        """What its producer said of it."""
        return self._definition.info

    def __len__(self) -> int:
        return self._extent().length

    def is_sealed(self) -> bool:
        """Whether there will be no more points."""
        return self._extent().sealed

    def wait_seal(self, timeout: float = 0) -> bool:
        """Wait until it is sealed, `timeout` seconds at most where they aren't 0; whether it is."""
        patience = Patience(self.feed.source, timeout, block=True)
        while True:
            scan = self.feed.now()
            if scan.streams[self.name].sealed:
                return True
            if not patience.wait(self.feed, scan):
                return False

    def cursor(self) -> Cursor:
        """A reader of its points, from the first on. Raises StreamUnreadable."""
        return Cursor(self)

    def __iter__(self) -> Iterator[Any]:
        cursor = self.cursor()
        while True:
            try:
                view = cursor.read()
            except EndOfStream:
                return
            yield from view or ()

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> Any: ...
    def __getitem__(self, key: int | slice) -> Any:
        self._check_readable()
        return self._slice(key) if isinstance(key, slice) else self._point(operator.index(key))

    def points(self, start: int, end: int) -> Points:
        """Points of [start, end) as the store has them."""
        return self.feed.source.store.points(self.feed.key, self.name, start, end)

    def shown(self, points: Points) -> Any:
        """The points as users see them: an array where it can be one, sub-scans loaded."""
        if self.kind == "scan":
            return [self._load(key) for key in points.values]
        if self.kind == "array" and isinstance(points.values, list) and len({each.shape for each in points.values}) < 2:
            return np.array(points.values, self._definition.dtype)
        return points.values

    def _point(self, index: int) -> Any:
        if index >= 0 and len(points := self.points(index, index + 1)):
            return self.shown(points)[0]
        extent = self._extent()
        at = index + extent.length if index < 0 else index
        if 0 <= at < extent.length and len(points := self.points(at, at + 1)):
            return self.shown(points)[0]
        if 0 <= at < extent.length:
            raise self._trimmed(at, at + 1)
        there = f"stream {self.name!r} has {extent.length:,} points"
        if extent.sealed:
            raise IndexWontBeThereError(f"{there} and is sealed: there won't be a point {index}")
        raise IndexNotYetThereError(f"{there} so far: there is no point {index} yet")

    def _slice(self, key: slice) -> Any:
        extent = self._extent()
        wanted = range(*key.indices(extent.length))
        start, end = (min(wanted), max(wanted) + 1) if wanted else (0, 0)
        if end - start > (limit := most(self._definition) * 100):
            raise LimitError(
                f"{end - start:,} points of stream {self.name!r} are more than one slice takes ({limit:,});"
                " read it by a cursor, or in parts"
            )
        points = self.points(start, end)
        if len(points) < end - start:
            raise self._trimmed(start, points.start if len(points) else end)
        return self.shown(points)[:: wanted.step]

    def _trimmed(self, start: int, end: int) -> IndexNoMoreThereError:
        some = f"point {start} was" if end - start == 1 else f"points {start} to {end - 1} were"
        return IndexNoMoreThereError(f"{some} trimmed from stream {self.name!r} to save memory")

    def _extent(self) -> Extent:
        return self.feed.now().streams[self.name]

    def _check_readable(self) -> None:
        if self.kind == "missing":
            raise StreamUnreadable(
                f"the points of stream {self.name!r} can't be read here: blissdata's plugin for them is needed"
            )
