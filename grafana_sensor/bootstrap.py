"""The composition root: what is put together, and by which adapter.

Law: only this module names an adapter, and loads it only when its scheme is asked for. Nothing that holds a file, a
thread or a lock is made before a worker is forked.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from grafana_sensor.domain.errors import BadRequest, Unavailable
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports import Keyspaces, ScanStore
from grafana_sensor.service.database import Database
from grafana_sensor.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from grafana_sensor.service.following import Followers

log = logging.getLogger(__name__)

_CLOSING: Final = "grafana_sensor.closing"
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_KEEP_ALIVE: Final = 75
"""Seconds that an idle connection is kept: longer than the clients do, so that it's they who close it."""
_KEEP_REPLACED: Final = 60.0
_GRACE: Final = 10.0
"""Seconds for which Cassandra keeps what seals replace, at least, and beyond the longest answer."""
_LONGEST_LINE: Final = 8_190
"""Bytes of a request line, the most that gunicorn bounds: query texts come in it."""


def clock() -> int:
    """The UTC microseconds of now."""
    return time.time_ns() // 1_000


def connect(uri: str, settings: Settings | None = None, **overrides: object) -> Database:
    """The database at a URI: `sqlite:FOLDER`, `sqlite:///ABSOLUTE/FOLDER`, `cassandra://HOST/` (docs/cassandra.md), or
    `memory://`, which ends with it.

    `overrides` are settings by name, as Settings.read takes them; they go before `settings`. The folder is made
    when it is first needed. Raises BadRequest for another URI or setting.

    >>> database = connect("memory://", max_points=1000)
    >>> database.register("alice", "secret")
    >>> database.get_users()
    ['alice']
    """
    if not isinstance(uri, str):
        raise BadRequest(f"a store is a text like 'sqlite:sensors', not {shown(uri)}")
    scheme, colon, place = uri.partition(":")
    opening = _SCHEMES.get(scheme.lower()) if colon else None
    if opening is None:
        raise BadRequest(f"{_shown_scheme(scheme, colon)}; a store is {_FORMS}")
    read = Settings.read({}, overrides)
    if settings is not None:
        read = replace(
            settings, **{name: getattr(read, name) for name, value in overrides.items() if value is not None}
        )
    return Database(
        opening(place, read), replace(read, store=uri), clock, open_scans(read.scans) if read.scans else None
    )


def open_scans(url: str) -> ScanStore:
    """The scans of blissdata in the Redis at `redis://HOST:PORT`, which is connected to when it is first asked.

    Raises BadRequest for another URL, or where the extra `blissdata` isn't installed.
    """
    from grafana_sensor.adapters.blissdata import BlissdataScans, Place

    return BlissdataScans(Place.read(url))


def create_app(settings: Settings) -> Flask:
    """The Flask app over the settings' store; close_app lets go of it."""
    from grafana_sensor.service.sealing import Sealer, Thresholds
    from grafana_sensor.service.sessions import Sessions
    from grafana_sensor.web.app import create_app as app_over

    database = connect(settings.store, settings)
    sealer = Sealer(database.clock, Thresholds.of(settings))
    sessions = Sessions(
        database.keyspaces,
        lambda user, store: database.session(user, store, sealer.notify),
        size=settings.cache_size,
        timeout=settings.session_seconds,
        opened=sealer.opened,
    )
    app = app_over(database, sessions, sealer, settings, database.clock)
    app.extensions[_CLOSING] = (sealer.close, sessions.close, database.close)
    return app


def followers(app: Flask) -> Followers:
    """Who follows scans by this app."""
    from grafana_sensor.web.services import KEY

    found: Followers = app.extensions[KEY].followers
    return found


def close_app(app: Flask) -> None:
    """Stop sealing, close all sessions and the store; harmless when done twice."""
    for close in app.extensions[_CLOSING]:
        close()


