"""What each route takes and answers: the rows that the OpenAPI description is made of.

Law: there is one row for each route and method of the app but the page's own forms and files, no more; parameters are those that the decoders read, and
bodies the models that check them. `problems` are all the statuses that a client's request can meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from grafana_sensor.web import schemas
from grafana_sensor.web.contract import replies, requests
from grafana_sensor.web.datasource import ANNOTATIONS
from grafana_sensor.web.encode import ARROW, CSV
from grafana_sensor.web.ingest import POST, POST_ANY
from grafana_sensor.web.metrics import CONTENT_TYPE
from grafana_sensor.web.parameters import Parameter
from grafana_sensor.web.rest import QUERY, VALUES

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
OBJECT: Final[Schema] = {"type": "object"}
ROWS: Final[Schema] = {
    "type": "array",
    "items": {"type": "object", "additionalProperties": {"type": ["number", "string", "null"]}},
}


@dataclass(frozen=True, slots=True)
class Form:
    """A body in one media type: a model, a list of it (`many`), or a schema; and an example that works."""

    model: type[BaseModel] | None = None
    schema: Schema | None = None
    many: bool = False
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One route and method: `takes` the body, `answers` by status and media type, `names` examples of path names."""

    endpoint: str
    method: str
    tag: str
    summary: str
    answers: Mapping[int, Mapping[str, Form]]
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    takes: Mapping[str, Form] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = True
    idempotent: bool = False


def _json(model: type[BaseModel], *, many: bool = False, example: Any = None) -> dict[str, Form]:
    return {"application/json": Form(model, many=many, example=example)}


def _query_body() -> Schema:
    members = {p.name: {**(p.body or p.schema), "description": p.help} for p in QUERY}
    return {"type": "object", "properties": members}


_SENSOR: Final = {"sensor": "greenhouse-1"}
_ATTRIBUTE: Final = {"attribute": "temperature"}
_RECORD: Final = {"time": "2026-01-01T00:00:00Z", "temperature": 21.5, "state": "on"}
_ASK: Final = {"q": "AVG(temperature) EVERY 1h", "from": "2026-01-01T00:00:00Z", "to": "2026-01-01T06:00:00Z"}
_TABLE: Final = {
    "application/json": Form(schema={"anyOf": [ROWS, {"$ref": "#/components/schemas/Page"}]}),
    CSV.partition(";")[0]: Form(schema=TEXT),
    ARROW: Form(schema={"type": "string", "contentEncoding": "binary"}),
}
_RECORDS: Final = {
    "application/json": Form(
        schema={"anyOf": [OBJECT, {"type": "array", "items": OBJECT}]}, example=[{**_RECORD, "sensor": "greenhouse-1"}]
    ),
    "application/x-ndjson": Form(schema=TEXT, example='{"sensor": "a", "t": 1}\n{"sensor": "a", "t": 2}\n'),
    "text/csv": Form(schema=TEXT, example="time,sensor,t\r\n2026-01-01T00:00:00Z,a,1.5\r\n"),
}
_STORED: Final = {200: _json(schemas.Stored), 201: _json(schemas.Stored)}
_SIGNED: Final = (401, 503)
_ASKED: Final = (400, *_SIGNED, 422)
_TABLED: Final = (*_ASKED, 501)
_BODY: Final = (400, 413, 415, 422)
_POSTED: Final = (*_BODY, *_SIGNED, 409)

_ASKED_BY_BODY: Final = (*_BODY, *_SIGNED)
_NOW: Final = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T06:00:00Z"}
_PANEL: Final = {
    "application/json": Form(
        schema={
            "type": "array",
            "items": {
                "anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Timeserie", "PanelTable", "Frame")]
            },
        }
    )
}


def _plugin(
    endpoint: str, summary: str, answers: Mapping[str, Form], body: type[BaseModel], example: Mapping[str, Any]
) -> Operation:
    """A route that a plugin posts to."""
    return Operation(
        f"datasource.{endpoint}",
        "post",
        "datasource",
        summary,
        {200: answers},
        _ASKED_BY_BODY,
        takes=_json(body, example=example),
    )


