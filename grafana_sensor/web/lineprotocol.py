"""The Influx line protocol: `measurement,tag=value field=value,field=value time`, line by line, as records.

Law: a line is read as InfluxDB reads it, or the body is refused with the line's number and what would be right; only
its comments and blank lines say nothing. Integers keep every digit, a time finer than a microsecond is cut towards
the earlier one, a line without a time has that of receipt. Tags and fields are attributes; a tag that names the
sensor is none. A backslash escapes in names what would end them, in strings the quote and itself, else it is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from grafana_sensor.domain.errors import LineError, Unprocessable
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import shown
from grafana_sensor.domain.timestamps import EARLIEST, END, HOUR, MILLISECOND, MINUTE, SECOND, epoch
from grafana_sensor.service.ingest import check_sensor
from grafana_sensor.web.templates import Template

TIME_FIELD: Final = "\ntime"
SENSOR_FIELD: Final = "\nsensor"
"""The fields of the records that say time and sensor: no name of a line holds its end."""

MOST_FAULTS: Final = 100
"""Lines that can't be read and are left out; each may cost a look at the whole body, for the end of a text."""

PRECISIONS: Final[Mapping[str, Callable[[int], int]]] = {
    "ns": lambda time: time // 1_000,
    "us": int,
    "ms": lambda time: time * MILLISECOND,
    "s": lambda time: time * SECOND,
    "m": lambda time: time * MINUTE,
    "h": lambda time: time * HOUR,
    "n": lambda time: time // 1_000,
    "u": int,
}
"""What a time of each precision is in microseconds; the last four are version 1's."""

_KEY: Final = r"(?:[^ ,=\n\\]++|\\[ ,=]|\\)++"
_VALUE: Final = r'(?:"(?:[^"\\]++|\\["\\]|\\)*+"|[^ ,"\r\n]++)'
_NEXT = re.compile(r"(?:[ \t\r]*+(?:#[^\n]*+)?\n)*+[ \t\r]*+(?:#[^\n]*+)?").match
_LINE = re.compile(
    rf"((?:[^ \n\\]++|\\ |\\)++) ++({_KEY}={_VALUE}(?:,{_KEY}={_VALUE})*+)(?: ++(-?[0-9]{{1,20}}))?+ *+\r?(?:\n|\Z)"
).match
_FIELDS = re.compile(rf"({_KEY})=({_VALUE})").findall
_TAGS = re.compile(r"((?:[^,\\]++|\\,|\\)++)(?:,|\Z)").findall
_TAG = re.compile(rf"({_KEY})=((?:[^,=\\]++|\\[ ,=]|\\)++)").fullmatch
_ESCAPED = re.compile(r"\\([ ,=])").sub
_QUOTED = re.compile(r'\\(["\\])').sub
_FLOAT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII).fullmatch
_INTEGER = re.compile(r"-?[0-9]{1,20}", re.ASCII).fullmatch
_BOOLEANS: Final = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}
_BOUNDS: Final = {"i": (-(2**63), 2**63), "u": (0, 2**64)}
_LONGEST_SHOWN: Final = 2**16
"""Characters of a wrong line that are looked at to say what is wrong."""
_FIELD: Final = Template("attribute", "{field}")
_WHOLE: Final = Template("attribute", "{measurement}_{field}")
_VALUES: Final = 'a number (1.5), an integer (3i, 3u), true or false, or a text in double quotes ("on")'


@dataclass(frozen=True, slots=True)
class Naming:
    """How lines name things: `sensor` is made of the measurement and tags, `attribute` of it and the field.

    Without `attribute` it is the field, after the measurement and `_` where that is not in the sensor's name.
    """

    sensor: Template
    attribute: Template | None = None


@dataclass(slots=True)
class Lines:
    """The records of a body, and the number of the line that each stands on, from 1.

    `untimed`: the places of the records without a time; `faults`: number and fault of the lines that were left out.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    untimed: list[int] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def at(self, received: int) -> list[dict[str, Any]]:
        """The records; those without a time of their own have the time of receipt (UTC µs)."""
        for place in self.untimed:
            self.records[place][TIME_FIELD] = epoch(received)
        return self.records


@dataclass(slots=True)
class _Series:
    """What stands before a line's fields: it repeats from line to line, and is read once."""

    measurement: str
    sensor: str
    tags: dict[str, str]
    attribute: Template
    names: dict[str, str] = field(default_factory=dict)


def read_lines(text: str, naming: Naming, precision: str, limits: Limits, *, skip: bool = False) -> Lines:
    """The lines of a body.

    Raises LineError, with the line's number, where one can't be read; with `skip` MOST_FAULTS of them are left out.
    """
    found = Lines()
    known: dict[str, _Series] = {}
    scaled = PRECISIONS[precision]
    place, number, counted = 0, 1, 0
    while True:
        skipped = _NEXT(text, place)
        place = place if skipped is None else skipped.end()
        if place == len(text):
            return found
        number, counted = number + text.count("\n", counted, place), place
        line = _LINE(text, place)
        try:
            head, fields, time = _parts(line, text, place)
            series = known.get(head)
            if series is None:
                series = known[head] = _series(head, naming, limits)
            record = _record(series, fields)
            if time is None:
                found.untimed.append(len(found.records))
            else:
                record[TIME_FIELD] = epoch(_checked(scaled(int(time)), time, precision))
        except ValueError as error:
            if not skip or len(found.faults) == MOST_FAULTS:
                raise LineError(f"line {number}: {error}", line=number) from None
            found.faults.append((number, str(error)))
            place = line.end() if line else (text.find("\n", place) + 1 or len(text))
            continue
        found.records.append(record)
        found.numbers.append(number)
        place = line.end() if line else len(text)


