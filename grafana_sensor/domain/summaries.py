"""Summaries: what an aggregate needs to know of a set of values, mergeable without loss.

Law: merging is commutative and associative, and the merged summary is that of the union of disjoint sets:
counts and exact sums add, extremes and ends compare. So an aggregate never depends on how records were cut
into batches, chunks, epochs, sensors or processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.columns import Block, Column, Floats, Ids, Mask, RecordId
from grafana_sensor.domain.plans import Need

NO_ID: RecordId = ("", -1)


@dataclass(frozen=True, slots=True, order=True)
class End:
    """A value at an end of a set: ordered by (time, record id)."""

    time: int
    id: RecordId
    value: float | str = field(compare=False)


@dataclass(slots=True)
class Summary:
    """The values of one attribute in a set of records; of EVERYTHING: the records (`numbers` counts them).

    `total` and `squares` are scaled integers (exactsum). What was not needed keeps its neutral value.
    `values` are the numbers themselves, in pieces, where Need.VALUES asked for them.
    """

    numbers: int = 0
    texts: int = 0
    total: int = 0
    squares: int = 0
    minimum: float = np.inf
    maximum: float = -np.inf
    first: End | None = None
    last: End | None = None
    least_text: str | None = None
    greatest_text: str | None = None
    first_text: End | None = None
    last_text: End | None = None
    values: list[Floats] = field(default_factory=list)

    def add(self, other: Summary) -> None:
        """Become the summary of the union with a disjoint set."""
        self.numbers += other.numbers
        self.texts += other.texts
        self.total += other.total
        self.squares += other.squares
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        self.first = _lesser(self.first, other.first)
        self.last = _greater(self.last, other.last)
        if self.least_text is None or self.greatest_text is None:
            self.least_text, self.greatest_text = other.least_text, other.greatest_text
        elif other.least_text is not None and other.greatest_text is not None:
            self.least_text = min(self.least_text, other.least_text)
            self.greatest_text = max(self.greatest_text, other.greatest_text)
        self.first_text = _lesser(self.first_text, other.first_text)
        self.last_text = _greater(self.last_text, other.last_text)
        self.values.extend(other.values)


def _lesser(a: End | None, b: End | None) -> End | None:
    return b if a is None else a if b is None else min(a, b)


def _greater(a: End | None, b: End | None) -> End | None:
    return b if a is None else a if b is None else max(a, b)


def add_block(into: Sequence[Summary], group: NDArray[np.intp], column: Column, block: Block, need: Need) -> None:
    """Add the values of `column` to the summaries of their groups.

    `block`: sorted by (time, id), with ids where Need.ENDS or Need.TEXTS is wanted of more than one block;
    `group`: ascending int[n], each record's place in `into`.
    """
    if column.numbers is not None:
        here = ~np.isnan(column.numbers)
        if here.any():
            _add_numbers(into, group[here], column.numbers[here], block, here, need)
    if column.codes is not None:
        here = column.codes >= 0
        if here.any():
            _add_texts(into, group[here], column, block, here, need)


def _runs(group: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], list[int]]:
    """Where each group starts and ends (half-open), and which it is."""
    starts = np.concatenate(([0], np.flatnonzero(group[1:] != group[:-1]) + 1))
    ends = np.concatenate((starts[1:], [len(group)]))
    return starts, ends, group[starts].tolist()


def _add_numbers(
    into: Sequence[Summary], group: NDArray[np.intp], numbers: Floats, block: Block, here: Mask, need: Need
) -> None:
    starts, ends, groups = _runs(group)
    for i, count in zip(groups, (ends - starts).tolist(), strict=True):
        into[i].numbers += count
    if Need.SUM in need:
        for i, total in zip(groups, exactsum.sums(numbers, starts), strict=True):
            into[i].total += total
    if Need.SQUARES in need:
        for i, total in zip(groups, exactsum.squares(numbers, starts), strict=True):
            into[i].squares += total
    if Need.EXTREMES in need:
        # Of 0.0 and -0.0, which are equal, either may be found: + 0.0 makes both 0.0, however records were cut.
        least = (np.minimum.reduceat(numbers, starts) + 0.0).tolist()
        greatest = (np.maximum.reduceat(numbers, starts) + 0.0).tolist()
        for i, low, high in zip(groups, least, greatest, strict=True):
            into[i].minimum = min(into[i].minimum, low)
            into[i].maximum = max(into[i].maximum, high)
    if Need.ENDS in need:
        places = np.flatnonzero(here)
        for i, a, b in zip(groups, starts.tolist(), (ends - 1).tolist(), strict=True):
            into[i].first = _lesser(into[i].first, _end(block, int(places[a]), float(numbers[a])))
            into[i].last = _greater(into[i].last, _end(block, int(places[b]), float(numbers[b])))
    if Need.VALUES in need:
        for i, a, b in zip(groups, starts.tolist(), ends.tolist(), strict=True):
            into[i].values.append(numbers[a:b])


def _add_texts(
    into: Sequence[Summary], group: NDArray[np.intp], column: Column, block: Block, here: Mask, need: Need
) -> None:
    starts, ends, groups = _runs(group)
    for i, count in zip(groups, (ends - starts).tolist(), strict=True):
        into[i].texts += count
    if Need.TEXTS not in need or column.codes is None:
        return
    codes, places, texts = column.codes[here], np.flatnonzero(here), column.texts
    for i, a, b in zip(groups, starts.tolist(), ends.tolist(), strict=True):
        seen = [texts[code] for code in np.unique(codes[a:b]).tolist()]
        summary = into[i]
        summary.add(
            Summary(
                least_text=min(seen),
                greatest_text=max(seen),
                first_text=_end(block, int(places[a]), texts[codes[a]]),
                last_text=_end(block, int(places[b - 1]), texts[codes[b - 1]]),
            )
        )


def _end(block: Block, place: int, value: float | str) -> End:
    ids: Ids | None = block.ids
    return End(int(block.times[place]), NO_ID if ids is None else ids[place], value)