PLUGINS: Final = (
    _plugin(
        "answer_panel",
        "Answer the targets of a panel",
        _PANEL,
        requests.PanelQuery,
        {"range": _NOW, "maxDataPoints": 1000, "targets": [{"refId": "A", "target": "AVG(temperature)"}]},
    ),
    _plugin(
        "annotate",
        "The annotations of simple-json",
        _json(replies.Event, many=True),
        requests.Annotations,
        {"range": _NOW, "annotation": {"query": "state WHERE state = 'off'"}},
    ),
    Operation(
        "datasource.annotate",
        "get",
        "datasource",
        "The same annotations, for Infinity",
        {200: _json(replies.Event, many=True)},
        _ASKED,
        ANNOTATIONS,
    ),
    _plugin(
        "search",
        "The metrics by name, or what a variable lists",
        {"application/json": Form(schema={"type": "array", "items": TEXT})},
        requests.Search,
        {"target": "sensors"},
    ),
    _plugin(
        "metric_list",
        "simPod's metrics, with the fields of its builder",
        _json(replies.Metric, many=True),
        requests.MetricList,
        {},
    ),
    _plugin(
        "payload_options",
        "The options of a field of simPod's builder",
        _json(replies.Choice, many=True),
        requests.PayloadOptions,
        {"name": "sensor", "metric": "temperature"},
    ),
    _plugin(
        "variable",
        "What a variable lists",
        _json(replies.VariableOption, many=True),
        requests.VariableQuery,
        {"payload": {"target": "attributes", "sensor": ["greenhouse-1"]}},
    ),
    _plugin("tag_keys", "The keys of ad hoc filters", _json(replies.TagKey, many=True), requests.TagKeys, {}),
    _plugin(
        "tag_values",
        "The values of an ad hoc filter",
        _json(replies.TagValue, many=True),
        requests.TagValues,
        {"key": "state"},
    ),
)
"""The routes of simPod JSON and simple-json."""

OPERATIONS: Final = (
    *PLUGINS,
    Operation(
        "status.welcome",
        "get",
        "status",
        "What the server is; the web page, where text/html is preferred",
        {200: {**_json(schemas.Welcome), "text/html": Form(schema=TEXT)}},
        _SIGNED,
        signed_in=False,
    ),
    Operation(
        "status.health", "get", "status", "Whether the server lives", {200: _json(schemas.Health)}, signed_in=False
    ),
    Operation(
        "status.ready",
        "get",
        "status",
        "Whether the store answers",
        {200: _json(schemas.Health)},
        (503,),
        signed_in=False,
    ),
    Operation(
        "status.metrics",
        "get",
        "status",
        "Prometheus' metrics",
        {200: {CONTENT_TYPE.partition(";")[0]: Form(schema=TEXT)}},
        (404,),
        signed_in=False,
    ),
    Operation(
        "openapi.describe",
        "get",
        "status",
        "This description",
        {200: {"application/json": Form(schema=OBJECT)}},
        signed_in=False,
    ),
    Operation(
        "accounts.register",
        "post",
        "users",
        "Register a user, where the server was started with --open-registration",
        {201: _json(schemas.User)},
        (*_BODY, 403, 409, 503),
        takes=_json(schemas.NewUser, example={"user": "bob", "password": "secret"}),
        signed_in=False,
    ),
    Operation(
        "accounts.set_password",
        "put",
        "users",
        "Set another password for yourself",
        {200: _json(schemas.User)},
        (*_BODY, *_SIGNED),
        takes=_json(schemas.NewPassword, example={"password": "secret"}),
    ),
    Operation("rest.sensors", "get", "catalog", "The sensors", {200: _json(schemas.Sensor, many=True)}, _ASKED),
    Operation(
        "rest.sensor_attributes",
        "get",
        "catalog",
        "The attributes of a sensor",
        {200: _json(schemas.Attribute, many=True)},
        (*_ASKED, 404),
        names=_SENSOR,
    ),
    Operation(
        "rest.attributes", "get", "catalog", "The attributes", {200: _json(schemas.Attribute, many=True)}, _ASKED
    ),
    Operation(
        "rest.values",
        "get",
        "catalog",
        "The values of an attribute: numbers ascending, then texts by code points",
        {200: _json(schemas.Count, many=True)},
        (*_ASKED, 404),
        VALUES,
        names=_ATTRIBUTE,
    ),
    Operation(
        "rest.declare",
        "put",
        "catalog",
        "Declare an attribute",
        {200: _json(schemas.Attribute)},
        _POSTED,
        takes=_json(schemas.Declared, example={"unit": "celsius", "title": "Air temperature"}),
        names=_ATTRIBUTE,
    ),
    Operation("rest.query", "get", "query", "Ask for rows or aggregates", {200: _TABLE}, _TABLED, QUERY),
    Operation(
        "rest.query",
        "post",
        "query",
        "Ask for rows or aggregates by a JSON body, in any content type, whose members win over the parameters",
        {200: _TABLE},
        (*_TABLED, 413, 415),
        QUERY,
        {"application/json": Form(schema=_query_body(), example=_ASK)},
    ),
    Operation(
        "ingest.of_sensor",
        "post",
        "ingest",
        "Store records of a sensor",
        _STORED,
        _POSTED,
        POST,
        _RECORDS,
        _SENSOR,
        idempotent=True,
    ),
    Operation(
        "ingest.of_any",
        "post",
        "ingest",
        "Store records that name their sensor each",
        _STORED,
        _POSTED,
        POST_ANY,
        _RECORDS,
        idempotent=True,
    ),
)
"""Every route and method."""
