"""From the plugins' bodies to questions."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import NUMBER
from grafana_sensor.domain.errors import BadRequest, Error, RangeError, RecordError, Unprocessable
from grafana_sensor.domain.plans import Name, Query
from grafana_sensor.query.parse import parse_query
from grafana_sensor.query.variables import Variable
from grafana_sensor.service.answers import Question, asked, query_of
from grafana_sensor.service.panels import REFUSALS
from grafana_sensor.web.contract.requests import Annotations, PanelQuery, Search, VariableQuery
from grafana_sensor.web.contract.targets import (
    MEMBERS,
    Asked,
    annotation_question,
    annotation_rows,
    panel_targets,
    search_text,
    variable,
)
from grafana_sensor.web.schemas import checked
from tests.web.conftest import NOW

RANGE = {"from": "2024-01-01T00:00:00.000Z", "to": "2024-01-01T06:00:00.000Z"}
START, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, 6, tzinfo=UTC)
SENSORS = ("greenhouse-1", "lab.s2", "weather/roof (north)")
CATALOG = Catalog({sensor: {"t": NUMBER, "air temp": NUMBER} for sensor in SENSORS})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["$x", "(a|b)"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def panel(*targets: Any, **body: Any) -> list[Asked]:
    return panel_targets(checked(PanelQuery, {"range": RANGE, "targets": list(targets), **body}), NOW)


def question(payload: Any = None, target: str | None = "t", **more: Any) -> Question:
    """The question of one target. Raises its error."""
    (one,) = panel({"refId": "A", "target": target, "payload": payload, **more})
    found = one.target.question
    if isinstance(found, REFUSALS):
        raise found
    assert isinstance(found, Question)
    return found


def query(payload: Any = None, target: str | None = "t", **more: Any) -> Query:
    return query_of(question(payload, target, **more), CATALOG)


# What belongs to the whole panel.


def test_hidden_targets_are_left_out() -> None:
    """Targets that are hidden get no question, the others keep their order and their names."""
    found = panel(
        {"refId": "A", "target": "t"},
        {"refId": "B", "target": "u", "hide": True},
        {"refId": 3, "target": "v", "hide": False},
        {"target": "w"},
    )
    assert [("A", "t"), ("3", "v"), ("", "w")] == [
        (each.target.name, each.target.question.q) for each in found if isinstance(each.target.question, Question)
    ]


@pytest.mark.parametrize("body", [{}, {"targets": None}, {"targets": []}, {"targets": [{"hide": True}]}])
def test_without_targets_nothing_is_asked(body: dict[str, Any]) -> None:
    """A body without targets that are shown asks nothing, and is no error."""
    assert [] == panel_targets(checked(PanelQuery, body), NOW)


LATER = datetime(2024, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (START, END)),
        ({"range": None}, (START, END)),
        ({"range": {}}, (START, END)),
        ({"range": {"from": "now-1h"}}, (LATER, END)),
        ({"range": {"from": "2024-01-01", "to": LATER.isoformat()}}, (START, LATER)),
        ({"range": {"from": 1_704_067_200_000, "to": "1704085200"}}, (START, LATER)),
        ({"range": None, "rangeRaw": {"from": "now/d", "to": "now-1h"}}, (START, LATER)),
        ({"range": RANGE, "rangeRaw": {"from": "now-1y", "to": "soon"}}, (START, END)),
    ],
)
def test_the_range_is_that_of_the_body(body: dict[str, Any], expected: tuple[datetime, datetime]) -> None:
    """A range is ISO texts, epochs or relative times; what is not told is the last six hours."""
    (one,) = panel_targets(checked(PanelQuery, {"targets": [{"target": "t"}], **body}), NOW)
    assert isinstance(one.target.question, Question)
    assert expected == (one.target.question.start, one.target.question.end)


@pytest.mark.parametrize(
    ("body", "points", "interval"),
    [
        ({}, 1_000, 0),
        ({"maxDataPoints": None, "intervalMs": None, "interval": None}, 1_000, 0),
        ({"maxDataPoints": "", "intervalMs": "", "interval": ""}, 1_000, 0),
        ({"maxDataPoints": 1090, "intervalMs": 20_000, "interval": "1h"}, 1090, 20_000_000),
        ({"maxDataPoints": "1090", "intervalMs": "20000"}, 1090, 20_000_000),
        ({"maxDataPoints": 1090.7, "intervalMs": 0.5}, 1090, 500),
        ({"maxDataPoints": 1, "intervalMs": 0, "interval": "5m"}, 1, 0),
        ({"interval": "20s"}, 1_000, 20_000_000),
    ],
)
def test_the_picture_guides_the_buckets(body: dict[str, Any], points: int, interval: int) -> None:
    """The width of the picture and the time between its points are numbers or texts; `intervalMs` wins."""
    (one,) = panel({"target": "t"}, **body)
    assert isinstance(one.target.question, Question)
    assert (points, interval) == (one.target.question.max_points, one.target.question.interval)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"range": {"from": "soon"}}, "range.from: 'soon' is no time"),
        ({"range": {"to": "$__to"}}, "range.to: the variable '$__to' was left unexpanded"),
        ({"range": {"from": "1812-01-01"}}, "range.from: "),
        ({"range": {"from": True}}, "range.from"),
        ({"range": []}, "range is a list"),
        ({"maxDataPoints": 0}, "maxDataPoints is 0; it must be from 1 to"),
        ({"maxDataPoints": 2**53 + 2}, "maxDataPoints is 9007199254740994; it must be from 1 to"),
        ({"maxDataPoints": "wide"}, "maxDataPoints is 'wide'; it must be a number"),
        ({"maxDataPoints": "$width"}, "maxDataPoints: '$width' was left unexpanded"),
        ({"maxDataPoints": "nan"}, "maxDataPoints is 'nan'; it must be a number"),
        ({"maxDataPoints": True}, "maxDataPoints"),
        ({"maxDataPoints": []}, "maxDataPoints"),
        ({"intervalMs": -1}, "intervalMs is -1; it must be from 0 to"),
        ({"intervalMs": "inf"}, "intervalMs is 'inf'; it must be a number"),
        ({"interval": "often"}, "'often' is no duration"),
        ({"targets": {}}, "targets is an object"),
        ({"targets": [5]}, "targets.0 is 5"),
        ({"targets": [{"target": 5}]}, "targets.0.target is 5"),
        ({"targets": [{"payload": []}]}, "targets.0.payload"),
        ({"filters": "site"}, "filters is 'site'"),
    ],
)
def test_what_is_wrong_with_the_body_is_named(body: dict[str, Any], words: str) -> None:
    """A range, a width or a member of a wrong type is a bad request of the whole panel, which names it."""
    with pytest.raises(BadRequest) as caught:
        panel({"target": "t"}, **body)
    assert caught.value.message.startswith(words)


SITE, ROOM = ({"key": name, "operator": "=", "value": "lab"} for name in ("site", "room"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, []),
        ({"filters": None, "adhocFilters": None}, []),
        ({"filters": [SITE]}, [SITE]),
        ({"adhocFilters": [SITE]}, [SITE]),
        ({"filters": [SITE, ROOM], "adhocFilters": [SITE]}, [SITE, ROOM]),
        ({"filters": [SITE], "adhocFilters": [ROOM]}, [ROOM, SITE]),
    ],
)
def test_filters_come_under_either_name(body: dict[str, Any], expected: list[Any]) -> None:
    """Ad hoc filters are those of both names, each once, and every target has them."""
    found = panel({"target": "t"}, {"target": "u"}, **body)
    assert [expected] * 2 == [
        each.target.question.filters for each in found if isinstance(each.target.question, Question)
    ]


# What a target asks.


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (None, "t"),
        ({}, "t"),
        ("", "t"),
        (" ", "t"),
        ({"site": "lab", "unknown": [1]}, "t"),
        (dict.fromkeys(MEMBERS), "t"),
        (dict.fromkeys([name for name in MEMBERS if name != "sensor"], ""), "t"),
        ({"select": [], "aggregate": [], "where": [], "by": []}, "t"),
        ({"sensor": "lab.s2"}, "t FROM lab.s2"),
        ('{"sensor": ["lab.s2"]}', "t FROM lab.s2"),
        ({"select": "air temp"}, '"air temp"'),
        ({"select": ["t", "air temp"], "aggregate": "(AVG|MAX)"}, 'AVG(t), MAX(t), AVG("air temp"), MAX("air temp")'),
        ({"where": "t > 5"}, "t WHERE t > 5"),
        ({"where": [["t", ">", 5]]}, "t WHERE t > 5"),
        ({"where": [{"key": "t", "operator": ">", "value": "5"}]}, "t WHERE t > 5"),
        (
            {"aggregate": "MIN", "by": "sensor", "every": "5m", "where": "t > 5", "sensor": "lab.s2"},
            "MIN(t) FROM lab.s2 WHERE t > 5 BY sensor EVERY 5m",
        ),
    ],
)
def test_a_payload_asks_as_a_query_text_does(payload: Any, text: str) -> None:
    """What a payload has, as an object or its text, is put in the place of the target's; what it leaves empty is not."""
    assert parse_query(text) == query(payload)
    assert parse_query(text) == query(None, data=payload)


