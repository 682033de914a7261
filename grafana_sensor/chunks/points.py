"""Points of a stream as bytes, and rows of them that grow until they are full.

Law: the bytes of points are the bytes of each, one after the other; decoding gives them back bit for bit. A row that
isn't full takes what comes next whole, whatever its size; a full one takes nothing more, and is packed. So streams that
are sent point by point are few rows, and where the next points go is told by the last row alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgpack
import numpy as np

from grafana_sensor.chunks.codec import (
    compress,
    decode_floats,
    decode_ints,
    decompress,
    encode_floats,
    encode_ints,
    shuffle,
    unshuffle,
)
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.scan import Points, StreamDefinition

FULL: Final = 4_096
"""Bytes from which on a row is full."""

_PLAIN, _SHUFFLED, _INTS, _FLOATS = b"p", b"s", b"i", b"f"

Values = Any
"""What Points.values is."""


def varies(definition: StreamDefinition) -> bool:
    """Whether the stream's points are a list: JSON, or arrays whose shapes differ."""
    return definition.kind != "array" or -1 in definition.shape


def none(definition: StreamDefinition) -> Values:
    """No points of the stream."""
    return [] if varies(definition) else np.empty((0, *definition.shape), definition.dtype)


def encode(definition: StreamDefinition, values: Values) -> bytes:
    """The bytes of the points."""
    if definition.kind != "array":
        return b"".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for each in values)
    dtype = _stored(definition)
    if not varies(definition):
        return np.ascontiguousarray(values, dtype).tobytes()
    return b"".join(msgpack.packb([each.shape, np.ascontiguousarray(each, dtype).tobytes()]) for each in values)


def decode(definition: StreamDefinition, raw: bytes) -> Values:
    """The points that were encoded; an array of them can be written to."""
    if definition.kind != "array":
        return loads(b"[" + raw[:-1].replace(b"\n", b",") + b"]")
    dtype = _stored(definition)
    if not varies(definition):
        return np.frombuffer(raw, dtype).reshape(-1, *definition.shape).astype(definition.dtype)
    unpacker = msgpack.Unpacker(max_buffer_size=0)
    unpacker.feed(raw)
    return [np.frombuffer(data, dtype).reshape(shape).astype(definition.dtype) for shape, data in unpacker]


def pack(definition: StreamDefinition, raw: bytes) -> bytes:
    """The bytes of points, made small; the first byte tells how."""
    if definition.kind != "array" or varies(definition):
        return _PLAIN + compress(raw)
    values = np.frombuffer(raw, _stored(definition))
    if values.dtype == np.int64:
        return _INTS + encode_ints(values)
    if values.dtype == np.float64 and _is_exact(values):
        return _FLOATS + encode_floats(values)
    return _SHUFFLED + compress(shuffle(values))


def unpack(definition: StreamDefinition, blob: bytes) -> bytes:
    """The bytes that were packed."""
    form, body = blob[:1], blob[1:]
    if form == _INTS:
        return decode_ints(body).tobytes()
    if form == _FLOATS:
        return decode_floats(body).tobytes()
    raw = decompress(body)
    if form == _PLAIN:
        return raw
    dtype = _stored(definition)
    return unshuffle(raw, dtype, len(raw) // dtype.itemsize).tobytes()


def joined(definition: StreamDefinition, rows: Iterable[Points], start: int, end: int) -> Points:
    """The points of [start, end) in these, which follow each other and may begin before and end after."""
    parts: list[Values] = []
    first = start
    for row in rows:
        within = row.values[max(0, start - row.start) : max(0, end - row.start)]
        if len(within):
            first = min(first, max(start, row.start)) if parts else max(start, row.start)
            parts.append(within)
    if varies(definition):
        return Points(first, [value for part in parts for value in part])
    if len(parts) == 1:
        return Points(first, parts[0])
    return Points(first, np.concatenate(parts) if parts else none(definition))


def pieces(definition: StreamDefinition, values: Values, most: int) -> Iterator[Values]:
    """The points in pieces of `most` bytes at most, or of one point that is longer."""
    if not len(values):
        return
    if not varies(definition):
        step = max(1, most // max(1, values[0].nbytes))
        yield from (values[at : at + step] for at in range(0, len(values), step))
        return
    begin = size = 0
    for at, each in enumerate(values):
        length = len(encode(definition, [each]))
        if size and size + length > most:
            yield values[begin:at]
            begin, size = at, 0
        size += length
    yield values[begin:]


def _stored(definition: StreamDefinition) -> np.dtype[Any]:
    return np.dtype(definition.dtype).newbyteorder("<")


def _is_exact(values: Any) -> bool:
    """Whether numbers packed as such come back to the bit: the bits of a NaN are not kept, and one must be a number."""
    gaps = np.isnan(values)
    if not gaps.any():
        return True
    bits = np.unique(np.ascontiguousarray(values[gaps]).view(np.int64))
    return not gaps.all() and len(bits) == 1 and bool(bits[0] == np.array(np.nan).view(np.int64))
