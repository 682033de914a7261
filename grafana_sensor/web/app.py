"""The Flask app: the doors put together, and what every answer has.

Law: no redirects, no cookies, no HTML; each answer says that it is not to be stored or guessed at. Every request is
counted under its route.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Final

from flask import Flask, Response, g, request

from grafana_sensor.service.database import Database
from grafana_sensor.service.following import Followers
from grafana_sensor.service.sealing import Sealer
from grafana_sensor.service.sessions import Sessions
from grafana_sensor.settings import Settings
from grafana_sensor.web import (
    accounts,
    cors,
    datasource,
    ingest,
    openapi,
    problems,
    recording,
    rest,
    scans,
    status,
    write,
)
from grafana_sensor.web.bodies import drain
from grafana_sensor.web.metrics import Metrics
from grafana_sensor.web.paths import NameConverter, RawPaths, check_path
from grafana_sensor.web.services import KEY, Services

DOORS: Final = (
    status.blueprint,
    openapi.blueprint,
    accounts.blueprint,
    ingest.blueprint,
    write.blueprint,
    rest.blueprint,
    scans.blueprint,
    recording.blueprint,
    datasource.blueprint,
)


def create_app(
    database: Database, sessions: Sessions, sealer: Sealer, settings: Settings, clock: Callable[[], int]
) -> Flask:
    """The app over these services. `clock`: UTC µs."""
    app = Flask("grafana_sensor", static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters["name"] = NameConverter
    app.config["MAX_CONTENT_LENGTH"] = None  # web.bodies holds the limit, which is of what is unpacked
    metrics = Metrics()
    app.extensions[KEY] = Services(database, sessions, settings, clock, metrics, Followers(settings.followers))
    sealer.report = metrics.sealed
    problems.install(app)
    cors.install(app, settings.cors_origins)
    _measure(app, metrics, sessions)
    for door in DOORS:
        app.register_blueprint(door)
    app.wsgi_app = RawPaths(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap an app
    return app


def _measure(app: Flask, metrics: Metrics, sessions: Sessions) -> None:
    """Time and dress every answer."""

    @app.before_request
    def begin() -> None:
        g.begun = perf_counter()
        check_path(request.environ)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if request.method == "OPTIONS" and response.status_code == 200:
            response.headers.remove("Content-Type")
        if request.content_length or "Transfer-Encoding" in request.headers:
            response.call_on_close(partial(drain, request.stream, request.environ.get("gunicorn.socket")))
        route = request.url_rule.rule if request.url_rule else None
        metrics.observe(route, request.method, response.status_code, perf_counter() - g.begun)
        metrics.sessions.set(len(sessions))
        return response