def test_a_payload_wins_over_the_text() -> None:
    """A member of the payload takes the place of its clause, and the other clauses stay."""
    text = "AVG(t) FROM lab.s2 WHERE t < 9 EVERY 1h"
    assert parse_query("MAX(t) FROM lab.s2 WHERE t > 5 EVERY 1h") == query({"where": "t > 5", "aggregate": "MAX"}, text)
    assert parse_query(text) == query({}, text)


@pytest.mark.parametrize("target", [None, "", " \n"])
def test_a_payload_may_stand_alone(target: str | None) -> None:
    """Without a target's text the payload says what is asked."""
    assert None is question({"select": "t"}, target).q
    assert parse_query("t FROM lab.s2") == query({"select": "t", "sensor": "lab.s2"}, target)


def test_the_newer_name_of_a_payload_wins() -> None:
    """Where both names of the payload are there, `payload` is it, also where it is empty."""
    assert "5m" == question({"every": "5m"}, data={"every": "1h"}).every
    assert None is question({}, data={"every": "1h"}).every


@pytest.mark.parametrize("sensor", ["", []])
def test_no_sensor_is_not_all_sensors(sensor: Any) -> None:
    """An empty choice of sensors is an error, since it would silently mean all."""
    with pytest.raises(BadRequest, match=r"^sensor: it is empty"):
        question({"sensor": sensor})


