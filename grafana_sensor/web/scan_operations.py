"""What the routes of scans take and answer; see operations."""

from __future__ import annotations

from typing import Final

from grafana_sensor.web import schemas
from grafana_sensor.web.encode import ARROW, CSV
from grafana_sensor.web.operation import TEXT, Form, Operation, json_form
from grafana_sensor.web.points import NDJSON
from grafana_sensor.web.scans import POINTS, SCANS, SEVERAL

_SCAN: Final = {"key": "last"}
_STREAM: Final = {"key": "last", "name": "diode:current"}
_PROBLEMS: Final = (400, 401, 404, 422, 503)
_TABLES: Final = {
    CSV.partition(";")[0]: Form(schema=TEXT),
    ARROW: Form(schema={"type": "string", "contentEncoding": "binary"}),
}
_LINES: Final = {NDJSON: Form(schema=TEXT)}
_SCANS: Final = Form(
    schema={
        "anyOf": [
            {"type": "array", "items": {"$ref": "#/components/schemas/ScanRow"}},
            {"$ref": "#/components/schemas/Page"},
        ]
    }
)

SCAN_OPERATIONS: Final = (
    Operation(
        "scans.listed",
        "get",
        "scans",
        "The scans, the newest first",
        {200: {"application/json": _SCANS, **_TABLES}},
        (*_PROBLEMS, 501),
        SCANS,
    ),
    Operation(
        "scans.scan",
        "get",
        "scans",
        "One scan by its key, or the `last` one, with its info and streams",
        {200: json_form(schemas.ScanTold)},
        _PROBLEMS,
        names=_SCAN,
    ),
    Operation(
        "scans.points",
        "get",
        "scans",
        "Points of a stream by index; with `follow=1` JSON lines until its end",
        {200: {**json_form(schemas.Point, many=True), **_LINES, **_TABLES}},
        (*_PROBLEMS, 429, 501),
        POINTS,
        names=_STREAM,
    ),
    Operation(
        "scans.several",
        "get",
        "scans",
        "Several streams of a scan followed at once, as JSON lines that name their stream",
        {200: _LINES},
        (*_PROBLEMS, 429),
        SEVERAL,
        names=_SCAN,
    ),
)
"""Every route and method by which scans are read."""
