"""Times: texts and epochs on the outside, int UTC microseconds inside.

Law: a time lies in the years 1900 to 2199 in UTC; what reads as a time but lies beyond is a RangeError, never
clipped. A time is an ISO text `YYYY-MM-DD[(T or space)hh:mm[:ss[.fraction]][Z, +hh:mm, +hhmm or +hh]]` (no zone:
UTC; `t` and `z` too), or an epoch in s, ms, µs or ns told apart by its absolute size (below 1e11, 1e14, 1e17).
What is finer than a microsecond: the digits of an ISO text and epochs in ns are cut, which means towards the
earlier time, before 1970 too, so that both forms of one instant agree; a fractional epoch in s, ms or µs is a
float64, rarely exactly the decimal that was written, and goes to the nearest microsecond (a tie to the even
one), in exact arithmetic. Calendars are UTC's, weeks begin on Monday, and the clock is an argument.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import orjson

from grafana_sensor.domain.errors import RangeError
from grafana_sensor.domain.numbers import as_number
from grafana_sensor.domain.shown import shown

MICROSECOND, MILLISECOND, SECOND = 1, 1_000, 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

EARLIEST = -2_208_988_800 * SECOND
"""1900-01-01T00:00:00Z, the first time there is."""

END = 7_258_118_400 * SECOND
"""2200-01-01T00:00:00Z, the first instant after all times."""

UNITS = {"ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
"""The units of a duration, in microseconds."""

LONGEST_DURATION = 2**62
"""Durations lie below this many microseconds (146,000 years), so that a time and a duration add up in an int64."""

_MONTHS = {"M": 1, "y": 12}
_MONDAY = 4 * DAY  # 1970-01-05, the first Monday since the epoch
_NOW = re.compile(r"now(?:[+-][0-9]{1,18}(?:ms|[smhdwMy])|/(?:ms|[smhdwMy]))*").fullmatch
_STEP = re.compile(r"([+-])([0-9]+)(ms|[smhdwMy])|/(ms|[smhdwMy])").finditer
_VARIABLE = re.compile(r"\$\{[^}]*\}?|\$\w+").search
_DURATION = re.compile(r"([0-9]{1,30})(ms|[smhdw])").fullmatch
_FORMS = "an ISO 8601 date or time, an epoch in s, ms, µs or ns, or now, now-6h, now+1d, now/d (units ms s m h d w M y)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE = datetime(1970, 1, 1)  # naive on purpose: naive datetimes are UTC here  # noqa: DTZ001
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
).fullmatch
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)").fullmatch
_LONGEST_EPOCH = 20  # characters; a longer integer is beyond 2199 even in nanoseconds


def parse(value: object) -> int | None:
    """The UTC microseconds of a value that is a time, None where it is no time (booleans, other texts, NaN).

    An impossible date or hour ("2026-02-30", "25:00", a 60th second) is no time. A datetime is taken too, a
    naive one as UTC. Raises RangeError when the value reads as a time beyond the years 1900 to 2199.

    >>> parse("2026-01-01"), parse(1767225600.5), parse("soon")
    (1767225600000000, 1767225600500000, None)
    """
    kind = type(value)
    if kind is str:
        return _parse_text(value)  # type: ignore[arg-type]  # mypy doesn't narrow by a variable
    if kind is float:
        return _from_float(value)  # type: ignore[arg-type]
    if kind is int:
        return _from_int(value)  # type: ignore[arg-type]
    if isinstance(value, bool):
        return None
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, str):
        return _parse_text(str(value))
    if isinstance(value, int):
        return _from_int(int(value))
    return _from_float(float(value)) if isinstance(value, float) else None


def to_datetime(us: int) -> datetime:
    """The aware UTC datetime of a time in microseconds.

    >>> to_datetime(1767225600000000)
    datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + timedelta(microseconds=us)


def from_datetime(moment: datetime) -> int:
    """The UTC microseconds of a datetime, a naive one being UTC.

    Raises RangeError when it lies beyond the years 1900 to 2199.

    >>> from_datetime(datetime(2026, 1, 1))
    1767225600000000
    """
    return _checked(_since_epoch(moment), moment)


def to_iso(us: int) -> str:
    """The RFC 3339 text, with `Z`, of a time in microseconds; 3 or 6 digits of fraction where it has one.

    >>> to_iso(1767225600000000), to_iso(1767225600250000)
    ('2026-01-01T00:00:00Z', '2026-01-01T00:00:00.250Z')
    """
    fraction = us % SECOND
    digits = "seconds" if not fraction else "microseconds" if fraction % MILLISECOND else "milliseconds"
    return (_EPOCH_NAIVE + timedelta(microseconds=us)).isoformat(timespec=digits) + "Z"


def to_iso_many(us: npt.NDArray[np.int64]) -> list[str]:
    """The texts that `to_iso` gives for each time of an array, in its order, many times faster."""
    moments = np.ascontiguousarray(us, dtype=np.int64).view("M8[us]")
    texts: list[str] = orjson.loads(
        orjson.dumps(moments, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)
    )
    if np.any((us % MILLISECOND == 0) & (us % SECOND != 0)):
        return [text[:-4] + "Z" if text.endswith("000Z") else text for text in texts]
    return texts


def epoch(us: int) -> int | datetime:
    """What `parse` reads as this time and no other: an epoch in µs, or a datetime where that would be one in s or ms.

    >>> epoch(1767225600000000), epoch(0)
    (1767225600000000, datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))
    """
    return us if 10**14 <= us < 10**17 else to_datetime(us)