def test_a_cleared_field_of_the_builder_is_not_given() -> None:
    """In builder mode an empty list is a field that was cleared, of sensors too; an empty text is not."""
    assert parse_query("t") == query({"sensor": [], "aggregate": []}, editorMode="builder")
    with pytest.raises(BadRequest, match=r"^sensor: it is empty"):
        question({"sensor": ""}, editorMode="builder")


def test_the_builder_writes_a_variable_into_an_element() -> None:
    """In builder mode an element of a list may be a variable of several values; in code mode it is one name."""
    payload = {"sensor": ["greenhouse-1", r"(lab\.s2|weather\/roof \(north\))"], "aggregate": ["MIN", "(AVG|MAX)"]}
    built = query(payload, editorMode="builder")
    assert (tuple(map(Name, SENSORS)), ["MIN", "AVG", "MAX"]) == (
        built.sensors,
        [projection.aggregate for projection in built.projections],
    )
    del payload["aggregate"]
    assert (Name("greenhouse-1"), Name("(lab.s2|weather/roof (north))")) == query(payload, editorMode="code").sensors


def test_conditions_of_the_builder_are_left_whole() -> None:
    """A condition in a list is a text of its own in builder mode too, whatever brackets it has."""
    where = ["t IN (1, 2)", "\"air temp\" =~ '(1|2)'"]
    assert parse_query("t WHERE t IN (1, 2) AND \"air temp\" =~ '(1|2)'") == query(
        {"where": where}, editorMode="builder"
    )


