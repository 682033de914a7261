"""What of a scan can be recorded: its identity, its info, and the definitions of its streams.

Law: what can't be is refused before anything is stored, with what would be right; info is JSON, numbers in it that are
none are null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import numpy as np
import orjson

from grafana_sensor.domain.errors import LimitError, Unprocessable
from grafana_sensor.domain.scan import IDENTITY, Kind, StreamDefinition
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.service.ingest import check_name

LONGEST_NAME: Final = 255
"""Characters of a stream's name, and of a text that identifies a scan."""
LONGEST_INFO: Final = 1_000_000
"""Bytes of the info of a scan, and of that of all its streams, as JSON."""
LARGEST_POINT: Final = 4 * 2**20
"""Bytes of one point."""
DIMENSIONS: Final = 8
"""Dimensions of one point, at most."""
LARGEST_NUMBER: Final = 2**53
"""How large the number of a scan may be, either side of 0."""

_DTYPES: Final = frozenset(
    ["bool", "float16", "float32", "float64", "complex64", "complex128"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)


def check_identity(identity: Mapping[str, Any]) -> dict[str, str | int]:
    """The identity of a scan: name, number and data_policy, and of the others those that aren't None.

    Raises Unprocessable.

    >>> check_identity({"name": "ascan", "number": 2, "data_policy": "none", "dataset": None})
    {'name': 'ascan', 'number': 2, 'data_policy': 'none'}
    """
    if unknown := [field for field in identity if field not in IDENTITY]:
        raise Unprocessable(
            f"a scan is identified by {', '.join(IDENTITY)}, not by {shown(unknown[0])}; put it in info"
        )
    found: dict[str, str | int] = {}
    for field in IDENTITY:
        value = identity.get(field)
        if value is None and field in IDENTITY[:3]:
            raise Unprocessable(f"the scan has no {field}: a scan has name, number and data_policy")
        if value is None:
            continue
        found[field] = _number(value) if field == "number" else check_name(value, field, LONGEST_NAME)
    return found


def check_info(info: Mapping[str, Any], what: str = "the info", most: int = LONGEST_INFO) -> dict[str, Any]:
    """The info as JSON has it. Raises Unprocessable for what JSON has not, LimitError where it is too long.

    >>> check_info({"title": "a", "start": float("nan"), "steps": np.arange(3)})
    {'title': 'a', 'start': None, 'steps': [0, 1, 2]}
    """
    if not isinstance(info, Mapping):
        raise Unprocessable(f"{what} is {named_kind(info)}; it must be an object")
    try:
        # Its NaN and infinities are null.
        written = orjson.dumps(dict(info), _plain, orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:
        raise Unprocessable(f"{what} can't be JSON: {error}") from None
    if len(written) > most:
        raise LimitError(f"{what} has {len(written):,} bytes as JSON, more than the limit of {most:,}")
    found: dict[str, Any] = orjson.loads(written)
    return found


def definition(name: Any, dtype: Any, shape: Any = (), info: Mapping[str, Any] | None = None) -> StreamDefinition:
    """A stream to be made. `dtype`: NumPy's name of numbers or booleans, or "json", or "scan" for keys of sub-scans.

    Raises Unprocessable, and LimitError for a point too large.

    >>> definition("diode:current", "float64")
    StreamDefinition(name='diode:current', kind='array', dtype='float64', shape=(), info={})
    """
    check_name(name, "stream's name", LONGEST_NAME)
    said = check_info(info or {}, f"the info of stream {shown(name)}")
    if dtype in ("json", "scan"):
        if tuple(shape):
            raise Unprocessable(f"stream {shown(name)} is of {dtype}: it has no shape")
        return StreamDefinition(name, cast(Kind, dtype), "", (), said)
    found = _dtype(name, dtype)
    sides = _shape(name, shape)
    size = found.itemsize * int(np.prod([max(side, 1) for side in sides], dtype=object))
    if size > LARGEST_POINT:
        raise LimitError(
            f"a point of stream {shown(name)} has {size:,} bytes, more than the limit of {LARGEST_POINT:,}: keep images"
            " in files, and their paths in a stream of json"
        )
    return StreamDefinition(name, "array", found.name, sides, said)


def _dtype(name: str, dtype: Any) -> np.dtype[Any]:
    try:
        found: np.dtype[Any] | None = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):
        found = None
    if found is None or found.name not in _DTYPES:
        raise Unprocessable(
            f"the dtype of stream {shown(name)} is {shown(dtype)}; it must be one of numbers, as float64, int32, uint16,"
            " complex128 or bool, or json"
        )
    return found


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    sides = tuple(shape) if isinstance(shape, Sequence) and not isinstance(shape, str) else (None,)
    if len(sides) > DIMENSIONS or not all(type(side) is int and (side == -1 or side > 0) for side in sides):
        raise Unprocessable(
            f"the shape of stream {shown(name)} must be a list of at most {DIMENSIONS} whole numbers, each 1 or more, or"
            " -1 where it varies; [] for a number a point"
        )
    return cast("tuple[int, ...]", sides)


def _number(value: Any) -> int:
    if isinstance(value, np.integer):
        value = int(value)
    if type(value) is not int or abs(value) > LARGEST_NUMBER:
        raise Unprocessable(f"the number of a scan is a whole number, not {shown(value)}")
    return value


def _plain(value: Any) -> Any:
    """What orjson doesn't know, as what it knows."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"it holds a {type(value).__name__}")
