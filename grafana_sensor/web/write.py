"""The doors for clients of InfluxDB, Telegraf first: `/api/v2/write`, and version 1's `/write`.

Law: what is acknowledged is durable, and a body is stored whole or not at all, unless `on_error=skip` says otherwise.
Where each line has its time, the body itself is the key that makes its repeat harmless, as a repeated point changes
nothing in InfluxDB. Errors are those of all doors, with InfluxDB's `code` and `line` beside them.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Blueprint, Response, current_app, request

from grafana_sensor.domain.errors import BadRequest, LineError, RejectedLine, RejectedRecords
from grafana_sensor.service.ingest import Incoming, Receipt
from grafana_sensor.service.session import Session
from grafana_sensor.web.auth import signed_in_by_token
from grafana_sensor.web.bodies import read
from grafana_sensor.web.ingest import KEY, count, idempotency_key
from grafana_sensor.web.lineprotocol import PRECISIONS, SENSOR_FIELD, TIME_FIELD, Lines, Naming, read_lines
from grafana_sensor.web.parameters import Parameter, decode, text, word
from grafana_sensor.web.problems import problem_of
from grafana_sensor.web.services import services
from grafana_sensor.web.templates import Template

blueprint: Final = Blueprint("write", __name__)

SENSOR: Final = "{sensor|host|measurement}"
"""What names a line's sensor, where the request doesn't say: the tag sensor, else host, else the measurement."""

_NAMES: Final = frozenset({"measurement", "field"})
_WORDS: Final = {
    400: "invalid",
    401: "unauthorized",
    413: "request too large",
    415: "unsupported media type",
    422: "unprocessable entity",
    500: "internal error",
    503: "unavailable",
}
"""InfluxDB's words for what goes wrong; the phrase of HTTP for others."""


def _ignored(name: str) -> Parameter:
    return Parameter(name, "Taken, and without meaning here: the user is who writes.", text, {"type": "string"})


def _precision(*units: str) -> Parameter:
    return Parameter(
        "precision",
        "The unit of the lines' times.",
        word(*units),
        {"type": "string", "enum": list(units), "default": "ns"},
    )


_NAMING: Final = (
    Parameter(
        "sensor",
        "What a line's sensor is named by: tags and the measurement in braces, `|` between those of which the first"
        " that is there counts. A tag that names the sensor becomes no attribute.",
        text,
        {"type": "string", "default": SENSOR},
        example=SENSOR,
    ),
    Parameter(
        "attribute",
        "What a field's attribute is named by. Without it `{measurement}_{field}`, or `{field}` where the measurement"
        " names the sensor.",
        text,
        {"type": "string"},
        example="{field}",
    ),
    Parameter(
        "on_error",
        "What a bad line does: `reject` refuses the whole body, `skip` stores the others, and answers 422 all the"
        " same, with the first bad line.",
        word("reject", "skip"),
        {"type": "string", "enum": ["reject", "skip"], "default": "reject"},
    ),
)

WRITE: Final = (_ignored("bucket"), _ignored("org"), _precision("ns", "us", "ms", "s"), *_NAMING)
"""The parameters of `/api/v2/write`."""

WRITE_1: Final = (_ignored("db"), _ignored("rp"), _precision(*PRECISIONS), *_NAMING)
"""The parameters of `/write`."""


@blueprint.post("/api/v2/write")
@signed_in_by_token
def write(session: Session) -> Response:
    """Store lines, as InfluxDB 2 does."""
    return _stored(session, decode(WRITE, request.args))


@blueprint.post("/write")
@signed_in_by_token
def write_1(session: Session) -> Response:
    """Store lines, as InfluxDB 1 does."""
    return _stored(session, decode(WRITE_1, request.args))


@blueprint.errorhandler(Exception)
def answer_problem(error: Exception) -> Response:
    """The problem as all doors tell it, and as InfluxDB does."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        current_app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
    problem.extra["code"] = _WORDS.get(problem.status, HTTPStatus(problem.status).phrase.lower())
    if isinstance(error, (LineError, RejectedLine)):
        problem.extra["line"] = error.line
    return problem.answer()


def _stored(session: Session, given: dict[str, Any]) -> Response:
    settings = services().settings
    key = idempotency_key(request.headers.get(KEY))
    sensor, attribute = given.get("sensor", SENSOR), given.get("attribute")
    naming = Naming(Template("sensor", sensor), None if attribute is None else Template("attribute", attribute, _NAMES))
    precision, on_error = given.get("precision", "ns"), given.get("on_error", "reject")
    body = read(request, settings.max_body)
    lines = read_lines(_text(body), naming, precision, settings.limits, skip=on_error == "skip")
    if not lines.records and not lines.faults:
        raise BadRequest("the body has no line; a line is measurement,tag=value field=value time")
    meaning = orjson.dumps([sensor, attribute, precision, on_error])
    digest = hashlib.sha256(hashlib.sha256(body).digest() + meaning).digest()
    if key is None and not lines.untimed:
        key = "lines-" + hashlib.sha256(request.path.encode() + digest).hexdigest()
    try:
        receipt = session.ingest(
            Incoming(
                lines.at,
                sensor_field=SENSOR_FIELD,
                time_field=TIME_FIELD,
                key=key,
                path=request.path,
                digest=digest,
                on_error=on_error,
            )
        )
    except RejectedRecords as error:
        raise _refused(lines, error, stored=False) from None
    count(receipt)
    if receipt.rejected or lines.faults:
        raise _refused(lines, receipt, stored=True)
    answer = Response(status=HTTPStatus.NO_CONTENT)
    del answer.headers["Content-Type"]
    return answer


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise LineError(f"line {line}: it is not UTF-8: {body[error.start]:#04x}", line=line) from None


def _refused(lines: Lines, what: Receipt | RejectedRecords, *, stored: bool) -> RejectedLine:
    """The error that names the first bad line, and says how many there are and whether the others are stored."""
    bad = sorted([*lines.faults, *((lines.numbers[each.index], each.message) for each in what.rejected)])
    number, message = bad[0]
    more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    kept = f"; the other {len(lines.numbers) - len(what.rejected):,} are stored" if stored else ""
    return RejectedLine(f"line {number}: {message}{more}{kept}", line=number)
