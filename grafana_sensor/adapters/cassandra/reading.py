"""A look at one user's blobs.

Law: it sees what is there at each of its calls, not a snapshot. What a seal replaces stays for longer than a look
may take; where something is missing later than that after the markers, the look is refused.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from grafana_sensor.adapters.cassandra.catalog import Catalogs
from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.cassandra.pieces import BATCH, COLUMN, Pieces
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.ports import BlobReading, Rollup

MARKERS: Final = Cql(
    "SELECT epoch, id FROM roll WHERE owner = ? AND sensor = ? AND kind = 'm' AND epoch >= ? AND epoch < ?"
)
ROLLUPS: Final = Cql(
    "SELECT epoch, blob FROM roll WHERE owner = ? AND sensor = ? AND kind = 'r' AND epoch >= ? AND epoch < ?", 100
)
GENERATION: Final = Cql("SELECT generation FROM roll WHERE owner = ? AND sensor = ? LIMIT 1", serial=True)


class CassandraReading(BlobReading):
    """A look through `connection`. `keep`: seconds for which what it names can be read."""

    def __init__(self, connection: Connection, owner: str, catalogs: Catalogs, keep: float) -> None:
        self._connection = connection
        self._owner = owner
        self._catalogs = catalogs
        self._catalog: Catalog | None = None
        self._pieces = Pieces(connection, owner)
        self._keep = keep
        self._began: dict[str, float] = {}

    def catalog(self) -> Catalog:
        """See the port."""
        if self._catalog is None:
            self._catalog = self._catalogs.read()
        return self._catalog

    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """See the port."""
        self._began.setdefault(sensor, time.monotonic())
        found: dict[int, list[str]] = {}
        for epoch, batch in self._connection.run(MARKERS, self._owner, sensor, start, end):
            found.setdefault(epoch, []).append(batch)
        return found

    def rollups(self, sensor: str, start: int, end: int) -> list[Rollup]:
        """See the port."""
        return [Rollup(*row) for row in self._connection.run(ROLLUPS, self._owner, sensor, start, end)]

    def generation(self, sensor: str) -> int:
        """See the port."""
        rows = self._connection.run(GENERATION, self._owner, sensor)
        return (rows[0][0] or 0) if rows else 0

    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """See the port."""
        return list(self._get(sensor, epoch, [(BATCH, batch) for batch in ids]).values())

    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """See the port."""
        found = self._get(sensor, epoch, [(COLUMN + column, chunk) for chunk, column in wanted])
        return {(chunk, col.removeprefix(COLUMN)): blob for (col, chunk), blob in found.items()}

    def _get(self, sensor: str, epoch: int, addresses: list[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        found = self._pieces.get(sensor, epoch, addresses)
        if len(found) < len(addresses) and time.monotonic() - self._began.get(sensor, time.monotonic()) > self._keep:
            raise Unavailable(
                f"reading sensor {sensor!r} took longer than the {self._keep:.0f} s for which what is replaced"
                " meanwhile is kept: ask for less at once"
            )
        return found
