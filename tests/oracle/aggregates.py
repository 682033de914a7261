"""Aggregates of a set of values, by the standard library."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction

from tests.oracle.records import Record, Value, in_order

Result = float | int | str | None

_OF_TEXTS: dict[str, Callable[[list[Value]], Value]] = {
    "MIN": lambda texts: min(map(str, texts)),
    "MAX": lambda texts: max(map(str, texts)),
    "FIRST": lambda texts: texts[0],
    "LAST": lambda texts: texts[-1],
}


def aggregate(name: str, attribute: str, records: Sequence[Record], *, texts: bool) -> Result:
    """One aggregate over records; `texts`: the attribute holds only texts in all of the user's data."""
    if attribute == "*":
        return len(records)
    values = [record.attributes[attribute] for record in in_order(records) if attribute in record.attributes]
    if name == "CNT":
        return len(values)
    if texts:
        found = _OF_TEXTS.get(name)
        return found(values) if found and values else None
    numbers = [value for value in values if isinstance(value, float)]
    return _of_numbers(name, numbers) if numbers else None


def _of_numbers(name: str, numbers: Sequence[float]) -> float | None:
    match name:
        case "MIN":
            return min(numbers) + 0.0  # a zero is a zero: its sign is no extreme
        case "MAX":
            return max(numbers) + 0.0
        case "FIRST":
            return numbers[0]
        case "LAST":
            return numbers[-1]
        case "SUM":
            return total(numbers)
        case "AVG":
            return float(sum(map(Fraction, numbers)) / len(numbers))
        case "STDDEV":
            return deviation(numbers)
    return percentile(numbers, Fraction(name[1:]))


def total(numbers: Sequence[float]) -> float | None:
    """The sum, rounded once; None beyond float64."""
    try:
        rounded = float(sum(map(Fraction, numbers)))
    except OverflowError:
        return None
    with suppress(OverflowError):  # fsum gives up where a part of the sum lies beyond float64
        assert math.fsum(numbers) == rounded
    return rounded


def deviation(numbers: Sequence[float]) -> float | None:
    """The sample's standard deviation; None of one number, and beyond float64."""
    if len(numbers) < 2:
        return None
    try:
        return float(statistics.stdev(map(Fraction, numbers)))
    except OverflowError:
        return None


def percentile(numbers: Sequence[float], n: Fraction) -> float:
    """The n-th percentile, linear between the two nearest ranks."""
    ordered = sorted(numbers)
    rank = n / 100 * (len(ordered) - 1)
    low = math.floor(rank)
    high = math.ceil(rank)
    a, b = Fraction(ordered[low]), Fraction(ordered[high])
    return float(a + (b - a) * (rank - low))


def equal(expected: Value | None, actual: object, name: str) -> bool:
    """Whether an answer is the expected one: the same type and bits; of STDDEV to 1e-9."""
    if type(expected) is not type(actual):
        return False
    if isinstance(expected, float) and isinstance(actual, float):
        if name == "STDDEV":
            return math.isclose(expected, actual, rel_tol=1e-9, abs_tol=5e-323)
        return expected == actual and math.copysign(1, expected) == math.copysign(1, actual)
    return expected == actual
