"""What a request's fields say of a query: projections, conditions, sensors and buckets, as texts or as JSON.

Law: a field gives the same values as the query text would. In a text a name runs to its separator, blanks and
brackets too; an element of a JSON list is one name. Whatever has the wrong type is a BadRequest that names the
field and says what would be right. Nothing here carries a position: an error names its field and the offset
in it. `known` names (sensors or attributes of the user) are taken as they are, whatever characters they have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from grafana_sensor.domain.conditions import OPERATORS, PATTERNS, TIME, Condition
from grafana_sensor.domain.errors import BadRequest, ConditionError, ProjectionError, QuerySyntaxError
from grafana_sensor.domain.numbers import json_text
from grafana_sensor.domain.plans import EVERYTHING, Every, Name, Projection
from grafana_sensor.domain.shown import shown
from grafana_sensor.query import parse
from grafana_sensor.query.aggregates import canonical
from grafana_sensor.query.lexer import LISTS, Scanner, plain_name, refuse_variable, variable_in

SELECT: Final = "select"
WHERE: Final = "where"
SENSOR: Final = "sensor"
EVERY: Final = "every"
FILTERS: Final = "filters"

_CALL = re.compile(r"\s*([\w.]+)\s*\((.*)\)\s*", re.DOTALL)
_OPENED = re.compile(r"\s*([\w.]+)\s*\(")
_PIECE = re.compile(r'(?:[^",{]++|"(?:[^"\\]++|\\.?)*+(?:"|\Z)|\{(?:[^}\\]++|\\.?)*+\}|\{)*+', re.DOTALL)
_LOST: Final = "[object Object]"
"""What JavaScript makes of an object where it wants a text."""
_SEVERAL: Final = {"=|": "IN", "!=|": "!="}
"""Grafana's operators for several values."""


def parse_projection(text: str, known: Collection[str] = ()) -> Projection:
    """The one projection that a text is, as the query text has it, or a raw name with blanks and the like.

    Raises QuerySyntaxError or ProjectionError, the latter also where it is a list of several.

    >>> parse_projection("MEAN(outdoor temp)").attribute, parse_projection("outdoor temp").attribute
    ('outdoor temp', 'outdoor temp')
    """
    found = _projections(text, known)
    if len(found) > 1:
        raise ProjectionError(f"{SELECT}: {shown(text)} is {len(found)} projections where one should be")
    return found[0]


def _projections(text: str, known: Collection[str]) -> list[Projection]:
    """The projection that a text is; of a list of attributes one for each."""
    scanner = Scanner(text, SELECT)
    if text in known and text != EVERYTHING:
        parse.refuse_reserved(text, scanner, 0)
        return [Projection(text, text=text)]
    call = _CALL.fullmatch(text)
    aggregate = canonical(call[1]) if call else None
    if call and aggregate and call[2].strip() in known:
        return [Projection(call[2].strip(), aggregate, text=text.strip())]
    try:
        projections = parse.projection(scanner)
        if not scanner.done():
            parse.not_ended(scanner, "AS or the end")
    except QuerySyntaxError:
        loose = _loose_projection(text)
        if loose is None:
            raise
        parse.refuse_reserved(loose.attribute, scanner, 0)
        return [loose]
    return projections


def _loose_projection(text: str) -> Projection | None:
    """A projection whose name the grammar would want in quotes; None where the text is none of that kind."""
    call = _CALL.fullmatch(text)
    aggregate = canonical(call[1]) if call else None
    opened = _OPENED.match(text)
    if aggregate is None and opened and canonical(opened[1]):
        return None
    name = (call[2] if call and aggregate else text).strip()
    if not name or name.startswith('"') or variable_in(name):
        return None
    return Projection(plain_name(name), aggregate, text=text.strip())


def parse_projections(value: object, known: Collection[str] = ()) -> tuple[Projection, ...]:
    """The projections of a text with commas, or of a list of texts, each one projection or a list of attributes.

    Raises BadRequest for another type or none at all, ProjectionError where raw and aggregate mix.

    >>> [p.text for p in parse_projections("AVG(t), outdoor temp".replace(", outdoor temp", ",CNT(*)"))]
    ['AVG(t)', 'CNT(*)']
    """
    if isinstance(value, str):
        parts: list[object] = [value] if value in known else list(_pieces(Scanner(value, SELECT).text))
    elif isinstance(value, (list, tuple)) and value:
        parts = list(value)
    else:
        raise BadRequest(
            f"{SELECT}: {_what(value)} where projections should be: a text like 'AVG(t), CNT(*)' or a list of texts"
        )
    found: list[Projection] = []
    for part in parts:
        if not isinstance(part, str):
            raise BadRequest(f"{SELECT}: {_what(part)} in the list where a text like 't' or 'AVG(t)' should be")
        found += _projections(part, known)
    parse.refuse_mix(found)
    return tuple(found)


