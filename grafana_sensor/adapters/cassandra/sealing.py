"""Sealing on Cassandra: chunks first, then one conditional batch, then the markers, and much later what was replaced.

Law: the conditional batch, which compares and raises the sensor's generation, makes the rollup and names what it
replaces. The markers that it covers are deleted once the batch is acknowledged, no earlier: whoever sees a marker
gone sees the rollup, whichever nodes answer; whoever sees both unites them. What was replaced is deleted when all
looks that may name it have ended. Each step may be the last that a server takes: the next one goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgpack

from grafana_sensor.adapters.cassandra.connections import Connection, Cql, Row
from grafana_sensor.adapters.cassandra.pieces import BATCH, COLUMN, HEAD, Address, Pieces
from grafana_sensor.adapters.cassandra.reading import GENERATION
from grafana_sensor.ports import Backlog, Seal

SECOND: Final = 1_000_000
LATE: Final = 60 * SECOND
"""Age from which a marker without its batch is suspected: no writer sends data that long after the marker (µs)."""
DEAD: Final = 3_600 * SECOND
"""Age at which such a marker is dropped (µs)."""

SEALED: Final = Cql("UPDATE roll SET generation = ? WHERE owner = ? AND sensor = ? IF generation = ?", serial=True)
PUT_ROLLUP: Final = Cql("INSERT INTO roll (owner, sensor, kind, epoch, id, blob) VALUES (?, ?, 'r', ?, '', ?)")
PUT_NODE: Final = Cql("INSERT INTO roll (owner, sensor, kind, epoch, id, blob) VALUES (?, ?, 't', ?, ?, ?)")
PUT_REPLACED: Final = Cql(
    "INSERT INTO roll (owner, sensor, kind, epoch, id, received, blob) VALUES (?, ?, 'd', ?, ?, ?, ?)"
)
DROP: Final = Cql("DELETE FROM roll WHERE owner = ? AND sensor = ? AND kind = ? AND epoch = ? AND id = ?")
DROP_MARKER: Final = Cql(
    "DELETE FROM roll USING TIMESTAMP ? WHERE owner = ? AND sensor = ? AND kind = 'm' AND epoch = ? AND id = ?"
)
WAITING: Final = Cql(
    "SELECT kind, epoch, id, records, received, writetime(records), blob FROM roll"
    " WHERE owner = ? AND sensor = ? AND kind IN ('d', 'm')"
)


@dataclass(frozen=True, slots=True)
class _Marker:
    """A marker, and when it was written (UTC µs)."""

    epoch: int
    batch: str
    records: int
    received: int
    written: int


class Sealing:
    """The seals of one owner's sensors. `keep`: µs for which what is replaced can be read."""

    def __init__(self, connection: Connection, owner: str, keep: int) -> None:
        self._connection = connection
        self._owner = owner
        self._keep = keep
        self._pieces = Pieces(connection, owner)

    def seal(self, seal: Seal, now: int) -> bool:
        """As BlobStore.seal, where the catalog has the sensor."""
        rows = self._connection.run(GENERATION, self._owner, seal.sensor)
        if ((rows[0][0] or 0) if rows else 0) != seal.generation:
            return False
        written = self._write(seal)
        if self._connection.conditional_once(*self._changes(seal, now)) is not None:
            self._pieces.drop(seal.sensor, seal.epoch, written)
            return False
        markers = ((DROP, (self._owner, seal.sensor, "m", seal.epoch, batch)) for batch in seal.covered)
        self._connection.run_all(markers)
        return True

    def backlog(self, sensors: Iterable[str], now: int) -> list[Backlog]:
        """What waits in the sensors; deletes meanwhile what was replaced long enough ago, and dead markers."""
        names = list(sensors)
        waiting = self._connection.run_all((WAITING, (self._owner, name)) for name in names)
        found: list[Backlog] = []
        for sensor, rows in zip(names, waiting, strict=True):
            self._sweep(sensor, [row[1:] for row in rows if row[0] == "d" and row[4] <= now])
            markers = [_Marker(*row[1:6]) for row in rows if row[0] == "m"]
            found.extend(_backlogs(sensor, self._alive(sensor, markers, now)))
        return found

    def _write(self, seal: Seal) -> list[Address]:
        """Write the seal's chunks; where they are."""
        columns: dict[str, list[str]] = {}
        for chunk, column in seal.chunks:
            columns.setdefault(chunk, []).append(column)
        blobs: dict[Address, bytes] = {(HEAD, chunk): msgpack.packb(names) for chunk, names in columns.items()}
        blobs |= {(COLUMN + column, chunk): blob for (chunk, column), blob in seal.chunks.items()}
        self._connection.run_all(
            write
            for address, blob in blobs.items()
            for write in self._pieces.writes(seal.sensor, seal.epoch, address, blob)
        )
        return list(blobs)

    def _changes(self, seal: Seal, now: int) -> Iterable[tuple[Cql, Sequence[object]]]:
        """The conditional batch of a seal."""
        generation = seal.generation + 1
        yield SEALED, (generation, self._owner, seal.sensor, seal.generation or None)
        yield PUT_ROLLUP, (self._owner, seal.sensor, seal.epoch, seal.rollup)
        for (start, width), blob in seal.nodes.items():
            yield PUT_NODE, (self._owner, seal.sensor, start, str(width), blob)
        if seal.covered or seal.dropped:
            replaced = msgpack.packb([list(seal.covered), list(seal.dropped)])
            yield (
                PUT_REPLACED,
                (self._owner, seal.sensor, seal.epoch, f"{generation:x}", now + self._keep, replaced),
            )

    def _sweep(self, sensor: str, replaced: Iterable[Row]) -> None:
        """Delete what these rows say was replaced, and then the rows."""
        for epoch, name, _, _, _, blob in replaced:
            covered, dropped = msgpack.unpackb(blob)
            heads = [(HEAD, chunk) for chunk in dropped]
            gone = [(BATCH, batch) for batch in covered]
            for (_, chunk), columns in self._pieces.get(sensor, {epoch: heads})[epoch].items():
                gone += [(COLUMN + column, chunk) for column in msgpack.unpackb(columns)]
            # The lists of columns go last: without them nobody knows what is left.
            self._pieces.drop(sensor, epoch, gone)
            self._pieces.drop(sensor, epoch, heads)
            self._connection.run(DROP, self._owner, sensor, "d", epoch, name)

    def _alive(self, sensor: str, markers: list[_Marker], now: int) -> list[_Marker]:
        """The markers whose batches are there, or may still come; those of the others are dropped in time."""
        late = [marker for marker in markers if now - marker.written > LATE]
        there = self._pieces.there((sensor, marker.epoch, marker.batch) for marker in late)
        lost = [marker for marker, is_there in zip(late, there, strict=True) if not is_there]
        # At the time of that very writing, so that a post which is finished later keeps its new marker.
        self._connection.run_all(
            (DROP_MARKER, (marker.written, self._owner, sensor, marker.epoch, marker.batch))
            for marker in lost
            if now - marker.written > DEAD
        )
        return [marker for marker in markers if marker not in lost]


def _backlogs(sensor: str, markers: Iterable[_Marker]) -> list[Backlog]:
    epochs: dict[int, list[_Marker]] = {}
    for marker in markers:
        epochs.setdefault(marker.epoch, []).append(marker)
    return [
        Backlog(sensor, epoch, len(these), sum(m.records for m in these), min(m.received for m in these))
        for epoch, these in epochs.items()
    ]
