"""A look at one user's blobs.

Law: it sees what is there at each of its calls, not a snapshot. What a seal replaces stays for longer than a look
may take; where something is missing later than that after the markers, the look is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from grafana_sensor.adapters.cassandra.catalog import Catalogs
from grafana_sensor.adapters.cassandra.connections import Connection, Cql, Row
from grafana_sensor.adapters.cassandra.pieces import BATCH, COLUMN, Address, Pieces
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.domain.layout import Layout
from grafana_sensor.ports import BlobReading, Rollup

MARKERS: Final = Cql(
    "SELECT epoch, id FROM roll WHERE owner = ? AND sensor = ? AND kind = 'm' AND epoch >= ? AND epoch < ?"
)
ROLLUPS: Final = Cql(
    "SELECT epoch, blob FROM roll WHERE owner = ? AND sensor = ? AND kind = 'r' AND epoch >= ? AND epoch < ?", 100
)
SOME_ROLLUPS: Final = Cql(
    "SELECT epoch, blob FROM roll WHERE owner = ? AND sensor = ? AND kind = 'r' AND epoch IN ?", 100
)
NODES: Final = Cql(
    "SELECT epoch, id, blob FROM roll WHERE owner = ? AND sensor = ? AND kind = 't' AND (epoch, id) IN ?", 100
)
TOGETHER: Final = 100
"""Rollups or nodes that one statement asks for."""
GENERATION: Final = Cql("SELECT generation FROM roll WHERE owner = ? AND sensor = ? LIMIT 1", serial=True)


class CassandraReading(BlobReading):
    """A look through `connection`. `keep`: seconds for which what it names can be read."""

    def __init__(self, connection: Connection, owner: str, catalogs: Catalogs, keep: float) -> None:
        self._connection = connection
        self._owner = owner
        self._catalogs = catalogs
        self._catalog: tuple[Catalog, Mapping[str, Layout]] | None = None
        self._pieces = Pieces(connection, owner)
        self._keep = keep
        self._began: dict[str, float] = {}

    def catalog(self) -> Catalog:
        """See the port."""
        return self._known()[0]

    def layouts(self) -> Mapping[str, Layout]:
        """See the port."""
        return self._known()[1]

    def _known(self) -> tuple[Catalog, Mapping[str, Layout]]:
        if self._catalog is None:
            self._catalog = self._catalogs.known()
        return self._catalog

    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """See the port."""
        self._began.setdefault(sensor, time.monotonic())
        found: dict[int, list[str]] = {}
        for epoch, batch in self._connection.run(MARKERS, self._owner, sensor, start, end):
            found.setdefault(epoch, []).append(batch)
        return found

    def rollups(self, sensor: str, start: int, end: int, only: Sequence[int] | None = None) -> list[Rollup]:
        """See the port."""
        if only is None:
            return [Rollup(*row) for row in self._connection.run(ROLLUPS, self._owner, sensor, start, end)]
        wanted = [epoch for epoch in only if start <= epoch < end]
        return [Rollup(*row) for row in self._some(SOME_ROLLUPS, sensor, wanted)]

    def nodes(self, sensor: str, spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See the port."""
        rows = self._some(NODES, sensor, [(start, str(width)) for start, width in spans])
        return {(start, int(width)): blob for start, width, blob in rows}

    def _some(self, statement: Cql, sensor: str, names: Sequence[object]) -> Iterator[Row]:
        """The rows of these names, not too many by one statement."""
        parts = (names[at : at + TOGETHER] for at in range(0, len(names), TOGETHER))
        asked = ((statement, (self._owner, sensor, part)) for part in parts)
        return chain.from_iterable(self._connection.run_all(asked))

    def generation(self, sensor: str) -> int:
        """See the port."""
        rows = self._connection.run(GENERATION, self._owner, sensor)
        return (rows[0][0] or 0) if rows else 0

    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """See the port."""
        return self.batches_of(sensor, {epoch: ids})[epoch]

    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """See the port."""
        return self.chunks_of(sensor, {epoch: wanted})[epoch]

    def batches_of(self, sensor: str, wanted: Mapping[int, Sequence[str]]) -> dict[int, list[bytes]]:
        """See the port."""
        found = self._get(sensor, {epoch: [(BATCH, batch) for batch in ids] for epoch, ids in wanted.items()})
        return {epoch: list(blobs.values()) for epoch, blobs in found.items()}

    def chunks_of(
        self, sensor: str, wanted: Mapping[int, Sequence[tuple[str, str]]]
    ) -> dict[int, dict[tuple[str, str], bytes]]:
        """See the port."""
        asked = {epoch: [(COLUMN + column, chunk) for chunk, column in names] for epoch, names in wanted.items()}
        return {
            epoch: {(chunk, col.removeprefix(COLUMN)): blob for (col, chunk), blob in blobs.items()}
            for epoch, blobs in self._get(sensor, asked).items()
        }

    def _get(self, sensor: str, wanted: Mapping[int, Sequence[Address]]) -> dict[int, dict[Address, bytes]]:
        found = self._pieces.get(sensor, wanted)
        missing = any(len(found[epoch]) < len(addresses) for epoch, addresses in wanted.items())
        if missing and time.monotonic() - self._began.get(sensor, time.monotonic()) > self._keep:
            raise Unavailable(
                f"reading sensor {sensor!r} took longer than the {self._keep:.0f} s for which what is replaced"
                " meanwhile is kept: ask for less at once"
            )
        return found
