"""Points as they come, by a request or by a producer in Python, as a stream keeps them.

Law: nothing is rounded silently but a JSON number to the nearest of the stream's floats. JSON's null is NaN where the
stream has one; texts are no numbers. What comes as an array is of the stream's dtype exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from grafana_sensor.domain.errors import LimitError, PointError
from grafana_sensor.domain.scan import StreamDefinition
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.service.recordable import LARGEST_POINT, check_info

Values = Any
"""What Points.values is."""


def values_of(definition: StreamDefinition, values: Any) -> Values:
    """Points from a list of JSON values, from the bytes of an array, or from an array of them.

    Raises PointError, which names the stream, and the index in what came where one point is wrong; LimitError.
    """
    if isinstance(values, bytes):
        return _of_bytes(definition, values)
    if isinstance(values, np.ndarray):
        return batch_of(definition, values)
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise PointError(f"the points of stream {shown(definition.name)} are {named_kind(values)}; send a list of them")
    if definition.kind != "array":
        return _of_json(definition, values)
    if -1 in definition.shape:
        return [_numbers(definition, each, definition.shape, at) for at, each in enumerate(values)]
    return _numbers(definition, values, (-1, *definition.shape))


def batch_of(definition: StreamDefinition, data: Any) -> Values:
    """One point or several, as blissdata's producers send them. Raises PointError, LimitError.

    Of JSON a list is several points, anything else is one.

    >>> batch_of(StreamDefinition("t", "array", "float64", (), {}), 1.5)
    array([1.5])
    """
    if definition.kind != "array":
        return _of_json(definition, data if isinstance(data, list) else [data])
    if isinstance(data, (list, tuple)) and -1 in definition.shape:
        return [_one(definition, each) for each in data]
    found = _typed(definition, data)
    wide = len(definition.shape)
    if found.ndim == wide:
        found = found[np.newaxis]
    if found.ndim != wide + 1 or not _fits(found.shape[1:], definition.shape):
        raise _wrong_shape(definition, found.shape)
    if not len(found):
        raise PointError(f"no point is sent to stream {shown(definition.name)}")
    return list(found) if -1 in definition.shape else found


def _of_bytes(definition: StreamDefinition, raw: bytes) -> Values:
    """Numbers in C order, little-endian."""
    if definition.kind != "array" or -1 in definition.shape:
        raise PointError(
            f"stream {shown(definition.name)} has points of several lengths: send them as JSON, not as bytes"
        )
    dtype = np.dtype(definition.dtype).newbyteorder("<")
    size = dtype.itemsize * int(np.prod(definition.shape, dtype=np.int64))
    if len(raw) % size:
        raise PointError(
            f"a point of stream {shown(definition.name)} has {size:,} bytes; {len(raw):,} bytes are no whole number of"
            " points"
        )
    return np.frombuffer(raw, dtype).reshape(-1, *definition.shape).astype(definition.dtype)


def _of_json(definition: StreamDefinition, values: Sequence[Any]) -> list[Any]:
    found = []
    for at, each in enumerate(values):
        if definition.kind == "scan" and not isinstance(each, str):
            raise PointError(f"point {at} of stream {shown(definition.name)} is {named_kind(each)}, not a scan's key")
        found.append(_plain(definition, at, each))
    return found


def _plain(definition: StreamDefinition, at: int, value: Any) -> Any:
    if isinstance(value, int):
        return value
    plain = check_info({"": value}, f"point {at} of stream {shown(definition.name)}", LARGEST_POINT)
    return plain[""]


def _numbers(definition: StreamDefinition, values: Any, shape: tuple[int, ...], at: int | None = None) -> Any:
    """The JSON values as an array of that shape, -1 being any length."""
    dtype = np.dtype(definition.dtype)
    try:
        found = np.array(values)
        if found.dtype.kind not in "biuf" or (dtype.kind in "biu" and found.dtype.kind == "f"):
            # Texts, null, and whole numbers that would go through floats: one by one.
            found = np.array(values, object)
            plain = [_number(definition, each) for each in found.ravel().tolist()]
            found = np.array(plain, dtype).reshape(found.shape)
    except PointError:
        raise
    except ValueError:
        raise _wrong_shape(definition, None) from None
    except OverflowError:
        raise PointError(
            f"stream {shown(definition.name)} takes {dtype.name}, which has no place for a number so large"
        ) from None
    if not found.size and len(found.shape) < len(shape):
        found = np.empty([max(side, 0) for side in shape], dtype)
    if not _fits(found.shape, shape):
        raise _wrong_shape(definition, found.shape[1:] if at is None else found.shape)
    return _cast(definition, dtype, found)


def _number(definition: StreamDefinition, value: Any) -> Any:
    """The number as what the stream has; NaN for null where it has that."""
    kind = np.dtype(definition.dtype).kind
    if value is None and kind in "fc":
        return np.nan
    if isinstance(value, (int, float)):
        if kind in "fc":
            return float(value)
        if value == int(value):
            return int(value)
    raise _no_place(definition, value)


def _cast(definition: StreamDefinition, dtype: np.dtype[Any], found: Any) -> Any:
    """The numbers in the stream's dtype. Raises PointError where one has no place there."""
    with np.errstate(over="ignore"):
        made = found.astype(dtype)
    if dtype.kind in "fc":
        lost = np.isinf(made)
    elif dtype.kind == "b":
        lost = (found != 0) & (found != 1)
    else:
        lost = (found < np.iinfo(dtype).min) | (found > np.iinfo(dtype).max)
    if np.any(lost):
        raise _no_place(definition, found[lost].ravel()[0].item())
    return made


def _no_place(definition: StreamDefinition, value: Any) -> PointError:
    said = "null" if value is None else shown(value)
    return PointError(f"stream {shown(definition.name)} takes {definition.dtype}, which has no place for {said}")


def _typed(definition: StreamDefinition, data: Any) -> Any:
    found = np.asarray(data)
    if found.dtype.newbyteorder("=") != np.dtype(definition.dtype):
        raise PointError(
            f"stream {shown(definition.name)} takes {definition.dtype}, not {found.dtype.name}: send"
            f" numpy.asarray(data, {definition.dtype!r})"
        )
    return found.astype(definition.dtype, copy=False)


def _one(definition: StreamDefinition, data: Any) -> Any:
    found = _typed(definition, data)
    if not _fits(found.shape, definition.shape):
        raise _wrong_shape(definition, found.shape)
    if found.nbytes > LARGEST_POINT:
        raise LimitError(
            f"a point of stream {shown(definition.name)} has {found.nbytes:,} bytes, more than the limit of {LARGEST_POINT:,}"
        )
    return found


def _fits(found: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    return len(found) == len(shape) and all(side in (-1, size) for size, side in zip(found, shape, strict=True))


def _wrong_shape(definition: StreamDefinition, found: tuple[int, ...] | None) -> PointError:
    got = "points whose shapes differ" if found is None else f"points of shape {list(found)}"
    return PointError(
        f"stream {shown(definition.name)} takes points of shape {list(definition.shape)}, not {got}; [] is a number"
    )
