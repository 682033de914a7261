"""The grammar of query texts: what each form means, where errors point, and that any text is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    Error,
    LimitError,
    ProjectionError,
    QuerySyntaxError,
    RangeError,
)
from grafana_sensor.domain.plans import Every, Name, Projection, Query
from grafana_sensor.query import parse_query

NAMES = st.text(
    st.sampled_from("abcXYZ019_.:/-éд温\u0301 ()|{},\\\"'$*+?^[]<>=!~;\n").filter(str), min_size=1, max_size=8
).filter(lambda name: name not in ("time", "sensor", "*") and not name.strip().startswith(("$", "[[")))
VALUES = st.text(st.sampled_from("ab 0159.-+eé'\"\\()|*;,\n"), max_size=8)
AGGREGATES = ["CNT", "AVG", "MAX", "MIN", "SUM", "FIRST", "LAST", "STDDEV", "P0", "P50", "P99.9", "P100"]


def quoted_name(name: str) -> str:
    """A name as a query text quotes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def printed_value(text: str) -> str:
    """A text value as a query text quotes it."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def printed_condition(condition: Condition) -> str:
    """A condition as text."""
    attribute = quoted_name(condition.attribute)
    if condition.operator == "EXISTS":
        return f"{attribute} exists"
    if condition.operator == "IN":
        return f"{attribute} In ({', '.join(map(printed_value, condition.values))})"
    return f"{attribute}{condition.operator}{printed_value(condition.values[0])}"


def printed_projection(projection: Projection) -> str:
    """A projection as text."""
    attribute = projection.attribute if projection.attribute == "*" else quoted_name(projection.attribute)
    text = attribute if projection.aggregate is None else f"{projection.aggregate.lower()}({attribute})"
    return text if projection.alias is None else f"{text} as {quoted_name(projection.alias)}"


def printed(query: Query, sensors_form: str) -> str:
    """A query as text; `sensors_form` is the list's brackets, or empty for names with commas."""
    parts = ["select " + ",".join(map(printed_projection, query.projections))]
    if query.sensors is not None:
        separator = "|" if sensors_form == "()" else ","
        names = separator.join(quoted_name(sensor.text) for sensor in query.sensors)
        parts.append(f"From {sensors_form[:1]}{names}{sensors_form[1:]}")
    if query.conditions:
        parts.append("where " + " and ".join(map(printed_condition, query.conditions)))
    if query.by_sensor:
        parts.append("BY Sensor")
    if query.every is not None:
        parts.append(f"every {query.every if isinstance(query.every, str) else f'{query.every // 1000}ms'}")
    return "\n".join(parts)


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of every operator; the patterns are plain words, so that RE2 takes them."""
    compared = st.builds(
        lambda a, o, v: Condition(a, o, (v,)), NAMES, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), VALUES
    )
    matched = st.builds(
        lambda a, o, v: Condition(a, o, (v,)), NAMES, st.sampled_from(["=~", "!~"]), st.text("ab.0", max_size=5)
    )
    chosen = st.builds(lambda a, v: Condition(a, "IN", tuple(v)), NAMES, st.lists(VALUES, min_size=1, max_size=3))
    return st.one_of(compared, matched, chosen, st.builds(lambda a: Condition(a, "EXISTS"), NAMES))


def queries() -> st.SearchStrategy[Query]:
    """Queries that a text can write."""
    alias = st.none() | NAMES
    raw = st.builds(lambda a, n: Projection(a, None, n), NAMES, alias) | st.just(Projection("*"))
    aggregate = st.builds(Projection, NAMES, st.sampled_from(AGGREGATES), alias)
    counted = st.builds(lambda n: Projection("*", "CNT", n), alias)
    projections = st.lists(raw, min_size=1, max_size=3) | st.lists(aggregate | counted, min_size=1, max_size=3)
    named: list[Every | None] = [None, "auto", "all"]
    widths: st.SearchStrategy[Every | None] = st.integers(1, 10**9).map(lambda ms: ms * 1000)
    every = st.sampled_from(named) | widths
    return st.builds(
        Query,
        projections.map(tuple),
        st.none() | st.lists(NAMES.map(Name), min_size=1, max_size=3).map(tuple),
        st.lists(conditions(), max_size=3).map(tuple),
        st.booleans(),
        every,
    )


@given(queries(), st.sampled_from(["", "()", "{}"]))
def test_printed_queries_read_back(query: Query, sensors_form: str) -> None:
    """A query printed as text and parsed is the same query."""
    assert query == parse_query(printed(query, sensors_form))


@given(queries(), st.sampled_from(["", "()", "{}"]), st.data())
def test_any_text_gives_a_query_or_an_error_that_points_into_it(query: Query, form: str, data: st.DataObject) -> None:
    """Queries cut, doubled and strewn with any characters give a Query or a client's error, at a place in the text."""
    text = printed(query, form)
    for _ in range(data.draw(st.integers(1, 4))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
        more = data.draw(
            st.text(max_size=3) | st.sampled_from(["(", ")", '"', "'", "\\", "$x", " AND ", ",", "\ud800"])
        )
        text = text[:start] + more + text[end:] if data.draw(st.booleans()) else text[:end] + more + text[start:]
    answered(text)


@given(st.text(max_size=60))
def test_noise_is_answered(text: str) -> None:
    """Any text at all gives a Query or a client's error, at a place in the text."""
    answered(text)


def answered(text: str) -> None:
    """Fails where the text gives anything but a Query or a client's error that points into it."""
    answer = query_or_error(text)
    if isinstance(answer, Error):
        assert answer.status in (400, 422)
        assert answer.position is None or 0 <= answer.position <= len(text)
        assert answer.message
    else:
        assert isinstance(answer, Query)


def query_or_error(text: str) -> Query | Error:
    """What the text gives, the client's error as a value."""
    try:
        return parse_query(text)
    except Error as error:
        return error


def test_the_whole_grammar_in_one() -> None:
    """Every clause is read, each with its place and the projection's own text."""
    text = "SELECT AVG( t ) AS mean, p99.9(t) FROM a, b WHERE h < 5 AND s IN ('x', 3) BY sensor EVERY 5m"
    query = parse_query(text)
    assert (
        Query(
            (Projection("t", "AVG", "mean"), Projection("t", "P99.9")),
            (Name("a"), Name("b")),
            (Condition("h", "<", ("5",)), Condition("s", "IN", ("x", "3"))),
            True,
            300_000_000,
        )
        == query
    )
    assert ["AVG( t )", "p99.9(t)"] == [p.text for p in query.projections]
    assert [text.index("AVG"), text.index("p99.9")] == [p.position for p in query.projections]
    assert [text.index("t )"), text.index("t)")] == [p.named_at for p in query.projections]
    assert [text.index("h <"), text.index("s IN")] == [c.position for c in query.conditions]
    assert query.sensors is not None
    assert [text.index("a, b"), text.index("b WHERE")] == [s.position for s in query.sensors]


@pytest.mark.parametrize(
    ("text", "aggregate"),
    [
        ("count(t)", "CNT"),
        ("Mean(t)", "AVG"),
        ("COUNT(*)", "CNT"),
        ("p50(t)", "P50"),
        ("P99.9 (t)", "P99.9"),
        ("t", None),
    ],
)
def test_aggregates_have_canonical_names(text: str, aggregate: str | None) -> None:
    """Aggregates are read in any case and by their other names."""
    assert aggregate == parse_query(text).projections[0].aggregate


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a, b", ["a", "b"]),
        ("(a|b)", ["a", "b"]),
        ("{a,b}", ["a", "b"]),
        ("(greenhouse-1|weather/roof (north))", ["greenhouse-1", "weather/roof (north)"]),
        (r"(greenhouse-1|lab\.s2|weather\/roof \(north\))", ["greenhouse-1", "lab.s2", "weather/roof (north)"]),
        ("{greenhouse-1,lab.s2,weather/roof (north)}", ["greenhouse-1", "lab.s2", "weather/roof (north)"]),
        (r"lab\.s2", ["lab.s2"]),
        (r"p\(1\)", ["p(1)"]),
        (r"weather\/roof \(north\)", ["weather/roof (north)"]),
        (r"lab room \(1\), b", ["lab room (1)", "b"]),
        (r'("a|b"|c \| d|\(e| f )', ["a|b", "c | d", "(e", "f"]),
        ('{"a,b", c|d , "e\\"\\\\"}', ["a,b", "c|d", 'e"\\']),
        ("a, (b|c)", ["a", "b", "c"]),
        ("(by|every)", ["by", "every"]),
        (r"a\-b\$", ["a-b$"]),
        ('"C:\\temp"', ["C:\\temp"]),
        ("тёплый_склад:1", ["тёплый_склад:1"]),
    ],
)
def test_sensors_in_every_form(written: str, expected: list[str]) -> None:
    """The forms of a sensor list name the same sensors, as Grafana writes them and as people do."""
    query = parse_query(f"t FROM {written} WHERE t > 0 EVERY all")
    assert query.sensors is not None
    assert expected == [sensor.text for sensor in query.sensors]
    assert ("all", 1) == (query.every, len(query.conditions))


