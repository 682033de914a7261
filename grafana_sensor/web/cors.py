"""Requests from pages of other origins, as Grafana sends them in browser access: which are let in.

Law: an origin is let in where the settings list it, and is then answered by its name, with credentials; `*` lets any in,
without the browser's own credentials. Errors carry the headers too, or no page could read them. Who isn't let in is
answered as ever, and the browser keeps the answer from the page. Our own page is let in nowhere. See the Fetch standard, section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from flask import Flask, Response, request

from grafana_sensor.web.encode import CURSOR

HEADERS: Final = frozenset({"accept", "authorization", "content-encoding", "content-type", "idempotency-key"})
"""The headers that a page may send, besides those that begin as custom ones do."""

_CUSTOM = re.compile(r"x-[a-z0-9-]+").fullmatch

SECONDS: Final = 600
"""How long a browser may remember the answer to its preflight."""


def install(app: Flask, origins: str) -> None:
    """Let pages of these origins in: separated by commas, `*` for any."""
    listed = {origin.strip().rstrip("/").lower() for origin in origins.split(",") if origin.strip()}
    if listed:
        app.after_request(lambda response: _let_in(response, listed))


def allowed_headers(wanted: str) -> list[str]:
    """Those of the wanted headers, separated by commas, that may be sent.

    >>> allowed_headers("authorization,x-grafana-device-id,cookie")
    ['authorization', 'x-grafana-device-id']
    """
    names = (name.strip().lower() for name in wanted.split(","))
    return [name for name in names if name in HEADERS or _CUSTOM(name)]


def _let_in(response: Response, listed: Iterable[str]) -> Response:
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if response.mimetype == "text/html":  # our page holds the token that guards its cookie
        return response
    if origin is None or not {origin, "*"} & set(listed):
        return response
    if origin in listed:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
    else:
        response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        wanted = request.headers.get("Access-Control-Request-Headers", "")
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        response.headers["Access-Control-Allow-Headers"] = ", ".join(allowed_headers(wanted))
        response.headers["Access-Control-Max-Age"] = str(SECONDS)
    else:
        response.headers["Access-Control-Expose-Headers"] = CURSOR
    return response