def _pieces(text: str) -> list[str]:
    """The text cut at its commas, those in double quotes and in braces aside."""
    pieces, at = [], 0
    while True:
        piece = _PIECE.match(text, at)
        end = piece.end() if piece else at
        pieces.append(text[at:end])
        if end >= len(text):
            return pieces
        at = end + 1


def parse_sensors(value: object, known: Collection[str] = ()) -> tuple[Name, ...]:
    """The sensors of a text (`a,b`, `(a|b)`, `{a,b}`, or one name) or of a list of texts, each one name.

    In the order given, repeats too. Raises BadRequest for another type or where no sensor is named,
    QuerySyntaxError for an unclosed quote or a variable that was left unexpanded.

    >>> [name.text for name in parse_sensors("{greenhouse-1,lab.s2,weather/roof (north)}")]
    ['greenhouse-1', 'lab.s2', 'weather/roof (north)']
    """
    return tuple(map(Name, parse_names(value, SENSOR, known)))


def parse_names(value: object, field: str, known: Collection[str] = ()) -> list[str]:
    """The names in a field, written in any form that a list of sensors may have.

    Raises as parse_sensors does.

    >>> parse_names("(AVG|P95)", "aggregate")
    ['AVG', 'P95']
    """
    if isinstance(value, str):
        return [value] if value in known and value else _names_of_text(value, field)
    if not isinstance(value, (list, tuple)) or not value:
        raise BadRequest(
            f"{field}: {_what(value)} where {field}s should be: a text like 'a', 'a,b', '(a|b)' or '{{a,b}}',"
            " or a list of names"
        )
    return [_name(element, field, known) for element in value]


def _names_of_text(text: str, field: str) -> list[str]:
    what = _one(field)
    scanner = Scanner(text, field)
    opening = scanner.next()
    if opening in LISTS and text.rstrip().endswith(LISTS[opening][0]):
        names = scanner.name_list(what)
        if scanner.done():
            return [name.text for name in names]
        scanner = Scanner(text, field)
    return [name.text for name in scanner.names_to_end(what)]


def _name(element: object, field: str, known: Collection[str]) -> str:
    if not isinstance(element, str) or not element:
        raise BadRequest(f"{field}: {_what(element)} in the list where the name of {_one(field)} should be")
    if element in known:
        return element
    _refuse_variable(element, field)
    return plain_name(_whole(element, field))


def _one(field: str) -> str:
    """One of what the field names, with its article."""
    return f"{'an' if field[0] in 'aeiou' else 'a'} {field}"


def parse_conditions(value: object, *, plain: bool = False, field: str = WHERE) -> tuple[Condition, ...]:
    """The conditions of a text, or of a list of [attribute, operator, value], {key, operator, value} and texts.

    In lists attributes and values are taken as they are. A value may be a text, a number, a boolean (stored as
    1 or 0), for `time` a datetime, and a list of them for IN; EXISTS takes none. Of Grafana's filters `=|` is
    IN and `!=|` is `!=` to each of "values". None, an empty text and an empty list are no condition. `plain`:
    the values come from a program, so that `$x` is a text like others. `field`: what errors call it. Raises QuerySyntaxError,
    ConditionError, or BadRequest for other types.

    >>> parse_conditions([["air_temperature", "<", 30.0]]) == parse_conditions("air_temperature < 30")
    True
    """
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(_conditions_of_text(value, field))
    if not isinstance(value, (list, tuple)):
        raise BadRequest(
            f"{field}: {_what(value)} where conditions should be: a text like 't < 5 AND s = on', or a list"
            " of [attribute, operator, value] or of {key, operator, value}"
        )
    return tuple(
        condition for index, item in enumerate(value) for condition in _conditions_of(item, f"{field}[{index}]", plain)
    )


def _conditions_of_text(text: str, field: str) -> list[Condition]:
    """The conditions of a text, none where it is empty."""
    if not text.strip():
        return []
    scanner = Scanner(text, field)
    found = parse.conditions(scanner)
    if not scanner.done():
        parse.not_ended(scanner, "AND or the end")
    return list(found)


