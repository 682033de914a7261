"""Conditions on one record, value by value, by the words of the query language alone."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from grafana_sensor.domain.conditions import Condition
from tests.oracle.records import Record, Value, text_of

_LITERAL = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def meets(condition: Condition, record: Record, now: int) -> bool:
    """Whether the record meets the condition; `now` in UTC µs."""
    if condition.attribute == "time":
        moments = [moment(text, now) for text in condition.values]
        return _holds(condition.operator, record.time, moments)
    if condition.attribute == "sensor":
        return record.sensor != "" and _meets_text(condition, record.sensor)
    if condition.attribute not in record.attributes:
        return False
    return meets_value(condition, record.attributes[condition.attribute])


def meets_value(condition: Condition, value: Value) -> bool:
    """Whether a value that is there meets the condition."""
    if isinstance(value, str):
        return _meets_text(condition, value)
    if condition.operator in ("=~", "!~"):
        return _meets_text(condition, text_of(value))
    return _holds(condition.operator, Fraction(value), [as_number(text) for text in condition.values])


def _meets_text(condition: Condition, text: str) -> bool:
    if condition.operator in ("=~", "!~"):
        return (re.fullmatch(condition.values[0], text) is not None) is (condition.operator == "=~")
    return _holds(condition.operator, text, list(condition.values))


def _holds(sign: str, value: Any, wanted: list[Any]) -> bool:
    """`value sign wanted`; None among the wanted is what can't be compared with the value: it only differs."""
    if sign == "EXISTS":
        return True
    if sign == "IN":
        return value in wanted
    if wanted[0] is None:
        return sign == "!="
    return _COMPARE[sign](value, wanted[0])


def as_number(text: str) -> Fraction | float | None:
    """The value of a JSON number literal: of a whole one exactly, of another the nearest float64."""
    parts = _LITERAL.fullmatch(text)
    if parts is None:
        return None
    if parts[2] is None and parts[3] is None:
        return Fraction(int(parts[1]))
    number = float(text)
    return number if number in (float("inf"), float("-inf")) else Fraction(number)


def moment(text: str, now: int) -> int:
    """The UTC µs of an ISO time with its zone, of an epoch, or of `now-5m`, in whole numbers."""
    if ago := re.fullmatch(r"now(?:([-+]\d+)([smhd]))?", text):
        unit = {"s": 1, "m": 60, "h": 3600, "d": 86400}[ago[2] or "s"]
        return now + int(ago[1] or 0) * unit * 1_000_000
    if re.fullmatch(r"-?\d+", text):
        number, size = int(text), abs(int(text))
        return number * 1_000_000 if size < 10**11 else number * 1000 if size < 10**14 else number
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