@pytest.mark.parametrize(
    ("target", "shape", "frame"),
    [
        ({}, "series", False),
        ({"type": None}, "series", False),
        ({"type": "timeserie"}, "series", False),
        ({"type": "Table"}, "table", False),
        ({"type": "graph"}, "series", False),
        ({"payload": {"format": ""}}, "series", False),
        ({"payload": {"format": "timeserie"}}, "series", False),
        ({"payload": {"format": " Table "}}, "table", False),
        ({"payload": {"format": "frame"}}, "series", True),
        ({"payload": {"format": "frame"}, "type": "table"}, "table", True),
        ({"payload": {"format": "time_series"}, "type": "table"}, "series", False),
        ({"payload": '{"format": "table"}', "type": "timeserie"}, "table", False),
    ],
)
def test_the_shape_of_an_answer(target: dict[str, Any], shape: str, frame: bool) -> None:
    """The payload's format is the answer's shape, else the target's type; `frame` is either shape in columns."""
    (one,) = panel({"target": "t", **target})
    assert isinstance(one.target.question, Question)
    assert (shape, frame) == (one.target.shape, one.frame)


@pytest.mark.parametrize(
    ("payload", "kind", "words"),
    [
        ("{", BadRequest, "invalid JSON"),
        ("[1]", BadRequest, "payload is a list; it must be a JSON object"),
        ("null", BadRequest, "payload is null"),
        ("[" * 2_000, RecordError, "the JSON is nested deeper"),
        ({"format": "csv"}, BadRequest, "format is 'csv'; it must be timeserie, table or frame"),
        ({"format": ["table"]}, BadRequest, "format is a list"),
        ({"format": "$format"}, BadRequest, "format: '$format' was left unexpanded"),
        ({"by": "$by"}, BadRequest, "by: '$by' was left unexpanded"),
        ({"sensor": []}, BadRequest, "sensor: it is empty"),
    ],
)
def test_a_target_that_can_not_be_read_is_an_error_of_its_own(payload: Any, kind: type[Error], words: str) -> None:
    """What is wrong in a payload is the error of its target, and the targets beside it have their questions."""
    first, second, third = panel({"target": "t"}, {"refId": "B", "target": "t", "payload": payload}, {"target": "t"})
    error = second.target.question
    assert isinstance(error, kind)
    assert error.message.startswith(words)
    assert ("B", Question, Question) == (second.target.name, type(first.target.question), type(third.target.question))


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("written", ["$x", "${x}", "${x:csv}"])
def test_an_unexpanded_variable_is_told(name: str, written: str) -> None:
    """What Grafana left unexpanded in any member is an error that names the variable."""
    with pytest.raises(BadRequest) as caught:
        query({name: written})
    assert f"'{written}' was left unexpanded" in caught.value.message


def answered(asking: list[Asked]) -> None:
    """Fails where a target is neither a question that can be put nor an error of ours."""
    for each in asking:
        if isinstance(each.target.question, Question):
            try:
                asked(each.target.question, CATALOG, NOW)
            except (BadRequest, Unprocessable):
                continue
        else:
            assert isinstance(each.target.question, (BadRequest, Unprocessable))


@given(st.sampled_from([*MEMBERS, "format", "other"]), JSON, st.sampled_from([None, "code", "builder"]), st.booleans())
def test_any_member_of_a_payload_is_answered(name: str, value: Any, mode: str | None, text: bool) -> None:
    """Whatever JSON a member of a payload has, the target is a question or an error of ours, never a defect."""
    payload = {name: value}
    answered(panel({"target": "t", "payload": json.dumps(payload) if text else payload, "editorMode": mode}))


@given(st.dictionaries(st.sampled_from([*MEMBERS, "format"]), JSON), st.none() | st.text(max_size=8))
def test_any_payload_is_answered(payload: dict[str, Any], target: str | None) -> None:
    """Whatever a payload's members hold together, and whatever the target's text, it is answered."""
    answered(panel({"target": target, "payload": payload}))


BODIES: dict[type[BaseModel], list[str]] = {
    PanelQuery: sorted(PanelQuery.model_fields),
    Annotations: sorted(Annotations.model_fields),
    VariableQuery: sorted(VariableQuery.model_fields),
    Search: sorted(Search.model_fields),
}


