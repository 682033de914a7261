"""What the service's tests stand on: users in memory, a database, a session, and a clock that is told."""

from __future__ import annotations

import pytest

from grafana_sensor.service.database import Database
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import CountedKeyspaces, MicroClock


@pytest.fixture
def keyspaces() -> CountedKeyspaces:
    found = CountedKeyspaces()
    found.create("alice", "secret")
    return found


@pytest.fixture
def micros() -> MicroClock:
    return MicroClock()


@pytest.fixture
def database(keyspaces: CountedKeyspaces, micros: MicroClock) -> Database:
    return Database(keyspaces, Settings(), micros)


@pytest.fixture
def session(database: Database) -> Session:
    return database.session_login("alice", "secret")
