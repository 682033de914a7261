"""How a query text names scans and what is in them: `scan:WHICH`, `scan:WHICH/STREAM`.

    WHICH   last · KEY · field=value{&field=value} · last&field=value{&field=value} · (KEY|KEY) · {KEY,KEY}
    STREAM  a stream's name · NAME@sum @mean @min @max @[i] · NAME@last · @state · @points · (NAME|NAME) · {NAME,NAME}

Law: pure, and nothing is looked up here. WHICH ends at the first `/`, so the name of a stream may have any characters. A
value runs to the next `&` or `/`; one that has them stands in double quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from grafana_sensor.domain.catalog import ALL_SENSORS
from grafana_sensor.domain.errors import QuerySyntaxError
from grafana_sensor.domain.scan import IDENTITY
from grafana_sensor.domain.shown import shown
from grafana_sensor.query.fields import parse_names
from grafana_sensor.query.lexer import LISTS, plain_name, refuse_variable

PREFIX: Final = "scan:"
LAST: Final = "last"
INDEX: Final = "index"
"""The attribute that every scan has: the index of the point."""
STATE: Final = "@state"
POINTS: Final = "@points"

FORMS: Final = "scan:last, scan:KEY, scan:dataset=efgh*&number=3 or scan:last&dataset=efgh*, each with /STREAM after it"

_WHICH = re.compile(r'((?:[^"/]|"(?:[^"\\]|\\.)*")*)(?:/(.*))?', re.DOTALL)
_PARTS = re.compile(r'((?:[^"&]|"(?:[^"\\]|\\.)*")+)(?:&|\Z)', re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_REDUCED = re.compile(r"(.+)@(sum|mean|min|max|\[[0-9]{1,9}\])", re.DOTALL)
_LATEST: Final = "@last"
_LONGEST_NUMBER: Final = 16
"""Digits of a number that are too many."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Which scans are meant: that of `key`, or those whose identity meets `identity`; of these the newest, with `last`.

    `text` is how the selector is written, `scan:` before it.
    """

    text: str
    key: str | None = None
    identity: Mapping[str, str | int] = field(default_factory=dict)
    last: bool = False

    @property
    def searches(self) -> bool:
        """Whether several scans may be meant."""
        return self.key is None and not self.last


@dataclass(frozen=True, slots=True)
class Metric:
    """What `scan:WHICH/STREAM` names: selectors as they were written, and streams."""

    scans: tuple[str, ...]
    streams: tuple[str, ...]


def is_scan(name: str) -> bool:
    """Whether the name is meant for scans."""
    return name.startswith(PREFIX)


def parse_metric(text: str) -> Metric:
    """The scans and streams that a text names.

    Raises QuerySyntaxError where it names no stream.

    >>> parse_metric("scan:last/mca:det0/roi 1@sum")
    Metric(scans=('scan:last',), streams=('mca:det0/roi 1@sum',))
    >>> parse_metric("scan:(last|01J)/(diode|mot:x)")
    Metric(scans=('scan:last', 'scan:01J'), streams=('diode', 'mot:x'))
    """
    found = _WHICH.fullmatch(text.removeprefix(PREFIX))
    if found is None or not found[2]:
        raise QuerySyntaxError(f"{shown(text)} names no stream; a metric of a scan is {FORMS}")
    refuse_variable(found[2])
    scans = tuple(PREFIX + name for name in _listed(found[1], "scan"))
    return Metric(scans, tuple(_listed(found[2], "stream")))


def parse_selector(text: str) -> Selector:
    """The selector that a text is, with `scan:` before it or without.

    Raises QuerySyntaxError where it is none.

    >>> parse_selector('scan:last&dataset=efgh*&path="/data/x"').identity
    {'dataset': 'efgh*', 'path': '/data/x'}
    """
    which = text.strip().removeprefix(PREFIX)
    refuse_variable(which)
    parts = _PARTS.findall(which)
    if not which or sum(map(len, parts)) + len(parts) - 1 != len(which):
        raise QuerySyntaxError(f"{shown(text)} names no scan; scans are {FORMS.partition(', each')[0]}")
    last = parts[0].strip() == LAST
    if not last and len(parts) == 1 and "=" not in which:
        return Selector(PREFIX + which, key=which)
    identity = dict(_field(part, text) for part in parts[last:])
    return Selector(PREFIX + which, identity={k: v for k, v in identity.items() if v not in ALL_SENSORS}, last=last)


def parse_identity(fields: Mapping[str, str]) -> dict[str, str | int]:
    """What scans are searched by, from the text of each field; several values come as `(a|b)`, `{a,b}` or `a|b`.

    Raises QuerySyntaxError for a number that is none.

    >>> parse_identity({"dataset": "{a,b}", "number": "3", "session": "*"})
    {'dataset': 'a|b', 'number': 3}
    """
    found = {name: _wanted(name, "|".join(_listed(text.strip(), name))) for name, text in fields.items()}
    return {name: value for name, value in found.items() if value not in ALL_SENSORS}


def alone(text: str) -> str:
    """The selector that a text is, out of the brackets in which Grafana may write a single value.

    >>> alone("{01J}"), alone("dataset=(a|b)")
    ('01J', 'dataset=(a|b)')
    """
    names = _listed(text.strip(), "scan")
    return names[0] if len(names) == 1 else text


def reduced(attribute: str) -> tuple[str, str | None]:
    """The stream and the reduction that an attribute with one writes; None where it has none.

    >>> reduced("mca:spec@[3]"), reduced("diode"), reduced("a@b")
    (('mca:spec', '[3]'), ('diode', None), ('a@b', None))
    """
    found = _REDUCED.fullmatch(attribute)
    return (found[1], found[2]) if found else (attribute, None)


def latest(attribute: str) -> str | None:
    """The stream whose last value the attribute is, None where it is something else.

    >>> latest("diode@last"), latest("diode")
    ('diode', None)
    """
    return attribute.removesuffix(_LATEST) if attribute.endswith(_LATEST) and attribute != _LATEST else None


def _listed(text: str, what: str) -> list[str]:
    """The names of `(a|b)` or `{a,b}`, or the one name that the text is."""
    opening = text[:1]
    if opening in LISTS and text.endswith(LISTS[opening][0]):
        return parse_names(text, what)
    return [text]


def _field(part: str, whole: str) -> tuple[str, str | int]:
    """One `field=value`, its quotes taken off. Of several values, as Grafana writes them, `a|b`."""
    name, equals, value = (piece.strip() for piece in part.partition("="))
    if not equals or name not in IDENTITY:
        raise QuerySyntaxError(
            f"{shown(part)} in {shown(whole)} can't be searched by: write {', '.join(IDENTITY)} and =value"
        )
    quoted = _QUOTED.fullmatch(value)
    value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL) if quoted else "|".join(_listed(value, name))
    return name, _wanted(name, value)


def _wanted(name: str, value: str) -> str | int:
    """What a field of the identity is searched by; of a number a number."""
    refuse_variable(value)
    if not value:
        raise QuerySyntaxError(f"{name} has no value; leave it out, and any will do")
    if name != "number" or value in ALL_SENSORS:
        return value
    if not (value.isascii() and value.isdigit() and len(value) < _LONGEST_NUMBER):
        raise QuerySyntaxError(f"number={value} is no whole number")
    return int(value)


@dataclass(frozen=True, slots=True)
class Listing:
    """A table of what there is: `scans`, `streams` or `positioners`, and which scans' (None: all, or the last one's)."""

    word: str
    which: str | None = None


_LISTING = re.compile(r"(scans|streams|positioners)\s*(?:\((.*)\))?", re.DOTALL | re.IGNORECASE)


def parse_listing(text: str) -> Listing | None:
    """The table that a text asks for, None where it asks for something else.

    >>> parse_listing("streams(last)"), parse_listing("scans"), parse_listing("scans > 3")
    (Listing(word='streams', which='last'), Listing(word='scans', which=None), None)
    """
    found = _LISTING.fullmatch(text.strip())
    if found is None:
        return None
    which = plain_name(found[2].strip()) if found[2] else None
    return Listing(found[1].lower(), which or None)
