"""When a text is a number, and how a number is written as text.

Law: a number is a finite float64. An integer that float64 can't hold exactly is no number here: it stays its
decimal text, so that no digit is lost. Fractions are rounded to the nearest float64, as JSON readers do.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from math import isfinite

EXACT = 2**53
"""Every integer from -EXACT to EXACT is a float64."""

_LITERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
_INTEGER = re.compile(r"-?[0-9]+").fullmatch
_SAFE_DIGITS = 15
_PLAIN_STR_BITS = 14_000  # Python's own str() stops at 4,300 digits


def as_number(text: str) -> float | None:
    """The float64 that `text` writes as a JSON number literal, or None where it is none.

    None too for a literal that overflows float64 ("1e400"), and for an integer literal that float64 can't hold
    exactly ("9007199254740993"): that is no number here, it stays its decimal text.

    >>> as_number("21.50"), as_number("007"), as_number("9007199254740993")
    (21.5, None, None)
    """
    if text > ":" or not _LITERAL(text):  # ":" comes after the digits: most texts are told by their first letter
        return None
    number = float(text)
    if number - number != 0:  # an infinity
        return None
    if len(text) > _SAFE_DIGITS and _INTEGER(text) and int(text) != number:
        return None
    return number


def as_decimal(text: str) -> Decimal | None:
    """The exact value that `text` writes as a JSON number literal, or None where it is none.

    Bounds: an exponent beyond what Decimal holds (1e18) gives the float64 that is nearest, an infinity or a zero.

    >>> as_decimal("9007199254740993"), as_decimal("007")
    (Decimal('9007199254740993'), None)
    """
    if _LITERAL(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(float(text))


def exact_float(number: int) -> float | None:
    """The float64 that equals the integer `number`, or None where there is none.

    >>> exact_float(5), exact_float(2**53 + 1)
    (5.0, None)
    """
    if -EXACT <= number <= EXACT:
        return float(number)
    try:
        nearest = float(number)
    except OverflowError:
        return None
    return nearest if nearest == number else None


def json_text(number: float) -> str:
    """The shortest JSON text of a number or boolean, which reads back as the same value.

    Integers (of any size) are written in decimal, floats without a needless fraction or padding: `5`, `0.1`,
    `1e22`. Raises ValueError for NaN and infinities, which JSON can't write.

    >>> json_text(5.0), json_text(1e22), json_text(1e-7), json_text(True)
    ('5', '1e22', '1e-7', 'true')
    """
    if isinstance(number, bool):
        return "true" if number else "false"
    if isinstance(number, int):
        return _decimal_text(number)
    if not isfinite(number):
        raise ValueError(f"JSON has no text for {number}")
    text = float.__repr__(number)
    if text.endswith(".0"):
        return text[:-2]
    mantissa, e, exponent = text.partition("e")
    return mantissa + e + str(int(exponent)) if e else text


def value_text(value: float | str) -> str:
    """A stored value as a text: a number as JSON prints it, a text as it is.

    >>> value_text(5.0), value_text("5.0")
    ('5', '5.0')
    """
    return value if isinstance(value, str) else json_text(value)


def _decimal_text(number: int) -> str:
    if number.bit_length() <= _PLAIN_STR_BITS:
        return int.__repr__(number)
    return format(Decimal(number), "f")
