"""What series and columns are called and measured in, in plans and in answers."""

from __future__ import annotations

import pytest

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.plans import Projection
from grafana_sensor.domain.series import Series, TableColumn
from grafana_sensor.query.engine import Ask
from grafana_sensor.query.labels import mixed_notice, series_name, shown_title, tags, unit
from grafana_sensor.query.parse import parse_query
from grafana_sensor.query.plan import Plan, resolve
from grafana_sensor.service.answers import Question, rows, series
from grafana_sensor.service.database import Database
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import CountedKeyspaces, MicroClock

CATALOG = Catalog(
    {"hall": {"t": NUMBER, "state": TEXT, "m": NUMBER | TEXT, "plain": NUMBER}},
    {
        "t": Declaration(unit="celsius", title="Temperature"),
        "state": Declaration(title="State of the door"),
        "m": Declaration(unit="bool"),
    },
)


def planned(text: str) -> tuple[Plan, Projection]:
    """The plan of a query and its first projection."""
    plan = resolve(CATALOG, Ask(parse_query(text), 0, 1, 0))
    return plan, plan.projections[0]


@pytest.mark.parametrize(
    ("text", "sensor", "title"),
    [
        ("t", None, "Temperature"),
        ("t", "", "Temperature"),
        ("t", "hall", "hall Temperature"),
        ("mean(t)", None, "AVG(Temperature)"),
        ("P99.9(t)", "hall", "hall P99.9(Temperature)"),
        ("CNT(t)", None, "CNT(Temperature)"),
        ("LAST(state)", "hall", "hall LAST(State of the door)"),
        ("t AS x", "hall", None),
        ("AVG(t) AS t", None, None),
        ("m", "hall", None),
        ("plain", "hall", None),
        ("CNT(*)", None, None),
    ],
)
def test_a_title_stands_for_the_attribute(text: str, sensor: str | None, title: str | None) -> None:
    """What is shown has the declared title in the attribute's place; without a title, or with AS, it says nothing."""
    assert title == shown_title(*planned(text), sensor)


@pytest.mark.parametrize("text", ["t", "AVG(t)", "MIN(t) AS x", "STDDEV(t)"])
def test_a_unit_goes_with_every_value(text: str) -> None:
    """The declared unit is that of the values and of their aggregates, under an AS name too."""
    assert "celsius" == unit(*planned(text))


@pytest.mark.parametrize("text", ["CNT(t)", "count(m) AS n", "CNT(*)", "plain", "MAX(plain)", "LAST(state)"])
def test_counts_have_no_unit(text: str) -> None:
    """A count has no unit, whatever is counted, and neither has an attribute of which none is declared."""
    assert None is unit(*planned(text))


def test_names_are_of_what_was_written() -> None:
    """A series is named by its sensor and the projection as it was written, or its AS name, never by a title."""
    named = [series_name(planned(text)[1], "hall") for text in ("t", "mean( t )", "t AS x", "CNT(*)")]
    assert ["hall t", "hall mean( t )", "hall x", "hall CNT(*)"] == named
    assert ["t", "t"] == [series_name(planned("t")[1], sensor) for sensor in (None, "")]


def test_tags_are_of_the_attribute() -> None:
    """The labels are the raw sensor, where there is one, and the raw attribute."""
    assert {"sensor": "hall", "attribute": "t"} == tags(planned("AVG(t) AS x")[1], "hall")
    assert [{"attribute": "t"}] * 2 == [tags(planned("t")[1], sensor) for sensor in (None, "")]


def test_a_mixed_attribute_is_noticed() -> None:
    """A series is noticed where its attribute holds texts beside numbers, and not where it holds one kind."""
    plan, _ = planned("*")
    assert ("'m' holds texts too; the series has its numbers only",) == mixed_notice(plan, "m")
    assert ((), (), ()) == (mixed_notice(plan, "t"), mixed_notice(plan, "state"), mixed_notice(plan, "*"))


@pytest.fixture
def session() -> Session:
    """A session over what CATALOG describes."""
    keyspaces = CountedKeyspaces()
    keyspaces.create("alice", "secret")
    found = Database(keyspaces, Settings(), MicroClock()).session_login("alice", "secret")
    found.insert_many(
        "hall",
        [{"time": 1, "t": 20.5, "state": "shut", "m": 1, "plain": 3}, {"time": 2, "state": "open", "m": "off"}],
    )
    for name, said in CATALOG.declarations.items():
        found.declare(name, unit=said.unit, title=said.title)
    return found


def described(each: Series | TableColumn) -> tuple[object, ...]:
    return each.name, each.kind, each.unit, each.title


def test_raw_series_carry_what_is_declared(session: Session) -> None:
    """A raw series carries its kind, the declared unit, and the title after its sensor's name."""
    assert [
        ("hall t", "number", "celsius", "hall Temperature"),
        ("hall x", "number", "celsius", None),
        ("hall state", "text", None, "hall State of the door"),
        ("hall m", "number", "bool", None),
        ("hall plain", "number", None, None),
    ] == [described(each) for each in series(session, Question("t, t AS x, state, m, plain"))]


def test_series_of_aggregates_carry_what_is_declared(session: Session) -> None:
    """A series of an aggregate carries its kind, the unit but for counts, and the title within the aggregate."""
    asked = "AVG(t), CNT(t), LAST(state), MAX(m) AS x, CNT(*)"
    assert [
        ("AVG(t)", "number", "celsius", "AVG(Temperature)"),
        ("CNT(t)", "integer", None, "CNT(Temperature)"),
        ("LAST(state)", "text", None, "LAST(State of the door)"),
        ("x", "number", "bool", None),
        ("CNT(*)", "integer", None, None),
    ] == [described(each) for each in series(session, Question(asked, start=0, end=10))]
    (one,) = series(session, Question("mean(t) FROM hall", start=0, end=10))
    assert ("hall mean(t)", "number", "celsius", "hall AVG(Temperature)") == described(one)


def test_raw_columns_carry_what_is_declared(session: Session) -> None:
    """A table of records has the unit and the title on each attribute's column; a mixed one's texts have neither."""
    assert [
        ("time", "time", None, None),
        ("sensor", "text", None, None),
        ("t", "number", "celsius", "Temperature"),
        ("x", "text", None, None),
        ("state", "text", None, "State of the door"),
        ("m", "number", "bool", None),
        ("m_text", "text", None, None),
    ] == [described(each) for each in rows(session, Question("t, state AS x, state, m")).columns]


def test_columns_of_aggregates_carry_what_is_declared(session: Session) -> None:
    """A table of aggregates has the unit but for counts, and the title within the aggregate, without the sensor's name."""
    asked = "P50(t), CNT(t), FIRST(state) AS x, CNT(*) BY sensor EVERY 1s"
    assert [
        ("time", "time", None, None),
        ("sensor", "text", None, None),
        ("p50_t", "number", "celsius", "P50(Temperature)"),
        ("cnt_t", "integer", None, "CNT(Temperature)"),
        ("x", "text", None, None),
        ("cnt", "integer", None, None),
    ] == [described(each) for each in rows(session, Question(asked, start=0, end=10)).columns]
