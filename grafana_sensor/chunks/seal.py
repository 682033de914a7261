"""Sealing: the batches of an epoch become chunks, and the rollup that names them.

Law: what is computed here is a function of what one look saw; it counts only where the sensor's generation is
still the one read before the markers. So any number may seal at once: all but one lose, and nothing changes by
them. Chunks that no batch touches stay as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.chunks import codec
from grafana_sensor.chunks.adapt import adapted
from grafana_sensor.chunks.epochs import ATTRIBUTE, IDS, TIMES, Epoch, epochs
from grafana_sensor.chunks.grid import Grid, Ladder
from grafana_sensor.chunks.pieces import Piece
from grafana_sensor.chunks.rollup import Chunk, Rollup
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.chunks.tree import rewritten
from grafana_sensor.domain.columns import Block
from grafana_sensor.domain.layout import Layout, Widths
from grafana_sensor.ports import BlobStore, Seal

CHUNK_RECORDS: Final = 4096
"""Records of a full chunk."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The seal of an epoch, and how many batch records it covers; the layout that was seen, and what may follow it."""

    seal: Seal
    records: int
    layout: Layout
    widths: Widths


def prepare(blobs: BlobStore, sensor: str, start: int, ladder: Ladder, size: int) -> Prepared | None:
    """The seal of an epoch; None where nothing waits there.

    `start`: the epoch's, UTC µs; `size`: records of a full chunk. Holds no lock while it computes.
    """
    with blobs.reading() as reading:
        generation = reading.generation(sensor)
        layout = reading.layouts().get(sensor, Layout())  # after the generation: it has all epochs sealed until then
        grid = Grid(layout, ladder)
        epoch = next(epochs(reading, sensor, start, start + 1, grid), None)
        if epoch is None or epoch.live is None:
            return None
        pieces = _joined(epoch, size)
        touched = [piece for piece in pieces if piece.start < piece.stop]
        parts = [part for piece in touched for part in _cut(epoch.block([piece]), size, last=piece is pieces[-1])]
        rollup, written, dropped = _rewritten(epoch.rollup, touched, parts)
        nodes = rewritten(reading, sensor, grid, start, rollup)
        widths = adapted(reading, sensor, grid, start, rollup, new=not epoch.rollup.chunks)
    seal = Seal(sensor, start, generation, rollup.encode(), written, dropped, epoch.covered, nodes)
    return Prepared(seal, len(epoch.live), layout, widths)


def _rewritten(
    old: Rollup, touched: Sequence[Piece], parts: Sequence[Block]
) -> tuple[Rollup, dict[tuple[str, str], bytes], list[str]]:
    """The rollup with these parts in the place of the touched pieces' chunks; the new chunks, the old ones' ids."""
    rewritten = {place for piece in touched for place in piece.chunks}
    chunks = [chunk for place, chunk in enumerate(old.chunks) if place not in rewritten]
    entries: dict[str, dict[str, Entry]] = {
        name: {old.chunks[p].id: entry for p, entry in old.attribute(name).items() if p not in rewritten}
        for name in old.attributes()
    }
    written: dict[tuple[str, str], bytes] = {}
    chunks += [_write(part, entries, written) for part in parts]
    dropped = [old.chunks[place].id for place in sorted(rewritten)]
    return Rollup.of(chunks, entries), written, dropped


def _joined(epoch: Epoch, size: int) -> list[Piece]:
    """The epoch's pieces, those of batches alone joined with an underfull chunk beside them, the one before first.

    So late records and a live sensor's newest ones don't leave chunks of a few records behind.
    """
    found: list[Piece] = []
    for piece in epoch.pieces():
        before = found[-1] if found else None
        if before is not None and (
            (not piece.chunks and _underfull(epoch, before, size))
            or (not before.chunks and _underfull(epoch, piece, size))
        ):
            found[-1] = Piece(before.chunks + piece.chunks, before.start, piece.stop)
        else:
            found.append(piece)
    return found


def _underfull(epoch: Epoch, piece: Piece, size: int) -> bool:
    return 0 < sum(epoch.rollup.chunks[place].count for place in piece.chunks) < size


def _cut(block: Block, size: int, *, last: bool) -> Iterator[Block]:
    """The block in parts of at most about `size` records.

    At the end of the epoch full ones and a rest, which is the next to grow; elsewhere equal ones. A cut is
    moved so that records of one time stay together, where a quarter of `size` is enough for that.
    """
    n, start = len(block), 0
    count = -(-n // size)
    step = size if last else -(-n // count)
    while start < n:
        stop = start + step
        if stop < n:
            stop = _moved(block, stop, size // 4)
        yield block.take(slice(start, min(stop, n)))
        start = stop


def _moved(block: Block, stop: int, reach: int) -> int:
    time = block.times[stop]
    begin = int(np.searchsorted(block.times, time, "left"))
    end = int(np.searchsorted(block.times, time, "right"))
    if stop - begin <= reach:
        return begin
    return end if end - stop <= reach else stop


def _write(block: Block, entries: dict[str, dict[str, Entry]], written: dict[tuple[str, str], bytes]) -> Chunk:
    identity, n = secrets.token_hex(8), len(block)
    if block.ids is None:
        raise TypeError("a chunk without record ids can't be written")
    blobs = {TIMES: codec.encode_ints(block.times), IDS: codec.encode_ids(block.ids)}
    for name, column in block.columns.items():
        if column.present(n).any():
            blobs[ATTRIBUTE + name] = codec.encode_column(column)
            entries.setdefault(name, {})[identity] = Entry.of(block, name)
    written.update(((identity, column), blob) for column, blob in blobs.items())
    size = sum(map(len, blobs.values()))
    return Chunk(identity, n, int(block.times[0]), int(block.times[-1]), size)
