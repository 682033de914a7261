"""Which fields of a record say its time and its sensor.

Law: the record's time is the first of `time, timestamp, ts, datetime, date` at its top level, in this order and in
any case, that is a time; of several spellings of one name the lower case goes first, then the order of their code
points, so that the order of keys changes nothing. A field that the caller names must be there. Its name is a key
of the top level where there is such a key, dots and all; else a dotted path, in which a list's index is a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from grafana_sensor.domain.errors import RangeError, RecordError
from grafana_sensor.domain.leaves import check_text, dotted
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.names import Path
from grafana_sensor.domain.numbers import json_text
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import parse
from grafana_sensor.domain.values import decimal_text

TIME_FIELDS = ("time", "timestamp", "ts", "datetime", "date")
"""The fields that may hold a record's time, the first first."""


def _spellings(name: str) -> list[str]:
    every = {"".join(letters) for letters in product(*((letter, letter.upper()) for letter in name))}
    return sorted(every, key=lambda spelling: (spelling != name, spelling))


_RANK = {spelling: rank for rank, spelling in enumerate(s for name in TIME_FIELDS for s in _spellings(name))}
_CANDIDATES = frozenset(_RANK)


def own_time(record: Mapping[str, object]) -> tuple[int, str] | None:
    """The record's time in UTC microseconds and the key of the field that says it, or None where none does.

    Raises RecordError when the first field that reads as a time lies beyond the years 1900 to 2199.

    >>> own_time({"date": "2026-01-01", "Time": "soon"})
    (1767225600000000, 'date')
    """
    if "time" in record:  # the first of all spellings, and the usual one
        us = _time_of(record["time"], "time")
        if us is not None:
            return us, "time"
    if _CANDIDATES.isdisjoint(record):
        return None
    for key in sorted((key for key in record if key in _CANDIDATES), key=_RANK.__getitem__):
        us = _time_of(record[key], key)
        if us is not None:
            return us, key
    return None


def time_at(record: Mapping[str, object], field: str) -> tuple[int, Path]:
    """The time in UTC microseconds that the field of that name holds, and the field's path.

    Raises RecordError when the field is missing or null, is no time, or lies beyond the years 1900 to 2199.
    """
    path, value = _field(record, field, "time_field")
    us = _time_of(value, field)
    if us is None:
        raise RecordError(
            f"the time_field {shown(field)} is no time but {_described(value)}; "
            "a time is an ISO 8601 text, or an epoch in s, ms, µs or ns"
        )
    return us, path


def sensor_at(record: Mapping[str, object], field: str, limits: Limits) -> tuple[str, Path]:
    """The sensor that the field of that name holds, a text or a number's JSON text, and the field's path.

    Raises RecordError when the field is missing, null or empty, is neither a text nor a number, or too long.
    """
    path, value = _field(record, field, "sensor_field")
    try:
        name = _sensor_name(value, limits)
    except RecordError as error:
        raise RecordError(f"the sensor_field {shown(field)}: {error.message}") from None
    return name, path


def _sensor_name(value: object, limits: Limits) -> str:
    if isinstance(value, str):
        name = str(value)
        check_text(name, limits)
    elif isinstance(value, int) and not isinstance(value, bool):
        name = decimal_text(value, limits)
    elif isinstance(value, float) and value - value == 0:
        name = json_text(value)
    else:
        raise RecordError(f"{_described(value)} names no sensor; a sensor's name is a text or a number")
    if not name:
        raise RecordError("an empty text names no sensor")
    if len(name) > limits.name:
        raise RecordError(f"the sensor's name has {len(name):,} characters, more than the limit of {limits.name}")
    return name


def _field(record: Mapping[str, object], field: str, role: str) -> tuple[Path, object]:
    path: Path = (field,) if field in record else tuple(field.split("."))
    value: object = record
    for part in path:
        value = _member(value, part)
    if value is None:
        raise RecordError(f"the record has no field {shown(field)}, which {role} names")
    return path, value


def _member(node: object, part: str) -> object:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(node, (list, tuple)) and part.isascii() and part.isdecimal() and len(part) < 10:
        place = int(part)
        return node[place] if place < len(node) and str(place) == part else None
    return None


def _time_of(value: object, field: str) -> int | None:
    try:
        return parse(value)
    except RangeError as error:
        raise RecordError(f"the field {dotted((field,))}: {error.message}") from None


def _described(value: object) -> str:
    return shown(value) if isinstance(value, (str, float, int)) else named_kind(value)