@given(st.data())
def test_any_body_is_answered(data: st.DataObject) -> None:
    """Whatever JSON the members of a body hold, it is read, or refused by an error of ours."""
    model = data.draw(st.sampled_from(list(BODIES)))
    body = data.draw(st.dictionaries(st.sampled_from(BODIES[model]), JSON))
    try:
        found = checked(model, body)
        if isinstance(found, PanelQuery):
            answered(panel_targets(found, NOW))
        elif isinstance(found, Annotations):
            annotation_question(found, NOW)
        elif isinstance(found, VariableQuery):
            variable(found)
        elif isinstance(found, Search):
            search_text(found)
    except Error as error:
        assert 400 <= error.status < 500  # noqa: PT017  # reading it is right as well


# Several sensors, as Grafana and people write them.


def escaped(name: str) -> str:
    """The name as Grafana's format `regex` writes it."""
    return re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\g<0>", name)


LIST = [
    list(SENSORS),
    ["greenhouse-1", r"lab\.s2", r"weather\/roof \(north\)"],
    "greenhouse-1,lab.s2,weather/roof (north)",
    " greenhouse-1 , lab.s2 , weather/roof (north) ",
    "{greenhouse-1,lab.s2,weather/roof (north)}",
    "(greenhouse-1|lab.s2|weather/roof (north))",
    r"(greenhouse-1|lab\.s2|weather\/roof \(north\))",
    'greenhouse-1,"lab.s2","weather/roof (north)"',
]


@pytest.mark.parametrize("sensor", LIST)
@pytest.mark.parametrize("mode", ["code", "builder"])
def test_several_sensors_in_every_form(sensor: Any, mode: str) -> None:
    """Each way to write several sensors, in an object or in its text, asks the same."""
    expected = parse_query('t FROM greenhouse-1, lab.s2, "weather/roof (north)"')
    assert expected == query({"sensor": sensor}, editorMode=mode)
    assert expected == query(json.dumps({"sensor": sensor}), editorMode=mode)
    if sensor[0] in ("(", "{"):
        assert expected == query(None, f"t FROM {sensor}", editorMode=mode)


STORED = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(STORED, min_size=1, max_size=6).filter(lambda name: name == name.strip() and name[0] != '"')


@given(st.lists(NAMES, min_size=2, max_size=4))
def test_names_of_any_characters_survive_the_way_through_grafana(names: list[str]) -> None:
    """Whatever characters sensors have, a list of them and what Grafana's format `regex` makes of it name them."""
    catalog = Catalog({"t": {"t": NUMBER}, **{name: {"t": NUMBER} for name in names}})
    joined = f"({'|'.join(map(escaped, names))})"
    for payload, mode in (
        ({"sensor": names}, "code"),
        ({"sensor": joined}, "code"),
        ({"sensor": [joined]}, "builder"),
        ({"sensor": joined}, "builder"),
    ):
        found = query_of(question(payload, editorMode=mode), catalog)
        assert (payload, tuple(map(Name, names))) == (payload, found.sensors)


# Panels whose payload was lost.

VARIABLES = {
    "sensor": {"selected": True, "text": ["a", "b"], "value": ["a", "b"]},
    "one": {"text": "a", "value": "a"},
    "numbers": {"text": ["1"], "value": [1]},
    "__interval": {"text": "20s", "value": "20s"},
    "__sceneObject": {"text": "__sceneObject"},
    "odd": 5,
}


@pytest.mark.parametrize("payload", [{}, ""])
def test_an_empty_payload_may_be_a_lost_one(payload: Any) -> None:
    """With a payload that came empty go the variables of several values, whose writing could have emptied it."""
    (one,) = panel({"target": "t", "payload": payload}, scopedVars=VARIABLES)
    assert {"sensor": ["a", "b"]} == one.lists


@pytest.mark.parametrize("target", [{}, {"payload": None}, {"payload": {"every": "5m"}}, {"payload": "{"}])
def test_other_payloads_are_not_lost(target: dict[str, Any]) -> None:
    """Where there is no payload, or one with something in it, nothing was lost."""
    (one,) = panel({"target": "t", **target}, scopedVars=VARIABLES)
    assert {} == one.lists


# Annotations, variables and searches.


