"""Scans of blissdata as a ScanStore.

Law: only read. The Redis is opened by the first call that needs it, in the process that makes it, and again after
`close`; while it is away every call raises Unavailable, and none waits longer than it was told and an answer may take.
A closed scan's streams are sealed, whether or not whoever sent to them lived to seal them.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

import numpy as np

from grafana_sensor.adapters.blissdata import points as lying
from grafana_sensor.adapters.blissdata.errors import no_scan, ours
from grafana_sensor.adapters.blissdata.opened import PREFIX, Extent, Loaded, Now, Opened, check_installed, library
from grafana_sensor.adapters.blissdata.place import Place
from grafana_sensor.adapters.blissdata.searching import search
from grafana_sensor.domain.errors import BadRequest, StreamUnreadable, UnknownStream
from grafana_sensor.domain.scan import IDENTITY, Kind, Points, Scan, ScanState, Stream, StreamDefinition
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports.scans import ScanStore

_KEPT: Final = 64
"""Scans that are kept loaded."""
_LONGEST_WAIT: Final = 1.0
"""Seconds for which the Redis is waited for in one go; then it is looked whether the scan is still there."""
_PLAIN: Final[dict[str | None, Kind | None]] = {None: None, "hdf5_fallback": None, "scan_sequence": "scan"}
"""Plugins whose points lie in Redis, and the kind of their streams where it isn't the library's own."""

_TIMETAG: Final = re.compile(r"[0-9]{1,19}(-[0-9]{1,19})?")


class BlissdataScans(ScanStore):
    """The scans of the Redis at `place`. `clock`: monotonic, in seconds. Raises BadRequest without the library."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.monotonic) -> None:
        check_installed()
        self._place = place
        self._clock = clock
        self._longest_wait = min(_LONGEST_WAIT, place.timeout / 2)
        self._lock = Lock()
        self._opened: Opened | None = None
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()

    def last_timetag(self) -> str:
        """See the port."""
        with self._asking() as opened:
            tag: str = opened.store.get_last_scan_timetag()
            return tag

    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """See the port."""
        _check_timetag(since)
        found: list[tuple[str, str]] = []
        with self._asking() as opened:
            while len(found) < limit:
                more = opened.created(since, limit - len(found))
                if not more:
                    break
                since = more[-1][0]
                there = set(opened.there([key for _, key in more]))
                found += [(tag, key) for tag, key in more if key in there]
        return found

    def last(self) -> tuple[str, str]:
        """See the port."""
        with self._asking() as opened:
            tag, key = opened.store.get_last_scan()
            return tag, key

    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """See the port."""
        with self._asking() as opened:
            return search(opened, identity)

    def load(self, key: str) -> Scan:
        """See the port."""
        with self._asking(key) as opened:
            loaded = self._found(opened, key)
            return _scan(loaded, self._now(loaded))[0]

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """See the port."""
        with self._asking(key) as opened:
            streams = self._now(self._found(opened, key)).streams
            if stream not in streams:
                raise UnknownStream.named(stream, list(streams))
            definition = defined(streams[stream])
            if definition.kind == "missing":
                raise StreamUnreadable(
                    f"stream {stream!r} is read by the plugin {streams[stream].plugin!r} of blissdata: its points"
                    " lie in files or in a detector's memory, which are not read here"
                )
            return lying.read(definition, streams[stream].event_stream, max(0, start), end)

    def wait(self, seen: Scan, timeout: float) -> None:
        """See the port."""
        until = self._clock() + timeout
        with self._asking(seen.key) as opened:
            while True:
                try:
                    loaded = self._found(opened, seen.key)
                    now = self._now(loaded)
                except _gone():
                    return
                scan, extents = _scan(loaded, now)
                left = until - self._clock()
                if left <= 0 or _differs(seen, scan):
                    return
                loaded.wait(now, extents, self._block(left))

    def wait_for_scan(self, since: str, timeout: float) -> None:
        """See the port."""
        _check_timetag(since)
        until = self._clock() + timeout
        with self._asking() as opened:
            while (left := until - self._clock()) > 0 and not opened.created(since, 1, self._block(left)):
                pass

    def close(self) -> None:
        """See the port."""
        with self._lock:
            opened, self._opened = self._opened, None
            self._loaded.clear()
        if opened is not None:
            opened.close()

    def _block(self, left: float) -> int:
        """Milliseconds to block for: at least one, since none would be for ever."""
        return max(1, int(1_000 * min(left, self._longest_wait)))

    @contextmanager
    def _asking(self, key: str = "") -> Iterator[Opened]:
        """The opened library; what it raises becomes ours."""
        library()
        with ours(self._place.name, key):
            with self._lock:
                opened = self._opened
            if opened is None:
                opened = self._open()
            yield opened

    def _open(self) -> Opened:
        """Outside the lock, since who waits for a Redis that is away must not wait for others who do."""
        made = Opened(self._place)
        with self._lock:
            if self._opened is None:
                self._opened = made
                return made
            opened = self._opened
        made.close()
        return opened

    def _found(self, opened: Opened, key: str) -> Loaded:
        """The scan, loaded once; the key may lack its prefix."""
        whole = key if key.startswith(PREFIX) else PREFIX + key
        if len(whole) > len(PREFIX) + 26 or not whole[len(PREFIX) :].isalnum():
            raise no_scan(self._place.name, key)
        with self._lock:
            if (loaded := self._loaded.get(whole)) is not None:
                self._loaded.move_to_end(whole)
                return loaded
        loaded = Loaded(opened, opened.store.load_scan(whole))
        with self._lock:
            if self._opened is opened:
                loaded = self._loaded.setdefault(whole, loaded)
                while len(self._loaded) > _KEPT:
                    self._loaded.popitem(last=False)
        return loaded

    def _now(self, loaded: Loaded) -> Now:
        try:
            return loaded.update()
        except _gone():
            with self._lock:
                self._loaded.pop(loaded.key, None)
            raise


