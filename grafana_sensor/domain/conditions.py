"""Conditions on the attributes of a record, and what they mean for numbers and for texts.

Law: a condition meets a number with its value read as a number (where it reads as one), a text with its
value's text; an attribute that the record lacks meets nothing, `!=` and `!~` included. `TIME` stands for the
record's own time, compared as UTC microseconds. `sensor` is no attribute of a record: who knows the sensor
decides it with `meets_text`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
import re2

from grafana_sensor.domain.columns import Column, Floats, Ints, Mask
from grafana_sensor.domain.errors import ConditionError, LimitError
from grafana_sensor.domain.numbers import as_decimal, json_text

TIME: Final = "time"
SENSOR: Final = "sensor"

COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
PATTERNS: Final = ("=~", "!~")
OPERATORS: Final = (*COMPARISONS, *PATTERNS, "IN", "EXISTS")

MAX_PATTERN: Final = 1000
"""Characters of a pattern."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`attribute operator values`: one value, for IN any number of them, for EXISTS none.

    `values` are texts as they were written; for TIME they are UTC µs as decimal texts.
    `position` is where the query text has it. Raises ConditionError for an unknown operator or a bad
    pattern, LimitError for a pattern of more than MAX_PATTERN characters.
    """

    attribute: str
    operator: str
    values: tuple[str, ...] = ()
    position: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if self.operator not in OPERATORS:
            known = " ".join(OPERATORS)
            raise ConditionError(f"unknown operator {self.operator!r}; known are {known}", position=self.position)
        wanted = {"IN": None, "EXISTS": 0}.get(self.operator, 1)
        if wanted is not None and len(self.values) != wanted:
            raise ConditionError(f"{self.operator} takes {wanted} value(s), not {len(self.values)}")
        if self.operator in PATTERNS:
            compiled(self.values[0], self.position)

    def meets_text(self, text: str) -> bool:
        """Whether a text meets it."""
        if self.operator == "EXISTS":
            return True
        if self.operator == "IN":
            return text in self.values
        if self.operator in PATTERNS:
            return (compiled(self.values[0]).fullmatch(text) is not None) is (self.operator == "=~")
        return bool(COMPARISONS[self.operator](text, self.values[0]))

    def meets_numbers(self, numbers: Floats) -> Mask:
        """bool[n]: which of the numbers meet it. `numbers`: float64[n], none of them NaN."""
        if self.operator == "EXISTS":
            return np.ones(len(numbers), np.bool_)
        if self.operator == "IN":
            wanted = [bound.value for bound in map(Bound.read, self.values) if bound is not None and bound.exact]
            return np.isin(numbers, wanted)
        if self.operator in PATTERNS:
            return self._matches_numbers(numbers)
        bound = Bound.read(self.values[0])
        if bound is None:
            return np.full(len(numbers), self.operator == "!=")
        return bound.compare(self.operator, numbers)

    def _matches_numbers(self, numbers: Floats) -> Mask:
        # By their bits: 0.0 and -0.0 are equal, but print differently.
        distinct, places = np.unique(np.ascontiguousarray(numbers).view(np.int64), return_inverse=True)
        met = np.array([self.meets_text(json_text(x)) for x in distinct.view(np.float64).tolist()], np.bool_)
        return met[places] if len(met) else np.zeros(0, np.bool_)

    def mask(self, column: Column | None, n: int) -> Mask:
        """bool[n]: which of n records meet it, `column` being those of its attribute."""
        met = np.zeros(n, np.bool_)
        if column is None:
            return met
        if column.numbers is not None:
            here = ~np.isnan(column.numbers)
            met[here] = self.meets_numbers(column.numbers[here])
        if column.codes is not None:
            table = np.array([self.meets_text(text) for text in column.texts] + [False], np.bool_)
            met |= table[column.codes]
        return met

    def mask_times(self, times: Ints) -> Mask:
        """bool[n]: which of the times (UTC µs) meet it; the attribute is TIME."""
        if self.operator == "EXISTS":
            return np.ones(len(times), np.bool_)
        moments = [int(value) for value in self.values]
        if self.operator == "IN":
            return np.isin(times, moments)
        met: Mask = COMPARISONS[self.operator](times, moments[0])
        return met


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition's value as a number: the nearest float64, and the sign of (true value - that float64).

    Only an integer that float64 can't hold has a sign other than 0, where it is written without point and
    exponent: such a value equals no stored number, yet lies before or after each of them. Any other literal
    (`0.1`, `1e23`) means its nearest float64, as it does in a record.
    """

    value: float
    sign: int

    @classmethod
    def read(cls, text: str) -> Bound | None:
        """The bound of a JSON number literal, None of any other text."""
        exact = as_decimal(text)
        if exact is None:
            return None
        value = float(exact)
        whole = text.removeprefix("-").isdigit()
        return cls(value, (exact > value) - (exact < value) if whole else 0)

    @property
    def exact(self) -> bool:
        """Whether a stored number can equal it."""
        return self.sign == 0

    def compare(self, comparison: str, numbers: Floats) -> Mask:
        """bool[n]: `number comparison value` for each number."""
        if self.sign and comparison in ("=", "!="):
            return np.full(len(numbers), comparison == "!=")
        if self.sign:  # between two float64: the nearest lies on the side of the sign's opposite
            below = self.sign > 0
            strict, loose = comparison[0], comparison[0] + "="
            comparison = loose if below is (strict == "<") else strict
        met: Mask = COMPARISONS[comparison](numbers, self.value)
        return met


@lru_cache(256)
def compiled(pattern: str, position: int | None = None) -> Any:
    """The compiled RE2 pattern: matched in time linear in the text.

    Raises ConditionError where RE2 refuses it, LimitError beyond MAX_PATTERN characters.
    """
    if len(pattern) > MAX_PATTERN:
        raise LimitError(
            f"a pattern of {len(pattern)} characters is over the limit of {MAX_PATTERN}", position=position
        )
    try:
        return re2.compile(pattern, _options())
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else error
        raise ConditionError(f"{pattern!r} is no RE2 pattern: {reason}", position=position) from None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options
