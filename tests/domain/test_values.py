from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import RecordError
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.values import number_of, number_or_text, text_of

LIMITS = Limits()


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        *((True, 1.0), (False, 0.0), (5, 5.0), (0.1, 0.1), ("21.50", 21.5), ("-3", -3.0), ("1e3", 1000.0)),
        *(("007", "007"), ("+3", "+3"), ("nan", "nan"), ("0x1F", "0x1F"), ("", ""), ("on", "on"), ("1e400", "1e400")),
        *((2**53 + 1, "9007199254740993"), ("9007199254740993", "9007199254740993"), (2**53 + 2, 2.0**53 + 2)),
        *((10**400 + 1, "1" + "0" * 399 + "1"), (10**22, 1e22), (10**23, "1" + "0" * 23), ("é" * 32_768, "é" * 32_768)),
    ],
    ids=range(21),
)
def test_what_an_undeclared_attribute_stores(value: Any, stored: float | str) -> None:
    """Numbers, booleans and number texts become float64, everything else stays text, no digit is lost."""
    assert stored == number_or_text(value, LIMITS)
    assert type(stored) is type(number_or_text(value, LIMITS))


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        *(("1.10", "1.10"), ("007", "007"), (1.10, "1.1"), (5.0, "5"), (5, "5"), (1e22, "1e22"), (True, "true")),
        *((False, "false"), (2**53 + 1, "9007199254740993"), ("", "")),
    ],
)
def test_what_an_attribute_declared_text_stores(value: Any, stored: str) -> None:
    """Texts are kept as they are, numbers and booleans as their shortest JSON text."""
    assert stored == text_of(value, LIMITS)


@pytest.mark.parametrize(("value", "stored"), [(1, 1.0), (True, 1.0), ("21.50", 21.5), (0.5, 0.5)])
def test_what_an_attribute_declared_numeric_stores(value: Any, stored: float) -> None:
    """Numbers, booleans and number texts are stored as float64."""
    assert stored == number_of(value, LIMITS)


@pytest.mark.parametrize("value", ["on", "007", "", 2**53 + 1, "9007199254740993", "1e400"])
def test_what_an_attribute_declared_numeric_refuses(value: Any) -> None:
    """What would be stored as text is refused where numbers are declared."""
    with pytest.raises(RecordError, match=r"is no number.*declared numeric"):
        number_of(value, LIMITS)


@pytest.mark.parametrize("take", [number_or_text, text_of, number_of])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((math.nan, "not finite"), (math.inf, "not finite"), (-math.inf, "not finite"), ("a\0b", "U\\+0000")),
        *(
            ("\ud800", "lone surrogate"),
            ("x" * 65_537, "65,537 bytes.*limit of 65,536"),
            ("é" * 32_769, "65,538 bytes"),
        ),
        *(("1" * 65_537, "limit of 65,536"), (10**65_536, "digits than the limit of 65,536"), (2**9_000_000, "digits")),
    ],
    ids=range(10),
)
def test_what_can_not_be_stored(take: Any, value: Any, words: str) -> None:
    """NaN, infinities, U+0000, lone surrogates and what is too long are refused, declared or not."""
    with pytest.raises(RecordError, match=words):
        take(value, LIMITS)


def test_an_integer_of_as_many_digits_as_a_text_may_have_is_kept() -> None:
    """An integer of 65,536 digits, 16 times what str() writes, is its decimal text."""
    assert "1" + "0" * 65_534 + "1" == number_or_text(10**65_535 + 1, LIMITS)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53))
def test_numbers_survive_exactly(number: float) -> None:
    """A float64, and an integer up to 2**53, is stored as the equal float64, from its text too."""
    assert number == number_or_text(number, LIMITS)
    assert number == number_or_text(repr(number), LIMITS)
    assert number == number_or_text(text_of(number, LIMITS), LIMITS)


@given(st.integers())
def test_no_digit_of_an_integer_is_lost(number: int) -> None:
    """An integer is read back from what is stored, whether that is a number or a text."""
    assert number == int(number_or_text(number, LIMITS))
