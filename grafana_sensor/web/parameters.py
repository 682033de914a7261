"""The parameters of requests: one table of rows for each route, which its decoder and its description both read.

Law: what a route does not know is left aside. A known parameter comes by the query string or, where a route takes a
JSON body, by a member of it, which wins; there null is not given. An empty text is not given either, but for a
sensor, where it would silently mean all. A wrong value is a BadRequest that names the parameter, and so is what Grafana
left unexpanded (`$x`, `${x}`, `[[x]]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.query.lexer import variable_in

Read = Callable[[str, Any], Any]
"""From a parameter's name and its value, a text or what JSON has, to what it means."""

LARGEST: Final = 2**53
"""The largest whole number that a parameter takes; every JSON reader holds it exactly."""

_WHOLE = re.compile(r"[0-9]{1,30}", re.ASCII).fullmatch
_VAR: Final = "var-"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row: `schema` is that of the text in the query string, `body` that of the member of a JSON body.

    `several`: it may be repeated, also as `var-` and its name, and is then read as the list of its texts, or where
    `joint` is given as these joined by it. `empty`: an empty text is a value.
    """

    name: str
    help: str
    read: Read
    schema: Mapping[str, Any]
    body: Mapping[str, Any] | None = None
    example: Any = None
    several: bool = False
    joint: str | None = None
    empty: bool = False


def text(name: str, value: Any) -> str:
    """A text as it is. Raises BadRequest for anything else."""
    if not isinstance(value, str):
        raise BadRequest(f"{name} is {named_kind(value)}; it must be a text")
    return value


def word(*words: str) -> Read:
    """One of the words, in any case."""

    def read(name: str, value: Any) -> str:
        found = text(name, value)
        refuse_unexpanded(name, found)
        if found.lower() not in words:
            raise BadRequest(f"{name} is {shown(found)}; it must be {' or '.join(words)}")
        return found.lower()

    return read


def whole(least: int, most: int = LARGEST) -> Read:
    """A whole number from `least` to `most`, or the text of one."""

    def read(name: str, value: Any) -> int:
        if isinstance(value, str):
            refuse_unexpanded(name, value)
            value = int(value) if _WHOLE(value) else value
        elif isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadRequest(f"{name} is {shown(value)}; it must be a whole number, {least:,} or more")
        if not least <= value <= most:
            raise BadRequest(f"{name} is {shown(value)}; it must be from {least:,} to {most:,}")
        return value

    return read


def plain(name: str, value: Any) -> str:
    """A text without a variable in it."""
    found = text(name, value)
    refuse_unexpanded(name, found)
    return found


def moment(name: str, value: Any) -> Any:
    """What may be a time: a text or a number; the clock tells which."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadRequest(f"{name} is {named_kind(value)}; it must be a time, as a text or a number")
    if isinstance(value, str):
        refuse_unexpanded(name, value)
    return value


def texts(name: str, value: Any) -> Any:
    """A text or a list of texts, whose meaning the query layer knows."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise BadRequest(f"{name} is {named_kind(value)}; it must be a text or a list of texts")


def conditions(name: str, value: Any) -> Any:
    """A text or a list of conditions, whose meaning the query layer knows."""
    if isinstance(value, (str, list)):
        return value
    raise BadRequest(
        f"{name} is {named_kind(value)}; it must be a text like \"t < 5 AND s = 'on'\", or a list of"
        " [attribute, operator, value]"
    )


def refuse_unexpanded(name: str, value: str) -> None:
    """Raises BadRequest where the text holds a variable that Grafana should have expanded."""
    if variable := variable_in(value):
        raise BadRequest(
            f"{name}: {shown(variable)} was left unexpanded by Grafana: does the dashboard have that variable, and are"
            " variables expanded here?"
        )


def decode(
    parameters: Iterable[Parameter], query: MultiDict[str, str], body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters that are given, by name. Raises BadRequest for a wrong one, which it names."""
    found: dict[str, Any] = {}
    for parameter in parameters:
        name = parameter.name
        value = None if body is None else body.get(name)
        if value is None:
            value = _queried(parameter, query)
        if value is None or (value == "" and not parameter.empty):
            continue
        found[name] = parameter.read(name, value)
    return found


def _queried(parameter: Parameter, query: MultiDict[str, str]) -> Any:
    """The value in the query string: a text, the list of several, None where there is none."""
    values = query.getlist(parameter.name)
    if parameter.several:
        values = values + query.getlist(_VAR + parameter.name)
        if parameter.joint is not None:
            return parameter.joint.join(filter(None, values)) if values else None
        return values if len(values) > 1 else values[0] if values else None
    if len(set(values)) > 1:
        raise BadRequest(f"{parameter.name} is given {len(values)} times, differently; once is enough")
    return values[0] if values else None
