"""A user's own scans and those of a Redis that all users see, as one store.

Law: a key is looked for among the user's own scans first, and there alone where it is found, so these are there
while the Redis is away. What asks for all scans asks both, or fails. The newest scan is the newest of both, by the
time in its key (a ULID). A timetag here is one of each store, with a `|` between them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from heapq import merge
from typing import Final

from grafana_sensor.domain.errors import BadRequest, NoScanAvailable, ScanNotFoundError
from grafana_sensor.domain.scan import Points, Scan
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports.scans import ScanStore

_BETWEEN: Final = "|"
_SLICE: Final = 0.05
"""Seconds for which one store is waited for before the other is looked at."""


class BothScans(ScanStore):
    """`own` first, then `others`, which this doesn't close. `clock`: monotonic, in seconds."""

    def __init__(self, own: ScanStore, others: ScanStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._own = own
        self._others = others
        self._clock = clock

    def last_timetag(self) -> str:
        """See the port."""
        return _joined(self._own.last_timetag(), self._others.last_timetag())

    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """See the port."""
        own, others = _parted(since)
        ours = [(made_at(key), 0, tag, key) for tag, key in self._own.created(own, limit)]
        theirs = [(made_at(key), 1, tag, key) for tag, key in self._others.created(others, limit)]
        found, tags = [], [own, others]
        # Each store's own order is kept, whatever the keys say.
        for _, which, tag, key in merge(ours, theirs, key=lambda one: one[0]):
            tags[which] = tag
            found.append((_joined(*tags), key))
        return found[:limit]

    def last(self) -> tuple[str, str]:
        """See the port."""
        tag = self.last_timetag()
        keys = []
        for store in (self._own, self._others):
            try:
                keys.append(store.last()[1])
            except NoScanAvailable as error:
                none = error
        if not keys:
            raise none
        return tag, max(keys, key=made_at)

    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """See the port."""
        return list(merge(self._own.search(identity), self._others.search(identity), key=made_at))

    def load(self, key: str) -> Scan:
        """See the port."""
        try:
            return self._own.load(key)
        except ScanNotFoundError:
            return self._others.load(key)

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """See the port."""
        try:
            return self._own.points(key, stream, start, end)
        except ScanNotFoundError:
            return self._others.points(key, stream, start, end)

    def wait(self, seen: Scan, timeout: float) -> None:
        """See the port."""
        try:
            self._own.load(seen.key)
        except ScanNotFoundError:
            self._others.wait(seen, timeout)
        else:
            self._own.wait(seen, timeout)

    def wait_for_scan(self, since: str, timeout: float) -> None:
        """See the port."""
        own, others = _parted(since)
        end = self._clock() + timeout
        while not self._own.created(own, 1) and not self._others.created(others, 1):
            left = end - self._clock()
            if left <= 0:
                return
            self._others.wait_for_scan(others, min(left, _SLICE))

    def close(self) -> None:
        """Let go of the user's own; the others are everybody's."""
        self._own.close()


def made_at(key: str) -> str:
    """The part of a scan's key by which keys are in the order in which the scans were made.

    >>> made_at("esrf:scan:01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A")
    '01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A'
    """
    return key.rpartition(":")[2]


def _joined(own: str, others: str) -> str:
    return f"{own}{_BETWEEN}{others}"


def _parted(timetag: str) -> tuple[str, str]:
    own, between, others = timetag.rpartition(_BETWEEN)
    if not between:
        raise BadRequest(f"{shown(timetag)} is no timetag of this server's scans; take one that it gave")
    return own, others
