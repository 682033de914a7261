"""Whether the server lives and what it is: `/`, `/health`, `/ready` and Prometheus' `GET /metrics`.

Law: open to all, and none of them names a user. Wrong credentials on `/` are refused all the same, so that a
datasource's test tells. `/` is our page for a browser, and JSON for all others.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import NotFound
from grafana_sensor.version import __version__
from grafana_sensor.web import pages
from grafana_sensor.web.auth import credentials
from grafana_sensor.web.encode import json_answer
from grafana_sensor.web.metrics import CONTENT_TYPE
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("status", __name__)

_LINKS: Final = {
    "health": "/health",
    "ready": "/ready",
    "openapi": "/openapi.json",
    "sensors": "/api/v1/sensors",
    "attributes": "/api/v1/attributes",
    "query": "/api/v1/query",
}


@blueprint.get("/")
def welcome() -> Response:
    """What the server is, and where to go, or the page; 401 where credentials are given and wrong."""
    header = request.headers.get("Authorization")
    if header is not None:
        with services().sessions.login(*credentials(header)):
            pass
    response = (
        pages.show()
        if pages.wanted(request)
        else json_answer({"name": "grafana_sensor", "version": __version__, "links": _LINKS})
    )
    response.vary.add("Accept")
    return response


@blueprint.get("/health")
def health() -> Response:
    """That the process answers."""
    return json_answer({"status": "ok"})


@blueprint.get("/ready")
def ready() -> Response:
    """That the store answers; 503 where it doesn't."""
    services().database.ready()
    return json_answer({"status": "ready"})


@blueprint.get("/metrics")
def metrics() -> Response:
    """The counters, for Prometheus; 404 where a setting closes them."""
    if not services().settings.metrics:
        raise NotFound("the metrics are closed here; the setting is metrics (GRAFANA_SENSOR_METRICS)")
    return Response(services().metrics.page(), content_type=CONTENT_TYPE)
