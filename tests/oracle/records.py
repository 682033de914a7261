"""What a user has stored, as a plain list: the oracle's whole memory.

Law: nothing here or beside it is taken from the engine; it is slow and plain, so that it is plainly right.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Value = float | str

_LITERAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"-?[0-9]+")


@dataclass(frozen=True, slots=True)
class Record:
    """One flat reading; `time` in UTC µs, `sensor` "" where it has none, `id` (batch, position)."""

    sensor: str
    time: int
    id: tuple[str, int]
    attributes: Mapping[str, Value]


@dataclass(slots=True)
class History:
    """The records that are there, each once, and what is declared of attributes (`number` or `text`)."""

    records: list[Record] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)

    def sensors(self) -> dict[str, set[str]]:
        """The sensors that have records, each with the attributes that its records have."""
        found: dict[str, set[str]] = {}
        for record in self.records:
            found.setdefault(record.sensor, set()).update(record.attributes)
        return found

    def kind(self, attribute: str) -> str | None:
        """`number`, `text` or `mixed` by all values of the attribute, else as declared; None where it is unknown."""
        types = {type(record.attributes[attribute]) for record in self.records if attribute in record.attributes}
        if types:
            return "mixed" if len(types) > 1 else "text" if str in types else "number"
        return self.declared.get(attribute)

    def attributes(self) -> set[str]:
        """All attributes of the user: those of records, and those declared."""
        return {*self.declared, *(name for record in self.records for name in record.attributes)}


def number_of(text: str) -> float | None:
    """The number that a text is: a JSON literal, finite, and no integer that float64 can't hold."""
    if not _LITERAL.fullmatch(text) or math.isinf(float(text)):
        return None
    if _WHOLE.fullmatch(text) and int(text) != float(text):
        return None
    return float(text)


def text_of(number: float) -> str:
    """A number as the shortest JSON text: `5`, `0.1`, `1e22`."""
    mantissa, _, exponent = json.dumps(number).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def stored(value: float | str | bool, declared: str | None = None) -> Value:
    """What a value of an attribute is stored as."""
    if declared == "text":
        if isinstance(value, str):
            return value
        return json.dumps(value) if isinstance(value, (bool, int)) else text_of(value)
    if isinstance(value, str):
        number = number_of(value)
        return value if number is None else number
    if isinstance(value, int) and int(float(value)) != value:
        return str(value)
    return float(value)


def in_order(records: Iterable[Record]) -> list[Record]:
    """The records by (time, record id)."""
    return sorted(records, key=lambda record: (record.time, record.id))
