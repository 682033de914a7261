"""An epoch as one look sees it: its rollup, and the union of its unsealed batches.

Law: the markers are asked for first, then the rollups, then data (docs/design/storage.md): so whatever was
acknowledged before is in the one or the other, and a record that is in both is united by its id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.chunks import batch, codec
from grafana_sensor.chunks.pieces import Piece, pieces
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.domain.columns import Block, Ids, unite
from grafana_sensor.ports import BlobReading

WEEK: Final = 7 * 86_400_000_000
"""The width of an epoch in µs."""

TIMES: Final = "#t"
IDS: Final = "#i"
"""The columns of a chunk's times and record ids; an attribute's column is ATTRIBUTE + its name."""
ATTRIBUTE: Final = "a:"

_NONE: Final = np.zeros(0, np.int64)


def epoch_of(time: int, width: int) -> int:
    """The start (UTC µs) of the epoch that holds the time."""
    return time // width * width


@dataclass(slots=True)
class Epoch:
    """One epoch of a sensor in one look. `live`: the batches' union, with ids; `covered`: those batches' ids."""

    reading: BlobReading
    sensor: str
    start: int
    rollup: Rollup
    live: Block | None
    covered: list[str]

    def pieces(self) -> list[Piece]:
        """Its pieces, in the order of time."""
        return pieces(self.rollup.chunks, _NONE if self.live is None else self.live.times)

    def block(self, piece: Piece, attributes: Sequence[str] | None = None, *, ids: bool = True) -> Block:
        """The records of a piece, sorted by (time, id), each once: with these attributes, or all."""
        parts = [self._chunk(place, attributes, ids=ids or not piece.alone) for place in piece.chunks]
        if self.live is not None and piece.start < piece.stop:
            live = self.live.take(slice(piece.start, piece.stop))
            wanted = live.columns if attributes is None else [a for a in attributes if a in live.columns]
            parts.append(Block(live.times, live.ids, {name: live.columns[name] for name in wanted}))
        return parts[0] if len(parts) == 1 else unite(parts)

    def _chunk(self, place: int, attributes: Sequence[str] | None, *, ids: bool) -> Block:
        chunk = self.rollup.chunks[place]
        names = self.rollup.attributes() if attributes is None else attributes
        present = [name for name in names if place in self.rollup.attribute(name).chunks]
        wanted = [TIMES, *([IDS] if ids else []), *(ATTRIBUTE + name for name in present)]
        found = self.reading.chunks(self.sensor, self.start, [(chunk.id, column) for column in wanted])
        missing = [column for column in wanted if (chunk.id, column) not in found]
        if missing:
            raise ValueError(f"chunk {chunk.id} of sensor {self.sensor!r} lacks its columns {missing}")
        blobs = {column: found[chunk.id, column] for column in wanted}
        identities: Ids | None = codec.decode_ids(blobs[IDS]) if ids else None
        columns = {name: codec.decode_column(blobs[ATTRIBUTE + name]) for name in present}
        return Block(codec.decode_ints(blobs[TIMES]), identities, columns)


def epochs(reading: BlobReading, sensor: str, start: int, end: int, width: int) -> Iterator[Epoch]:
    """The epochs that have records which may lie in [start, end), ascending."""
    low = epoch_of(start, width)
    markers = reading.markers(sensor, low, end)
    rollups = {r.epoch: r.blob for r in reading.rollups(sensor, low, end)}
    for epoch in sorted(markers.keys() | rollups.keys()):
        rollup = Rollup.decode(rollups[epoch]) if epoch in rollups else Rollup(())
        live, covered = batch.decode(reading.batches(sensor, epoch, markers.get(epoch, [])))
        yield Epoch(reading, sensor, epoch, rollup, live, covered)
