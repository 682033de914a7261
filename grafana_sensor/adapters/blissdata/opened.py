"""The library, opened on a Redis, and all that is used of it without being promised by it.

Law: the Redis is only read, and never set up. The library's own data store does what it can do; where it would wait
for ever, or ask for each stream by itself, its Redis client is asked in one go. This is written for protocol 1, which
every blissdata from 1.1 to 2 speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from threading import Lock
from typing import Any, Final

from grafana_sensor.adapters.blissdata.errors import MISSING, uninitialised, without_modules
from grafana_sensor.adapters.blissdata.place import Place
from grafana_sensor.domain.errors import BadRequest, Unavailable

PREFIX: Final = "esrf:scan:"
"""How the key of every scan begins."""

_MODULES: Final = ("ReJSON", "search")
_DELETED: Final = 10
"""Seconds to live from which on a scan counts as deleted."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a stream goes: points of [first, length) are there."""

    first: int
    length: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class Now:
    """The library's model of a scan at one moment, its streams by name as they were made, and its last state's tag."""

    model: Any
    state: int
    tag: str
    streams: Mapping[str, Any]


class Opened:
    """blissdata's data store on a Redis. Safe for threads."""

    def __init__(self, place: Place) -> None:
        blissdata = library()
        try:
            self.store: Any = blissdata.DataStore(place.url)
        except RuntimeError as error:
            if "initialized" not in str(error):
                raise Unavailable(f"the Redis {place.name} can't be read: {error}") from None
            raise _unready(place) from None
        self.redis: Any = self.store._redis

    def close(self) -> None:
        """Close all connections."""
        self.redis.connection_pool.disconnect()

    def there(self, keys: Sequence[str]) -> list[str]:
        """Those of the scans that are not deleted."""
        pipe = self.redis.pipeline(transaction=False)
        for key in keys:
            pipe.ttl(key)
        lives = pipe.execute()
        return [key for key, life in zip(keys, lives, strict=True) if life == -1 or life > _DELETED]

    def identities(self, keys: Sequence[str]) -> list[dict[str, Any] | None]:
        """The identities of scans; None of those that are gone."""
        found: list[dict[str, Any] | None] = self.redis.json().mget(list(keys), "id") if keys else []
        return found

    def history(self) -> list[str]:
        """The keys of the newest scans, 2,048 of them, oldest first."""
        from blissdata.redis_engine.scan import scan_creation_stream

        return [entry[b"key"].decode() for _, entry in self.redis.xrange(scan_creation_stream)]

    def created(self, since: str, limit: int, block: int | None = None) -> list[tuple[str, str]]:
        """(timetag, key) of scans after `since`; `block`: milliseconds to wait for one."""
        from blissdata.redis_engine.scan import scan_creation_stream

        answer = self.redis.xread({scan_creation_stream: since}, block=block, count=limit)
        return [(tag.decode(), data[b"key"].decode()) for _, entries in answer for tag, data in entries]


class Loaded:
    """The library's scan, kept up to date: the calls of several threads take turns."""

    def __init__(self, opened: Opened, scan: Any) -> None:
        self._opened = opened
        self._scan = scan
        self._fresh = True
        self._lock = Lock()

    @property
    def key(self) -> str:
        """The scan's key."""
        key: str = self._scan.key
        return key

    def update(self) -> Now:
        """The scan as it is now. Raises blissdata's ScanNotFoundError."""
        with self._lock:
            if not self._fresh:
                self._scan.update(block=False)
            self._fresh = False
            model, streams = self._scan._model, self._scan.streams
            made = {name: streams[name] for name in model.data_streams if name in streams}
            return Now(model, int(self._scan.state), self._scan._last_entry_id, made)

    def extents(self, now: Now) -> tuple[dict[int, int], dict[str, Extent]]:
        """When each state was reached (UTC ms), and how far the streams go."""
        pipe = self._opened.redis.pipeline(transaction=False)
        pipe.xrange(now.model.state_stream.key())
        for stream in now.streams.values():
            pipe.xrange(stream.key, count=1)
            pipe.xrevrange(stream.key, count=1)
        states, *ends = pipe.execute()
        reached = {int(entry[b"state"]): int(tag.partition(b"-")[0]) for tag, entry in states}
        extents = [_extent(*pair) for pair in zip(ends[::2], ends[1::2], strict=True)]
        return reached, dict(zip(now.streams, extents, strict=True))

    def wait(self, now: Now, extents: Mapping[str, Extent], block: int) -> None:
        """Wait until the scan's state rises, or a stream goes further than that, for `block` milliseconds."""
        tags = {now.model.state_stream.key(): now.tag}
        tags |= {now.streams[name].key: str(extent.length) for name, extent in extents.items() if not extent.sealed}
        self._opened.redis.xread(tags, block=block, count=1)


def check_installed() -> None:
    """Raises BadRequest where the library isn't installed; doesn't load it."""
    if any(find_spec(name) is None for name in ("blissdata", "redis")):
        raise BadRequest(MISSING)


def library() -> Any:
    """The library. Raises Unavailable where it can't be loaded."""
    try:
        import blissdata
    except ImportError as error:
        raise Unavailable(f"blissdata can't be loaded: {error}; pip install 'grafana_sensor[blissdata]'") from None
    return blissdata


def _extent(first: list[Any], last: list[Any]) -> Extent:
    from blissdata.streams.event_stream import StreamEntry

    if not first or not last:
        return Extent(0, 0, sealed=False)
    end = StreamEntry.from_raw(last[0])
    return Extent(StreamEntry.from_raw(first[0]).id, end.id + end.length, end.is_seal)


def _unready(place: Place) -> Unavailable:
    """Why the Redis has no scans of blissdata."""
    import redis

    with redis.Redis.from_url(place.url) as client:
        try:
            names = {module[b"name"].decode() for module in client.module_list()}
        except redis.exceptions.ResponseError:  # who only reads may not be let to see
            return uninitialised(place.name)
    missing = [name for name in _MODULES if name not in names]
    return without_modules(place.name, missing) if missing else uninitialised(place.name)
