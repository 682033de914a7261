"""What every test stands on: drawn cases without a deadline, and in CI the same ones each time."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from grafana_sensor.bootstrap import close_app, create_app
from grafana_sensor.settings import Settings
from tests.cassandra import lent

settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("desk"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")


def pytest_configure(config: pytest.Config) -> None:
    """The run begins in its first process; workers of pytest-xdist belong to that."""
    if not hasattr(config, "workerinput"):
        lent.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The run ends where it began."""
    if not hasattr(config, "workerinput"):
        lent.end_run()


@pytest.fixture
def demo_client() -> Iterator[FlaskClient]:
    """A client of an app in memory that has the user of the pages, demo with the password demo, and no records."""
    app = create_app(Settings.read({}, {"store": "memory://", "open_registration": True}))
    try:
        client = app.test_client()
        assert 201 == client.post("/api/v1/users", json={"user": "demo", "password": "demo"}).status_code
        yield client
    finally:
        close_app(app)
