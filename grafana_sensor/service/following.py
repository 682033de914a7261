"""Following streams while they grow: what was sent so far, then what comes, until the end.

Law: every point once, in the order of its index: what is read next begins where what was given ends, so nothing lies
between replay and live. A follower ends by itself, and says why. It holds nothing of the store between two looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Literal

from grafana_sensor.domain.errors import Busy, ScanNotFoundError, StreamUnreadable, Unavailable, UnknownStream
from grafana_sensor.domain.scan import Points, Scan, ScanState
from grafana_sensor.ports.scans import ScanStore

AT_ONCE: Final = 10_000
"""Numbers that are read of a stream at a time."""
HEARTBEAT: Final = 5.0
"""Seconds after which a follower hears that the stream is still followed; so a reader who is gone is noticed, too."""
LOOK: Final = 1.0
"""Seconds after which a follower looks whether it is to stop, at least."""

Reason = Literal["sealed", "closed", "deleted", "inactive", "limit", "stopping", "unavailable"]
"""Why following ends: the stream is sealed; the scan is closed and the stream never was sealed; the scan is deleted;
nothing came for long; it took as long as one may; the server stops; the store doesn't answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """Points of a stream."""

    stream: str
    points: Points


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Points [start, end) of a stream that are there no more."""

    stream: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alive:
    """Nothing came for a while; the scan's state."""

    state: ScanState


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a stream, or of all (`stream` None). `next` is the index after the last that was given, by stream."""

    reason: Reason
    next: Mapping[str, int]
    stream: str | None = None


Event = Sent | Trimmed | Alive | Ended


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a follower lasts, in seconds of `clock` (monotonic): `inactive` without news, `life` in all.

    `stopping` tells that the server is about to stop.
    """

    clock: Callable[[], float]
    inactive: float
    life: float
    stopping: Callable[[], bool] = lambda: False


def follow(store: ScanStore, key: str, streams: Sequence[str], start: int, patience: Patience) -> Iterator[Event]:
    """The events of the streams from index `start` on, to the `Ended` of all, which is the last one.

    Raises, before the first event, ScanNotFoundError; UnknownStream where the scan is PREPARED without it; and
    StreamUnreadable.
    """
    scan = store.load(key)
    for name in streams:
        _check(scan, name)
    return _Follower(store, scan, dict.fromkeys(streams, start), patience).events()


class Followers:
    """Who is following in this process: at most `most` at once. Safe for threads.

    `stopping` tells that the process is about to end, which ends all of them.
    """

    def __init__(self, most: int) -> None:
        self.stopping: Callable[[], bool] = lambda: False
        self._most = most
        self._lock = Lock()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def enter(self) -> None:
        """Count one more. Raises Busy where there are as many as may be."""
        with self._lock:
            if self._count >= self._most:
                raise Busy(
                    f"{self._most} followers are served already, as many as each worker takes: several streams can be"
                    " followed at once by /points?stream=a&stream=b, or try again later"
                )
            self._count += 1

    def leave(self) -> None:
        """Count one less."""
        with self._lock:
            self._count -= 1


def _check(scan: Scan, name: str) -> None:
    stream = scan.streams.get(name)
    if stream is None and scan.state >= ScanState.PREPARED:
        raise UnknownStream.named(name, list(scan.streams))
    if stream is not None and stream.definition.kind == "missing":
        raise StreamUnreadable(f"{name!r} is read by a plugin of blissdata only, which this server lacks")


class _Follower:
    """One follower's place in each stream."""

    def __init__(self, store: ScanStore, scan: Scan, places: dict[str, int], patience: Patience) -> None:
        self._store = store
        self._scan = scan
        self._places = places
        self._patience = patience
        self._open = dict.fromkeys(places)
        self._begun = self._news = self._said = patience.clock()

    def events(self) -> Iterator[Event]:
        """All events, to the end."""
        try:
            yield from self._until_the_end()
        except ScanNotFoundError:
            yield Ended("deleted", dict(self._places))
        except Unavailable:
            yield Ended("unavailable", dict(self._places))

    def _until_the_end(self) -> Iterator[Event]:
        before: Mapping[str, tuple[Reason, int]] = {}
        reasons: set[Reason] = set()
        while True:
            yield from self._given()
            over = self._over()
            # An end and the length there may be seen a moment apart: it is one when the next look sees the same.
            for name in [name for name in over if over[name] == before.get(name)]:
                reason, _ = over[name]
                reasons.add(reason)
                del self._open[name]
                yield Ended(reason, {name: self._places[name]}, name)
            if not self._open:
                yield Ended("closed" if "closed" in reasons else "sealed", dict(self._places))
                return
            if (stop := self._impatience()) is not None:
                yield Ended(stop, dict(self._places))
                return
            if self._patience.clock() - self._said >= HEARTBEAT:
                self._said = self._patience.clock()
                yield Alive(self._scan.state)
            if over.keys().isdisjoint(self._open):
                self._store.wait(self._scan, LOOK)
            before = over
            self._look()

    def _given(self) -> Iterator[Event]:
        """What is there of the open streams behind what was given."""
        for name in self._open:
            stream = self._scan.streams.get(name)
            while stream is not None and self._places[name] < stream.length:
                start = self._places[name]
                size = max(1, math.prod(max(1, abs(n)) for n in stream.definition.shape))
                end = min(start + max(1, AT_ONCE // size), stream.length)
                points = self._store.points(self._scan.key, name, start, end)
                first = points.start if len(points) else max(end, stream.first)
                if first > start:
                    yield Trimmed(name, start, first)
                self._places[name] = first + len(points)
                self._news = self._said = self._patience.clock()
                if len(points):
                    yield Sent(name, points)

    def _look(self) -> None:
        scan = self._store.load(self._scan.key)
        if scan.state != self._scan.state:
            self._news = self._patience.clock()
        self._scan = scan

    def _over(self) -> dict[str, tuple[Reason, int]]:
        """The open streams that have no more to come, all of which was given: why, and their lengths."""
        found: dict[str, tuple[Reason, int]] = {}
        for name in self._open:
            stream = self._scan.streams.get(name)
            length = 0 if stream is None else stream.length
            if stream is not None and stream.sealed:
                found[name] = ("sealed", length)
            elif self._scan.state == ScanState.CLOSED:
                found[name] = ("closed", length)
        return found

    def _impatience(self) -> Reason | None:
        """Why the follower goes though the streams are open, None where it stays."""
        now = self._patience.clock()
        if self._patience.stopping():
            return "stopping"
        if now - self._news >= self._patience.inactive:
            return "inactive"
        return "limit" if now - self._begun >= self._patience.life else None
