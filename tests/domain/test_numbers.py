from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.domain.numbers import as_decimal, as_number, exact_float, json_text
from grafana_sensor.domain.shown import shown


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("21.50", 21.5),
        ("-3", -3.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1e-3", 0.001),
        ("0", 0.0),
        ("-0.0", 0.0),
        ("9007199254740992", 2.0**53),
        ("10000000000000000", 1e16),
        ("9007199254740993.0", 2.0**53),
        ("1e-400", 0.0),
        ("0.1", 0.1),
    ],
)
def test_a_json_number_literal_is_its_float(text: str, number: float) -> None:
    """A text that is a JSON number literal, finite as a float64, is that number."""
    assert number == as_number(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "+3", "007", "-01", "nan", "NaN", "inf", "Infinity", "0x1F", " 3", "3 ", "3\n", "1_000", "1,5"),
        *("1e400", "-1e400", "1.", ".5", "1e", "1e+", "١", "１", "--1", "true", "v1.2", "1.2.3", "²", "9" * 400),
    ],
    ids=shown,
)
def test_other_texts_are_no_numbers(text: str) -> None:
    """Leading zeros, signs, blanks, other scripts' digits, overflow and words make no number."""
    assert as_number(text) is None


@pytest.mark.parametrize(
    "text", ["9007199254740993", "-9007199254740993", "18446744073709551615", "1" * 400, "1" * 70_000], ids=shown
)
def test_an_inexact_integer_literal_is_no_number(text: str) -> None:
    """An integer literal that float64 can't hold exactly stays text, however long it is."""
    assert as_number(text) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives_its_text(number: float) -> None:
    """json_text reads back as the same float64, here and in a JSON reader."""
    text = json_text(number)
    assert number == float(text) == float(json.loads(text))
    assert math.copysign(1, number) == math.copysign(1, float(text))


@given(st.integers())
@example(2**53 + 1)
@example(10**5000)
@example(-(10**5000) - 1)
def test_an_integer_is_a_float_or_its_decimal_text(number: int) -> None:
    """An integer's text is a number exactly where a float64 equals it."""
    exact = exact_float(number)
    try:
        equal = float(number) == number
    except OverflowError:
        equal = False
    assert equal == (exact is not None)
    if exact is not None:
        assert number == exact
    assert exact == as_number(json_text(number))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((5.0, "5"), (0.1, "0.1"), (1e22, "1e22"), (1e-7, "1e-7"), (1.5e300, "1.5e300"), (5e-324, "5e-324")),
        *((-0.0, "-0"), (0, "0"), (-7, "-7"), (True, "true"), (False, "false"), (100000.0, "100000")),
        *((1e16, "1e16"), (1e15, "1000000000000000"), (-2.5e-9, "-2.5e-9"), (10**17, "1" + "0" * 17)),
    ],
)
def test_json_text_is_the_shortest(number: float, text: str) -> None:
    """A number is written without a needless fraction, sign or padding of its exponent."""
    assert text == json_text(number)


def test_json_text_of_a_huge_integer() -> None:
    """An integer of 65,536 digits is written in full, beyond the 4,300 digits that str() writes."""
    assert "1" + "0" * 65_535 == json_text(10**65_535)
    assert "-" + "9" * 5_000 == json_text(-(10**5_000 - 1))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_json_has_no_text_for_what_is_not_finite(number: float) -> None:
    """NaN and infinities are refused."""
    with pytest.raises(ValueError, match="JSON has no text"):
        json_text(number)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740993", Decimal(2**53 + 1)),
        ("0.1", Decimal("0.1")),
        ("1e400", Decimal("1e400")),
        ("1e9999999999999999999999", Decimal("Infinity")),
        ("-1e-9999999999999999999999", Decimal(0)),
        ("007", None),
        ("NaN", None),
        (" 1", None),
    ],
)
def test_as_decimal_is_exact(text: str, value: Decimal | None) -> None:
    """A JSON number literal is its exact value, another text none."""
    assert value == as_decimal(text)
