"""An epoch as one look sees it: its rollup, and the union of its unsealed batches.

Law: the markers are asked for first, then the rollups, then data (docs/design/storage.md): so whatever was
acknowledged before is in the one or the other, and a record that is in both is united by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.chunks import batch, codec
from grafana_sensor.chunks.grid import Grid
from grafana_sensor.chunks.pieces import Piece, pieces
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.domain.columns import Block, Ids, concatenate, unite
from grafana_sensor.ports import BlobReading
from grafana_sensor.ports import Rollup as StoredRollup

TIMES: Final = "#t"
IDS: Final = "#i"
"""The columns of a chunk's times and record ids; an attribute's column is ATTRIBUTE + its name."""
ATTRIBUTE: Final = "a:"

_NONE: Final = np.zeros(0, np.int64)


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

    def block(self, wanted: Sequence[Piece], attributes: Sequence[str] | None = None, *, ids: bool = True) -> Block:
        """The records of consecutive pieces, sorted by (time, id), each once: with these attributes, or all."""
        names = self.rollup.attributes() if attributes is None else attributes
        columns: dict[int, list[str]] = {}
        for piece in wanted:
            head = [TIMES, IDS] if ids or not piece.alone else [TIMES]
            for place in piece.chunks:
                columns[place] = head + [ATTRIBUTE + name for name in names if place in self.rollup.attribute(name)]
        ask = [(self.rollup.chunks[place].id, column) for place, of_it in columns.items() for column in of_it]
        blobs = self.reading.chunks(self.sensor, self.start, ask) if ask else {}
        if len(blobs) < len(ask):
            missing = next(pair for pair in ask if pair not in blobs)
            raise ValueError(f"chunk {missing[0]} of sensor {self.sensor!r} lacks its column {missing[1]!r}")
        found = []
        for piece in wanted:
            parts = [self._chunk(place, columns[place], blobs) for place in piece.chunks]
            if self.live is not None and piece.start < piece.stop:
                parts.append(self._live(piece, attributes))
            block = parts[0] if len(parts) == 1 else unite(parts)
            found.append(block if ids else Block(block.times, None, block.columns))
        return concatenate(found)

    def _live(self, piece: Piece, attributes: Sequence[str] | None) -> Block:
        if self.live is None:
            raise TypeError("an epoch without batches has no live records")
        live = self.live.take(slice(piece.start, piece.stop))
        kept = live.columns if attributes is None else [a for a in attributes if a in live.columns]
        return Block(live.times, live.ids, {name: live.columns[name] for name in kept})

    def _chunk(self, place: int, columns: Sequence[str], blobs: Mapping[tuple[str, str], bytes]) -> Block:
        identity = self.rollup.chunks[place].id
        times = codec.decode_ints(blobs[identity, TIMES])
        ids: Ids | None = codec.decode_ids(blobs[identity, IDS]) if IDS in columns else None
        values = {
            column.removeprefix(ATTRIBUTE): codec.decode_column(blobs[identity, column])
            for column in columns
            if column.startswith(ATTRIBUTE)
        }
        return Block(times, ids, values)


def epochs(reading: BlobReading, sensor: str, start: int, end: int, grid: Grid) -> Iterator[Epoch]:
    """The epochs that have records which may lie in [start, end), ascending."""
    low = grid.epoch(start)
    markers = reading.markers(sensor, low, end)
    yield from opened(reading, sensor, markers, reading.rollups(sensor, low, end))


def opened(
    reading: BlobReading, sensor: str, markers: Mapping[int, Sequence[str]], rollups: Iterable[StoredRollup]
) -> Iterator[Epoch]:
    """The epochs that have these markers, asked for before, or these rollups, ascending."""
    blobs = {rollup.epoch: rollup.blob for rollup in rollups}
    for epoch in sorted(markers.keys() | blobs.keys()):
        rollup = Rollup.decode(blobs[epoch]) if epoch in blobs else Rollup(())
        live, covered = batch.decode(reading.batches(sensor, epoch, markers.get(epoch, [])))
        yield Epoch(reading, sensor, epoch, rollup, live, covered)
