from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from grafana_sensor import connect
from grafana_sensor.service.moving import count
from tests.cli.conftest import COMMAND, Run, environment
from tests.contract.stores import ClassicStores, stores_of

SENSORS, EACH = 30, 20


@pytest.fixture
def classic(tmp_path: Path) -> Iterator[str]:
    """The URI of a store in the classic layout, where alice has records.

    To be named before `run`, which clears the environment.
    """
    with stores_of("classic", tmp_path) as stores:
        assert isinstance(stores, ClassicStores)
        with connect(stores.uri) as database:
            database.register("alice", "secret")
            with database.session_login("alice", "secret") as session:
                session.declare("t", unit="celsius")
                session.insert_many("hall", [{"time": n, "t": n, "state": "on"} for n in range(50)])
                session.insert_into({"time": 7, "note": "x"}, "own")
        yield stores.uri


def test_a_keyspace_is_moved_and_compared(classic: str, alice: Run) -> None:
    """All records are in the new store and answer there; a second run finds them moved; nothing is drawn in a pipe."""
    done = alice("import-classic", "--from", classic)
    assert (0, "alice: 51 records moved; all are equal there\n", "") == (done.exit_code, done.stdout, done.stderr)
    again = alice("import-classic", "--from", classic, "--user", "alice")
    assert "alice: 0 records moved, 51 were moved before; all are equal there\n" == again.stdout
    with connect("sqlite:store") as database, database.session_login("alice", "secret") as session:
        assert (51, 1225.0) == (session.query_per_user(["CNT(*)"], []), session.query_per_user(["SUM(t)"], []))
        assert "celsius" == session.declare("t")["unit"]
        assert [] == session.store.backlog()


def test_users_must_be_there(classic: str, run: Run) -> None:
    """Where a user isn't registered in the new store nothing is moved, and what to do is told."""
    done = run("import-classic", "--from", classic)
    assert 1 == done.exit_code
    assert "no user 'alice'" in done.stderr
    assert "register" in done.stderr


def test_a_store_is_not_moved_into_itself(classic: str, alice: Run) -> None:
    """The same URI is called wrongly; the same keyspace by another URI is refused."""
    same = alice("import-classic", "--from", classic, "--store", classic)
    assert (2, True) == (same.exit_code, "the same store" in same.stderr)
    other = alice("import-classic", "--from", classic, "--store", classic.replace("layout=classic", "layout=chunked"))
    assert (1, True) == (other.exit_code, "classic layout too" in other.stderr)


def test_a_run_that_is_killed_is_begun_again(classic: str, alice: Run, tmp_path: Path) -> None:
    """After SIGKILL amid the move the same command moves the rest, and each record is there once."""
    with connect(classic) as database, database.session_login("alice", "secret") as session:
        for sensor in range(SENSORS):
            session.insert_many(f"s{sensor}", [{"time": n, "t": n} for n in range(EACH)])
    given = {"GRAFANA_SENSOR_FROM": classic, "GRAFANA_SENSOR_STORE": "sqlite:store"}
    with (
        connect("sqlite:store") as database,
        database.session_login("alice", "secret") as session,
        subprocess.Popen([*COMMAND, "import-classic"], cwd=tmp_path, env=environment(given)) as process,
    ):
        while not count(session.store) and process.poll() is None:
            pass
        process.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == process.wait(60)
        moved = count(session.store)
        assert 0 < moved < 51 + SENSORS * EACH
    again = alice("import-classic", env=given)
    left = 51 + SENSORS * EACH - moved
    assert f"alice: {left} records moved, {moved} were moved before; all are equal there\n" == again.stdout