@pytest.mark.parametrize(
    ("written", "operator", "value"),
    [
        ("= -3", "=", "-3"),
        ("<1e+22", "<", "1e+22"),
        (">=-1.50", ">=", "-1.50"),
        ("= on", "=", "on"),
        (r"= lab\.s2", "=", "lab.s2"),
        ("= 'it\\'s'", "=", "it's"),
        (r"= 'a\.b'", "=", r"a\.b"),
        (r"= 'a\\b'", "=", r"a\b"),
        (r'=~ "a\.b$"', "=~", r"a\.b$"),
        (r'=~ "a\\b"', "=~", r"a\\b"),
        (r'=~ "a\"b"', "=~", 'a"b'),
        (r"!~ 'it\'s \"'", "!~", r"it's \""),
        (r"=~ lab\.s2", "=~", r"lab\.s2"),
        ('=~ "$x"', "=~", "$x"),
        ("= 'costs $x'", "=", "costs $x"),
        ("= 'now-6h'", "=", "now-6h"),
    ],
)
def test_values_are_kept_as_written(written: str, operator: str, value: str) -> None:
    """A value keeps its text; only quoting goes, and from a pattern nothing but what its own quote needs."""
    assert (Condition("s", operator, (value,)),) == parse_query(f"t WHERE s {written}").conditions


