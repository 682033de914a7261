"""The queries of dashboard variables: from a text to what is listed.

    sensors [(attribute)] · attributes [(sensors)] · numbers [(sensors)] · texts [(sensors)]
    values(attribute [, sensors]) · aggregates · scans [(dataset=efgh*)] · streams(scan)

Law: pure, and names are not looked up here. A name may be written as Grafana writes it: with backslashes before
regex-special characters, and a variable of several values as `(a|b)` or `{a,b}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from grafana_sensor.domain.errors import BadRequest, LimitError
from grafana_sensor.domain.shown import shown
from grafana_sensor.query.lexer import MAX_TEXT, refuse_variable

FORMS: Final = {
    "sensors": "sensors, or sensors(attribute): those that have it",
    "attributes": "attributes, or attributes(sensor)",
    "numbers": "numbers, or numbers(sensor): attributes that hold numbers",
    "texts": "texts, or texts(sensor): attributes that hold texts",
    "values": "values(attribute), or values(attribute, sensor)",
    "aggregates": "aggregates",
    "scans": "scans, or scans(dataset=efgh*)",
    "streams": "streams(scan)",
}
"""By its word, how each is written."""

_CALL = re.compile(r"(\w+)\s*(?:\((.*)\))?", re.DOTALL)
_ARGUMENTS = re.compile(
    r'("(?:[^"\\]++|\\.)*+"|\((?:[^()\\]++|\\.)*+\)|\{[^}]*+\}|(?:[^,\\]++|\\.)*+)\s*(?:,(.*))?', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Variable:
    """What a variable lists: a word of FORMS, and the fields that its arguments are; None where it has none."""

    word: str
    attribute: object = None
    sensor: object = None
    scan: object = None


def is_variable(text: str) -> bool:
    """Whether the text begins as one of FORMS and ends as one may; what is wrong within it is told by parse_variable.

    >>> is_variable("attributes(lab)"), is_variable("attributes(la"), is_variable("temperature")
    (True, False, False)
    """
    call = _CALL.fullmatch(text.strip())
    return call is not None and call[1].lower() in FORMS


def parse_variable(text: str) -> Variable:
    r"""The variable that a text asks for.

    Raises BadRequest where it is none, or another that Grafana didn't expand, LimitError where it is too long.

    >>> parse_variable(r"values(state, (lab\.s2|roof))")
    Variable(word='values', attribute='state', sensor='(lab\\.s2|roof)', scan=None)
    """
    if len(text) > MAX_TEXT:
        raise LimitError(f"a variable's text of {len(text):,} characters is over the limit of {MAX_TEXT:,}")
    call = _CALL.fullmatch(text.strip())
    word = call[1].lower() if call else ""
    if call is None or word not in FORMS:
        refuse_variable(text)
        raise BadRequest(f"{shown(text)} lists nothing; a variable is one of: {'; '.join(FORMS.values())}")
    given = call[2] if call[2] and call[2].strip() else None
    match word:
        case "sensors":
            return Variable(word, attribute=given)
        case "attributes" | "numbers" | "texts":
            return Variable(word, sensor=given)
        case "values":
            return Variable(word, *_two(given))
        case "streams" | "scans":
            return Variable(word, scan=given)
    if given is not None:
        raise BadRequest(f"{word} takes no argument: {shown(text)}")
    return Variable(word)


def _two(given: str | None) -> tuple[str | None, str | None]:
    """The attribute and the sensors of `values`."""
    arguments = _ARGUMENTS.fullmatch((given or "").strip())
    if arguments is None:
        return given, None
    return arguments[1].strip() or None, arguments[2] and arguments[2].strip()
