"""Batches as blobs: the records of one post in one epoch, until they are sealed into chunks.

Law: a batch's blob never changes. A small one is kept row by row, since columns of few values cost more than
they hold; a large one in columns, as chunks are. Either holds the batch's own id, the record ids and times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from grafana_sensor.chunks import codec
from grafana_sensor.domain.columns import Block, Ids, columns_of, unite

_FEW: Final = 32
"""Records up to which a batch is kept row by row."""


def encode(batch: str, block: Block) -> bytes:
    """The blob of a batch; `block` has ids, in any order."""
    ids = block.ids
    if ids is None:
        raise TypeError("a batch without record ids can't be stored")
    n = len(block)
    if n > _FEW:
        columns = {a: codec.encode_column(c) for a, c in block.columns.items() if c.present(n).any()}
        body: list[Any] = [batch, codec.encode_ints(block.times), codec.encode_ids(ids), columns]
        return codec.pack(body)
    values = {name: column.values(n) for name, column in block.columns.items()}
    rows = [[*ids[i], int(block.times[i]), {a: v[i] for a, v in values.items() if v[i] is not None}] for i in range(n)]
    return codec.pack([batch, rows])


def decode(blobs: Iterable[bytes]) -> tuple[Block | None, list[str]]:
    """The union of the batches' records, with ids (None where there are none), and the batches' ids."""
    names: list[str] = []
    rows: list[list[Any]] = []
    blocks: list[Block] = []
    for blob in blobs:
        name, *body = codec.unpack(blob)
        names.append(name)
        if len(body) == 1:
            rows.extend(body[0])
        else:
            times, ids, columns = body
            decoded = {a: codec.decode_column(c) for a, c in columns.items()}
            blocks.append(Block(codec.decode_ints(times), codec.decode_ids(ids), decoded))
    if rows:
        blocks.append(_of_rows(rows))
    return (unite(blocks) if blocks else None), names


def _of_rows(rows: Sequence[Sequence[Any]]) -> Block:
    times = np.array([row[2] for row in rows], np.int64)
    return Block(times, Ids.of((row[0], row[1]) for row in rows), columns_of([row[3] for row in rows]))
