"""What a dashboard's variable lists, from its text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, LimitError, QuerySyntaxError
from grafana_sensor.query.fields import parse_names
from grafana_sensor.query.variables import FORMS, Variable, is_variable, parse_variable

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=20) | st.text('aäs_ ,()|{}"\\.$\n', max_size=12)
CALLS = st.builds("{}({})".format, st.sampled_from([*FORMS, "Values", " sensors ", "avg"]), ANYTHING)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sensors", Variable("sensors")),
        (" Sensors ( ) ", Variable("sensors")),
        ("SENSORS()", Variable("sensors")),
        ("sensors(t)", Variable("sensors", attribute="t")),
        ("attributes", Variable("attributes")),
        ("attributes(lab.s2)", Variable("attributes", sensor="lab.s2")),
        ("attributes(weather/roof (north))", Variable("attributes", sensor="weather/roof (north)")),
        ("attributes(a,b)", Variable("attributes", sensor="a,b")),
        ("values", Variable("values")),
        ("values(state)", Variable("values", attribute="state")),
        ("values( outdoor temp , hall )", Variable("values", attribute="outdoor temp", sensor="hall")),
        ("values(state, a, b)", Variable("values", attribute="state", sensor="a, b")),
        ("values(state, {a,b})", Variable("values", attribute="state", sensor="{a,b}")),
        ("values({state,t}, (a|b))", Variable("values", attribute="{state,t}", sensor="(a|b)")),
        ("values((state|a,b), hall)", Variable("values", attribute="(state|a,b)", sensor="hall")),
        ('values("a,b", "c,d")', Variable("values", attribute='"a,b"', sensor='"c,d"')),
        (r"values(p\(1\), weather\/roof)", Variable("values", attribute=r"p\(1\)", sensor=r"weather\/roof")),
        ("values(a (b), hall)", Variable("values", attribute="a (b)", sensor="hall")),
        ("values(, hall)", Variable("values", attribute=None, sensor="hall")),
        ("aggregates", Variable("aggregates")),
        ("scans", Variable("scans")),
        ("scans(dataset=efgh*)", Variable("scans", scan="dataset=efgh*")),
        ("streams", Variable("streams")),
        ("streams(12)", Variable("streams", scan="12")),
    ],
)
def test_a_text_says_what_is_listed(text: str, expected: Variable) -> None:
    """A variable's text is its word in any case and, in brackets, the names that it is about."""
    assert expected == parse_variable(text)


def test_a_comma_at_the_end_is_no_sensor() -> None:
    """Where the sensors of `values` came empty, they are an empty text, which no field takes for all of them."""
    found = parse_variable("values(state, )")
    assert "" == found.sensor
    with pytest.raises(BadRequest, match="expected a sensor"):
        parse_names(found.sensor, "sensor")


@pytest.mark.parametrize("text", ["", " ", "(a)", "temperature", "sensors(", "sensors)", "sensors t", "tags(a)", "5"])
def test_any_other_text_is_told_the_forms(text: str) -> None:
    """What lists nothing is a bad request that shows the text and every form."""
    with pytest.raises(BadRequest) as caught:
        parse_variable(text)
    assert caught.value.message.startswith(f"{text!r} lists nothing")
    assert [] == [form for form in FORMS.values() if form not in caught.value.message]


@pytest.mark.parametrize("text", ["$x", "${x}", " [[x]] ", "${x:csv}"])
def test_a_variable_that_was_not_expanded_is_told(text: str) -> None:
    """A text that is another variable, which Grafana left as it is, is named as that."""
    with pytest.raises(QuerySyntaxError) as caught:
        parse_variable(text)
    assert caught.value.message.startswith(f"'{text.strip()}' was left unexpanded")


@pytest.mark.parametrize("word", ["aggregates"])
def test_what_takes_no_argument_says_so(word: str) -> None:
    """An argument where none belongs is a bad request, and empty brackets are none."""
    assert Variable(word) == parse_variable(f"{word}( )")
    with pytest.raises(BadRequest, match=f"{word} takes no argument"):
        parse_variable(f"{word}(t)")


@given(ANYTHING | CALLS)
def test_a_text_is_a_variable_or_not(text: str) -> None:
    """Any text gives a variable of one of the forms where it begins as one, or else a bad request."""
    begins = is_variable(text)
    try:
        found = parse_variable(text)
    except BadRequest as error:
        assert begins is (" takes no argument" in error.message)  # noqa: PT017  # both ways are right
    else:
        assert begins
        assert found.word in FORMS


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='\\"'), min_size=1, max_size=8).filter(
    lambda name: name == name.strip()
)


@given(NAMES.filter(lambda name: name[0] not in "({" and "," not in name), NAMES)
def test_two_names_are_cut_at_the_first_comma(attribute: str, sensor: str) -> None:
    """The attribute of `values` runs to the first comma that is in no list and no quotes, the sensors to the end."""
    assert Variable("values", attribute, sensor) == parse_variable(f"values({attribute},{sensor})")


@given(NAMES, NAMES)
def test_a_quoted_attribute_keeps_its_commas(attribute: str, sensor: str) -> None:
    """In double quotes the attribute of `values` may hold commas and brackets, and the quotes are left to the field."""
    found = parse_variable(f'values("{attribute}",{sensor})')
    assert (f'"{attribute}"', sensor) == (found.attribute, found.sensor)


@pytest.mark.parametrize(
    "text",
    [
        "values(" + " " * 20_000 + "\\)",
        "values(" + "(" * 20_000,
        "values(" + '"\\' * 20_000 + ")",
        "values(" + ")" * 20_000 + "x",
        " " * 20_000 + "x y",
    ],
)
def test_long_texts_are_answered(text: str) -> None:
    """A long text is a variable or refused, in a time that grows with its length alone."""
    try:
        assert "values" == parse_variable(text).word
    except BadRequest:
        assert not is_variable(text) or text.startswith("values")


def test_a_text_beyond_the_limit_is_refused() -> None:
    """A text that is longer than a query text may be is refused by that limit."""
    with pytest.raises(LimitError, match="limit of 65,536"):
        parse_variable("values(" + "a" * 65_536 + ")")
