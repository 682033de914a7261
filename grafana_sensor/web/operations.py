"""What each route takes and answers: the rows that the OpenAPI description is made of.

Law: there is one row for each route and method of the app, no more; parameters are those that the decoders read, and
bodies the models that check them. `problems` are all the statuses that a client's request can meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from grafana_sensor.web import schemas
from grafana_sensor.web.contract import replies, requests
from grafana_sensor.web.datasource import ANNOTATIONS
from grafana_sensor.web.encode import ARROW, CSV
from grafana_sensor.web.ingest import POST, POST_ANY
from grafana_sensor.web.metrics import CONTENT_TYPE
from grafana_sensor.web.operation import BODY, OBJECT, POSTED, SIGNED, TEXT, Form, Operation, Schema, json_form
from grafana_sensor.web.recording_operations import RECORDING
from grafana_sensor.web.rest import ATTRIBUTES, QUERY, RANGE, VALUES
from grafana_sensor.web.scan_operations import SCAN_OPERATIONS
from grafana_sensor.web.write import WRITE, WRITE_1

ROWS: Final[Schema] = {
    "type": "array",
    "items": {"type": "object", "additionalProperties": {"type": ["number", "string", "null"]}},
}


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
_STORED: Final = {200: json_form(schemas.Stored), 201: json_form(schemas.Stored)}
_LINES: Final = {"text/plain": Form(schema=TEXT, example='room,sensor=hall temperature=21.5,state="on"\n')}
_ASKED: Final = (400, *SIGNED, 422)
_TABLED: Final = (*_ASKED, 501)

_ASKED_BY_BODY: Final = (*BODY, *SIGNED)
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
        takes=json_form(body, example=example),
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
        json_form(replies.Event, many=True),
        requests.Annotations,
        {"range": _NOW, "annotation": {"query": "state WHERE state = 'off'"}},
    ),
    Operation(
        "datasource.annotate",
        "get",
        "datasource",
        "The same annotations, for Infinity",
        {200: json_form(replies.Event, many=True)},
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
        json_form(replies.Metric, many=True),
        requests.MetricList,
        {},
    ),
    _plugin(
        "payload_options",
        "The options of a field of simPod's builder",
        json_form(replies.Choice, many=True),
        requests.PayloadOptions,
        {"name": "sensor", "metric": "temperature"},
    ),
    _plugin(
        "variable",
        "What a variable lists",
        json_form(replies.VariableOption, many=True),
        requests.VariableQuery,
        {"payload": {"target": "attributes", "sensor": ["greenhouse-1"]}},
    ),
    _plugin("tag_keys", "The keys of ad hoc filters", json_form(replies.TagKey, many=True), requests.TagKeys, {}),
    _plugin(
        "tag_values",
        "The values of an ad hoc filter",
        json_form(replies.TagValue, many=True),
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
        "What the server is",
        {200: json_form(schemas.Welcome)},
        SIGNED,
        signed_in=False,
    ),
    Operation(
        "status.health", "get", "status", "Whether the server lives", {200: json_form(schemas.Health)}, signed_in=False
    ),
    Operation(
        "status.ready",
        "get",
        "status",
        "Whether the store answers",
        {200: json_form(schemas.Health)},
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
        {201: json_form(schemas.User)},
        (*BODY, 403, 409, 503),
        takes=json_form(schemas.NewUser, example={"user": "bob", "password": "secret"}),
        signed_in=False,
    ),
    Operation(
        "accounts.set_password",
        "put",
        "users",
        "Set another password for yourself",
        {200: json_form(schemas.User)},
        (*BODY, *SIGNED),
        takes=json_form(schemas.NewPassword, example={"password": "secret"}),
    ),
    Operation(
        "rest.sensors", "get", "catalog", "The sensors", {200: json_form(schemas.Sensor, many=True)}, _ASKED, RANGE
    ),
    Operation(
        "rest.sensor_attributes",
        "get",
        "catalog",
        "The attributes of a sensor",
        {200: json_form(schemas.Attribute, many=True)},
        (*_ASKED, 404),
        names=_SENSOR,
    ),
    Operation(
        "rest.attributes",
        "get",
        "catalog",
        "The attributes",
        {200: json_form(schemas.Attribute, many=True)},
        _ASKED,
        ATTRIBUTES,
    ),
    Operation(
        "rest.values",
        "get",
        "catalog",
        "The values of an attribute: numbers ascending, then texts by code points",
        {200: json_form(schemas.Count, many=True)},
        (*_ASKED, 404),
        VALUES,
        names=_ATTRIBUTE,
    ),
    Operation(
        "rest.declare",
        "put",
        "catalog",
        "Declare an attribute",
        {200: json_form(schemas.Attribute)},
        POSTED,
        takes=json_form(schemas.Declared, example={"unit": "celsius", "title": "Air temperature"}),
        names=_ATTRIBUTE,
    ),
    *SCAN_OPERATIONS,
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
        POSTED,
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
        POSTED,
        POST_ANY,
        _RECORDS,
        idempotent=True,
    ),
    Operation(
        "write.write",
        "post",
        "ingest",
        "Store lines of the Influx line protocol; Authorization: Token user:password is taken too",
        {204: {}},
        POSTED,
        WRITE,
        _LINES,
        idempotent=True,
        problem=schemas.WriteProblem,
    ),
    Operation(
        "write.write_1",
        "post",
        "ingest",
        "The same, for clients of InfluxDB 1",
        {204: {}},
        POSTED,
        WRITE_1,
        _LINES,
        idempotent=True,
        problem=schemas.WriteProblem,
    ),
    *RECORDING,
)
"""Every route and method."""
