"""Which sensors a name stands for, and which attributes there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.catalog import ALL_SENSORS, NO_SENSOR, Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT

NAMES = st.sampled_from(["a", "b", "*", ".*", ".", "**"]) | st.text(max_size=3)


def having(*sensors: str) -> Catalog:
    return Catalog({sensor: {} for sensor in sensors})


@given(st.sets(NAMES), NAMES)
def test_a_name_is_a_sensor_or_all_of_them(sensors: set[str], name: str) -> None:
    """A name is that sensor where there is one, `*` and `.*` are all of them otherwise, and others are unknown."""
    sensors.discard("")
    everything = sorted(sensors) if name in ("*", ".*") else None
    found = having(*sensors).sensors_named(name)
    assert ([name] if name in sensors else everything) == (found and sorted(found))


@pytest.mark.parametrize("name", ALL_SENSORS)
def test_all_sensors_are_those_with_a_name(name: str) -> None:
    """All sensors leave out the records that have none, and are an empty list where there are no others."""
    assert ["a", "b"] == having("a", NO_SENSOR, "b").sensors_named(name)
    assert [] == having(NO_SENSOR).sensors_named(name)
    assert [] == having().sensors_named(name)


def test_no_sensor_has_no_name() -> None:
    """The empty name is unknown, though there are records without a sensor."""
    assert None is having("a", NO_SENSOR).sensors_named(NO_SENSOR)


def test_a_sensor_called_star_is_itself() -> None:
    """A sensor that is called `*` is that sensor alone, and `.*` is still all of them."""
    catalog = having("a", "*")
    assert (["*"], ["a", "*"]) == (catalog.sensors_named("*"), catalog.sensors_named(".*"))


def test_kinds_are_counted_once() -> None:
    """The attributes of a catalog are gathered at the first question, and looked up at the next ones."""
    catalog = Catalog({"a": {"t": NUMBER}, "b": {"t": TEXT, "s": TEXT}}, {"d": Declaration(unit="volt")})
    expected = {"d": 0, "s": TEXT, "t": NUMBER | TEXT}
    assert expected == catalog.kinds()
    assert list(expected) == list(catalog.kinds())
    assert catalog.kinds() is catalog.kinds()
