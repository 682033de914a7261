"""The aggregates: their names, what each needs of a summary, and how a summary becomes a value.

Law: a value depends on the set of numbers (or texts) alone. It is computed exactly and rounded once to the
nearest float64; what lies beyond float64 is None, and so is what nothing has (a count of nothing is 0).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.plans import EVERYTHING, Need, Projection
from grafana_sensor.domain.summaries import End, Summary

Result = float | int | str | None
"""What an aggregate comes to: CNT an int, the others a float, or a text where they see texts."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One row of the table: what it needs of numbers and, where an attribute holds only texts, of texts.

    `of_texts` is None where an aggregate sees numbers only.
    """

    name: str
    help: str
    need: Need
    of_numbers: Callable[[Summary], Result]
    text_need: Need = Need.COUNT
    of_texts: Callable[[Summary], Result] | None = None


def _count(summary: Summary) -> int:
    return summary.numbers + summary.texts


def _average(summary: Summary) -> float | None:
    return exactsum.rounded(summary.total, summary.numbers, exactsum.SCALE) if summary.numbers else None


def _sum(summary: Summary) -> float | None:
    return exactsum.rounded(summary.total, 1, exactsum.SCALE) if summary.numbers else None


def _deviation(summary: Summary) -> float | None:
    n = summary.numbers
    if n < 2:
        return None
    # Both terms are scaled by 2**(2*SCALE): n * sum of squares - square of the sum, by Lagrange never negative.
    spread = n * summary.squares - summary.total * summary.total
    return _root(spread, n * (n - 1) << 2 * exactsum.SCALE)


def _root(numerator: int, denominator: int) -> float | None:
    """The square root of numerator / denominator, rounded once; None beyond float64.

    The quotient is widened by 4**k until its whole root has 64 bits; a last bit says whether a rest was cut.
    """
    k = max(0, 66 - (numerator.bit_length() - denominator.bit_length()) // 2)
    quotient, rest = divmod(numerator << 2 * k, denominator)
    whole = math.isqrt(quotient)
    inexact = rest > 0 or whole * whole != quotient
    return exactsum.rounded(whole << 1 | inexact, 1, k + 1)


def _value(end: End | None) -> float | str | None:
    return None if end is None else end.value


AGGREGATES: Final[dict[str, Aggregate]] = {
    row.name: row
    for row in (
        Aggregate("CNT", "how many values, texts too; CNT(*) counts records", Need.COUNT, _count, Need.COUNT, _count),
        Aggregate("AVG", "the mean of the numbers", Need.COUNT | Need.SUM, _average),
        Aggregate(
            "MAX",
            "the largest number; where there are only texts, the last one by code points",
            Need.COUNT | Need.EXTREMES,
            lambda s: s.maximum if s.numbers else None,
            Need.COUNT | Need.TEXTS,
            lambda s: s.greatest_text,
        ),
        Aggregate(
            "MIN",
            "the smallest number; where there are only texts, the first one by code points",
            Need.COUNT | Need.EXTREMES,
            lambda s: s.minimum if s.numbers else None,
            Need.COUNT | Need.TEXTS,
            lambda s: s.least_text,
        ),
        Aggregate("SUM", "the sum of the numbers; null beyond float64", Need.COUNT | Need.SUM, _sum),
        Aggregate(
            "FIRST",
            "the earliest number, or text where there are only texts",
            Need.COUNT | Need.ENDS,
            lambda s: _value(s.first),
            Need.COUNT | Need.TEXTS,
            lambda s: _value(s.first_text),
        ),
        Aggregate(
            "LAST",
            "the latest number, or text where there are only texts",
            Need.COUNT | Need.ENDS,
            lambda s: _value(s.last),
            Need.COUNT | Need.TEXTS,
            lambda s: _value(s.last_text),
        ),
        Aggregate(
            "STDDEV",
            "the sample's standard deviation; null of fewer than two numbers",
            Need.COUNT | Need.SUM | Need.SQUARES,
            _deviation,
        ),
    )
}
"""By canonical name. Percentiles (P50, P99.9: PERCENTILE_HELP) are not in it: there is one for each number."""

PERCENTILE_HELP: Final = "Pn, n from 0 to 100: the n-th percentile, interpolated between the two nearest ranks"
KNOWN: Final = f"{' '.join(AGGREGATES)} and Pn with n from 0 to 100, as P95 or P99.9"
"""The aggregates in words, for messages."""

_ALIASES: Final = {"COUNT": "CNT", "MEAN": "AVG"}
_PERCENTILE = re.compile(r"P([0-9]{1,3}(?:\.[0-9]{1,30})?)")


def canonical(name: str) -> str | None:
    """The canonical name of an aggregate written in any case, None where it is no aggregate.

    >>> canonical("mean"), canonical("p99.9"), canonical("P101"), canonical("MEDIAN")
    ('AVG', 'P99.9', None, None)
    """
    name = name.upper() if name.isascii() else ""
    name = _ALIASES.get(name, name)
    if name in AGGREGATES:
        return name
    percentile = _PERCENTILE.fullmatch(name)
    return name if percentile and Decimal(percentile[1]) <= 100 else None


def needs(aggregate: str, text_mode: bool) -> Need:
    """What of a summary `finish` will read for a canonical aggregate; `text_mode`: the attribute holds only texts.

    >>> needs("AVG", False)
    <Need.COUNT|SUM: 3>
    """
    row = AGGREGATES.get(aggregate)
    if row is None:
        return Need.COUNT if text_mode else Need.COUNT | Need.VALUES
    return row.text_need if text_mode else row.need


def finish(aggregate: str, summary: Summary, text_mode: bool) -> Result:
    """The value of a canonical aggregate from a summary that has what `needs` said.

    CNT is an int; of nothing CNT is 0 and the others None. A SUM or STDDEV beyond float64 is None.

    >>> finish("AVG", Summary(numbers=2, total=3 << exactsum.SCALE), False)
    1.5
    """
    row = AGGREGATES.get(aggregate)
    if row is None:
        return _percentile(summary, aggregate)
    compute = row.of_texts if text_mode else row.of_numbers
    return None if compute is None else compute(summary)


def _percentile(summary: Summary, aggregate: str) -> float | None:
    if not summary.values:
        return None
    values = np.concatenate(summary.values)
    if not len(values):
        return None
    rank = Fraction(aggregate[1:]) / 100 * (len(values) - 1)
    low = rank.numerator // rank.denominator
    high = min(low + 1, len(values) - 1)
    ordered = np.partition(values, (low, high))
    a, b = float(ordered[low]), float(ordered[high])
    part = rank - low
    if a == b or not part:
        return a + 0.0  # of 0.0 and -0.0, which are equal, either may be found
    # In fractions b - a can't overflow and only the end is rounded.
    return float(Fraction(a) + (Fraction(b) - Fraction(a)) * part)


def column_name(projection: Projection) -> str:
    """The column of a projection: its AS name, the attribute, or the aggregate and the attribute.

    >>> column_name(Projection("temperature", "P99.9")), column_name(Projection("*", "CNT"))
    ('p99_9_temperature', 'cnt')
    """
    if projection.alias is not None:
        return projection.alias
    if projection.aggregate is None:
        return projection.attribute
    aggregate = projection.aggregate.lower().replace(".", "_")
    return aggregate if projection.attribute == EVERYTHING else f"{aggregate}_{projection.attribute}"


def unique_names(names: Sequence[str], taken: Collection[str] = ()) -> list[str]:
    """The names, each once: the first keeps it, the others get the first of `_2`, `_3`, … that is nobody's.

    `taken`: names that other columns have already.

    >>> unique_names(["avg_t", "avg_t", "time"], taken=("time", "sensor"))
    ['avg_t', 'avg_t_2', 'time_2']
    """
    wanted = {*names, *taken}
    given = set(taken)
    numbers: dict[str, int] = {}
    unique = []
    for name in names:
        chosen = name
        while chosen in given or (chosen != name and chosen in wanted):
            numbers[name] = numbers.get(name, 1) + 1
            chosen = f"{name}_{numbers[name]}"
        given.add(chosen)
        unique.append(chosen)
    return unique
