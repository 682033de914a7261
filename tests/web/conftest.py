"""An app on a store in memory, with a fixed clock and the user alice."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from grafana_sensor.adapters.memory import MemoryKeyspaces
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.ports import Keyspaces, ScanWriting
from grafana_sensor.service.database import Database
from grafana_sensor.service.sealing import Sealer
from grafana_sensor.service.sessions import Sessions
from grafana_sensor.settings import Settings
from grafana_sensor.web.app import create_app
from grafana_sensor.web.services import KEY

CHEAP: Final = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashes that cost nothing, since what they cost is not tested here."""

NOW: Final = 1_704_088_800_000_000
"""2024-01-01T06:00:00Z, the end of the recorded range."""

RECORDS: Final = [
    {"sensor": sensor, "time": f"2024-01-01T0{hour}:00:00Z", "temperature": 20 + place + hour / 4, "state": state}
    for place, sensor in enumerate(("greenhouse-1", "lab.s2", "weather/roof (north)"))
    for hour, state in enumerate(("on", "off", "on", "on"))
]
"""Four hours of three sensors."""


def basic(user: str, password: str) -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


ALICE: Final = basic("alice", "secret")

Make = Callable[..., Flask]


def _making() -> Iterator[Make]:
    closing: list[Callable[[], None]] = []

    def made(keyspaces: Keyspaces | None = None, **settings: Any) -> Flask:
        found = Settings(**settings)
        clock = lambda: NOW  # noqa: E731  # the same instant for all
        database = Database(keyspaces or MemoryKeyspaces(passwords=CHEAP), found, clock)
        sealer = Sealer(clock)
        sessions = Sessions(
            database.keyspaces,
            lambda user, store: database.session(user, store, sealer.notify),
            size=found.cache_size,
            timeout=found.session_seconds,
            opened=sealer.opened,
        )
        closing.extend([sealer.close, sessions.close, database.close])
        database.register("alice", "secret")
        return create_app(database, sessions, sealer, found, clock)

    yield made
    for close in closing:
        close()


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes apps, each with a store of its own, or the given one, the user alice and settings as given."""
    yield from _making()


@pytest.fixture(scope="module")
def make_once() -> Iterator[Make]:
    """The same, for a module whose tests change nothing."""
    yield from _making()


def scans_of(client: FlaskClient) -> ScanWriting:
    """Alice's scans in the store of the client's app."""
    database: Database = client.application.extensions[KEY].database
    return database.session_login("alice", "secret").store.scans()


@pytest.fixture
def client(make: Make) -> FlaskClient:
    """A client of an app that holds RECORDS."""
    client = make(open_registration=True).test_client()
    assert 201 == client.post("/api/v1/records", json=RECORDS, headers=ALICE).status_code
    return client
