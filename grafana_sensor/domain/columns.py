"""Records in columns: what the engine stores, reads and computes on.

Law: a stored number is a finite float64, so NaN can stand for "no number here"; a text is a code into a
dictionary, -1 for "no text here". A record has a number, a text or nothing under an attribute, never two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Value = float | str

RecordId = tuple[str, int]
"""The batch's id and the position in it; (pk, -1) where the caller gave the pk. Ids order as these tuples do."""

NUMBER, TEXT = 1, 2
"""Bits of the kinds of values that an attribute holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The values of one attribute in n records.

    `numbers`: float64[n], NaN where the record has no number; None where no record has one.
    `codes`: int32[n] into `texts`, -1 where the record has no text; None where no record has one.
    `texts`: the distinct texts, in no order.
    """

    numbers: Floats | None
    codes: Codes | None
    texts: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Sequence[Value | None]) -> Self:
        """The column of plain values; None is a missing one.

        >>> Column.of([1.5, None, "on"]).values(3)
        [1.5, None, 'on']
        """
        types = set(map(type, values))
        if types <= {float, type(None)}:
            return cls(np.array(values, np.float64) if float in types else None, None)
        places: dict[str, int] = {}
        codes = np.array([places.setdefault(v, len(places)) if isinstance(v, str) else -1 for v in values], np.int32)
        numbers = None
        if float in types:
            numbers = np.array([v if isinstance(v, float) else None for v in values], np.float64)
        return cls(numbers, codes, tuple(places))

    @property
    def kinds(self) -> int:
        """The bits of the kinds that may be here."""
        return (NUMBER if self.numbers is not None else 0) | (TEXT if self.codes is not None else 0)

    def present(self, n: int) -> Mask:
        """bool[n]: where the record has the attribute."""
        here = np.zeros(n, np.bool_)
        if self.numbers is not None:
            here |= ~np.isnan(self.numbers)
        if self.codes is not None:
            here |= self.codes >= 0
        return here

    def take(self, index: NDArray[np.intp] | Mask | slice) -> Column:
        """The column of the records that `index` (positions, a mask or a slice) picks."""
        return Column(
            None if self.numbers is None else self.numbers[index],
            None if self.codes is None else self.codes[index],
            self.texts,
        )

    def values(self, n: int) -> list[Value | None]:
        """The n values as plain objects."""
        if self.codes is None:
            if self.numbers is None:
                return [None] * n
            return [None if x != x else x for x in self.numbers.tolist()]
        table: list[Value | None] = [*self.texts, None]
        texts = [table[code] for code in self.codes.tolist()]
        if self.numbers is None:
            return texts
        return [text if x != x else x for x, text in zip(self.numbers.tolist(), texts, strict=True)]

    @classmethod
    def concatenate(cls, parts: Sequence[tuple[Column | None, int]]) -> Column:
        """One column of several, each with its number of records; None is a column of nothing."""
        numbers = codes = None
        texts: dict[str, int] = {}
        if any(c is not None and c.numbers is not None for c, _ in parts):
            numbers = np.concatenate(
                [np.full(n, np.nan) if c is None or c.numbers is None else c.numbers for c, n in parts]
            )
        if any(c is not None and c.codes is not None for c, _ in parts):
            codes = np.concatenate([_recoded(c, n, texts) for c, n in parts])
        return cls(numbers, codes, tuple(texts))


def _recoded(column: Column | None, n: int, texts: dict[str, int]) -> Codes:
    """The column's codes in the dictionary `texts`, which grows by what it lacks."""
    if column is None or column.codes is None:
        return np.full(n, -1, np.int32)
    table = np.array([texts.setdefault(t, len(texts)) for t in column.texts] + [-1], np.int32)
    return table[column.codes]


