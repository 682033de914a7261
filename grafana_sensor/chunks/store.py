"""The record store of the engine: posts go in as batches, answers come from chunks and batches, sealing between.

Law: what is acknowledged is in the next answer, once; a repeat, a crash or a racing sealer changes no answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from grafana_sensor.chunks import batch
from grafana_sensor.chunks.check import check
from grafana_sensor.chunks.epochs import WEEK
from grafana_sensor.chunks.reader import ChunkReading
from grafana_sensor.chunks.seal import CHUNK_RECORDS, prepare
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT, Block
from grafana_sensor.ports import Append, Backlog, Batch, BlobStore, Key, Post, RecordStore, ScanWriting, Sealed

_TRIES: Final = 3
"""How often a seal that lost to another is tried again before it is left to a later call."""

_KEYS_KEPT: Final = 8 * 86_400_000_000
"""How long idempotency keys are kept, in µs: 7 days are promised."""


class ChunkedStore(RecordStore):
    """One user's records over `blobs`. `width`: of an epoch, in µs; `chunk_records`: of a full chunk."""

    def __init__(self, blobs: BlobStore, width: int = WEEK, chunk_records: int = CHUNK_RECORDS) -> None:
        self._blobs = blobs
        self._width = width
        self._size = chunk_records

    def append(self, post: Post) -> Key | None:
        batches: list[Batch] = []
        seen: dict[str, dict[str, int]] = {}
        for part in post.parts:
            bits = seen.setdefault(part.sensor, {})
            for name, kinds in _kinds(part.block).items():
                bits[name] = bits.get(name, 0) | kinds
            batches.extend(self._batches(post, part.sensor, part.block))
        return self._blobs.append(Append(batches, seen, post.version, post.key))

    def _batches(self, post: Post, sensor: str, block: Block) -> Iterator[Batch]:
        starts = block.times // self._width * self._width
        found = np.unique(starts).tolist()
        for start in found:
            within = block if len(found) == 1 else block.take(starts == start)
            times, blob = within.times, batch.encode(post.batch, within)
            first, last = int(times.min()), int(times.max())
            yield Batch(sensor, start, post.batch, len(within), first, last, post.received, blob)

    @contextmanager
    def reading(self) -> Iterator[ChunkReading]:
        with self._blobs.reading() as blobs:
            yield ChunkReading(blobs, self._width)

    def catalog(self) -> Catalog:
        with self._blobs.reading() as blobs:
            return blobs.catalog()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        return self._blobs.declare(attribute, declaration)

    def backlog(self) -> list[Backlog]:
        return self._blobs.backlog()

    def seal(self, backlog: Iterable[Backlog], now: int) -> Sealed:
        waiting = list(backlog)
        with self._blobs.sealing() as mine:
            if not mine:
                return Sealed(lost=len(waiting))
            sealed = [self._seal(each) for each in waiting]
            self._blobs.forget_keys(now - _KEYS_KEPT)
        done = [records for records in sealed if records is not None]
        return Sealed(len(done), sum(done), len(waiting) - len(done))

    def _seal(self, waiting: Backlog) -> int | None:
        """How many batch records were sealed; None where other sealers won each time."""
        for _ in range(_TRIES):
            prepared = prepare(self._blobs, waiting.sensor, waiting.epoch, self._width, self._size)
            if prepared is None:
                return 0
            seal, records = prepared
            if self._blobs.seal(seal):
                return records
        return None

    def scans(self) -> ScanWriting:
        return self._blobs.scans()

    def check(self) -> Iterator[str]:
        with self._blobs.reading() as blobs:
            yield from check(blobs, self._width)

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