def test_simpod_asks_for_annotations_by_a_refid() -> None:
    """The target called Anno is one for annotations, and no other is."""
    found = panel(*({"refId": name, "target": "t"} for name in ("A", "Anno", "anno", None)))
    assert [False, True, False, False] == [each.annotation for each in found]


def test_simple_json_asks_for_annotations_by_a_text() -> None:
    """An annotation is its query text over the body's range, the last six hours where there is none."""
    text = "t WHERE t > 5"
    body = checked(Annotations, {"annotation": {"query": text, "name": "x"}, "range": RANGE})
    assert Question(text, start=START, end=END) == annotation_question(body, NOW)
    assert Question(text, start=START, end=END) == annotation_question(
        checked(Annotations, {"annotation": {"query": text}}), NOW
    )
    assert Question(text, start=START, end=END) == annotation_rows({"query": text}, NOW)
    assert Question(text, start=LATER, end=END) == annotation_rows({"query": text, "from": "now-1h"}, NOW)


@pytest.mark.parametrize("body", [{}, {"annotation": None}, {"annotation": {}}, {"annotation": {"query": " "}}])
def test_an_annotation_asks_something(body: dict[str, Any]) -> None:
    """An annotation without a query text is an error that names the member."""
    with pytest.raises(BadRequest, match=r"^annotation\.query is empty"):
        annotation_question(checked(Annotations, body), NOW)
    with pytest.raises(BadRequest, match=r"^query is empty"):
        annotation_rows({}, NOW)


def test_a_wrong_range_of_annotations_is_named() -> None:
    """A range that is none is told with its name, in a body and in parameters."""
    body = checked(Annotations, {"annotation": {"query": "t"}, "range": {"to": "soon"}})
    with pytest.raises(RangeError, match=r"^range\.to: 'soon' is no time"):
        annotation_question(body, NOW)
    with pytest.raises(RangeError, match=r"^from: 'soon' is no time"):
        annotation_rows({"query": "t", "from": "soon"}, NOW)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"payload": {"target": "sensors"}}, Variable("sensors")),
        ({"payload": "sensors"}, Variable("sensors")),
        ({"target": "sensors"}, Variable("sensors")),
        ({"payload": {}, "target": "sensors"}, Variable("sensors")),
        ({"payload": {"target": "values(t)"}, "target": "sensors"}, Variable("values", "t")),
        (
            {"payload": {"target": "values", "attribute": "t", "sensor": ["a", "b"]}},
            Variable("values", "t", ["a", "b"]),
        ),
        ({"payload": {"target": "values(u, c)", "attribute": "t"}}, Variable("values", "t", "c")),
        ({"payload": {"target": "values(u, c)", "sensor": None}}, Variable("values", "u", "c")),
        ({"payload": {"target": "streams", "scan": 5}}, Variable("streams", scan=5)),
        ({"payload": {"target": "sensors", "other": 5}, "range": RANGE}, Variable("sensors")),
    ],
)
def test_a_variable_is_a_text_or_an_object(body: dict[str, Any], expected: Variable) -> None:
    """A variable's query is the target's text; members of the user's own object win over its arguments."""
    assert expected == variable(checked(VariableQuery, body))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'' lists nothing"),
        ({"payload": {"target": "temperature"}}, "'temperature' lists nothing"),
        ({"payload": {"target": 5}}, "target is a number; it must be a text"),
        ({"payload": {"target": ["sensors"]}}, "target is a list; it must be a text"),
        ({"payload": []}, "payload"),
    ],
)
def test_what_lists_nothing_is_an_error(body: dict[str, Any], words: str) -> None:
    """A variable that lists nothing is a bad request that says what was sent."""
    with pytest.raises(BadRequest) as caught:
        variable(checked(VariableQuery, body))
    assert caught.value.message.startswith(words)


@pytest.mark.parametrize(
    ("body", "expected"),
    [({}, ""), ({"target": None}, ""), ({"target": " sensors "}, "sensors"), ({"type": "timeseries"}, "")],
)
def test_a_search_is_a_text(body: dict[str, Any], expected: str) -> None:
    """What is searched for is the target without blanks around it, and all metrics where there is none."""
    assert expected == search_text(checked(Search, body))
