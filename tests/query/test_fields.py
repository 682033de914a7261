"""The fields of a request: each form of each gives what the query text would, and wrong types are named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    Error,
    ProjectionError,
    QuerySyntaxError,
    RangeError,
)
from grafana_sensor.domain.plans import Name, Projection
from grafana_sensor.query.fields import (
    parse_conditions,
    parse_every,
    parse_projection,
    parse_projections,
    parse_sensors,
)

FIELDS: dict[str, Callable[[object], object]] = {
    "select": parse_projections,
    "sensor": parse_sensors,
    "where": parse_conditions,
    "every": parse_every,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", ["a"]),
        ("a, b", ["a", "b"]),
        ("{a,b}", ["a", "b"]),
        ("(a|b)", ["a", "b"]),
        ("weather/roof (north)", ["weather/roof (north)"]),
        ("lab.s2,weather/roof (north)", ["lab.s2", "weather/roof (north)"]),
        ("(a) and (b)", ["(a) and (b)"]),
        (r"(greenhouse-1|lab\.s2|weather\/roof \(north\))", ["greenhouse-1", "lab.s2", "weather/roof (north)"]),
        ("{greenhouse-1,lab.s2,weather/roof (north)}", ["greenhouse-1", "lab.s2", "weather/roof (north)"]),
        ('"a,b",c', ["a,b", "c"]),
        (["a,b", "(c|d)", r"lab\.s2"], ["a,b", "(c|d)", "lab.s2"]),
        ("by every", ["by every"]),
    ],
)
def test_sensors_in_every_form(value: object, expected: list[str]) -> None:
    """A text is a list in any of its forms, a list's element is one name; none carries a position."""
    names = parse_sensors(value)
    assert expected == [name.text for name in names]
    assert {None} == {name.position for name in names}


def test_known_names_are_taken_as_they_are() -> None:
    """A name that the user has is that name, whatever characters it has."""
    assert (Name(r"a\.b, (c)"),) == parse_sensors(r"a\.b, (c)", known={r"a\.b, (c)"})
    assert (Name(r"a\.b"), Name("a.c")) == parse_sensors([r"a\.b", r"a\.c"], known={r"a\.b"})
    assert Projection("AVG(t)") == parse_projection("AVG(t)", known={"AVG(t)"})
    assert Projection(r"a\.b", "AVG") == parse_projection(r"AVG( a\.b )", known={r"a\.b"})