@dataclass(frozen=True, slots=True, eq=False)
class Ids:
    """The record ids of n records: `batch`: int32[n] into `batches`; `position`: int64[n]."""

    batches: tuple[str, ...]
    batch: Codes
    position: Ints

    @classmethod
    def of(cls, ids: Iterable[RecordId]) -> Self:
        """The ids of plain tuples."""
        pairs = list(ids)
        places: dict[str, int] = {}
        batch = np.array([places.setdefault(b, len(places)) for b, _ in pairs], np.int32)
        return cls(tuple(places), batch, np.array([p for _, p in pairs], np.int64))

    def __getitem__(self, index: int) -> RecordId:
        return self.batches[self.batch[index]], int(self.position[index])

    def take(self, index: NDArray[np.intp] | Mask | slice) -> Ids:
        """The ids of the records that `index` picks."""
        return Ids(self.batches, self.batch[index], self.position[index])

    def rank(self) -> NDArray[np.int32]:
        """int32[n]: the batches numbered by the order of their ids, so that (rank, position) orders as ids do."""
        order = np.empty(len(self.batches), np.int32)
        order[sorted(range(len(self.batches)), key=self.batches.__getitem__)] = np.arange(len(order))
        return order[self.batch]

    @classmethod
    def concatenate(cls, parts: Sequence[Ids]) -> Ids:
        """The ids of several blocks, one after the other."""
        places: dict[str, int] = {}
        tables = [np.array([places.setdefault(b, len(places)) for b in p.batches], np.int32) for p in parts]
        batch = [table[p.batch] for table, p in zip(tables, parts, strict=True)]
        return cls(tuple(places), np.concatenate(batch), np.concatenate([p.position for p in parts]))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Records of one sensor: `times`: int64[n], UTC µs; `ids` where they were asked for; columns by attribute.

    An attribute that is not among the columns is missing in all of the records.
    """

    times: Ints
    ids: Ids | None
    columns: Mapping[str, Column]

    def __len__(self) -> int:
        return len(self.times)

    def take(self, index: NDArray[np.intp] | Mask | slice) -> Block:
        """The block of the records that `index` picks."""
        return Block(
            self.times[index],
            None if self.ids is None else self.ids.take(index),
            {name: column.take(index) for name, column in self.columns.items()},
        )


def columns_of(records: Sequence[Mapping[str, Value]]) -> dict[str, Column]:
    """The columns of flat records, in the order in which attributes first occur.

    >>> {name: column.values(2) for name, column in columns_of([{"t": 1.0}, {"t": 2.0, "s": "on"}]).items()}
    {'t': [1.0, 2.0], 's': [None, 'on']}
    """
    names = dict.fromkeys(name for record in records for name in record)
    return {name: Column.of([record.get(name) for record in records]) for name in names}


def concatenate(blocks: Sequence[Block]) -> Block:
    """The records of the blocks, one block after the other; with ids where every block has them."""
    if len(blocks) == 1:
        return blocks[0]
    names = dict.fromkeys(name for block in blocks for name in block.columns)
    ids = [block.ids for block in blocks if block.ids is not None]
    return Block(
        np.concatenate([block.times for block in blocks]),
        Ids.concatenate(ids) if len(ids) == len(blocks) else None,
        {name: Column.concatenate([(b.columns.get(name), len(b)) for b in blocks]) for name in names},
    )


def unite(blocks: Sequence[Block]) -> Block:
    """The union of blocks that have ids: sorted by (time, id), each record once.

    A record's content never changes, so of two with one id either will do.
    """
    joined = concatenate(blocks)
    ids = joined.ids
    if ids is None:
        raise TypeError("blocks without ids can't be united")
    rank = ids.rank()
    order = np.lexsort((ids.position, rank, joined.times))
    times, rank, position = joined.times[order], rank[order], ids.position[order]
    again = (times[1:] == times[:-1]) & (rank[1:] == rank[:-1]) & (position[1:] == position[:-1])
    if again.any():
        order = order[np.concatenate(([True], ~again))]
    return joined.take(order)
