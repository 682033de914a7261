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

_TOGETHER: Final = 16
"""Epochs whose batches are asked for together."""
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
        return blocks([(self, wanted)], attributes, ids=ids)[0]

    def columns(self, wanted: Sequence[Piece], names: Sequence[str] | None, *, ids: bool) -> dict[int, list[str]]:
        """By the place of each chunk of the pieces, the columns that are needed of it."""
        names = self.rollup.attributes() if names is None else names
        columns: dict[int, list[str]] = {}
        for piece in wanted:
            head = [TIMES, IDS] if ids or not piece.alone else [TIMES]
            for place in piece.chunks:
                columns[place] = head + [ATTRIBUTE + name for name in names if place in self.rollup.attribute(name)]
        return columns

    def named(self, columns: Mapping[int, Sequence[str]]) -> list[tuple[str, str]]:
        """The (chunk id, column) of columns by place."""
        return [(self.rollup.chunks[place].id, column) for place, of_it in columns.items() for column in of_it]

    def assembled(
        self,
        wanted: Sequence[Piece],
        attributes: Sequence[str] | None,
        columns: Mapping[int, Sequence[str]],
        blobs: Mapping[tuple[str, str], bytes],
        *,
        ids: bool,
    ) -> Block:
        """The records of the pieces, of which these columns were read."""
        missing = next((pair for pair in self.named(columns) if pair not in blobs), None)
        if missing is not None:
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


def blocks(
    wanted: Sequence[tuple[Epoch, Sequence[Piece]]], attributes: Sequence[str] | None, *, ids: bool
) -> list[Block]:
    """The records of each of these: consecutive pieces of an epoch of one sensor. Their chunks are read together."""
    columns = [epoch.columns(pieces, attributes, ids=ids) for epoch, pieces in wanted]
    asked: dict[int, list[tuple[str, str]]] = {}
    for (epoch, _), of_it in zip(wanted, columns, strict=True):
        if of_it:
            asked.setdefault(epoch.start, []).extend(epoch.named(of_it))
    first = wanted[0][0]
    blobs = first.reading.chunks_of(first.sensor, asked) if asked else {}
    return [
        epoch.assembled(pieces, attributes, of_it, blobs.get(epoch.start, {}), ids=ids)
        for (epoch, pieces), of_it in zip(wanted, columns, strict=True)
    ]


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
    starts = sorted(markers.keys() | blobs.keys())
    for at in range(0, len(starts), _TOGETHER):
        some = starts[at : at + _TOGETHER]
        marked = {epoch: markers[epoch] for epoch in some if epoch in markers}
        batches = reading.batches_of(sensor, marked) if marked else {}
        for epoch in some:
            rollup = Rollup.decode(blobs[epoch]) if epoch in blobs else Rollup(())
            live, covered = batch.decode(batches.get(epoch, []))
            yield Epoch(reading, sensor, epoch, rollup, live, covered)
