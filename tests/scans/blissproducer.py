"""A producer by the real library, whose threads end with the test."""

from __future__ import annotations

from typing import Any

import blissdata
from blissdata.streams.default import Stream

IDENTITY: dict[str, Any] = {"name": "ascan", "number": 1, "data_policy": "none"}


class BlissProducer:
    """Scans recorded to the Redis at `url`, which is set up."""

    def __init__(self, url: str) -> None:
        self.store: Any = blissdata.DataStore(f"{url}?protocol=2&max_connections=1000")
        self._made: list[Any] = []

    def create(self, info: dict[str, Any] | None = None, **identity: Any) -> Any:
        """The library's scan, CREATED."""
        scan = self.store.create_scan(IDENTITY | identity, info=info or {})
        self._made.append(scan)
        return scan

    def started(self, *definitions: Any, **identity: Any) -> tuple[Any, dict[str, Any]]:
        """The library's scan, STARTED, and its streams by name."""
        scan = self.create(**identity)
        streams = {each.name: scan.create_stream(each) for each in definitions or (defined("diode"),)}
        scan.prepare()
        scan.start()
        return scan, streams

    def close(self) -> None:
        """Close all scans, or the threads of their streams would hold up the end of the process."""
        for scan in self._made:
            for stream in scan._writer_streams.values():
                stream.event_stream.__del__()
        self.store._redis.connection_pool.disconnect()


def defined(name: str, dtype: Any = float, shape: tuple[int, ...] | None = None, **info: Any) -> Any:
    """The library's definition of a stream."""
    return Stream.make_definition(name, dtype, shape, info)


def send(stream: Any, points: Any) -> None:
    """Send a batch, and wait until the Redis has it."""
    stream.send(points)
    stream.join()
