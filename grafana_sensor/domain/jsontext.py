"""JSON read without loss.

Law: what is read is what was written: integers of any length exactly, fractions as the nearest float64, of a key
repeated in one object the last. Only JSON is read (no NaN, no comments; a byte order mark is let pass), only valid
UTF-8 and whole characters, and no deeper than 1,024 levels. orjson reads, but for bodies with integers beyond 64
bits, which it would make floats of.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8

import orjson

from grafana_sensor.domain.errors import BadRequest, RecordError
from grafana_sensor.domain.limits import Limits

DEEPEST = 1_024
"""Levels of nesting that can be read at all; records are held to fewer by their limits."""

_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_BEYOND_UINT64 = b"0" * 20
_BEYOND_INT64 = b"-" + b"0" * 19
_LONGEST_FLOAT = 310  # characters of an integer; a longer one is beyond float64 for certain
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(body: bytes | str, limits: Limits | None = None) -> object:
    """The value of a JSON text; an overflowing fraction (`1e400`) is an infinity, for the caller to refuse.

    An integer of more than 309 digits, which no float64 holds, is given as the text of its digits, which is what it
    would be stored as. Raises BadRequest with line and column when the text is no JSON or not UTF-8, RecordError,
    which names the limit of `limits`, when it nests too deep to be read.

    >>> loads(b'{"a": 9007199254740993, "a": 18446744073709551617}')
    {'a': 18446744073709551617}
    """
    raw = _bytes(body).removeprefix(BOM_UTF8)
    try:
        value: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return _explained(raw, error, limits or Limits())
    return _exact(raw.decode()) if _has_long_integer(raw) else value


def _bytes(body: bytes | str) -> bytes:
    if not isinstance(body, str):
        return bytes(body)
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"the JSON text holds a lone surrogate at position {error.start}") from None


def _has_long_integer(raw: bytes) -> bool:
    """Whether a run of digits is so long that an integer of it may leave 64 bits; 20 times faster than a pattern."""
    zeros = raw.translate(_DIGITS_TO_ZERO)
    return _BEYOND_UINT64 in zeros or _BEYOND_INT64 in zeros


def _exact(text: str) -> object:
    return json.loads(text, parse_int=_integer, parse_constant=_refuse_constant)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_FLOAT else digits


def _refuse_constant(name: str) -> object:
    raise BadRequest(f"invalid JSON: {name} is no JSON number; leave it out, or send null")


def _explained(raw: bytes, error: orjson.JSONDecodeError, limits: Limits) -> object:
    """The value after all, where orjson stopped at a number too great for it; else the error in our words."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        raise BadRequest(f"the JSON text is not UTF-8: byte {wrong.start} is {raw[wrong.start]:#04x}") from None
    if _depth(text[: error.pos]) >= DEEPEST:
        raise _too_deep(limits) from None
    if text[error.pos : error.pos + 1] not in tuple("-0123456789"):
        raise _invalid(error.msg, error.lineno, error.colno) from None
    try:
        value = _exact(text)
    except json.JSONDecodeError as wrong:
        raise _invalid(wrong.msg, wrong.lineno, wrong.colno) from None
    except RecursionError:
        raise _too_deep(limits) from None
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise BadRequest("invalid JSON: a text holds a lone surrogate, which is no character") from None
    return value


def _depth(text: str) -> int:
    bare = _TEXTS.sub("", text)
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")


def _invalid(what: str, line: int, column: int) -> BadRequest:
    return BadRequest(f"invalid JSON at line {line}, column {column}: {what}")


def _too_deep(limits: Limits) -> RecordError:
    return RecordError(f"the JSON is nested deeper than the limit of {limits.nesting} levels")