@given(st.lists(st.text(min_size=1, max_size=10), min_size=1, max_size=4))
def test_lists_of_known_names_read_back(names: list[str]) -> None:
    """A JSON list of names that the user has gives exactly these, in order."""
    assert names == [name.text for name in parse_sensors(names, known=set(names))]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("t", [Projection("t")]),
        ("t, AVG h", [Projection("t"), Projection("AVG h")]),
        ("outdoor temp, h", [Projection("outdoor temp"), Projection("h")]),
        (
            "mean(t) AS m, P95(outdoor temp), CNT(*)",
            [Projection("t", "AVG", "m"), Projection("outdoor temp", "P95"), Projection("*", "CNT")],
        ),
        ('"a,b", c', [Projection("a,b"), Projection("c")]),
        (["a,b", "by", "*"], [Projection("a,b"), Projection("by"), Projection("*")]),
        ([r"AVG(p\(1\))", "MAX(a (b))"], [Projection("p(1)", "AVG"), Projection("a (b)", "MAX")]),
        (['AVG("a)b")'], [Projection("a)b", "AVG")]),
        ("{t,outdoor temp}, h", [Projection("t"), Projection("outdoor temp"), Projection("h")]),
        (r"(t|p\(1\))", [Projection("t"), Projection("p(1)")]),
        ("MAX({t,h}),CNT(*)", [Projection("t", "MAX"), Projection("h", "MAX"), Projection("*", "CNT")]),
        (["(u|v w)", "t"], [Projection("u"), Projection("v w"), Projection("t")]),
    ],
)
def test_projections_in_every_form(value: object, expected: list[Projection]) -> None:
    """A text is cut at its commas, a list's element is one projection; names may have blanks and brackets."""
    assert expected == list(parse_projections(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a < 5 AND b = 'x'", [Condition("a", "<", ("5",)), Condition("b", "=", ("x",))]),
        ([["a b", "<", "5"]], [Condition("a b", "<", ("5",))]),
        (
            ["a < 5 AND b = 'x'", ["c", "EXISTS"]],
            [
                Condition("a", "<", ("5",)),
                Condition("b", "=", ("x",)),
                Condition("c", "EXISTS"),
            ],
        ),
        (
            [["a", "<", 5.0], ["a", ">", -2], ["a", "=", True]],
            [Condition("a", "<", ("5",)), Condition("a", ">", ("-2",)), Condition("a", "=", ("1",))],
        ),
        ([["a", "=", 12345678901234567890]], [Condition("a", "=", ("12345678901234567890",))]),
        (
            [["a", "in", [1, "x"]], ["a", "exists"], ["b", "EXISTS", None]],
            [Condition("a", "IN", ("1", "x")), Condition("a", "EXISTS"), Condition("b", "EXISTS")],
        ),
        ([{"key": "site", "operator": "=", "value": "lab", "condition": ""}], [Condition("site", "=", ("lab",))]),
        (
            [{"key": "site", "operator": "=|", "value": "a", "values": ["a", "b"]}],
            [Condition("site", "IN", ("a", "b"))],
        ),
        (
            [{"key": "site", "operator": "!=|", "value": "a", "values": ["a", "b"]}],
            [Condition("site", "!=", ("a",)), Condition("site", "!=", ("b",))],
        ),
        ([{"key": "site", "operator": "=|", "value": "a"}], [Condition("site", "IN", ("a",))]),
        ([[r"a\.b", "=~", r"x\.y$"]], [Condition(r"a\.b", "=~", (r"x\.y$",))]),
        (
            [["time", ">=", datetime(2026, 1, 2, 3, tzinfo=UTC)]],
            [Condition("time", ">=", ("2026-01-02T03:00:00+00:00",))],
        ),
        (None, []),
        (" ", []),
        ([], []),
    ],
)
def test_conditions_in_every_form(value: object, expected: list[Condition]) -> None:
    """Texts, triples and Grafana's filters give the same conditions; in lists names and texts are taken plainly."""
    found = parse_conditions(value)
    assert expected == list(found)
    assert {None} >= {condition.position for condition in found}


def test_a_programs_values_may_look_like_variables() -> None:
    """`$x` is refused where Grafana stands between, and a text where it does not."""
    with pytest.raises(QuerySyntaxError, match=r"where\[0\]: '\$x' was left unexpanded"):
        parse_conditions([["a", "=", "$x"]])
    assert (Condition("a", "=", ("$x",)),) == parse_conditions([["a", "=", "$x"]], plain=True)


@pytest.mark.parametrize(("value", "expected"), [("5m", 300_000_000), ("Auto", "auto"), (" all ", "all")])
def test_buckets(value: str, expected: int | str) -> None:
    """A width of buckets is a duration, auto or all."""
    assert expected == parse_every(value)