def test_time_keeps_its_text() -> None:
    """Conditions on time hold the texts that were written, for the planner to resolve."""
    query = parse_query("t WHERE time >= now-6h AND time < 2026-01-01T00:00:00+01:00")
    assert [("now-6h",), ("2026-01-01T00:00:00+01:00",)] == [c.values for c in query.conditions]


def test_a_sensor_value_loses_grafanas_backslashes() -> None:
    """A value that names a sensor is unescaped in quotes too."""
    query = parse_query(r"t WHERE sensor = 'lab\.s2' AND sensor IN (a, 'roof \(north\)')")
    assert [("lab.s2",), ("a", "roof (north)")] == [c.values for c in query.conditions]


@pytest.mark.parametrize(
    ("text", "kind", "position", "words"),
    [
        ("", QuerySyntaxError, 0, "expected an attribute, * or an aggregate like AVG(attribute), found end of text"),
        ("t WHERE a <", QuerySyntaxError, 11, "expected a number or text after '<', found end of text"),
        ("t WHERE a < AND b = 1", QuerySyntaxError, 12, "'AND' is a keyword here"),
        ("t WHERE a ; 5", QuerySyntaxError, 10, "expected an operator"),
        ("t WHERE a < 5 OR b < 5", QuerySyntaxError, 14, "IN (v, …)"),
        ("t WHERE a IN 5", QuerySyntaxError, 13, "expected '(' after 'IN'"),
        ("t WHERE a IN ()", QuerySyntaxError, 14, "expected a number or text after 'IN ('"),
        ("t WHERE a = 'x", QuerySyntaxError, 12, "not closed: expected '"),
        ("t FROM", QuerySyntaxError, 6, "expected a sensor, found end of text"),
        ("t FROM a,", QuerySyntaxError, 9, "expected a sensor, found end of text"),
        ("t FROM a b", QuerySyntaxError, 9, "found 'b'"),
        ("t FROM (a|b", QuerySyntaxError, 7, "not closed: expected ')'"),
        ("t FROM (a||b)", QuerySyntaxError, 10, "expected a sensor"),
        ('t FROM ("a"b)', QuerySyntaxError, 11, "expected '|' or ')'"),
        ('t FROM ""', QuerySyntaxError, 7, "can't be empty"),
        (r"(greenhouse-1|lab\.s2).temperature", QuerySyntaxError, 0, "found '('"),
        (
            "t EVERY 5m BY sensor",
            QuerySyntaxError,
            11,
            "BY stands after EVERY; the order is [SELECT] projections [FROM",
        ),
        ("t FROM a FROM b", QuerySyntaxError, 9, "FROM stands twice"),
        ("t BY room", QuerySyntaxError, 5, "expected 'sensor' after 'BY', found 'room'"),
        ("t EVERY 5 m", RangeError, 8, "'5' is no duration"),
        ("t EVERY 0s", RangeError, 8, "zero"),
        ("every", QuerySyntaxError, 0, "'every' is a keyword here"),
        ("AVG(t", QuerySyntaxError, 5, "expected ')'"),
        ("AVG(outdoor temp)", QuerySyntaxError, 12, "double quotes"),
        ("FOO(t)", ProjectionError, 0, "unknown aggregate 'FOO'; known are CNT AVG"),
        ("t, P100.1(t)", ProjectionError, 3, "unknown aggregate"),
        ("P-1(t)", ProjectionError, 0, "unknown aggregate"),
        ("AVG(*)", ProjectionError, 4, "CNT(*)"),
        ("t, AVG(t)", ProjectionError, 3, "do not mix"),
        ("CNT(*), *", ProjectionError, 8, "do not mix"),
        ("* AS all", ProjectionError, 2, "can't be renamed"),
        ("time", ProjectionError, 0, "every row"),
        ('MAX("sensor")', ProjectionError, 4, "every row"),
        ("t WHERE a =~ '('", ConditionError, 8, "no RE2 pattern"),
        ("t WHERE time =~ '2026'", ConditionError, 13, "can't be matched"),
        ("$metric", QuerySyntaxError, 0, "'$metric' was left unexpanded by Grafana"),
        ("AVG(${metric:raw})", QuerySyntaxError, 4, "'${metric:raw}' was left unexpanded"),
        ("t_[[room]]", QuerySyntaxError, 2, "'[[room]]' was left unexpanded"),
        ('t FROM "$sensor"', QuerySyntaxError, 7, "'$sensor' was left unexpanded"),
        ("t FROM (a|$sensor)", QuerySyntaxError, 10, "'$sensor' was left unexpanded"),
        ("t WHERE a < $limit", QuerySyntaxError, 12, "'$limit' was left unexpanded"),
        ("t WHERE a = '${limit}'", QuerySyntaxError, 12, "'${limit}' was left unexpanded"),
        ("t EVERY $__interval", QuerySyntaxError, 8, "'$__interval' was left unexpanded"),
        ("t \ud800", QuerySyntaxError, 2, "surrogate"),
    ],
)
def test_errors_name_what_and_where(text: str, kind: type[BadRequest], position: int, words: str) -> None:
    """What breaks the grammar is told with its place, what was found and what would be right."""
    with pytest.raises(kind) as caught:
        parse_query(text)
    assert position == caught.value.position
    assert words in caught.value.message


def test_a_text_beyond_the_limit_is_refused() -> None:
    """65,536 characters are read, one more is a LimitError."""
    text = "t FROM (" + "a|" * 32_763 + "a)"
    assert 65_536 == len(text)
    assert parse_query(text).sensors is not None
    with pytest.raises(LimitError, match="65,536"):
        parse_query(text + " ")


@pytest.mark.parametrize("piece", ["(", "a ", '"', "\\", "\\(", "$", "${", "[[", "a,", "AVG(", "{a"])
def test_long_repeats_are_answered(piece: str) -> None:
    """Long runs of what opens something neither recurse nor hang, wherever they stand."""
    for before in ("", "t FROM ", "t FROM (", "t FROM \\.", "t WHERE a = ", 't FROM "'):
        answered((before + piece * 65_536)[:65_536])
