from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.domain.columns import Column, Value
from grafana_sensor.domain.conditions import MAX_PATTERN, Condition
from grafana_sensor.domain.errors import ConditionError, LimitError
from tests.oracle.conditions import meets_value

NUMBERS = (0.0, -0.0, 1.0, 5.0, 0.1, -2.5, 5e-324, 1e22, 1e23, 2.0**53, 2.0**53 + 2, 1.7e308)
VALUES = st.lists(
    st.one_of(
        st.none(), st.sampled_from(NUMBERS), st.sampled_from(("", "5", "on", "off", "Ω", "007")), st.floats(-9, 9)
    ),
    max_size=12,
)
COMPARED = st.one_of(
    st.sampled_from(("", "5", "5.0", "5e0", "0", "-0", "0.1", "on", "Ω", "007", "+5", " 5", "1e22", "1e23", "1e400")),
    st.sampled_from((str(2**53 + 1), f"{2**53 + 1}.0", "-1e400", "9" * 400, "-" + "9" * 400)),
)
PATTERNS = st.sampled_from(("", ".*", "5", "o.+", "-0", "[0-9]+", "1e2[23]", "(on|off)", "0[.]1", "[^o]*"))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    match operator := draw(st.sampled_from(("=", "!=", "<", "<=", ">", ">=", "IN", "EXISTS", "=~", "!~"))):
        case "EXISTS":
            return Condition("a", operator)
        case "IN":
            return Condition("a", operator, tuple(draw(st.lists(COMPARED, max_size=3))))
        case "=~" | "!~":
            return Condition("a", operator, (draw(PATTERNS),))
    return Condition("a", operator, (draw(COMPARED),))


@given(condition=conditions(), values=VALUES)
@example(condition=Condition("a", "=", ("1e23",)), values=[1e23])
@example(condition=Condition("a", "IN", (str(2**53 + 1),)), values=[2.0**53, 2.0**53 + 2])
@example(condition=Condition("a", "<=", (str(2**53 + 1),)), values=[2.0**53, 2.0**53 + 2])
def test_a_mask_is_what_each_value_says(condition: Condition, values: list[Value | None]) -> None:
    """Over a column a condition holds exactly where it holds of the value alone, and nowhere where there is none."""
    expected = [value is not None and meets_value(condition, value) for value in values]
    assert expected == condition.mask(Column.of(values), len(values)).tolist()


def test_without_the_attribute_nothing_is_met() -> None:
    """Records that lack the attribute meet no condition, `!=` and `!~` included."""
    for condition in (Condition("a", "!=", ("5",)), Condition("a", "!~", ("5",)), Condition("a", "EXISTS")):
        assert [False, False] == condition.mask(None, 2).tolist()


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("=", ("20",), [False, True, False]),
        ("!=", ("20",), [True, False, True]),
        ("<=", ("20",), [True, True, False]),
        (">", ("20",), [False, False, True]),
        ("IN", ("10", "30"), [True, False, True]),
        ("EXISTS", (), [True, True, True]),
    ],
)
def test_times_are_compared_as_microseconds(operator: str, values: tuple[str, ...], expected: list[bool]) -> None:
    """A condition on time compares UTC microseconds."""
    assert expected == Condition("time", operator, values).mask_times(np.array([10, 20, 30])).tolist()


@pytest.mark.parametrize(("operator", "values"), [("==", ("1",)), ("=", ()), ("=", ("1", "2")), ("EXISTS", ("1",))])
def test_what_is_no_condition_is_refused(operator: str, values: tuple[str, ...]) -> None:
    """An unknown operator, and too many or too few values, are a ConditionError."""
    with pytest.raises(ConditionError):
        Condition("a", operator, values)


@pytest.mark.parametrize("pattern", ["(", "[a", r"(a)\1", "a{2000}", "(?=a)"])
def test_what_re2_refuses_is_refused(pattern: str) -> None:
    """A pattern that RE2 doesn't take is a ConditionError that shows it, with its place."""
    with pytest.raises(ConditionError) as caught:
        Condition("a", "=~", (pattern,), 7)
    assert repr(pattern) in caught.value.message
    assert 7 == caught.value.position


def test_a_pattern_is_limited() -> None:
    """A pattern of as many characters as the limit is taken, a longer one is a LimitError."""
    Condition("a", "=~", ("a" * MAX_PATTERN,))
    with pytest.raises(LimitError, match="1000"):
        Condition("a", "=~", ("a" * (MAX_PATTERN + 1),))


def test_an_exploding_pattern_takes_no_time() -> None:
    """A pattern that takes a backtracking matcher for ever is decided on a long text."""
    assert not Condition("a", "=~", ("(a+)+b",)).meets_text("a" * 50_000)
