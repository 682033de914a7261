from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from grafana_sensor.domain.limits import Limits


def test_the_limits_by_default() -> None:
    """A record nests 64 levels and has 1,000 attributes with names of 255 characters and texts of 64 KiB."""
    assert Limits(nesting=64, attributes=1_000, name=255, text=64 * 1024) == Limits()


def test_limits_are_values() -> None:
    """Limits can't be changed once made."""
    with pytest.raises(FrozenInstanceError):
        Limits().nesting = 65  # type: ignore[misc]