@pytest.mark.parametrize(
    ("field", "value", "kind", "words"),
    [
        ("select", None, BadRequest, "select: null where projections should be"),
        ("select", [], BadRequest, "select: an empty list"),
        ("select", ["t", 5], BadRequest, "select: 5 in the list"),
        ("select", "", QuerySyntaxError, "select: expected an attribute"),
        ("select", "t, AVG(t)", ProjectionError, "do not mix"),
        ("select", "AVG($t)", QuerySyntaxError, "select: '$t' was left unexpanded by Grafana"),
        ("select", "AVG(t", QuerySyntaxError, "(at offset 5)"),
        ("select", "FOO(t)", ProjectionError, "select: unknown aggregate 'FOO'"),
        ("select", ["time"], ProjectionError, "every row"),
        ("sensor", {"a": 1}, BadRequest, "sensor: an object where sensors should be"),
        ("sensor", [], BadRequest, "sensor: an empty list"),
        ("sensor", "", QuerySyntaxError, "sensor: expected a sensor, found end of text"),
        ("sensor", ["a", 5], BadRequest, "sensor: 5 in the list"),
        ("sensor", "${sensor}", QuerySyntaxError, "sensor: '${sensor}' was left unexpanded"),
        ("sensor", ["a\ud800"], BadRequest, "surrogate"),
        ("where", 5, BadRequest, "where: 5 where conditions should be"),
        ("where", ["[object Object]"], BadRequest, "where[0]: '[object Object]' (Grafana sends"),
        ("where", [["a", "<"]], ConditionError, "where[0]: null where a value should be"),
        ("where", [["a", "~", 1]], ConditionError, "where[0]: unknown operator '~'"),
        ("where", [[5, "<", 1]], BadRequest, "where[0]: 5 where the attribute's name should be"),
        ("where", [["a", ["<"], 1]], BadRequest, "where[0]: a list where an operator should be"),
        ("where", [{"key": "a", "operator": ["="], "value": 1}], BadRequest, "where an operator should be"),
        ("where", [["a", "<", float("nan")]], ConditionError, "finite"),
        ("where", [["a", "<", [1]]], ConditionError, "for several use IN"),
        ("where", [["a", "IN", 1]], ConditionError, "IN takes a list"),
        ("where", [["a", "EXISTS", 1]], ConditionError, "EXISTS takes no value"),
        ("where", [["a", "=~", "("]], ConditionError, "no RE2 pattern"),
        ("where", [["a", "=~", "\ud800"]], BadRequest, "surrogate"),
        ("where", [["time", "=~", "x"]], ConditionError, "can't be matched"),
        ("where", "a < 5 b", QuerySyntaxError, "where: expected AND or the end, found 'b' (at offset 6)"),
        ("every", 60, BadRequest, "every: 60 where a duration should be"),
        ("every", "soon", RangeError, "no duration"),
        ("every", "$__interval", QuerySyntaxError, "every: '$__interval' was left unexpanded"),
    ],
)
def test_wrong_fields_are_named(field: str, value: object, kind: type[Error], words: str) -> None:
    """What a field can't be is told with its name and what would be right."""
    with pytest.raises(kind) as caught:
        FIELDS[field](value)
    assert words in caught.value.message
    assert caught.value.position is None


def answered(field: str, value: object) -> None:
    """Fails where the field's value gives anything but what it reads as or a client's error."""
    status = 200
    try:
        FIELDS[field](value)
    except Error as error:
        status = error.status
    assert status in (200, 400, 422)


@given(st.sampled_from(sorted(FIELDS)), JSON)
def test_any_json_is_answered(field: str, value: object) -> None:
    """Whatever JSON a field has, it gives values or a client's error."""
    answered(field, value)


PARTS: list[object] = ["a", "time", "=", "=~", "IN", "EXISTS", "=|", "$x", "(", "5", 5, [5], None]


@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=4)))
def test_any_triples_are_answered(value: list[list[object]]) -> None:
    """Conditions of any parts in any order give conditions or a client's error."""
    answered("where", value)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("piece", ["(", '"', '\\"', '"\\"', "${", "[[", "a,", "AVG(", "{a", '"a', "a("])
def test_long_repeats_are_answered(piece: str, field: str) -> None:
    """Long runs of what opens something neither recurse nor hang."""
    for text in (piece * 20_000, '"' + piece * 20_000, "AVG(" + piece * 20_000 + ")"):
        answered(field, text)
