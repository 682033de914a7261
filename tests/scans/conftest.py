"""A Redis for the tests of scans: one for this process, empty and set up for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scans.blissproducer import BlissProducer
from tests.scans.redis import RedisServer


@pytest.fixture(scope="session")
def running_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """The Redis of this process, whatever it holds."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(running_redis: RedisServer) -> RedisServer:
    """The Redis, set up for blissdata and otherwise empty."""
    running_redis.clear()
    return running_redis


@pytest.fixture
def producer(redis_server: RedisServer) -> Iterator[BlissProducer]:
    """Who records to it, by the real library."""
    made = BlissProducer(redis_server.url)
    yield made
    made.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the test's own, which keeps what it holds when it is stopped and started again; it runs."""
    server = RedisServer(tmp_path / "redis", lasting=True)
    server.start()
    server.clear()
    yield server
    server.stop()
