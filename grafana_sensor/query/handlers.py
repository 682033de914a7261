"""The functions of the library on projections and on a query's rows: what is aggregated, and the aggregates.

Law: over rows that hold all of an attribute's values these give what the query itself gives, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.plans import EVERYTHING
from grafana_sensor.query.fields import parse_projection, parse_projections

Rows = Iterable[Mapping[str, Any]]
"""Rows of a query: attribute -> number, text or None. What a row lacks is as None."""


def agr_handler(attribute: str) -> str:
    """The attribute inside an aggregate; a plain attribute is itself.

    Raises QuerySyntaxError for a text that is neither, ProjectionError for an unknown aggregate.

    >>> agr_handler("AVG(t)"), agr_handler("t"), agr_handler("CNT(*)")
    ('t', 't', '*')
    """
    projection = parse_projection(attribute)
    return attribute if projection.aggregate is None and projection.alias is None else projection.attribute


def agr_check(projections: Sequence[str]) -> str | tuple[str, ...] | None:
    """The aggregate of a projection list: its canonical name, a tuple of names where there are several, or None.

    Raises ProjectionError where raw and aggregate projections mix or an aggregate is unknown.

    >>> agr_check(["AVG(t)"]), agr_check(["MIN(t)", "p95(t)"]), agr_check(["t", "h"])
    ('AVG', ('MIN', 'P95'), None)
    """
    if not projections:
        return None
    found = [p.aggregate for p in parse_projections(projections) if p.aggregate is not None]
    return tuple(found) if len(found) > 1 else found[0] if found else None


def count_handler(rows: Rows, attribute: str) -> int:
    """How many rows have the attribute, numbers and texts; of `*`, how many rows there are.

    >>> count_handler([{"t": 1.0}, {"t": None}, {"t": "on"}], "t")
    2
    """
    if attribute == EVERYTHING:
        return sum(1 for _ in rows)
    return len(_values(rows, attribute))


def average_handler(rows: Rows, attribute: str) -> float | None:
    """The exact sum of the numbers over their count, rounded once; None of no number.

    >>> average_handler([{"t": 1.0}, {"t": 2.0}, {"h": 9.0}], "t")
    1.5
    """
    numbers = _numbers(rows, attribute)
    return exactsum.rounded(_total(numbers), len(numbers), exactsum.SCALE) if numbers else None


def maximum_handler(rows: Rows, attribute: str) -> float | str | None:
    """The largest number; where there are only texts, the last of them by code points; None of nothing.

    >>> maximum_handler([{"t": 1.0}, {"t": 2.0}, {"t": None}], "t")
    2.0
    """
    values = _values(rows, attribute)
    return max(_only_numbers(values), default=None) if _only_numbers(values) else max(map(str, values), default=None)


def minimum_handler(rows: Rows, attribute: str) -> float | str | None:
    """The smallest number; where there are only texts, the first of them by code points; None of nothing.

    >>> minimum_handler([{"t": 1.0}, {"t": 2.0}, {"t": None}], "t")
    1.0
    """
    values = _values(rows, attribute)
    return min(_only_numbers(values), default=None) if _only_numbers(values) else min(map(str, values), default=None)


def sum_handler(rows: Rows, attribute: str) -> float | None:
    """The exact sum of the numbers, rounded once; None of no number and beyond float64.

    >>> sum_handler([{"t": 1e16}, {"t": 1.0}, {"t": -1e16}], "t")
    1.0
    """
    numbers = _numbers(rows, attribute)
    return exactsum.rounded(_total(numbers), 1, exactsum.SCALE) if numbers else None


def _total(numbers: Sequence[float]) -> int:
    return exactsum.sums(np.array(numbers, np.float64), np.array([0]))[0]


def _values(rows: Rows, attribute: str) -> list[float | str]:
    found = (row.get(attribute) for row in rows)
    return [value for value in found if value is not None and value == value]


def _only_numbers(values: Sequence[float | str]) -> list[float]:
    return [float(value) for value in values if isinstance(value, (int, float))]


def _numbers(rows: Rows, attribute: str) -> list[float]:
    return _only_numbers(_values(rows, attribute))
