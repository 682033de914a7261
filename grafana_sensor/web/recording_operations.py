"""What the routes that record scans take and answer, as rows of the OpenAPI description."""

from __future__ import annotations

from typing import Final

from grafana_sensor.web import recorded
from grafana_sensor.web.operation import BODY, POSTED, SIGNED, TEXT, Form, Operation, json_form
from grafana_sensor.web.recording import BINARY, DELETE, SEND

_SENT: Final = {200: json_form(recorded.Lengths)}
_TO_SCAN: Final = (*BODY, *SIGNED, 404, 409)
_OPEN: Final = {"key": "01KDVDNA000000000000000001"}

RECORDING: Final = (
    Operation(
        "recording.begin",
        "post",
        "scans",
        "Begin a scan, which takes points at once",
        {200: json_form(recorded.Begun), 201: json_form(recorded.Begun)},
        POSTED,
        takes=json_form(
            recorded.NewScan,
            example={
                "name": "ascan",
                "number": 2,
                "dataset": "sample1",
                "info": {"title": "ascan mot 0 1 10 0.1"},
                "streams": [{"name": "timer:epoch"}, {"name": "diode:current", "info": {"unit": "A"}}],
            },
        ),
        idempotent=True,
    ),
    Operation(
        "recording.send",
        "post",
        "scans",
        "Send points of several streams",
        _SENT,
        _TO_SCAN,
        takes=json_form(
            recorded.SentStreams,
            example={
                "streams": {
                    "timer:epoch": {"start": 0, "points": [1767225600.0, 1767225600.1]},
                    "diode:current": {"start": 0, "points": [1.5, 1.25]},
                }
            },
        ),
        names=_OPEN,
    ),
    Operation(
        "recording.send_to",
        "post",
        "scans",
        "Send points of one stream: JSON, JSON lines, or an array's bytes (C order, little-endian, of the stream's dtype)",
        _SENT,
        _TO_SCAN,
        SEND,
        {
            "application/json": Form(
                schema={"anyOf": [{"type": "array"}, {"$ref": "#/components/schemas/SentPoints"}]}, example=[1.5, 1.25]
            ),
            "application/x-ndjson": Form(schema=TEXT, example="1.5\n1.25\n"),
            BINARY: Form(schema={"type": "string", "contentEncoding": "binary"}, example="8 bytes."),
        },
        {"key": "01KDVDNA000000000000000002", "name": "diode:current"},
    ),
    Operation(
        "recording.close",
        "post",
        "scans",
        "Close a scan: all its streams are sealed",
        {200: json_form(recorded.Ended)},
        _TO_SCAN,
        takes=json_form(recorded.Closing, example={"end_reason": "SUCCESS"}),
        names={"key": "01KDVDNA000000000000000003"},
    ),
    Operation(
        "recording.delete",
        "delete",
        "scans",
        "Delete a scan and its points",
        {200: json_form(recorded.Deleted)},
        (400, *SIGNED, 404, 409, 422),
        DELETE,
        names={"key": "01KDVDNA000000000000000004"},
    ),
)
"""Their rows."""
