"""What every test stands on: drawn cases without a deadline, and in CI the same ones each time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

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
