from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.adapters.sqlite.files import opened
from grafana_sensor.adapters.sqlite.store import RecordsFile, SqliteStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.ports import BlobStore
from tests.oracle import drawn
from tests.oracle.driver import Driver

HISTORIES = int(os.environ.get("GRAFANA_SENSOR_TEST_HISTORIES", "250"))
"""Histories for each store; each is asked drawn.PHASES * drawn.QUESTIONS questions."""


@contextmanager
def memory() -> Iterator[BlobStore]:
    yield MemoryStore()


@contextmanager
def sqlite() -> Iterator[BlobStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(opened(RecordsFile, Path(folder) / "records.sqlite3", make=True))
        yield store
        store.close()


STORES = {"memory": memory, "sqlite": sqlite}
DRAWN = settings(
    max_examples=HISTORIES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@pytest.mark.parametrize("blobs", STORES.values(), ids=STORES)
@DRAWN
@given(world=drawn.worlds())
def test_every_answer_equals_a_pass_over_all_records(
    blobs: Callable[[], AbstractContextManager[BlobStore]], world: drawn.World
) -> None:
    """Whatever was posted, repeated, late or sealed: rows, series and values are the brute-force oracle's."""
    with blobs() as opened_blobs:
        driver = Driver(ChunkedStore(opened_blobs, world.width, world.size))
        driver.declare(world)
        for phase in world.phases:
            for step in phase.steps:
                driver.take(step)
            for text, question in phase.questions:
                driver.ask(text, question)
        assert [] == list(driver.store.check())