def serve(settings: Settings, listening: Callable[[], None] | None = None) -> None:
    """Answer over HTTP until a signal stops it; requests under way are answered first, and logs go to stderr.

    `listening` is called once connections are taken. Raises BadRequest or Unavailable, before anything listens, where the store can't serve; one that is elsewhere may
    come later. Ends the process.
    """
    if settings.workers > 1 and settings.store.lower().startswith("memory:"):
        raise BadRequest("memory:// lives in one process: serve it with --workers 1, or use sqlite:FOLDER")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s [%(process)d] [%(levelname)s] %(message)s")
    logging.getLogger("cassandra").setLevel(logging.WARNING)  # the driver tells of each connection
    with connect(settings.store, settings) as database:
        try:
            database.ready()
        except Unavailable as error:
            if not database.keyspaces.remote:
                raise
            log.warning("not ready yet, which GET /ready tells: %s", error.message)
        if database.scans is not None:
            try:
                database.scans.last_timetag()
            except Unavailable as error:
                log.warning("scans will be there later: %s", error.message)
    with TemporaryDirectory(prefix="grafana-sensor-") as folder:
        # Read when the library of metrics is loaded, which only workers do.
        os.environ.setdefault(_METRICS_FOLDER, folder)
        _server(settings, listening).run()


def _server(settings: Settings, listening: Callable[[], None] | None) -> Any:
    """The gunicorn application that makes the app in each worker, and closes it there."""
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
        app: Flask | None = None

        def load_config(self) -> None:
            for name, value in gunicorn_options(settings).items():
                if name in self.cfg.settings:  # older versions have no control socket
                    self.cfg.set(name, value)
            self.cfg.set("post_worker_init", self.begin)
            self.cfg.set("worker_exit", self.leave)
            self.cfg.set("child_exit", forget_metrics)
            if listening is not None:
                self.cfg.set("when_ready", lambda _: listening())

        def load(self) -> Any:
            self.app = create_app(settings)
            return self.app

        def begin(self, worker: Any) -> None:
            if self.app is not None:
                followers(self.app).stopping = lambda: not worker.alive

        def leave(self, server: object, worker: object) -> None:
            if self.app is not None:
                close_app(self.app)

    return Server()


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """What gunicorn is told, hooks aside."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    memory = Path("/dev/shm")  # noqa: S108  # heartbeats of workers, which a slow disk must not stop
    return {
        "bind": f"{host}:{settings.port}",
        "workers": settings.workers,
        "threads": settings.threads + settings.followers,  # a follower holds one: the others are for other requests
        "worker_class": "gthread",
        "keepalive": _KEEP_ALIVE,
        "preload_app": False,
        "limit_request_line": _LONGEST_LINE,
        "errorlog": "-",
        "loglevel": "info",
        "control_socket_disable": True,
        **({"worker_tmp_dir": str(memory)} if memory.is_dir() else {}),
    }


def forget_metrics(server: object, worker: Any) -> None:  # noqa: ARG001  # gunicorn gives both
    """Drop the gauges of a worker that is gone; its counters stay in the sum."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # comes without types


def _memory(place: str, _: Settings) -> Keyspaces:
    from grafana_sensor.adapters.memory import MemoryKeyspaces

    if place not in ("", "//"):
        raise BadRequest(f"memory:// takes nothing after it, not {shown(place)}")
    return MemoryKeyspaces()


def _sqlite(place: str, _: Settings) -> Keyspaces:
    from grafana_sensor.adapters.sqlite import SqliteKeyspaces

    if place.startswith("//"):
        if not place.startswith("///"):
            raise BadRequest(
                f"'sqlite:{place}' has two slashes: sqlite:FOLDER is relative, sqlite:///ABSOLUTE/FOLDER is absolute"
            )
        place = place[2:]
    if not place.strip("/") or "\0" in place:
        raise BadRequest("sqlite: names no folder; write sqlite:FOLDER or sqlite:///ABSOLUTE/FOLDER")
    return SqliteKeyspaces(Path(place).expanduser())


def _cassandra(place: str, settings: Settings) -> Keyspaces:
    from grafana_sensor.adapters.cassandra import CassandraKeyspaces, Place
    from grafana_sensor.adapters.classic import CLASSIC

    return CassandraKeyspaces(
        Place.read(place, os.environ),
        layouts=(CLASSIC,),
        most=settings.max_user_keyspaces,
        keep=max(_KEEP_REPLACED, settings.query_seconds + _GRACE),
        clock=clock,
    )


_SCHEMES: Final[dict[str, Callable[[str, Settings], Keyspaces]]] = {
    "cassandra": _cassandra,
    "memory": _memory,
    "sqlite": _sqlite,
}
_FORMS: Final = "sqlite:FOLDER, sqlite:///ABSOLUTE/FOLDER, cassandra://HOST/ or memory://"


def _shown_scheme(scheme: str, colon: str) -> str:
    """What is wrong with the URI, without what follows its scheme: a password may stand there."""
    if not colon:
        return f"the store {shown(scheme)} has no scheme"
    return f"unknown scheme {shown(scheme)} of a store"
