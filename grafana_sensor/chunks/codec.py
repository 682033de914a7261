"""Columns as bytes: small, quick to decode, and exact to the bit.

Law: decode(encode(x)) is x, bit for bit (-0.0 included). Each blob begins with a byte that says its form.

Integers are stored as their first value, the greatest common divisor of their differences, and the
differences divided by it in the narrowest width. Numbers are, where every one is a decimal of few digits, the
integers of that decimal; else their bytes, transposed so that like bytes lie together. Both go through zstd
where that is worth its while.
"""

from __future__ import annotations

import struct
import threading
from typing import Any, Final

import msgpack
import numpy as np
import zstandard
from numpy.typing import NDArray

from grafana_sensor.domain.columns import Codes, Column, Floats, Ids, Ints

_LEVEL: Final = 3
_WORTH: Final = 128
"""Bytes below which compressing costs more than it saves."""
_WIDTHS: Final[tuple[type[np.signedinteger[Any]], ...]] = (np.int8, np.int16, np.int32, np.int64)
_INTS: Final = struct.Struct("<BIqQ")
_FLOATS: Final = struct.Struct("<BBII")
_DECIMAL, _BYTES = 0, 1
_DIGITS: Final = 9
"""Decimal places that are tried."""
_EXACT: Final = 2.0**53

_local = threading.local()


def compress(raw: bytes) -> bytes:
    """`raw` behind a byte that tells whether zstd made it smaller."""
    if len(raw) < _WORTH:
        return b"\0" + raw
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    packed: bytes = _local.compressor.compress(raw)
    return b"\1" + packed if len(packed) < len(raw) else b"\0" + raw


def decompress(blob: bytes) -> bytes:
    """The bytes that were compressed. Raises ValueError where the blob is damaged."""
    if blob[:1] == b"\0":
        return blob[1:]
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    try:
        raw: bytes = _local.decompressor.decompress(memoryview(blob)[1:])
    except zstandard.ZstdError as error:
        raise ValueError(f"a damaged blob: {error}") from error
    return raw


def pack(value: Any) -> bytes:
    """Plain lists, mappings, texts, bytes and numbers as MessagePack, compressed."""
    raw: bytes = msgpack.packb(value)
    return compress(raw)


def unpack(blob: bytes) -> Any:
    """What was packed."""
    return msgpack.unpackb(decompress(blob), strict_map_key=False)