def parse_moment(value: object, now: int) -> int:
    """The UTC microseconds of what `from` and `to` take: a datetime, an epoch, an ISO text, or `now-6h`.

    After `now` any number of steps follow, taken from left to right: `+` or `-` with a whole number and a unit,
    or `/` and a unit, which rounds down in UTC (weeks to their Monday). Steps of M and y keep the day of the
    month, or take the month's last. Raises RangeError when the value is no time, lies beyond the years 1900 to
    2199, or holds a variable (`$x`, `${x}`) that Grafana left unexpanded.

    >>> parse_moment("now-1d/d", now=1767225600000000) == parse_moment("2025-12-31", now=0)
    True
    """
    if isinstance(value, str):
        if _NOW(value):
            return _relative(value, now)
        if variable := _VARIABLE(value):
            raise RangeError(f"the variable {shown(variable[0])} was left unexpanded; a time is {_FORMS}")
    us = parse(value)
    if us is None:
        raise RangeError(f"{shown(value)} is no time; a time is {_FORMS}")
    return us


def parse_duration(text: str) -> int:
    """The microseconds of a whole number of ms, s, m, h, d or w, written without a blank: `5m`.

    Raises RangeError when it is anything else, zero, or 2**62 microseconds and more.

    >>> parse_duration("5m")
    300000000
    """
    duration = _DURATION(text)
    if duration is None:
        raise RangeError(f"{shown(text)} is no duration; a duration is a whole number of ms, s, m, h, d or w: 5m")
    us = int(duration[1]) * UNITS[duration[2]]
    if us == 0:
        raise RangeError(f"the duration {shown(text)} is zero; it must be longer: 1s")
    if us >= LONGEST_DURATION:
        raise RangeError(f"the duration {shown(text)} is longer than the 146,000 years that can be counted")
    return us


def _parse_text(text: str) -> int | None:
    if text[4:5] == "-" and _ISO(text):
        return _from_iso(text)
    if _INTEGER(text):
        if len(text) > _LONGEST_EPOCH:
            raise _beyond(text)
        return _from_int(int(text))
    number = as_number(text)
    return None if number is None else _from_float(number)


def _from_iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text[:-1] + "Z" if text[-1] == "z" else text)
    except ValueError:
        if text.startswith("0000") and _from_iso("2000" + text[4:]) is not None:  # datetime has no year 0
            raise _beyond(text) from None
        return None
    return _checked(_since_epoch(moment), text)


def _since_epoch(moment: datetime) -> int:
    since = moment - (_EPOCH_NAIVE if moment.tzinfo is None else _EPOCH)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _from_int(epoch: int) -> int:
    size = abs(epoch)
    if size < 10**11:
        us = epoch * SECOND
    elif size < 10**14:
        us = epoch * MILLISECOND
    elif size < 10**17:
        us = epoch
    else:
        us = epoch // 1_000
    return _checked(us, epoch)


def _from_float(epoch: float) -> int | None:
    size = abs(epoch)
    if size < 1e11:
        scale = SECOND
    elif size < 1e14:
        scale = MILLISECOND
    elif size < 1e17:
        scale = MICROSECOND
    elif size < float("inf"):
        return _checked(int(epoch) // 1_000, epoch)
    else:
        return None
    numerator, denominator = epoch.as_integer_ratio()
    us, rest = divmod(numerator * scale, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and us % 2):
        us += 1
    return _checked(us, epoch)


def _checked(us: int, value: object) -> int:
    if EARLIEST <= us < END:
        return us
    raise _beyond(value)


def _beyond(value: object) -> RangeError:
    return RangeError(f"the time {shown(value)} lies beyond the years 1900 to 2199")


def _relative(text: str, now: int) -> int:
    us = now
    for sign, count, unit, rounding in (step.groups() for step in _STEP(text)):
        us = ROUND_DOWN[rounding](us) if rounding else _moved(us, int(sign + count), unit)
        if not EARLIEST <= us < END:
            raise RangeError(f"the time {shown(text)} lies beyond the years 1900 to 2199")
    return us


def _moved(us: int, count: int, unit: str) -> int:
    """`us` moved by `count` units; where months lead beyond all times, an instant that is beyond too."""
    if unit in UNITS:
        return us + count * UNITS[unit]
    moment = to_datetime(us)
    year, month = divmod(moment.year * 12 + moment.month - 1 + count * _MONTHS[unit], 12)
    if not 1900 <= year < 2200:
        return END
    day = min(moment.day, monthrange(year, month + 1)[1])
    return from_datetime(moment.replace(year=year, month=month + 1, day=day))


def _floor(size: int, origin: int = 0) -> Callable[[int], int]:
    return lambda us: us - (us - origin) % size


def _month_of(us: int) -> int:
    moment = to_datetime(us)
    return from_datetime(datetime(moment.year, moment.month, 1, tzinfo=moment.tzinfo))


def _year_of(us: int) -> int:
    moment = to_datetime(us)
    return from_datetime(datetime(moment.year, 1, 1, tzinfo=moment.tzinfo))


ROUND_DOWN: dict[str, Callable[[int], int]] = {
    **{unit: _floor(size) for unit, size in UNITS.items()},
    "w": _floor(WEEK, _MONDAY),
    "M": _month_of,
    "y": _year_of,
}
"""What `/unit` does to a time."""