def _parts(line: re.Match[str] | None, text: str, place: int) -> tuple[str, str, str | None]:
    """What stands before the fields, the fields, and the time. Raises ValueError where the line is none."""
    if line is None:
        raise ValueError(_fault(text[place : place + _LONGEST_SHOWN]))
    return line[1], line[2], line[3]


def _record(series: _Series, fields: str) -> dict[str, Any]:
    """The record of a line, its time not yet in it. Raises ValueError for a wrong value."""
    names = series.names
    values: dict[str, Any] = {}
    for key, value in _FIELDS(fields):
        name = names.get(key)
        if name is None:
            parts = {"measurement": series.measurement, "field": _bare(key)}
            name = names[key] = series.attribute.of(parts)
        values[name] = _value(value, key)
    tags = series.tags
    if not tags.keys().isdisjoint(values):
        tags = _renamed(tags, values)
    return {TIME_FIELD: None, SENSOR_FIELD: series.sensor, **tags, **values}


def _series(head: str, naming: Naming, limits: Limits) -> _Series:
    """What stands before the fields. Raises ValueError where it is wrong."""
    measurement, *pairs = _TAGS(head)
    if head.startswith(",") or len(measurement) + sum(map(len, pairs)) + len(pairs) != len(head):
        raise ValueError("a comma stands where a name should: write measurement,tag=value field=value")
    tags: dict[str, str] = {}
    for pair in pairs:
        tag = _TAG(pair)
        if tag is None:
            raise ValueError(f"{shown(pair)} is no tag: write tag=value, neither of them empty, and \\ before a blank")
        name = _bare(tag[1])
        if name in tags:
            raise ValueError(f"the tag {shown(name)} is there twice")
        tags[name] = _bare(tag[2])
    parts = {**tags, "measurement": _bare(measurement)}
    try:
        sensor = check_sensor(naming.sensor.of(parts), limits)
    except Unprocessable as error:
        raise ValueError(error.message) from None
    used = naming.sensor.used(parts)
    attribute = naming.attribute or (_FIELD if "measurement" in used else _WHOLE)
    left = {name: value for name, value in tags.items() if name not in used}
    return _Series(parts["measurement"], sensor, left, attribute)


def _renamed(tags: dict[str, str], taken: Mapping[str, object]) -> dict[str, str]:
    """The tags, those of a field's name under the first of `_2`, `_3`, … that is free."""
    found: dict[str, str] = {}
    for name, value in tags.items():
        own, count = name, 2
        while own in taken or own in found or (own != name and own in tags):
            own, count = f"{name}_{count}", count + 1
        found[own] = value
    return found


def _value(text: str, key: str) -> object:
    """What a field's value is. Raises ValueError where it is none."""
    if text[0] == '"':
        inner = text[1:-1]
        return _QUOTED(r"\1", inner) if "\\" in inner else inner
    if _FLOAT(text):
        number = float(text)
        if number - number != 0:
            raise ValueError(f"the field {shown(key)} is {shown(text)}, beyond what 64 bits hold")
        return number
    boolean = _BOOLEANS.get(text)
    if boolean is not None:
        return boolean
    bounds = _BOUNDS.get(text[-1])
    if bounds is None or not _INTEGER(text[:-1]):
        raise ValueError(f"the field {shown(key)} is {shown(text)}; a value is {_VALUES}")
    whole = int(text[:-1])
    if not bounds[0] <= whole < bounds[1]:
        raise ValueError(f"the field {shown(key)} is {shown(text)}, beyond what 64 bits hold")
    return whole


def _checked(us: int, time: str, precision: str) -> int:
    if EARLIEST <= us < END:
        return us
    raise ValueError(
        f"the time {time} in {precision} lies beyond the years 1900 to 2199; precision={precision} is what it is read"
        " by, say another with ?precision=ns, us, ms or s"
    )


def _bare(name: str) -> str:
    return _ESCAPED(r"\1", name) if "\\" in name else name


def _fault(rest: str) -> str:
    """What is wrong with the line that `rest` begins with."""
    line = rest.partition("\n")[0].rstrip("\r")
    head = re.match(r"(?:[^ \n\\]++|\\ |\\)++", rest)
    if head is None or not line[head.end() :].strip(" "):
        return f"{shown(line)} has no field: write measurement,tag=value field=value time"
    after = rest[head.end() :].lstrip(" ")
    while (pair := re.match(rf"{_KEY}={_VALUE}", after)) is not None:
        after = after[pair.end() :]
        if not after.startswith(","):
            break
        after = after[1:]
    found = after.partition("\n")[0].rstrip("\r")
    if pair is None:
        key = re.match(rf"{_KEY}=", after)
        if key is None:
            return f"{shown(found)} is no field: write field=value, and \\ before a blank, comma or = in a name"
        value = found[key.end() :]
        why = "the text has no closing quote" if value.startswith('"') else f"a value is {_VALUES}"
        return f"the field {shown(key[0][:-1])} is {shown(value)}; {why}"
    return f"{shown(found.strip(' '))} is no time; after the fields and a blank stands a whole number, or nothing"
