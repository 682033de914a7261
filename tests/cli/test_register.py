from __future__ import annotations

import pytest

from grafana_sensor.cli import terminal
from tests.cli.conftest import Run

ASKED = {"GRAFANA_SENSOR_PASSWORD": None}


@pytest.mark.parametrize(
    ("arguments", "stdin", "env"),
    [
        (("--password", "tea"), None, ASKED),
        ((), "tea\nand more\n", ASKED),
        ((), None, {"GRAFANA_SENSOR_PASSWORD": "tea"}),
    ],
)
def test_the_password_may_come_three_ways(
    run: Run, arguments: tuple[str, ...], stdin: str | None, env: dict[str, str | None]
) -> None:
    """A user is registered with a password from the flag, standard input or the environment, and logs in by it."""
    registered = run("register", "bob", *arguments, stdin=stdin, env=env)
    assert (0, "bob is registered\n", "") == (registered.exit_code, registered.stdout, registered.stderr)
    assert 0 == run("sensors", "--user", "bob", "--password", "tea").exit_code


def test_the_password_is_asked_for_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the password is asked for, unseen, until it is given twice alike."""
    monkeypatch.setattr(terminal, "is_read_from", lambda: True)
    registered = run("register", "bob", stdin="tea\ntee\ntea\ntea\n", env=ASKED)
    assert 0 == registered.exit_code
    assert "tea" not in registered.output
    assert 0 == run("sensors", "--user", "bob", "--password", "tea").exit_code


def test_no_password_is_a_wrong_call(run: Run) -> None:
    """Where no password is given, the call is wrong, and says how to give one."""
    failed = run("register", "bob", env=ASKED)
    assert 2 == failed.exit_code
    assert "give --password, or a line on standard input" in failed.stderr


def test_a_taken_name_fails(alice: Run) -> None:
    """A name that is taken is an error, told on standard error."""
    failed = alice("register", "alice")
    assert (1, "") == (failed.exit_code, failed.stdout)
    assert failed.stderr.startswith("error: user 'alice' exists already")
