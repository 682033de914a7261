from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from grafana_sensor.cli import main
from grafana_sensor.cli.options import read_settings, settings_options
from grafana_sensor.settings import SETTINGS
from tests.cli.conftest import Run


@click.command()
@settings_options()
def shown(**given: object) -> None:
    """Print the settings."""
    click.echo(read_settings(given))


def test_every_setting_is_a_flag_and_a_variable() -> None:
    """Each row of the settings has its flag in the help of serve, with its variable and its default."""
    text = CliRunner().invoke(main, ["serve", "--help"], terminal_width=300).stdout
    for row in SETTINGS.values():
        _, _, after = text.partition(f"\n  {row.flag} ")
        told = " ".join(after.partition("\n  --")[0].split())
        assert row.help[1:] in told
        assert row.variable in told


@pytest.mark.parametrize(
    ("arguments", "env", "expected"),
    [
        ([], {}, "port=8000"),
        ([], {"GRAFANA_SENSOR_PORT": "1"}, "port=1"),
        (["--port", "2"], {"GRAFANA_SENSOR_PORT": "1"}, "port=2"),
        (["--open-registration"], {}, "open_registration=True"),
        ([], {"GRAFANA_SENSOR_OPEN_REGISTRATION": "yes"}, "open_registration=True"),
        (["--no-metrics"], {"GRAFANA_SENSOR_METRICS": "yes"}, "metrics=False"),
        (["--query-seconds", "0.5"], {}, "query_seconds=0.5"),
        (["--cors-origins", "*"], {}, "cors_origins='*'"),
    ],
)
def test_a_flag_goes_before_the_environment(arguments: list[str], env: dict[str, str], expected: str) -> None:
    """A setting is its flag's value, else its variable's, else its default."""
    assert expected in CliRunner().invoke(shown, arguments, env=env).stdout


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        (["--port", "65536"], {}, "--port is '65536'; it must be from 0 to 65,535"),
        (["--workers", "two"], {}, "--workers is a whole number, not 'two'"),
        ([], {"GRAFANA_SENSOR_THREADS": "0"}, "GRAFANA_SENSOR_THREADS is '0'; it must be from 1 to 256 threads"),
    ],
)
def test_a_setting_that_cant_be_is_a_wrong_call(arguments: list[str], env: dict[str, str], message: str) -> None:
    """A value that can't be is a wrong call, told by the flag or the variable that it came under."""
    failed = CliRunner().invoke(shown, arguments, env=env)
    assert 2 == failed.exit_code
    assert message in failed.stderr


def test_a_variable_without_a_flag_is_checked(alice: Run) -> None:
    """A command reads the settings it has no flag for from the environment, and refuses what can't be."""
    failed = alice("sensors", env={"GRAFANA_SENSOR_MAX_POINTS": "none"})
    assert 2 == failed.exit_code
    assert "GRAFANA_SENSOR_MAX_POINTS is a whole number, not 'none'" in failed.stderr


def test_who_acts_is_asked_for(alice: Run) -> None:
    """Without a user, or without a password and a terminal, the call is wrong; a wrong password fails."""
    assert 2 == alice("sensors", env={"GRAFANA_SENSOR_USER": None}).exit_code
    unsaid = alice("sensors", env={"GRAFANA_SENSOR_PASSWORD": None})
    assert 2 == unsaid.exit_code
    assert "give --password, or set GRAFANA_SENSOR_PASSWORD" in unsaid.stderr
    wrong = alice("sensors", "--password", "none")
    assert (1, "error: the user or the password is wrong\n") == (wrong.exit_code, wrong.stderr)


@pytest.mark.parametrize("store", ["cassandra://host", "sqlite", "sqlite:", "ftp:store", "memory://x"])
def test_a_store_that_is_none(run: Run, store: str) -> None:
    """A store that can't be opened fails with a message."""
    failed = run("users", "--store", store)
    assert 1 == failed.exit_code
    assert failed.stderr.startswith("error: ")
