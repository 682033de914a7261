"""How a value that came from outside reads in a message.

Law: what is shown is short and printable, whatever came: no control character, no lone surrogate, no integer of
a million digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

LONGEST = 80
_WIDEST_INT = 256  # bits; repr() of much wider ones is slow, and refused by Python beyond 4,300 digits


def shown(value: object) -> str:
    """`value` as a message shows it: its repr, cut to 80 characters.

    >>> shown("now-6q"), shown("x" * 100)[-5:]
    ("'now-6q'", "xxx…'")
    """
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST else value[:LONGEST] + "…")
    if isinstance(value, int) and value.bit_length() > _WIDEST_INT:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, (int, float, datetime)) or value is None:
        return str(value)
    return named_kind(value)


def named_kind(value: object) -> str:
    """What kind of JSON value this is, with its article: "a list", "null".

    >>> named_kind([1]), named_kind(None)
    ('a list', 'null')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"a {type(value).__name__}"
