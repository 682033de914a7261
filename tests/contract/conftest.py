"""Every test of the contract is asked of every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stores import ADAPTERS, Stores, stores_of


@pytest.fixture(params=sorted(ADAPTERS))
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores of one adapter."""
    with stores_of(request.param, tmp_path) as made:
        yield made
