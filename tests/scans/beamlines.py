"""Where scans are recorded and read: the real library, which is the oracle of ours, and ours on each store.

A beamline's producer has the same verbs everywhere, so one suite is asked of all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

import blissdata
import blissdata.exceptions
import blissdata.streams
import numpy as np

from grafana_sensor import scans as ours
from grafana_sensor.bootstrap import clock
from grafana_sensor.ports import ScanWriting
from grafana_sensor.service import datastore
from tests.contract.stores import SCANS, stores_of
from tests.scans.blissproducer import IDENTITY, BlissProducer, defined, send
from tests.scans.redis import RedisServer


class Made(ABC):
    """A scan that is being recorded."""

    key: str

    @abstractmethod
    def stream(self, name: str, dtype: Any = float, shape: tuple[int, ...] = (), **info: Any) -> None:
        """Make a stream, before `prepare`; dtype "json" for JSON."""

    @abstractmethod
    def prepare(self, **info: Any) -> None: ...

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def send(self, name: str, points: Any) -> None:
        """Send a batch, which is there when this returns; of JSON a list of points."""

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def close(self, **info: Any) -> None: ...


class Beamline(ABC):
    """Scans and who records them. `api`: the module with the errors; `group`: its CursorGroup."""

    store: Any
    is_ours = True
    errors: Any = ours
    group: Any = ours.CursorGroup

    @abstractmethod
    def create(self, info: Mapping[str, Any] | None = None, **identity: Any) -> Made:
        """A new scan, CREATED."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete the scan, however far it has come."""

    def started(self, **streams: Any) -> Made:
        """A new scan, STARTED, with streams of these dtypes, or one of floats."""
        made = self.create()
        for name, dtype in (streams or {"diode": float}).items():
            made.stream(name, dtype)
        made.prepare()
        made.start()
        return made


class _BlissMade(Made):
    def __init__(self, scan: Any) -> None:
        self._scan = scan
        self._streams: dict[str, Any] = {}
        self.key = scan.key

    def stream(self, name: str, dtype: Any = float, shape: tuple[int, ...] = (), **info: Any) -> None:
        definition = defined(name, dtype, None if dtype == "json" else shape, **info)
        self._streams[name] = self._scan.create_stream(definition)

    def prepare(self, **info: Any) -> None:
        self._scan.info.update(info)
        self._scan.prepare()

    def start(self) -> None:
        self._scan.start()

    def send(self, name: str, points: Any) -> None:
        stream = self._streams[name]
        if stream.kind == "json":
            for point in points:
                send(stream, point)
        else:
            send(stream, np.asarray(points, stream.dtype))

    def stop(self) -> None:
        self._scan.stop()

    def close(self, **info: Any) -> None:
        self._scan.info.update(info)
        self._scan.close()


class OnRedis(Beamline):
    """Ours on blissdata's Redis, recorded to by the real library."""

    def __init__(self, server: RedisServer) -> None:
        self._producer = BlissProducer(server.url)
        self.store = self._opened(server)

    def _opened(self, server: RedisServer) -> Any:
        return ours.DataStore(server.url)

    def create(self, info: Mapping[str, Any] | None = None, **identity: Any) -> Made:
        return _BlissMade(self._producer.create(dict(info or {}), **identity))

    def delete(self, key: str) -> None:
        self._producer.store.delete_scan(key, force=True)

    def close(self) -> None:
        self.store.close()
        self._producer.close()


class Library(OnRedis):
    """The real library, on both sides."""

    is_ours = False
    errors = blissdata.exceptions
    group = blissdata.streams.CursorGroup

    def _opened(self, server: RedisServer) -> Any:
        return blissdata.DataStore(f"{server.url}?protocol=2")

    def close(self) -> None:
        self.store._redis.connection_pool.disconnect()
        self._producer.close()


class _OwnMade(Made):
    def __init__(self, scan: ours.ProducedScan) -> None:
        self._scan = scan
        self.key = scan.key

    def stream(self, name: str, dtype: Any = float, shape: tuple[int, ...] = (), **info: Any) -> None:
        self._scan.create_stream(name, dtype, shape, info)

    def prepare(self, **info: Any) -> None:
        self._scan.info.update(info)
        self._scan.prepare()

    def start(self) -> None:
        self._scan.start()

    def send(self, name: str, points: Any) -> None:
        stream = self._scan.streams[name]
        definition = stream.definition
        stream.send(points if definition.kind == "json" else np.asarray(points, definition.dtype))
        stream.join()

    def stop(self) -> None:
        self._scan.stop()

    def close(self, **info: Any) -> None:
        self._scan.info.update(info)
        self._scan.close()


class Own(Beamline):
    """Ours on a user's own keyspace."""

    def __init__(self, scans: ScanWriting) -> None:
        self.store = datastore.DataStore(scans, scans, clock)

    def create(self, info: Mapping[str, Any] | None = None, **identity: Any) -> Made:
        return _OwnMade(self.store.create_scan(IDENTITY | identity, info))

    def delete(self, key: str) -> None:
        self.store.delete_scan(key, force=True)


ON_REDIS: Final[dict[str, type[OnRedis]]] = {"library": Library, "redis": OnRedis}
NAMES: Final = (*ON_REDIS, *sorted(SCANS))
"""Of all beamlines."""


@contextmanager
def beamline_of(name: str, server: RedisServer, folder: Path) -> Iterator[Beamline]:
    """The beamline, without scans; closed at the end."""
    with ExitStack() as stack:
        if name in ON_REDIS:
            server.start()
            server.clear()
            yield stack.enter_context(closing(ON_REDIS[name](server)))
        else:
            records = stack.enter_context(stores_of(name, folder)).records("alice")
            stack.callback(records.close)
            yield Own(records.scans())
