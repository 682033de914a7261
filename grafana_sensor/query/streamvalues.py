"""What the points of a stream are to a query: a number each, or a text.

Law: a number is a finite float64; what is none is missing. A point that is a list of numbers is one number by a
reduction only. A JSON point is its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.domain.columns import Floats
from grafana_sensor.domain.scan import Points

REDUCTIONS: Final[dict[str, Callable[[NDArray[Any]], Any]]] = {
    "sum": lambda a: a.sum(axis=-1),
    "mean": lambda a: a.mean(axis=-1),
    "min": lambda a: a.min(axis=-1),
    "max": lambda a: a.max(axis=-1),
}
"""By name, what makes one number of the last dimension; `[i]` is the other one."""


def numbers(points: Points, reduction: str | None = None) -> Floats:
    """float64[n]: a number for each point, NaN where it is none. `reduction` as query.scannames.reduced gives it.

    >>> numbers(Points(0, [np.array([1, 2]), np.array([3.0])]), "[1]").tolist()
    [2.0, nan]
    """
    values = points.values
    if reduction is None:
        found = np.asarray(values, np.float64)
    elif isinstance(values, np.ndarray):
        found = _reduced(values.astype(np.float64), reduction)
    else:
        found = np.array([_reduced(np.asarray(value, np.float64), reduction) for value in values], np.float64)
    return found if np.isfinite(found).all() else np.where(np.isfinite(found), found, np.nan)


def texts(points: Points) -> list[str]:
    """The JSON points as texts: a text as it is, anything else as JSON."""
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in points.values]


def plain(points: Points) -> list[Any]:
    """The points as plain objects, exact: numbers, lists of them, or JSON; a complex number is [real, imaginary]."""
    values = points.values
    if not isinstance(values, np.ndarray):
        return [plain(Points(0, value)) if isinstance(value, np.ndarray) else value for value in values]
    if np.iscomplexobj(values):
        values = np.stack((values.real, values.imag), axis=-1)
    found: list[Any] = values.tolist()
    return found


def _reduced(values: NDArray[np.float64], reduction: str) -> Any:
    if reduction in REDUCTIONS:
        empty = np.full(values.shape[:-1], np.nan)
        return REDUCTIONS[reduction](values) if values.shape[-1] else empty
    place = int(reduction[1:-1])
    return values[..., place] if place < values.shape[-1] else np.full(values.shape[:-1], np.nan)
