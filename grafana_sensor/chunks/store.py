"""The record store of the engine: posts go in as batches, answers come from chunks and batches, sealing between.

Law: what is acknowledged is in the next answer, once; a repeat, a crash or a racing sealer changes no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import numpy as np

from grafana_sensor.chunks import batch
from grafana_sensor.chunks.check import check
from grafana_sensor.chunks.grid import LADDER, Grid, Ladder
from grafana_sensor.chunks.reader import ChunkReading
from grafana_sensor.chunks.seal import CHUNK_RECORDS, prepare
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT, Block
from grafana_sensor.domain.layout import Layout, Reach, Widths
from grafana_sensor.ports import (
    Append,
    Backlog,
    Batch,
    BlobStore,
    Key,
    Post,
    RecordStore,
    ScanWriting,
    Sealed,
    StaleDeclarations,
)

_TRIES: Final = 3
"""How often a seal that lost to another is tried again before it is left to a later call."""

_KEYS_KEPT: Final = 8 * 86_400_000_000
"""How long idempotency keys are kept, in µs: 7 days are promised."""


class ChunkedStore(RecordStore):
    """One user's records over `blobs`. `ladder`: the widths of epochs; `chunk_records`: of a full chunk."""

    def __init__(self, blobs: BlobStore, ladder: Ladder = LADDER, chunk_records: int = CHUNK_RECORDS) -> None:
        self._blobs = blobs
        self._ladder = ladder
        self._size = chunk_records
        self._laid: tuple[int, Mapping[str, Layout]] = (0, {})

    def append(self, post: Post) -> Key | None:
        layouts = self._layouts(post.version)
        batches: list[Batch] = []
        seen: dict[str, dict[str, int]] = {}
        reach: dict[str, Reach] = {}
        for part in post.parts:
            bits = seen.setdefault(part.sensor, {})
            for name, kinds in _kinds(part.block).items():
                bits[name] = bits.get(name, 0) | kinds
            grid = Grid(layouts.get(part.sensor, Layout()), self._ladder)
            for each in self._batches(post, part.sensor, part.block, grid):
                batches.append(each)
                low, high = reach.get(part.sensor, (each.epoch, each.epoch))
                reach[part.sensor] = min(low, each.epoch), max(high, each.epoch + grid.width(each.epoch))
        return self._blobs.append(Append(batches, seen, post.version, post.key, reach))

    def _layouts(self, version: int) -> Mapping[str, Layout]:
        """The layouts of that version of the catalog, as far as they were laid; with each change it is another one."""
        known, laid = self._laid
        if known != version:
            with self._blobs.reading() as reading:
                known, layouts = reading.catalog().version, reading.layouts()
            laid = {sensor: layout for sensor, layout in layouts.items() if layout.widths}
            self._laid = known, laid
        if known != version:
            raise StaleDeclarations(f"flattened by version {version}; it is {known} now")
        return laid

    def _batches(self, post: Post, sensor: str, block: Block, grid: Grid) -> Iterator[Batch]:
        starts = grid.epochs(block.times)
        found = np.unique(starts).tolist()
        for start in found:
            within = block if len(found) == 1 else block.take(starts == start)
            times, blob = within.times, batch.encode(post.batch, within)
            first, last = int(times.min()), int(times.max())
            yield Batch(sensor, start, post.batch, len(within), first, last, post.received, blob)

    @contextmanager
    def reading(self) -> Iterator[ChunkReading]:
        with self._blobs.reading() as blobs:
            yield ChunkReading(blobs, self._ladder)

    def catalog(self) -> Catalog:
        with self._blobs.reading() as blobs:
            return blobs.catalog()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        return self._blobs.declare(attribute, declaration)

    def backlog(self) -> list[Backlog]:
        return self._blobs.backlog()

    def seal(self, backlog: Iterable[Backlog], now: int) -> Sealed:
        waiting = list(backlog)
        laid: dict[str, tuple[Layout, Widths]] = {}
        with self._blobs.sealing() as mine:
            if not mine:
                return Sealed(lost=len(waiting))
            sealed = [self._seal(each, laid) for each in waiting]
            if laid:
                self._blobs.lay(laid)
            self._blobs.forget_keys(now - _KEYS_KEPT)
        done = [records for records in sealed if records is not None]
        return Sealed(len(done), sum(done), len(waiting) - len(done))

    def _seal(self, waiting: Backlog, laid: dict[str, tuple[Layout, Widths]]) -> int | None:
        """How many batch records were sealed; None where other sealers won each time. `laid`: gets another layout."""
        for _ in range(_TRIES):
            prepared = prepare(self._blobs, waiting.sensor, waiting.epoch, self._ladder, self._size)
            if prepared is None:
                return 0
            if self._blobs.seal(prepared.seal):
                if prepared.widths != prepared.layout.widths:
                    laid[waiting.sensor] = prepared.layout, prepared.widths
                return prepared.records
        return None

    def scans(self) -> ScanWriting:
        return self._blobs.scans()

    def check(self) -> Iterator[str]:
        yield from check(self._blobs, self._ladder)

    def close(self) -> None:
        self._blobs.close()


def _kinds(block: Block) -> dict[str, int]:
    """By attribute, the bits of the kinds of values that the block really has."""
    found = {}
    for name, column in block.columns.items():
        number = column.numbers is not None and not bool(np.isnan(column.numbers).all())
        text = column.codes is not None and bool((column.codes >= 0).any())
        if number or text:
            found[name] = NUMBER * number | TEXT * text
    return found
