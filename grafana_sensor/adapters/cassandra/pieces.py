"""Blobs as rows: a blob is cut into parts that Cassandra takes in one write, and is there when all its parts are.

Law: the same blob is always cut into the same rows. Each row says how many there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql

PART: Final = 2**20
"""Bytes of a part: what a node holds in memory for a moment, many times."""
TOGETHER: Final = 64
"""Blobs that one statement asks for."""
_PAGE: Final = 64

BATCH: Final = "!"
HEAD: Final = "#"
COLUMN: Final = "."
"""What `col` begins with: of a batch, of the list of a chunk's columns, of a column of a chunk."""

Address = tuple[str, str]
"""The `col` and `id` of a blob in its epoch."""

PUT: Final = Cql("INSERT INTO seg (owner, sensor, epoch, col, id, part, parts, blob) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
GET: Final = Cql(
    "SELECT col, id, part, parts, blob FROM seg WHERE owner = ? AND sensor = ? AND epoch = ? AND (col, id) IN ?", _PAGE
)
THERE: Final = Cql("SELECT part, parts FROM seg WHERE owner = ? AND sensor = ? AND epoch = ? AND col = ? AND id = ?")
DROP: Final = Cql("DELETE FROM seg WHERE owner = ? AND sensor = ? AND epoch = ? AND col = ? AND id = ? AND part = ?")


class Pieces:
    """The blobs of one owner's epochs."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner

    def writes(self, sensor: str, epoch: int, address: Address, blob: bytes) -> Iterator[tuple[Cql, Sequence[object]]]:
        """The statements that write a blob."""
        parts = max(1, -(-len(blob) // PART))
        for part in range(parts):
            piece = blob[part * PART : (part + 1) * PART]
            yield PUT, (self._owner, sensor, epoch, *address, part, parts, piece)

    def get(self, sensor: str, wanted: Mapping[int, Sequence[Address]]) -> dict[int, dict[Address, bytes]]:
        """The blobs that are there whole, by epoch; all are asked for together."""
        places = [
            (epoch, addresses[at : at + TOGETHER])
            for epoch, addresses in wanted.items()
            for at in range(0, len(addresses), TOGETHER)
        ]
        answers = self._connection.run_all((GET, (self._owner, sensor, *place)) for place in places)
        parts: dict[int, dict[Address, dict[int, bytes]]] = {epoch: {} for epoch in wanted}
        counts: dict[tuple[int, Address], int] = {}
        for (epoch, _), rows in zip(places, answers, strict=True):
            for col, name, part, count, blob in rows:
                parts[epoch].setdefault((col, name), {})[part] = blob
                counts[epoch, (col, name)] = count
        return {
            epoch: {
                address: b"".join(pieces[part] for part in range(len(pieces)))
                for address, pieces in found.items()
                if len(pieces) == counts[epoch, address]
            }
            for epoch, found in parts.items()
        }

    def there(self, places: Iterable[tuple[str, int, str]]) -> list[bool]:
        """Of each (sensor, epoch, batch id), whether the batch is there whole."""
        asked = ((THERE, (self._owner, sensor, epoch, BATCH, batch)) for sensor, epoch, batch in places)
        return [bool(rows) and len(rows) == rows[0][1] for rows in self._connection.run_all(asked)]

    def drop(self, sensor: str, epoch: int, addresses: Iterable[Address]) -> None:
        """Delete the blobs, part by part."""
        wanted = list(addresses)
        asked = ((THERE, (self._owner, sensor, epoch, *address)) for address in wanted)
        drops: list[tuple[Cql, Any]] = []
        for address, rows in zip(wanted, self._connection.run_all(asked), strict=True):
            drops.extend((DROP, (self._owner, sensor, epoch, *address, part)) for part, _ in rows)
        self._connection.run_all(drops)
