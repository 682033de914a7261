from __future__ import annotations

from tests.cli.conftest import Run


def test_users_are_listed_by_name(alice: Run) -> None:
    """Every user is listed, without anybody's password."""
    alice("register", "Zoë", "--password", "tea")
    listed = alice("users", env={"GRAFANA_SENSOR_USER": None, "GRAFANA_SENSOR_PASSWORD": None})
    assert (0, "user\nZoë\nalice\n") == (listed.exit_code, listed.stdout)


def test_an_empty_store_has_no_users(run: Run) -> None:
    """A store that nobody has used yet has no users."""
    listed = run("users", "--format", "json")
    assert (0, "[]\n") == (listed.exit_code, listed.stdout)
