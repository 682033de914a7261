"""Summaries of an attribute, chunk by chunk: as bytes, as Summary values, and as arrays that decide conditions.

Law: what a table says of a chunk is what the chunk's data say; where it would have to say too much (many or
long texts) it says that it doesn't know, and the data are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from grafana_sensor.chunks import codec
from grafana_sensor.domain.columns import Block, RecordId
from grafana_sensor.domain.plans import Need
from grafana_sensor.domain.summaries import End, Summary, add_block

_DICTIONARY: Final = 1024
"""Characters of distinct texts that a summary keeps."""

_ALL_NEEDS: Final = Need.COUNT | Need.SUM | Need.SQUARES | Need.EXTREMES | Need.ENDS | Need.TEXTS
Texts = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One chunk's summary of one attribute. `dictionary`: its distinct texts; None where they are too many.

    Where `dictionary` is None, the text members of the summary are not known.
    """

    summary: Summary
    dictionary: Texts = ()

    def answers(self, need: Need) -> bool:
        """Whether the summary holds all that is needed."""
        return Need.VALUES not in need and (Need.TEXTS not in need or self.dictionary is not None)

    @classmethod
    def of(cls, block: Block, attribute: str) -> Entry:
        """The entry of a chunk's column; `block` is sorted, with ids."""
        summary = Summary()
        column = block.columns[attribute]
        add_block([summary], np.zeros(len(block), np.intp), column, block, _ALL_NEEDS)
        if not summary.texts or column.codes is None:
            return cls(summary)
        used = np.unique(column.codes[column.codes >= 0]).tolist()
        return cls(summary, tuple(sorted(column.texts[code] for code in used))).bounded()

    @classmethod
    def merged(cls, entries: Iterable[Entry]) -> Entry:
        """The entry of the union of disjoint chunks."""
        summary, dictionary = Summary(), set[str]()
        known = True
        for entry in entries:
            summary.add(entry.summary)
            known = known and entry.dictionary is not None
            dictionary.update(entry.dictionary or ())
        return cls(summary, tuple(sorted(dictionary)) if known else None).bounded()

    def bounded(self) -> Entry:
        """The entry without its texts where they are more than a summary keeps."""
        if self.dictionary is not None and sum(map(len, self.dictionary)) <= _DICTIONARY:
            return self
        s = self.summary
        return Entry(Summary(s.numbers, s.texts, s.total, s.squares, s.minimum, s.maximum, s.first, s.last), None)

    def packed(self) -> list[Any]:
        """Plain values, for MessagePack."""
        s, texts = self.summary, None
        if s.texts:
            ends = [_packed_end(s.first_text), _packed_end(s.last_text)]
            texts = [s.texts, self.dictionary, *(ends if self.dictionary is not None else [None, None])]
        if not s.numbers:
            return [0, texts]
        totals = [codec.encode_total(s.total), codec.encode_total(s.squares)]
        return [s.numbers, texts, *totals, s.minimum, s.maximum, _packed_end(s.first), _packed_end(s.last)]

    @classmethod
    def unpacked(cls, packed: Sequence[Any]) -> Entry:
        """The entry that was packed."""
        summary = Summary(numbers=packed[0])
        dictionary: tuple[str, ...] = ()
        if packed[0]:
            summary.total, summary.squares = map(codec.decode_total, packed[2:4])
            summary.minimum, summary.maximum = packed[4:6]
            summary.first, summary.last = map(_unpacked_end, packed[6:8])
        if packed[1] is not None:
            summary.texts, texts, first, last = packed[1]
            if texts is None:
                return cls(summary, None)
            dictionary = tuple(texts)
            summary.least_text, summary.greatest_text = dictionary[0], dictionary[-1]
            summary.first_text, summary.last_text = _unpacked_end(first), _unpacked_end(last)
        return cls(summary, dictionary)


def _packed_end(end: End | None) -> list[Any] | None:
    return None if end is None else [end.time, *end.id, end.value]


def _unpacked_end(packed: Sequence[Any] | None) -> End | None:
    if packed is None:
        return None
    identity: RecordId = (packed[1], packed[2])
    return End(packed[0], identity, packed[3])
