"""What the value of an attribute is stored as.

Law: a number is a finite float64, everything else a text, and nothing is lost on the way. Booleans are 1 and 0, a
text that is a JSON number literal is that number, an integer that float64 can't hold exactly is its decimal text.
A declared kind goes before that. The messages say what is wrong with the value; who calls says where it stands.
"""

from __future__ import annotations

from collections.abc import Callable

from grafana_sensor.domain.errors import RecordError
from grafana_sensor.domain.leaves import check_text
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.numbers import as_number, exact_float, json_text
from grafana_sensor.domain.shown import named_kind, shown

_BITS_A_DIGIT = 3.33  # a little more than log2(10)


def number_or_text(value: object, limits: Limits) -> float | str:
    """What a text, number or boolean of an undeclared attribute is stored as.

    Raises RecordError when it can't be: NaN, an infinity, a text too long or with U+0000 or a lone surrogate.
    """
    if isinstance(value, float):
        if value - value == 0:
            return value
        raise RecordError(f"the number {value} is not finite in 64 bits; leave it out, or send null")
    if isinstance(value, str):
        check_text(value, limits)
        number = as_number(value)
        return value if number is None else number
    if isinstance(value, int):
        exact = exact_float(value)
        return decimal_text(value, limits) if exact is None else exact
    raise TypeError(f"no scalar: {named_kind(value)}")


def text_of(value: object, limits: Limits) -> str:
    """What a value of an attribute declared text is stored as: texts as they are, others as their JSON text.

    Raises RecordError when it can't be stored, as `number_or_text` does.
    """
    if isinstance(value, str):
        check_text(value, limits)
        return value
    if isinstance(value, int):
        return decimal_text(value, limits)
    number = number_or_text(value, limits)
    return json_text(number) if isinstance(number, float) else number


def number_of(value: object, limits: Limits) -> float:
    """What a value of an attribute declared numeric is stored as. Raises RecordError when it is no number."""
    number = number_or_text(value, limits)
    if isinstance(number, float):
        return number
    exactly = " that float64 can hold exactly" if isinstance(value, int) else ""
    raise RecordError(f"{shown(value)} is no number{exactly}, and the attribute is declared numeric")


def decimal_text(number: int, limits: Limits) -> str:
    """The JSON text of an integer or boolean. Raises RecordError when it is longer than texts may be."""
    digits = int(number.bit_length() / _BITS_A_DIGIT)
    if digits <= limits.text:  # else it is refused before a conversion whose time grows with the square
        text = json_text(number)
        if len(text) <= limits.text:
            return text
    raise RecordError(f"the integer has more digits than the limit of {limits.text:,} bytes for texts")


BY_KIND: dict[str, Callable[[object, Limits], float | str]] = {"number": number_of, "text": text_of}
"""How the values of an attribute of a declared kind are stored."""
