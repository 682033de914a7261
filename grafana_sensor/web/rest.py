"""The REST routes for Infinity, scripts and people: what there is, what is declared, and queries.

Law: a list is a bare JSON array, `[]` where there is nothing; rows are flat. Names in a path that are not there are a
404, in a question a 400.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import BadRequest, NotFound, UnknownAttribute, UnknownSensor
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.domain.timestamps import from_datetime, to_iso
from grafana_sensor.query.fields import parse_sensors
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.session import Session
from grafana_sensor.service.source import known_sensors
from grafana_sensor.service.variables import named_sensors
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.bodies import json_object, read
from grafana_sensor.web.encode import json_answer, table_answer
from grafana_sensor.web.moments import EARLIEST, LATEST, instant
from grafana_sensor.web.parameters import Parameter, conditions, decode, moment, plain, text, texts, whole, word
from grafana_sensor.web.schemas import Declared, checked
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("rest", __name__, url_prefix="/api/v1")

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": ["string", "array"], "items": _TEXT}
_MOMENT: Final = {"type": ["string", "number"]}
_COUNT: Final = {"type": "integer", "minimum": 1}

SENSORS: Final = Parameter(
    "sensor",
    "Sensors: `a,b`, `{a,b}`, `(a|b)`, or repeated; `var-sensor` is taken too. Without it the whole of the data answers.",
    texts,
    _TEXT,
    body=_TEXTS,
    several=True,
    empty=True,
)

QUERY: Final = (
    Parameter("q", "The query text.", text, _TEXT, example="AVG(temperature) EVERY 1h"),
    Parameter("select", "Projections, by commas: they win over the text's.", texts, _TEXT, body=_TEXTS, several=True),
    SENSORS,
    Parameter(
        "where",
        "Conditions, joined by AND: they win over the text's. In a body also a list of [attribute, operator, value].",
        conditions,
        _TEXT,
        body={"type": ["string", "array"]},
        several=True,
        joint=" AND ",
    ),
    Parameter("by", "`sensor`: aggregates for each sensor.", word("sensor"), {"type": "string", "enum": ["sensor"]}),
    Parameter(
        "from",
        "The first time: ISO 8601, an epoch in s, ms, µs or ns, or `now-6h`.",
        moment,
        {**_TEXT, "default": EARLIEST},
        body=_MOMENT,
        example="2026-01-01T00:00:00Z",
    ),
    Parameter(
        "to",
        "The first time that is not in the range any more, as `from`.",
        moment,
        {**_TEXT, "default": LATEST},
        body=_MOMENT,
        example="2026-01-01T06:00:00Z",
    ),
    Parameter("every", "Buckets: a whole number of ms s m h d w, `auto`, or `all` for one value.", plain, _TEXT),
    Parameter("max_points", "How many buckets `auto` aims at.", whole(1), {**_COUNT, "default": 1000}),
    Parameter(
        "format",
        "How the rows are written; arrow needs the package's extra of that name.",
        word("json", "csv", "arrow"),
        {"type": "string", "enum": ["json", "csv", "arrow"], "default": "json"},
    ),
    Parameter(
        "time",
        "How times are written: RFC 3339 with `Z`, or epoch milliseconds; Arrow has timestamps.",
        word("iso", "ms"),
        {"type": "string", "enum": ["iso", "ms"], "default": "iso"},
    ),
    Parameter("limit", 'Rows of a page; the answer is then `{"data", "next"}`.', whole(1), _COUNT),
    Parameter("cursor", "The `next` of the page before.", plain, _TEXT),
)
"""The parameters of `/query`, and the members of its body."""

VALUES: Final = (SENSORS, Parameter("limit", "At most so many values, the first ones.", whole(1), _COUNT))
"""The parameters of `/attributes/{attribute}/values`."""

ATTRIBUTES: Final = (
    SENSORS,
    Parameter(
        "kind",
        "Those that hold any numbers, or any texts.",
        word("number", "text"),
        {"type": "string", "enum": ["number", "text"]},
    ),
)
"""The parameters of `/attributes`."""

RANGE: Final = (
    Parameter("from", "Those that have a record at this time or after it.", moment, _TEXT, example="now-6h"),
    Parameter("to", "Those that have a record before this time.", moment, _TEXT, example="now"),
)
"""The parameters of `/sensors`; with both, a record in that range."""


@blueprint.get("/sensors")
@signed_in
def sensors(session: Session) -> Response:
    """The user's sensors, or those that have a record in the range."""
    given, now = decode(RANGE, request.args), services().clock()
    low = from_datetime(instant("from", given["from"], now)) if "from" in given else BEGINNING
    high = from_datetime(instant("to", given["to"], now)) if "to" in given else FOREVER
    rows = answers.sensors(session, low, high)
    for row in rows:
        for key in ("first", "last"):
            row[key] = None if row[key] is None else to_iso(row[key])
    return json_answer(rows)


@blueprint.get("/sensors/<name:sensor>/attributes")
@signed_in
def sensor_attributes(session: Session, sensor: str) -> Response:
    """The attributes of a sensor."""
    try:
        return json_answer(answers.attributes(session, [sensor]))
    except UnknownSensor as error:
        raise NotFound(error.message) from None


@blueprint.get("/attributes")
@signed_in
def attributes(session: Session) -> Response:
    """The attributes of all the user's records, or of some sensors."""
    given = decode(ATTRIBUTES, request.args)
    asked = named_sensors(session.store.catalog(), given["sensor"]) if "sensor" in given else None
    return json_answer(answers.attributes(session, asked, given.get("kind")))


@blueprint.get("/attributes/<name:attribute>/values")
@signed_in
def values(session: Session, attribute: str) -> Response:
    """The distinct values of an attribute, with how many records have each."""
    given = decode(VALUES, request.args)
    asked = None
    if "sensor" in given:
        known = known_sensors(session.store.catalog())
        asked = [name.text for name in parse_sensors(given["sensor"], known)]
    try:
        return json_answer(answers.values(session, attribute, asked, given.get("limit")))
    except UnknownAttribute as error:
        raise NotFound(error.message) from None


@blueprint.put("/attributes/<name:attribute>")
@signed_in
def declare(session: Session, attribute: str) -> Response:
    """Declare the kind, unit or title of an attribute; 409 where its values are of another kind."""
    said = checked(Declared, json_object(read(request, services().settings.max_body)))
    if said.kind is None and said.unit is None and said.title is None:
        raise BadRequest("nothing is declared: give kind ('number' or 'text'), unit or title")
    row = session.declare(attribute, said.kind, said.unit, said.title)
    return json_answer({name: value for name, value in row.items() if value is not None})


@blueprint.route("/query", methods=["GET", "POST"])
@signed_in
def query(session: Session) -> Response:
    """Rows of records, or aggregates of them."""
    found = services()
    body = json_object(read(request, found.settings.max_body)) if request.method == "POST" else None
    given = decode(QUERY, request.args, body)
    table = answers.rows(session, _question(given, found.clock()))
    found.metrics.queries.inc()
    found.metrics.rows.inc(len(table))
    return table_answer(table, given.get("format", "json"), given.get("time", "iso"), paged="limit" in given)


def _question(given: dict[str, Any], now: int) -> Question:
    return Question(
        q=given.get("q"),
        select=given.get("select"),
        sensor=given.get("sensor"),
        where=given.get("where"),
        by=given.get("by"),
        every=given.get("every"),
        start=instant("from", given.get("from", EARLIEST), now),
        end=instant("to", given.get("to", LATEST), now),
        max_points=given.get("max_points", 1000),
        limit=given.get("limit"),
        cursor=given.get("cursor"),
    )
