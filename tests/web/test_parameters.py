"""Parameters, from query strings and bodies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.web.ingest import POST_ANY
from grafana_sensor.web.parameters import Parameter, decode, whole
from grafana_sensor.web.rest import QUERY, VALUES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = sorted({parameter.name for parameter in QUERY})


def decoded(*pairs: tuple[str, str], body: dict[str, Any] | None = None) -> dict[str, Any]:
    return decode(QUERY, MultiDict(pairs), body)


def test_what_is_not_known_is_left_aside() -> None:
    """Parameters and members that a route does not know are left aside, whatever they hold."""
    assert {"q": "t"} == decoded(("q", "t"), ("interval", "${x}"), ("var-room", "a"), body={"scopedVars": {}})


def test_a_body_wins() -> None:
    """A member of the body wins over the parameter, and null is not given."""
    assert {"q": "b", "by": "sensor"} == decoded(("q", "a"), ("by", "sensor"), body={"q": "b", "by": None})


def test_sensors_come_under_either_name() -> None:
    """Sensors are taken from `sensor`, from `var-sensor`, and from both together."""
    assert {"sensor": "a"} == decoded(("var-sensor", "a"))
    assert {"sensor": ["a", "b"]} == decoded(("sensor", "a"), ("var-sensor", "b"))


def test_the_same_twice_is_once() -> None:
    """A parameter that is repeated with the same value is given once."""
    assert {"limit": 5} == decoded(("limit", "5"), ("limit", "5"))


@given(st.integers(1, 2**53))
def test_a_whole_number_comes_as_number_or_text(number: int) -> None:
    """A whole number is read from its JSON number, from its text, and from a number written with a fraction of zero."""
    read = whole(1)
    assert [number] * 3 == [read("limit", number), read("limit", str(number)), read("limit", float(number))]


@given(st.sampled_from(NAMES), JSON)
def test_any_value_is_read_or_refused_by_name(name: str, value: Any) -> None:
    """Whatever a body's member holds, it is read, or refused by an error that names it."""
    try:
        found = decoded(body={name: value})
    except BadRequest as error:
        assert error.message.startswith((f"{name} is ", f"{name}: "))  # noqa: PT017  # both ways are right
    else:
        assert set(found) <= {name}


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("q", "select", "sensor", "where")])
@pytest.mark.parametrize("variable", ["$x", "${x}", "${x:csv}", "[[x]]"])
def test_an_unexpanded_variable_is_named(name: str, variable: str) -> None:
    """A variable that Grafana left as it is in a known parameter is named with it."""
    with pytest.raises(BadRequest, match="left unexpanded") as error:
        decoded((name, variable))
    assert error.value.message.startswith(f"{name}: '{variable}'")


@pytest.mark.parametrize("table", [QUERY, VALUES, POST_ANY], ids=["query", "values", "post"])
def test_tables_are_whole(table: tuple[Parameter, ...]) -> None:
    """Every parameter stands once in its table, with a help and a schema."""
    assert len(table) == len({parameter.name for parameter in table})
    assert [] == [parameter.name for parameter in table if not parameter.help or "type" not in parameter.schema]
