"""One user's blobs on Cassandra.

Law: a post is its key, what is new in the catalog, its markers, its batches, and the key's answer, in this order,
each acknowledged by a majority before the next. A post that stops midway shows nothing that was acknowledged, and
is finished by its repeat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from grafana_sensor.adapters.cassandra.catalog import Catalogs
from grafana_sensor.adapters.cassandra.connections import AT_ONCE, Connection, Cql
from grafana_sensor.adapters.cassandra.keys import Keys
from grafana_sensor.adapters.cassandra.pieces import BATCH, Pieces
from grafana_sensor.adapters.cassandra.reading import CassandraReading
from grafana_sensor.adapters.cassandra.scans import CassandraScans
from grafana_sensor.adapters.cassandra.sealing import SECOND, Sealing
from grafana_sensor.adapters.lease import Lease
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.domain.layout import Layout, Widths
from grafana_sensor.ports import Append, Backlog, BlobReading, BlobStore, Key, ScanWriting, Seal

MARKER: Final = Cql(
    "INSERT INTO roll (owner, sensor, kind, epoch, id, records, received) VALUES (?, ?, 'm', ?, ?, ?, ?)"
)
PROMPT: Final = 50.0
"""Seconds after its markers in which a post's data is sent: what comes later may find its marker gone."""
SKEW: Final = 30.0
"""Seconds by which servers' clocks may differ before what is replaced is deleted too early."""
HOUR: Final = 3_600 * SECOND


@dataclass(frozen=True, slots=True)
class Timing:
    """`clock`: UTC µs; `keep`: seconds for which a look may read what was replaced after it began."""

    clock: Callable[[], int]
    keep: float = 60.0


class CassandraStore(BlobStore):
    """One user's blobs; holds `connection` until it is closed, and gives it back by `release`."""

    def __init__(
        self, owner: str, connection: Connection, release: Callable[[Connection], None], timing: Timing
    ) -> None:
        self._owner = owner
        self._connection = connection
        self._lease = Lease(partial(release, connection))
        self._timing = timing
        self._catalogs = Catalogs(connection, owner)
        self._keys = Keys(connection, owner)
        self._pieces = Pieces(connection, owner)
        self._sealing = Sealing(connection, owner, int((timing.keep + SKEW) * SECOND))
        self._scans = CassandraScans(connection, owner)
        self._forgotten = 0

    def append(self, append: Append) -> Key | None:
        """See the port."""
        key = append.key
        if key is not None and (taken := self._keys.taken(key)) is not None:
            return taken
        self._catalogs.see(append)
        if key is not None and (taken := self._keys.take(key, finished=not append.batches)) is not None:
            return taken
        if append.batches:
            self._write(append)
            if key is not None:
                self._keys.finish(key)
        return None

    @contextmanager
    def reading(self) -> Iterator[BlobReading]:
        """See the port."""
        yield CassandraReading(self._connection, self._owner, self._catalogs, self._timing.keep)

    def seal(self, seal: Seal) -> bool:
        """See the port."""
        if seal.generation == 0:
            self._catalogs.show(seal.sensor)
        return self._sealing.seal(seal, self._timing.clock())

    def sealing(self) -> AbstractContextManager[bool]:
        """See the port."""
        return self._keys.sealing()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """See the port."""
        return self._catalogs.declare(attribute, declaration)

    def lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        """See the port."""
        return self._catalogs.lay(changes)

    def backlog(self) -> list[Backlog]:
        """See the port."""
        return self._sealing.backlog(self._catalogs.read().sensors, self._timing.clock())

    def scans(self) -> ScanWriting:
        """See the port."""
        return self._scans

    def forget_keys(self, before: int) -> None:
        """See the port; looks through the keys once an hour, since they lie in no order."""
        now = self._timing.clock()
        if now - self._forgotten >= HOUR:
            self._forgotten = now
            self._keys.forget(before)

    def close(self) -> None:
        """See the port."""
        self._lease.end()

    def _write(self, append: Append) -> None:
        """The markers, then the batches. Raises Unavailable where the markers are too old for the data."""
        began = time.monotonic()
        self._connection.run_all(
            (MARKER, (self._owner, batch.sensor, batch.epoch, batch.id, batch.count, batch.received))
            for batch in append.batches
        )
        writes = [
            write
            for batch in append.batches
            for write in self._pieces.writes(batch.sensor, batch.epoch, (BATCH, batch.id), batch.blob)
        ]
        for at in range(0, len(writes), AT_ONCE):
            if time.monotonic() - began > PROMPT:
                raise Unavailable("the store took too long to take the post; send it again, in smaller posts")
            self._connection.run_all(writes[at : at + AT_ONCE])