def _conditions_of(item: object, place: str, plain: bool) -> list[Condition]:
    if isinstance(item, str) and item != _LOST:
        return _conditions_of_text(item, place)
    if isinstance(item, Mapping):
        attribute, operator = item.get("key"), item.get("operator")
        values = item.get("values") if isinstance(operator, str) and operator in _SEVERAL else None
        value = item.get("value") if values is None else values
    elif isinstance(item, (list, tuple)) and len(item) in (2, 3):
        attribute, operator, value = (*item, None)[:3]
    else:
        hint = " (Grafana sends an object in a list so: use code mode)" if item == _LOST else ""
        raise BadRequest(
            f"{place}: {_what(item)}{hint} where a condition should be: a text like 't < 5',"
            " [attribute, operator, value], {key, operator, value}, or [attribute, 'EXISTS']"
        )
    if not isinstance(attribute, str) or not attribute:
        raise BadRequest(f"{place}: {_what(attribute)} where the attribute's name should be")
    if not isinstance(operator, str):
        raise BadRequest(f"{place}: {_what(operator)} where an operator should be, one of {' '.join(OPERATORS)}")
    for text in (attribute, operator):
        if not plain:
            _refuse_variable(text, place)
    return _conditions(_whole(attribute, place), operator.strip(), value, place, plain)


def _conditions(attribute: str, written: str, value: object, place: str, plain: bool) -> list[Condition]:
    operator = _SEVERAL.get(written, written.upper())
    if operator not in OPERATORS:
        raise ConditionError(f"{place}: unknown operator {shown(written)}; known are {' '.join(OPERATORS)}")
    parse.refuse_time_pattern(attribute, operator)
    checked = not plain and operator not in PATTERNS
    if operator == "EXISTS":
        if value not in (None, "", [], ()):
            raise ConditionError(f"{place}: EXISTS takes no value, not {shown(value)}")
        return [Condition(attribute, operator)]
    several = operator == "IN" or written in _SEVERAL
    if isinstance(value, (list, tuple)):
        if not several:
            raise ConditionError(f"{place}: {operator} takes one value, not a list; for several use IN")
        values = [_text_of(each, attribute, place, checked) for each in value]
    elif operator == "IN" and written not in _SEVERAL:
        raise ConditionError(f"{place}: IN takes a list of values, not {_what(value)}")
    else:
        values = [_text_of(value, attribute, place, checked)]
    if operator == "IN":
        return [Condition(attribute, operator, tuple(values))]
    return [Condition(attribute, operator, (text,)) for text in values]


def _text_of(value: object, attribute: str, place: str, checked: bool) -> str:
    """A condition's value as its text."""
    if isinstance(value, str):
        if checked:
            _refuse_variable(value, place)
        return _whole(value, place)
    if isinstance(value, datetime) and attribute == TIME:
        return value.isoformat()
    try:
        if isinstance(value, (int, float)):
            return json_text(int(value) if isinstance(value, bool) else value)
    except ValueError:
        raise ConditionError(f"{place}: {value} can't be compared; a number is finite") from None
    raise ConditionError(f"{place}: {_what(value)} where a value should be: a text, a number or a boolean")


def parse_every(value: object) -> Every:
    """The width of buckets in µs, `auto` or `all`.

    Raises BadRequest for another type, RangeError for a text that is no duration.

    >>> parse_every("1h")
    3600000000
    """
    if not isinstance(value, str):
        raise BadRequest(f"{EVERY}: {_what(value)} where a duration should be: a text like '5m', 'auto' or 'all'")
    _refuse_variable(value, EVERY)
    return parse.every_of(value)


def _refuse_variable(text: str, field: str) -> None:
    try:
        refuse_variable(text)
    except QuerySyntaxError as error:
        raise QuerySyntaxError(f"{field}: {error.message}") from None


def _whole(text: str, field: str) -> str:
    """The text itself. Raises BadRequest where half of a surrogate pair is in it, which no store could hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequest(f"{field}: half of a surrogate pair in {shown(text)} is no character") from None
    return text


def _what(value: object) -> str:
    """The value as a message names it: lists and objects by their kind."""
    if isinstance(value, (list, tuple)) and not value:
        return "an empty list"
    return "null" if value is None else shown(value)
