"""A user's scans in the memory of this process: the reference that other adapters are held to.

Law: plain dicts under one lock; who waits is woken by each change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Condition
from types import MappingProxyType
from typing import Any, Final

from grafana_sensor.adapters.timetags import NONE, following, text
from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.advance import advanced, check_taking, gap, other_points
from grafana_sensor.domain.errors import NoScanAvailable, ScanExists, ScanNotFoundError, UnknownStream
from grafana_sensor.domain.scan import Points, Scan, ScanState, StreamDefinition
from grafana_sensor.domain.scansearch import search
from grafana_sensor.ports import ScanWriting

SMALL: Final = 4_096
"""Points up to which what was sent last is joined with what comes next."""


@dataclass(slots=True)
class _Kept:
    """A scan, its timetag (UTC ms), and the points of each stream as they came."""

    scan: Scan
    tag: int
    points: dict[str, list[Points]] = field(default_factory=dict)


class MemoryScans(ScanWriting):
    """The scans of one user; closing them closes nothing."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._kept: dict[str, _Kept] = {}
        self._tag = 0

    def last_timetag(self) -> str:
        """See the port."""
        with self._changed:
            return text(self._tag)

    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """See the port."""
        with self._changed:
            found = sorted((text(kept.tag), key) for key, kept in self._kept.items())
        return [each for each in found if each[0] > since][:limit]

    def last(self) -> tuple[str, str]:
        """See the port."""
        found = self.created(NONE, len(self._kept))
        if not found:
            raise NoScanAvailable("there is no scan yet")
        return found[-1]

    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """See the port."""
        meant = search(identity)
        with self._changed:
            found = sorted((kept.tag, key) for key, kept in self._kept.items() if meant(kept.scan.identity))
        return [key for _, key in found]

    def load(self, key: str) -> Scan:
        """See the port."""
        with self._changed:
            return self._found(key).scan

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """See the port."""
        with self._changed:
            kept = self._found(key)
            if stream not in kept.scan.streams:
                raise UnknownStream.named(stream, list(kept.scan.streams))
            rows = list(kept.points.get(stream, ()))
            definition = kept.scan.streams[stream].definition
        found = bytes_of.joined(definition, rows, start, end)
        return replace(found, values=found.values.copy())

    def wait(self, seen: Scan, timeout: float) -> None:
        """See the port."""

        def changed() -> bool:
            kept = self._kept.get(seen.key)
            return kept is None or (kept.scan.state, kept.scan.streams) != (seen.state, seen.streams)

        self._wait(changed, timeout)

    def wait_for_scan(self, since: str, timeout: float) -> None:
        """See the port."""
        self._wait(lambda: any(text(kept.tag) > since for kept in self._kept.values()), timeout)

    def close(self) -> None:
        """See the port."""

    def create(self, key: str, identity: Mapping[str, str | int], info: Mapping[str, Any], now: int) -> str:
        """See the port."""
        with self._changed:
            kept = self._kept.get(key)
            if kept is None:
                scan = Scan(key, dict(identity), dict(info), ScanState.CREATED, {ScanState.CREATED: now}, {})
                self._tag = following(self._tag, now)
                kept = self._kept[key] = _Kept(scan, self._tag)
                self._changed.notify_all()
            elif kept.scan.identity != identity:
                raise ScanExists(f"the key {key!r} is another scan's")
            return text(kept.tag)

    def advance(
        self,
        key: str,
        state: ScanState,
        now: int,
        info: Mapping[str, Any] = MappingProxyType({}),
        streams: Sequence[StreamDefinition] = (),
    ) -> None:
        """See the port."""
        with self._changed:
            kept = self._found(key)
            kept.scan = advanced(kept.scan, state, now, info, streams)
            self._changed.notify_all()

    def send(self, key: str, points: Mapping[str, Points]) -> dict[str, int]:
        """See the port."""
        with self._changed:
            kept = self._found(key)
            lengths = {name: self._add(kept, name, each) for name, each in points.items()}
            self._changed.notify_all()
        return lengths

    def delete(self, key: str) -> None:
        """See the port."""
        with self._changed:
            self._found(key)
            del self._kept[key]
            self._changed.notify_all()

    def _found(self, key: str) -> _Kept:
        if (kept := self._kept.get(key)) is None:
            raise ScanNotFoundError(f"there is no scan {key!r}")
        return kept

    def _wait(self, changed: Callable[[], bool], timeout: float) -> None:
        until = time.monotonic() + timeout
        with self._changed:
            while not changed() and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)

    def _add(self, kept: _Kept, name: str, points: Points) -> int:
        """Add the points to the stream; its length then."""
        definition = check_taking(kept.scan, name)
        rows = kept.points.setdefault(name, [])
        length = kept.scan.streams[name].length
        if points.start > length:
            raise gap(name, points.start, length)
        known = bytes_of.joined(definition, rows, points.start, points.start + len(points))
        if bytes_of.encode(definition, known.values) != bytes_of.encode(definition, points.values[: len(known)]):
            raise other_points(name, points.start)
        fresh = Points(length, points.values[length - points.start :].copy())
        if not len(fresh):
            return length
        if rows and len(rows[-1]) < SMALL:
            last = rows.pop()
            fresh = bytes_of.joined(definition, [last, fresh], last.start, length + len(fresh))
        rows.append(fresh)
        stream = replace(kept.scan.streams[name], length=fresh.start + len(fresh))
        kept.scan = replace(kept.scan, streams={**kept.scan.streams, name: stream})
        return stream.length
