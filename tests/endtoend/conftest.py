"""Servers are tested over every store that processes can share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grafana_sensor import connect
from tests.contract.stores import ADAPTERS, stores_of
from tests.endtoend.servers import PASSWORD, USER


@pytest.fixture(params=sorted(name for name, stores in ADAPTERS.items() if stores.of_processes))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URI of a new store in which the user is registered."""
    with stores_of(request.param, tmp_path) as stores:
        with connect(stores.uri) as database:
            database.register(USER, PASSWORD)
        yield stores.uri
