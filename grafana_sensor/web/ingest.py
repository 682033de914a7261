"""The door that devices post to: `/sensors/{sensor}/records`, and `/records` where each record names its sensor.

Law: what is acknowledged is durable; a repeat under the same Idempotency-Key stores nothing and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import orjson
from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown
from grafana_sensor.service.ingest import Incoming, Receipt, Records
from grafana_sensor.service.session import Session
from grafana_sensor.web import senml
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.bodies import read
from grafana_sensor.web.encode import json_answer
from grafana_sensor.web.parameters import Parameter, decode, text, word
from grafana_sensor.web.payloads import CONTENT_TYPES, FORMS, read_payload
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("ingest", __name__, url_prefix="/api/v1")

KEY: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255

POST: Final = (
    Parameter(
        "time_field",
        "The field that holds each record's time: a key or a dotted path. Without it the time is the first of time,"
        " timestamp, ts, datetime, date that is one, else the server's.",
        text,
        {"type": "string"},
        example="measured.at",
    ),
    Parameter(
        "on_error",
        "What a bad record does: `reject` refuses the whole post, `skip` stores the others and lists the bad ones.",
        word("reject", "skip"),
        {"type": "string", "enum": ["reject", "skip"], "default": "reject"},
    ),
    Parameter(
        "format",
        "How the body is written. Without it the content type says csv, ndjson or senml, and else it is JSON.",
        word(*FORMS),
        {"type": "string", "enum": list(FORMS)},
    ),
)
"""The parameters of both routes."""

POST_ANY: Final = (
    Parameter(
        "sensor_field",
        "The field that names each record's sensor: a key or a dotted path. It becomes no attribute.",
        text,
        {"type": "string", "default": "sensor"},
    ),
    *POST,
)
"""The parameters of `/records`."""


@blueprint.post("/sensors/<name:sensor>/records")
@signed_in
def of_sensor(session: Session, sensor: str) -> Response:
    """Store records of one sensor."""
    return _stored(session, decode(POST, request.args), sensor=sensor)


@blueprint.post("/records")
@signed_in
def of_any(session: Session) -> Response:
    """Store records that name their sensor each."""
    given = decode(POST_ANY, request.args)
    return _stored(session, given, sensor_field=given.get("sensor_field", "sensor"))


def idempotency_key(header: str | None) -> str | None:
    """The key of a post, None where it has none. Raises BadRequest when it is not 1 to 255 printable ASCII characters.

    >>> idempotency_key("2026-01-01/greenhouse-1")
    '2026-01-01/greenhouse-1'
    """
    if header is None:
        return None
    if 1 <= len(header) <= LONGEST_KEY and header.isascii() and header.isprintable():
        return header
    raise BadRequest(f"the {KEY} {shown(header)} is none: it has 1 to {LONGEST_KEY} printable ASCII characters")


def _stored(
    session: Session, given: dict[str, Any], *, sensor: str | None = None, sensor_field: str | None = None
) -> Response:
    found = services()
    key = idempotency_key(request.headers.get(KEY))
    form = given.get("format") or CONTENT_TYPES.get(request.mimetype, "json")
    body = read(request, found.settings.max_body)
    payload = read_payload(body, form, found.settings.limits)
    records: Records | Callable[[int], Records] = payload
    if form == "senml":
        if not given.keys().isdisjoint(("time_field", "sensor_field")):
            raise BadRequest("a SenML pack says times and sensors itself: leave out time_field and sensor_field")
        # A repeat that finishes a post resolves relative times as the post did.
        records = partial(senml.records, payload, one_sensor=sensor is not None)
        given = given | {"time_field": senml.TIME_FIELD}
        sensor_field = None if sensor_field is None else senml.SENSOR_FIELD
    meaning = orjson.dumps([form, given.get("time_field"), sensor_field, given.get("on_error", "reject")])
    receipt = session.ingest(
        Incoming(
            records,
            sensor=sensor,
            sensor_field=sensor_field,
            time_field=given.get("time_field"),
            key=key,
            path=request.path,
            digest=hashlib.sha256(hashlib.sha256(body).digest() + meaning).digest(),
            on_error=given.get("on_error", "reject"),
            form="columns" if isinstance(payload, dict) else "records",
        )
    )
    count(receipt)
    return _answer(receipt)


def count(receipt: Receipt) -> None:
    """Count what became of a post among Prometheus' metrics."""
    metrics = services().metrics
    if receipt.duplicate:
        metrics.repeats.inc()
    else:
        metrics.records.inc(receipt.accepted)
        metrics.rejected.inc(len(receipt.rejected))


def _answer(receipt: Receipt) -> Response:
    body: dict[str, Any] = {"accepted": receipt.accepted, "batch": receipt.batch}
    if receipt.duplicate:
        body["duplicate"] = True
    if receipt.rejected:
        body["rejected"] = [{"index": each.index, "message": each.message} for each in receipt.rejected]
    return json_answer(body, 200 if receipt.duplicate else 201)
