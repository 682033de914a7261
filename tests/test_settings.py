from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, Error
from grafana_sensor.domain.limits import Limits
from grafana_sensor.settings import SETTINGS, Setting, Settings


def test_the_defaults_are_those_of_the_design() -> None:
    """Without anything said, the limits are those that the documentation promises."""
    settings = Settings.read({})
    assert Settings() == settings
    assert Limits() == settings.limits
    assert (64 * 2**20, 1_000_000) == (settings.max_body, settings.max_points)
    assert ("127.0.0.1", 8000, False) == (settings.host, settings.port, settings.open_registration)


def test_overrides_go_before_the_environment() -> None:
    """An override wins over the environment, None is not given, and foreign variables are left aside."""
    environ = {"GRAFANA_SENSOR_PORT": "81", "GRAFANA_SENSOR_THREADS": "3", "GRAFANA_SENSOR_USER": "x", "PORT": "5"}
    settings = Settings.read(environ, {"port": 82, "threads": None})
    assert (82, 3) == (settings.port, settings.threads)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("no", False), ("0", False), (" off ", False)]
)
def test_switches_read_as_people_write_them(text: str, value: bool) -> None:
    """A switch takes the usual words."""
    assert value is Settings.read({"GRAFANA_SENSOR_METRICS": text}).metrics


@pytest.mark.parametrize(
    ("environ", "overrides", "said"),
    [
        ({"GRAFANA_SENSOR_PORT": "http"}, {}, "GRAFANA_SENSOR_PORT is a whole number, not 'http'"),
        ({"GRAFANA_SENSOR_PORT": "65536"}, {}, "from 0 to 65,535"),
        ({"GRAFANA_SENSOR_QUERY_SECONDS": "nan"}, {}, "GRAFANA_SENSOR_QUERY_SECONDS"),
        ({"GRAFANA_SENSOR_QUERY_SECONDS": "inf"}, {}, "GRAFANA_SENSOR_QUERY_SECONDS"),
        ({"GRAFANA_SENSOR_METRICS": "maybe"}, {}, "true or false"),
        ({}, {"max_body": "64MB"}, "--max-body is a whole number"),
        ({}, {"max_body": 2.5}, "--max-body"),
        ({}, {"workers": True}, "--workers"),
        ({}, {"workers": 0}, "from 1 to 64 processes"),
        ({}, {"store": "sqlite:a\0"}, "U\\+0000"),
        ({}, {"prot": 1}, "there is no setting 'prot'; the settings are store, host, port"),
    ],
)
def test_a_wrong_value_is_named(environ: dict[str, str], overrides: dict[str, object], said: str) -> None:
    """A value that can't be is refused with the variable or flag that it came under."""
    with pytest.raises(BadRequest, match=said):
        Settings.read(environ, overrides)


@given(st.sampled_from(list(SETTINGS)), st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_any_value_is_taken_or_refused(name: str, value: object) -> None:
    """Whatever is given for a setting, it is of its type afterwards or an error of ours."""
    try:
        found = getattr(Settings.read({}, {name: value}), name)
    except Error:
        return
    assert SETTINGS[name].type is type(found)


@pytest.mark.parametrize("row", SETTINGS.values(), ids=lambda row: row.name)
def test_defaults_read_as_texts(row: Setting) -> None:
    """Every default, written as a text into the environment, is read as the same value."""
    assert row.default == getattr(Settings.read({row.variable: str(row.default)}), row.name)


def test_a_short_key_is_refused() -> None:
    """A key that seals cookies is long or none, and is in no printed form of the settings."""
    with pytest.raises(BadRequest, match="GRAFANA_SENSOR_SECRET_KEY has 5 characters; it must have 16 or more"):
        Settings.read({"GRAFANA_SENSOR_SECRET_KEY": "short"})
    settings = Settings.read({"GRAFANA_SENSOR_SECRET_KEY": "a long key, no words"})
    assert ("a long key, no words", False) == (settings.secret_key, "a long key" in repr(settings))


def test_every_setting_is_explained() -> None:
    """Each row has a help, and the flag and the variable of its name."""
    assert all(row.help for row in SETTINGS.values())
    assert "--open-registration" == SETTINGS["open_registration"].flag
    assert "GRAFANA_SENSOR_CORS_ORIGINS" == SETTINGS["cors_origins"].variable
