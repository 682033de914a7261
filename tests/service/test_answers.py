from __future__ import annotations

from typing import Any

import pytest

from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import BadRequest, Error, LimitError, ProjectionError, RangeError, UnknownSensor
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.query.parse import parse_query
from grafana_sensor.service.answers import Question, moments, query_of, rows, series
from grafana_sensor.service.session import Session
from tests.service.fakes import NOW

CATALOG = Catalog({"hall": {"t": NUMBER, "a b": NUMBER, "AVG(t)": TEXT, "*": NUMBER}, "a,b": {"t": NUMBER}})


def asked(**fields: Any) -> Any:
    return query_of(Question(**fields), CATALOG)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"q": "t"}, "t"),
        ({"q": " AVG(t) EVERY 5m "}, "AVG(t) EVERY 5m"),
        ({"select": ["MIN(t)", "CNT(*)"]}, "MIN(t), CNT(*)"),
        ({"select": "MAX(t)"}, "MAX(t)"),
        ({"q": "MIN(t) FROM hall WHERE t < 5 BY sensor EVERY 1h", "select": "MAX(t)"}, "MAX(t) FROM hall WHERE t < 5 BY sensor EVERY 1h"),
        ({"q": "MIN(t) FROM hall WHERE t < 5", "sensor": "{hall,roof}"}, "MIN(t) FROM hall, roof WHERE t < 5"),
        ({"q": "t", "sensor": "a,b"}, 't FROM "a,b"'),
        ({"q": "MIN(t) WHERE t < 5 AND t > 1", "where": [["t", "=", 3]]}, "MIN(t) WHERE t = 3"),
        ({"q": "MIN(t) WHERE t < 5", "where": "t = 3", "filters": [{"key": "sensor", "operator": "=", "value": "hall"}]}, "MIN(t) WHERE t = 3 AND sensor = hall"),
        ({"q": "MIN(t) WHERE t < 5", "filters": [["t", ">", 1]]}, "MIN(t) WHERE t < 5 AND t > 1"),
        ({"q": "MIN(t) WHERE t < 5", "where": ""}, "MIN(t)"),
        ({"q": "MIN(t)", "by": "Sensor"}, "MIN(t) BY sensor"),
        ({"q": "MIN(t) BY sensor", "by": ""}, "MIN(t)"),
        ({"q": "MIN(t)", "by": ["sensor"]}, "MIN(t) BY sensor"),
        ({"q": "MIN(t) EVERY 1h", "every": "5m"}, "MIN(t) EVERY 5m"),
        ({"q": "t", "aggregate": "mean"}, "AVG(t)"),
        ({"q": "MIN(t) AS x", "aggregate": ["MAX"]}, "MAX(t) AS x"),
        ({"q": "t", "aggregate": "MIN, p95"}, "MIN(t), P95(t)"),
        ({"q": "t", "aggregate": "(MIN|p95)"}, "MIN(t), P95(t)"),
        ({"q": r"a b", "aggregate": "{MIN,p95}"}, 'MIN("a b"), P95("a b")'),
    ],
)  # fmt: skip
def test_a_field_wins_over_its_part_of_the_text(fields: dict[str, Any], text: str) -> None:
    """Each field takes the place of its part of the text, and leaves the other parts."""
    assert parse_query(text) == asked(**fields)


@pytest.mark.parametrize(("q", "name"), [("a b", "a b"), ("AVG(t)", "AVG(t)"), (" a b", "a b")])
def test_a_text_that_is_an_attributes_name_is_that_attribute(q: str, name: str) -> None:
    """A text that is, as a whole, an attribute's name is that attribute, whatever characters it has."""
    (projection,) = asked(q=q).projections
    assert (name, None) == (projection.attribute, projection.aggregate)


def test_a_star_is_all_attributes() -> None:
    """`*` stands for all attributes, though one has that name."""
    assert parse_query("*") == asked(q="*")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "nothing is asked"),
        ({"q": "t", "by": "room"}, "by: 'room' is none"),
        ({"q": "t", "by": 5}, "by: 5"),
        ({"q": "t", "every": "often"}, "'often' is no duration"),
        ({"q": "t", "aggregate": "MEDIAN"}, "unknown aggregate 'MEDIAN'; known are CNT"),
        ({"q": "t", "aggregate": 5}, "aggregate: 5 where aggregates should be"),
        ({"q": "t", "aggregate": []}, "aggregate: an empty list"),
        ({"q": "t", "aggregate": ["MAX", 5]}, "aggregate: 5 in the list where the name of an aggregate should be"),
        ({"q": "t", "aggregate": "$agg"}, "'.agg' was left unexpanded"),
        ({"q": "t", "sensor": 5}, "sensor: 5"),
        ({"q": "t", "where": 5}, "where: 5"),
        ({"select": 5}, "select: 5"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], said: str) -> None:
    """What is wrong in a field is a bad request that names it."""
    with pytest.raises(BadRequest, match=said):
        asked(**fields)


def test_raw_and_aggregate_fields_do_not_mix() -> None:
    """Projections of both kinds are refused."""
    with pytest.raises(ProjectionError):
        asked(select=["t", "MAX(t)"])


def test_a_program_may_ask_for_dollars() -> None:
    """A `$x` in conditions is a text for a program, and what Grafana left unexpanded elsewhere."""
    where = [["t", "=", "$x"]]
    assert ("$x",) == asked(q="t", where=where, plain=True).conditions[0].values
    with pytest.raises(BadRequest, match="unexpanded"):
        asked(q="t", where=where)


def test_open_ranges_are_all_of_time() -> None:
    """What is not given reaches to the beginning and the end of times."""
    assert (BEGINNING, FOREVER) == moments(None, None, NOW)
    assert (NOW - 60_000_000, NOW) == moments("now-1m", "now", NOW)
    with pytest.raises(RangeError):
        moments("soon", None, NOW)


@pytest.fixture
def filled(session: Session) -> Session:
    session.insert_many("hall", [{"time": place, "t": place} for place in range(10)])
    session.insert_many("roof", [{"time": place, "t": "off"} for place in range(3)])
    return session


def test_rows_and_series_answer_alike(filled: Session) -> None:
    """A question gives the same values as rows and as series."""
    question = Question("SUM(t) EVERY 5s", start=0, end=10)
    table, (line,) = rows(filled, question), series(filled, question)
    assert [10.0, 35.0] == list(table.columns[1].values) == list(line.values)
    assert [0, 5_000_000] == list(table.columns[0].values) == line.times.tolist()


def test_pages_follow_each_other(filled: Session) -> None:
    """Pages of a question hold its rows once, in order, and the last has no next."""
    got, cursor = [], None
    while True:
        page = rows(filled, Question("t FROM hall", limit=4, cursor=cursor))
        got += list(page.columns[2].values)
        cursor = page.next
        if cursor is None:
            break
    assert [float(place) for place in range(10)] == got


def test_an_answer_has_a_limit_of_time(filled: Session) -> None:
    """An answer that takes longer than the setting allows is refused, and the limit is named."""
    filled.settings = filled.settings.__class__(query_seconds=0.0)
    with pytest.raises(LimitError, match="limit of 0 s"):
        rows(filled, Question("AVG(t)"))


def test_errors_of_the_question_reach_the_asker(filled: Session) -> None:
    """An unknown sensor and a reversed range are errors of ours."""
    with pytest.raises(UnknownSensor):
        rows(filled, Question("t", sensor="cellar"))
    with pytest.raises(Error, match="reversed"):
        series(filled, Question("t", start=5, end=1))