def defined(stream: Any) -> StreamDefinition:
    """The library's stream as we define one; what only its plugin could read is "missing"."""
    events = stream.event_stream
    encoding = events.encoding
    if stream.plugin not in _PLAIN:
        return StreamDefinition(events.name, "missing", "", tuple(events.info.get("shape") or ()), events.info)
    if encoding["type"] == "numeric":
        dtype = np.dtype(encoding["dtype_str"]).name
        return StreamDefinition(events.name, "array", dtype, tuple(encoding["shape"]), events.info)
    return StreamDefinition(events.name, _PLAIN[stream.plugin] or "json", "", (), events.info)


def _scan(loaded: Loaded, now: Now) -> tuple[Scan, dict[str, Extent]]:
    """The scan at that moment, and how far its streams go since."""
    reached, extents = loaded.extents(now)
    times = {ScanState(state): ms * 1_000 for state, ms in reached.items() if state <= now.state}
    identity = {name: value for name in IDENTITY if (value := getattr(now.model.id, name, None)) is not None}
    streams = {
        name: Stream(
            defined(now.streams[name]), extent.length, extent.first, extent.sealed or now.state == ScanState.CLOSED
        )
        for name, extent in extents.items()
    }
    return Scan(loaded.key, identity, now.model.info, ScanState(now.state), times, streams), extents


def _differs(seen: Scan, now: Scan) -> bool:
    return (
        seen.state != now.state
        or seen.streams.keys() != now.streams.keys()
        or any(
            (stream.length, stream.sealed) != (now.streams[name].length, now.streams[name].sealed)
            for name, stream in seen.streams.items()
        )
    )


def _gone() -> type[Exception]:
    from blissdata.exceptions import ScanNotFoundError

    return ScanNotFoundError  # type: ignore[no-any-return]  # comes without types


def _check_timetag(timetag: str) -> None:
    if not _TIMETAG.fullmatch(timetag):
        raise BadRequest(f"{shown(timetag)} is no timetag; it looks like '1767225600000-0'")