def encode_ints(values: Ints) -> bytes:
    """int64[n], n >= 1; best where neighbours are near or differ by multiples of one step."""
    steps = np.diff(values)
    step = int(np.gcd.reduce(steps)) if len(steps) else 0
    if step > 1:
        steps = steps // step
    low, high = int(steps.min(initial=0)), int(steps.max(initial=0))
    width = next(i for i, t in enumerate(_WIDTHS) if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
    head = _INTS.pack(width, len(values), int(values[0]), max(step, 1))
    return head + compress(shuffle(steps.astype(_WIDTHS[width])))


def decode_ints(blob: bytes) -> Ints:
    """The int64[n] that were encoded."""
    width, n, first, step = _INTS.unpack_from(blob)
    steps = unshuffle(decompress(blob[_INTS.size :]), _WIDTHS[width], n - 1)
    values = np.empty(n, np.int64)
    values[0] = first
    np.cumsum(steps, dtype=np.int64, out=values[1:])
    if step != 1:
        values[1:] *= step
    values[1:] += first
    return values


def encode_floats(values: Floats) -> bytes:
    """float64[n], NaN where there is none; at least one is there."""
    here = ~np.isnan(values)
    dense = values if here.all() else values[here]
    gaps = b"" if dense is values else compress(np.packbits(here).tobytes())
    places = _decimal_places(dense)
    if places is None:
        form, body = _BYTES, compress(shuffle(dense))
    else:
        form, body = _DECIMAL, encode_ints(np.rint(dense * 10.0**places).astype(np.int64))
    return _FLOATS.pack(form, places or 0, len(values), len(gaps)) + gaps + body


def decode_floats(blob: bytes) -> Floats:
    """The float64[n] that were encoded."""
    form, places, n, gap_bytes = _FLOATS.unpack_from(blob)
    begin = _FLOATS.size + gap_bytes
    body = blob[begin:]
    here = None
    if gap_bytes:
        bits = np.frombuffer(decompress(blob[_FLOATS.size : begin]), np.uint8)
        here = np.unpackbits(bits, count=n).astype(np.bool_)
    if form == _DECIMAL:
        dense = decode_ints(body).astype(np.float64)
        if places:
            dense /= 10.0**places
    else:
        dense = unshuffle(decompress(body), np.float64, n if here is None else int(here.sum()))
    if here is None:
        return dense
    values = np.full(n, np.nan)
    values[here] = dense
    return values


def _decimal_places(values: Floats) -> int | None:
    """The fewest decimal places with which each of the values is an integer's quotient; None where that fails."""
    sample = values[:: max(1, len(values) // 16)]
    for places in range(_DIGITS + 1):
        if _is_decimal(sample, places):
            break
    else:
        return None
    return next((p for p in range(places, min(places + 3, _DIGITS + 1)) if _is_decimal(values, p)), None)


def _is_decimal(values: Floats, places: int) -> bool:
    with np.errstate(over="ignore"):
        scaled = np.rint(values * 10.0**places)
    if not (np.abs(scaled) < _EXACT).all():
        return False
    # The bits are compared, not the values: -0.0 is no integer's quotient.
    back = scaled.astype(np.int64) / 10.0**places
    return bool((back.view(np.int64) == np.ascontiguousarray(values).view(np.int64)).all())


def shuffle(values: NDArray[Any]) -> bytes:
    """The bytes of the values, the first ones of each, then the second ones, and so on."""
    return np.ascontiguousarray(values).view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def unshuffle(raw: bytes, dtype: Any, n: int) -> NDArray[Any]:
    """The `n` values that were shuffled. Raises ValueError where the bytes aren't as many."""
    size = np.dtype(dtype).itemsize
    if len(raw) != n * size:
        raise ValueError(f"a damaged blob: {len(raw)} bytes where {n * size} belong")
    return np.ascontiguousarray(np.frombuffer(raw, np.uint8).reshape(size, n).T).reshape(-1).view(dtype)


def encode_column(column: Column) -> bytes:
    """A column that holds at least one value."""
    numbers = b"" if column.numbers is None or np.isnan(column.numbers).all() else encode_floats(column.numbers)
    if column.codes is None or not (column.codes >= 0).any():
        return bytes(msgpack.packb([numbers]))
    used, codes = np.unique(column.codes[column.codes >= 0], return_inverse=True)
    dense = np.full(len(column.codes), -1, np.int64)
    dense[column.codes >= 0] = codes
    texts = pack([column.texts[code] for code in used.tolist()])
    return bytes(msgpack.packb([numbers, encode_ints(dense), texts]))


def decode_column(blob: bytes) -> Column:
    """The column that was encoded; its dictionary has only texts that occur."""
    numbers, *rest = msgpack.unpackb(blob)
    floats = decode_floats(numbers) if numbers else None
    if not rest:
        return Column(floats, None)
    codes: Codes = decode_ints(rest[0]).astype(np.int32)
    return Column(floats, codes, tuple(unpack(rest[1])))


def encode_ids(ids: Ids) -> bytes:
    """Record ids. Generated batch ids (32 hexadecimal digits) are stored as their 16 bytes."""
    used, batch = np.unique(ids.batch, return_inverse=True)
    names = [ids.batches[code] for code in used.tolist()]
    if all(map(_is_generated, names)):
        raw = np.frombuffer(bytes.fromhex("".join(names)), np.uint8).reshape(-1, 16)
        table: Any = compress(raw.T.tobytes())
    else:
        table = names
    return pack([table, encode_ints(batch.astype(np.int64)), encode_ints(ids.position)])


def decode_ids(blob: bytes) -> Ids:
    """The record ids that were encoded."""
    table, batch, position = unpack(blob)
    if isinstance(table, bytes):
        raw = np.frombuffer(decompress(table), np.uint8).reshape(16, -1).T.tobytes().hex()
        table = [raw[i : i + 32] for i in range(0, len(raw), 32)]
    return Ids(tuple(table), decode_ints(batch).astype(np.int32), decode_ints(position))


def _is_generated(name: str) -> bool:
    if len(name) != 32:
        return False
    try:
        return bytes.fromhex(name).hex() == name
    except ValueError:
        return False


def encode_total(total: int) -> bytes:
    """A scaled sum, without the zeros at its end: it is a multiple of a large power of two."""
    if not total:
        return b""
    zeros = (total & -total).bit_length() - 1
    kept = total >> zeros
    return struct.pack("<H", zeros) + kept.to_bytes(kept.bit_length() // 8 + 1, "little", signed=True)


def decode_total(raw: bytes) -> int:
    """The scaled sum that was encoded."""
    if not raw:
        return 0
    return int.from_bytes(raw[2:], "little", signed=True) << int(struct.unpack_from("<H", raw)[0])
