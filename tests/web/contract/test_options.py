"""Lists as the plugins take them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.query.fields import parse_every
from grafana_sensor.query.parse import parse_query
from grafana_sensor.service.variables import Option
from grafana_sensor.web.contract.options import (
    FIELDS,
    STEPS,
    choices,
    metrics,
    tag_keys,
    tag_values,
    texts,
    variable,
)
from grafana_sensor.web.contract.replies import Choice, Metric, TagKey, TagValue, VariableOption
from grafana_sensor.web.contract.targets import FORMATS, MEMBERS

OPTIONS = [Option("door"), Option("t", "Temperature"), Option("a,b")]
TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
NAMED = st.lists(
    st.builds(Option, st.text("abc", max_size=2), st.none() | st.text("abc", max_size=2)),
    max_size=6,
    unique_by=lambda option: option.value,
)


def test_metrics_carry_the_builder() -> None:
    """A metric is a raw name with its title, and with it come the fields of the builder."""
    found = metrics(OPTIONS)
    assert [("door", "door"), ("t", "Temperature"), ("a,b", "a,b")] == [
        (each["value"], each["label"]) for each in found
    ]
    fields = ["sensor", "aggregate", "where", "by", "every", "format", "select"]
    assert [fields] * 3 == [[field["name"] for field in each["payloads"]] for each in found]


def test_the_builder_has_the_members_of_a_payload() -> None:
    """The fields of the builder are exactly the members that a payload is read for."""
    assert {*MEMBERS, "format"} == {field.name for field in FIELDS}


def test_a_field_is_drawn_as_it_says() -> None:
    """A field has its label, kind, width and placeholder, and no options, which simPod asks for when they are wanted."""
    (metric,) = metrics([Option("t")])
    assert [
        {"name": f.name, "label": f.label, "type": f.type, "placeholder": f.placeholder, "width": f.width}
        for f in FIELDS
    ] == metric["payloads"]
    assert {"select", "multi-select"} == {field["type"] for field in metric["payloads"]}


def test_every_choice_is_one_that_is_taken() -> None:
    """What the builder offers is read: widths of buckets, formats, and aggregates of a query text."""
    offered = {field.name: field.choices for field in FIELDS}
    assert (STEPS, ("sensor",)) == (offered["every"], offered["by"])
    assert ("timeserie", "table", "frame") == offered["format"]
    assert len(STEPS) == len({parse_every(step) for step in STEPS})
    assert [] == [form for form in offered["format"] if form not in FORMATS]
    aggregates = [parse_query(f"{name}(t)").projections[0].aggregate for name in offered["aggregate"]]
    assert list(offered["aggregate"]) == aggregates


def test_choices_are_labelled() -> None:
    """A field's option is the raw name with its title."""
    assert [
        {"value": "door", "label": "door"},
        {"value": "t", "label": "Temperature"},
        {"value": "a,b", "label": "a,b"},
    ] == choices(OPTIONS)


def test_a_variables_option_is_a_pair() -> None:
    """A variable's option has the text that is shown and the raw name, under the names that every version reads."""
    assert [
        {"__text": "door", "__value": "door"},
        {"__text": "Temperature", "__value": "t"},
        {"__text": "a,b", "__value": "a,b"},
    ] == variable(OPTIONS)


def test_simple_json_takes_raw_names() -> None:
    """A list of texts has the raw names, whatever titles there are."""
    assert ["door", "t", "a,b"] == texts(OPTIONS)


def test_keys_and_values_of_filters_are_raw() -> None:
    """A key has its name and type, where only what is all numbers is one of numbers; a value is its text."""
    kinds = [("sensor", "text"), ("t", "number"), ("m", "mixed")]
    assert [
        {"type": "string", "text": "sensor"},
        {"type": "number", "text": "t"},
        {"type": "string", "text": "m"},
    ] == tag_keys(kinds)
    assert [{"text": "5"}, {"text": ""}] == tag_values(["5", ""])


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([Option("a", "X"), Option("b", "X")], ["X (a)", "X (b)"]),
        ([Option("a", "b"), Option("b")], ["b (a)", "b"]),
        ([Option("a", "b"), Option("b", "a")], ["b (a)", "a (b)"]),
        ([Option("a", "a"), Option("b", "")], ["a", "b"]),
        ([Option("a", "X"), Option("b", "Y")], ["X", "Y"]),
    ],
)
def test_a_title_that_would_mislead_has_the_name_beside_it(options: list[Option], shown: list[str]) -> None:
    """A title that another option has too, as its title or its name, is shown with the raw name."""
    assert shown == [each["__text"] for each in variable(options)]


@given(NAMED)
@example([Option("a", "X"), Option("b", "X"), Option("X (a)")])
@example([Option("a", "X"), Option("b", "X"), Option("c", "X (a)")])
@example([Option("a) (b", "X"), Option("b", "X (a)"), Option("c", "X"), Option("d", "X (a)")])
def test_no_two_options_are_shown_alike(options: list[Option]) -> None:
    """Options of different names have different texts, since Grafana merges those of one text."""
    shown = [each["__text"] for each in variable(options)]
    assert len(options) == len(set(shown))
    assert shown == [each["label"] for each in choices(options)]
    assert [option.value for option in options] == [each["__value"] for each in variable(options)]


@given(st.lists(st.builds(Option, TEXT, st.none() | TEXT), max_size=4), st.lists(st.tuples(TEXT, TEXT), max_size=3))
def test_every_list_is_as_described(options: list[Option], kinds: list[tuple[str, str]]) -> None:
    """Whatever names and titles there are, each list is JSON that the description describes."""
    lists: dict[Any, list[Any]] = {
        Metric: metrics(options),
        Choice: choices(options),
        VariableOption: variable(options),
        TagKey: tag_keys(kinds),
        TagValue: tag_values(texts(options)),
    }
    for model, found in lists.items():
        read = orjson.loads(orjson.dumps(found))
        checked = [model.model_validate(each, strict=True) for each in read]
        assert read == [each.model_dump(by_alias=True, exclude_unset=True) for each in checked]
