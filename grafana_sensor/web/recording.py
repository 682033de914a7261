"""The door that scans are recorded by: they are begun, sent points, closed and deleted under `/scans`.

Law: what is acknowledged is durable. Points that say the index of their first one, and scans that are begun under a key,
can be sent again, which changes nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import BadRequest, NotFound, UnknownStream
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.service import recording
from grafana_sensor.service.recordable import definition
from grafana_sensor.service.session import Session
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.bodies import json_object, read
from grafana_sensor.web.encode import json_answer
from grafana_sensor.web.ingest import KEY, idempotency_key
from grafana_sensor.web.parameters import Parameter, decode, whole, word
from grafana_sensor.web.payloads import CONTENT_TYPES
from grafana_sensor.web.recorded import Closing, NewScan
from grafana_sensor.web.schemas import checked
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("recording", __name__, url_prefix="/api/v1/scans")

BINARY: Final = "application/octet-stream"
_IDENTITY: Final = ("name", "number", "data_policy", "session", "proposal", "collection", "dataset", "path")

SEND: Final = (
    Parameter(
        "start",
        "The index of the first point, so that a repeat adds nothing; without it, the stream's end.",
        whole(0),
        {"type": "integer", "minimum": 0},
    ),
)
"""The parameters of `/scans/{key}/streams/{name}`."""

DELETE: Final = (
    Parameter(
        "force",
        "`true` deletes a scan that is not closed too.",
        word("true", "false"),
        {"type": "string", "enum": ["true", "false"], "default": "false"},
    ),
)
"""The parameters of a deletion."""


@blueprint.post("")
@signed_in
def begin(session: Session) -> Response:
    """Begin a scan that takes points at once."""
    scans = session.store.scans()
    body = read(request, services().settings.max_body)
    said = checked(NewScan, json_object(body))
    key = said.key
    if key is None and (name := idempotency_key(request.headers.get(KEY))) is not None:
        digest = hashlib.sha256(body).digest()
        key = recording.claim(session.store, name, request.path, digest, session.clock())
    new = recording.NewScan(
        {field: getattr(said, field) for field in _IDENTITY},
        said.info,
        [definition(each.name, each.dtype, each.shape, each.info) for each in said.streams],
        key,
    )
    key, known = recording.begin(scans, new, session.clock)
    answer = {"key": key, "state": scans.load(key).state.name}
    return json_answer({**answer, "duplicate": True} if known else answer, 200 if known else 201)


@blueprint.post("/<name:key>/points")
@signed_in
def send(session: Session, key: str) -> Response:
    """Send points of several streams at once."""
    most = services().settings.max_records
    streams = json_object(read(request, services().settings.max_body)).get("streams")
    if not isinstance(streams, dict):
        raise BadRequest('the body has no object "streams": {"streams": {"a": {"start": 0, "points": [1.5]}}}')
    points = {name: _points(f"streams.{name}", each) for name, each in streams.items()}
    return json_answer({"lengths": recording.append(session.store.scans(), key, points, most)})


@blueprint.post("/<name:key>/streams/<name:name>")
@signed_in
def send_to(session: Session, key: str, name: str) -> Response:
    """Send points of one stream: JSON, JSON lines, or the bytes of an array."""
    settings = services().settings
    start = decode(SEND, request.args).get("start")
    body = read(request, settings.max_body)
    values: Any = body
    if CONTENT_TYPES.get(request.mimetype) == "ndjson":
        values = [loads(line) for line in body.split(b"\n") if line.strip()]
    elif request.mimetype != BINARY:
        given, values = _points("the body", loads(body))
        start = given if start is None else start
    try:
        lengths = recording.append(session.store.scans(), key, {name: (start, values)}, settings.max_records)
    except UnknownStream as error:
        raise NotFound(error.message) from None
    return json_answer({"lengths": lengths})


@blueprint.post("/<name:key>/close")
@signed_in
def close(session: Session, key: str) -> Response:
    """Close a scan: it takes no more points."""
    said = checked(Closing, json_object(read(request, services().settings.max_body)))
    info = {**said.info, "end_reason": said.end_reason}
    scan = recording.finish(session.store.scans(), key, session.clock(), info)
    lengths = {name: stream.length for name, stream in scan.streams.items()}
    return json_answer({"key": key, "state": scan.state.name, "lengths": lengths})


@blueprint.delete("/<name:key>")
@signed_in
def delete(session: Session, key: str) -> Response:
    """Delete a scan and its points."""
    force = decode(DELETE, request.args).get("force") == "true"
    recording.delete(session.store.scans(), key, force=force)
    return json_answer({"deleted": key})


def _points(where: str, value: Any) -> tuple[int | None, Any]:
    """The index of the first point, None for the stream's end, and the points, from a list or `{"start", "points"}`."""
    if isinstance(value, list):
        return None, value
    if not isinstance(value, dict) or not isinstance(value.get("points"), list):
        raise BadRequest(
            f'{where} is {named_kind(value)}; it must be a list of points, or {{"start": 0, "points": [1.5]}}'
        )
    start = value.get("start")
    if start is not None and (type(start) is not int or not 0 <= start < 2**53):
        raise BadRequest(f"{where}.start is {shown(start)}; it must be a whole number, 0 or more")
    return start, value["points"]
