"""News of one scan, waited for by whoever reads it.

Law: a wait ends with news, at its deadline, or when nothing came from the scan for longer than `inactive` seconds,
whoever waited. News of other streams than one's own are not waited for again at once, so a busy scan costs a waiter
little.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grafana_sensor.domain.errors import BadRequest, ScanInactive
from grafana_sensor.domain.scan import Scan, ScanState
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports.scans import ScanStore

_PACE: Final = 0.01
"""Seconds between two looks at a scan that has news, but none for us."""
_LONGEST: Final = 60.0
"""Seconds of one wait of those that have no deadline."""


@dataclass(frozen=True, slots=True)
class Source:
    """A store, and how it is waited for. `clock`: monotonic, in seconds; `pause` lets seconds pass.

    `inactive`: seconds after which an open scan that brought nothing counts as dead; None: never.
    """

    store: ScanStore
    inactive: float | None = None
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class Feed:
    """One scan of a source. Safe for threads."""

    def __init__(self, source: Source, scan: Scan) -> None:
        self.source = source
        self.key = scan.key
        self._news: tuple[object, float] = (_progress(scan), source.clock())

    def now(self) -> Scan:
        """The scan as it is. Raises ScanNotFoundError."""
        scan = self.source.store.load(self.key)
        progress = _progress(scan)
        if progress != self._news[0]:
            self._news = (progress, self.source.clock())
        return scan

    def quiet(self) -> float:
        """For how many seconds it has brought nothing, as far as is known."""
        return self.source.clock() - self._news[1]


class Patience:
    """How long one call waits: `timeout` seconds, for ever where they are 0, not at all without `block`.

    Raises BadRequest for another timeout.
    """

    def __init__(self, source: Source, timeout: float, *, block: bool) -> None:
        try:
            good = timeout >= 0
        except TypeError:
            good = False
        if not good:
            raise BadRequest(f"the timeout is {shown(timeout)}; it must be seconds, 0 for no end")
        self._source = source
        now = source.clock()
        self._until = math.inf if block and not timeout else now + timeout * block
        self._waited = -math.inf

    def left(self) -> float:
        """Seconds that may still be waited, for one wait."""
        return min(self._until - self._source.clock(), _LONGEST)

    def wait(self, feed: Feed, seen: Scan, most: float = math.inf) -> bool:
        """Wait for news since `seen`, which had none for us, for `most` seconds; False where there is no time left.

        Raises ScanInactive.
        """
        source = self._source
        left, inactive, quiet = min(self.left(), most), source.inactive, feed.quiet()
        if left <= 0:
            return False
        if inactive is not None and seen.state != ScanState.CLOSED:
            if quiet >= inactive:
                raise ScanInactive(
                    f"nothing came from scan {feed.key} for {quiet:,.0f} s, and it is {seen.state.name}:"
                    " who recorded it seems to have died"
                )
            left = min(left, inactive - quiet)
        now = source.clock()
        if now - self._waited < _PACE:  # the last news was none for us
            source.pause(min(left, self._waited + _PACE - now))
        self._waited = source.clock()
        source.store.wait(seen, left)
        return True


def _progress(scan: Scan) -> object:
    return scan.state, [(stream.length, stream.sealed) for stream in scan.streams.values()]
