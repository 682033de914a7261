"""Clients of an app in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient

from grafana_sensor.bootstrap import close_app, create_app
from grafana_sensor.settings import Settings


@contextmanager
def client_of(settings: Settings) -> Iterator[FlaskClient]:
    """A client of an app with these settings, which is closed at the end."""
    app = create_app(settings)
    try:
        yield app.test_client()
    finally:
        close_app(app)


def demo_client() -> Iterator[FlaskClient]:
    """A client of an app in memory that has the user of the pages, demo with the password demo, and no records."""
    with client_of(Settings(store="memory://", open_registration=True)) as client:
        assert 201 == client.post("/api/v1/users", json={"user": "demo", "password": "demo"}).status_code
        yield client
