"""Errors as answers: JSON, with the message in the reason phrase too, since Infinity shows nothing else.

Law: one handler for whatever is raised. What is not an error of ours or of HTTP's is logged, and told to the client
only as a defect. A reason phrase is printable ASCII of at most 200 characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from grafana_sensor.domain.errors import Error, RejectedRecords
from grafana_sensor.domain.shown import shown
from grafana_sensor.web.logins import TOKEN

LONGEST_REASON: Final = 200
CHALLENGE: Final = 'Basic realm="grafana_sensor", charset="UTF-8"'

_PLAIN: Final = str.maketrans({"µ": "u", "–": "-", "’": "'", "“": '"', "”": '"', "…": "...", "×": "x"})
_CODES: Final = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What goes wrong, as the client is told: `extra` are members beside `message` and `error`."""

    status: int
    code: str
    message: str
    position: int | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Response:
        """The response."""
        message = _written(self.message)
        error: dict[str, Any] = {"code": self.code, "message": message}
        if self.position is not None:
            error["position"] = self.position
        body = orjson.dumps({"message": message, "error": error, **self.extra})
        response = Response(body, mimetype="application/json", headers=self.headers)
        response.status = f"{self.status} {reason(message) or HTTPStatus(self.status).phrase}"
        return response


def reason(message: str) -> str:
    r"""The message as a reason phrase: on one line, printable ASCII, cut with `...` at 200 characters.

    >>> reason("unknown attribute 'température'\r\nX: 1")
    "unknown attribute 'temp?rature' X: 1"
    """
    plain = " ".join(message[: 4 * LONGEST_REASON].translate(_PLAIN).split())
    clean = "".join(c if " " <= c <= "~" else "?" for c in plain)
    return clean if len(clean) <= LONGEST_REASON else clean[: LONGEST_REASON - 3] + "..."


def problem_of(error: Exception) -> Problem:
    """What the client is told of an exception."""
    if isinstance(error, RejectedRecords):
        rejected = [{"index": each.index, "message": _written(each.message)} for each in error.rejected]
        return Problem(error.status, error.code, error.message, error.position, {"rejected": rejected})
    if isinstance(error, Error):
        headers = {"WWW-Authenticate": CHALLENGE} if error.status == HTTPStatus.UNAUTHORIZED else {}
        return Problem(error.status, error.code, error.message, error.position, headers=headers)
    if isinstance(error, HTTPException) and error.code is not None and error.code >= HTTPStatus.BAD_REQUEST:
        code = _CODES.get(error.code, HTTPStatus(error.code).name.lower())
        headers = {name: value for name, value in error.get_headers() if name.lower() == "allow"}
        return Problem(error.code, code, _message_of(error, headers), headers=headers)
    return Problem(500, "internal_error", "an error inside the server, which has it in its log; it is a defect")


def install(app: Flask) -> None:
    """Make `app` answer every exception by a problem."""

    @app.errorhandler(Exception)
    def handle(error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            app.logger.error("%s %s failed", request.method, request.path, exc_info=error)
        if TOKEN in request.headers:  # our page asks for the password itself; a challenge would make the browser ask
            problem.headers.pop("WWW-Authenticate", None)
        return problem.answer()


def _message_of(error: HTTPException, headers: dict[str, str]) -> str:
    if error.code == HTTPStatus.NOT_FOUND:
        return f"there is no {shown(request.path)} here; GET /openapi.json describes what there is"
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not taken here; what is: {headers.get('Allow', 'nothing')}"
    return " ".join((error.description or error.name).split())


def _written(message: str) -> str:
    """The message without lone surrogates, which JSON can't hold."""
    return message.encode("utf-8", "replace").decode()
