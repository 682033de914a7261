from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import KNOWN_SETTINGS

import grafana_sensor
from grafana_sensor import bootstrap, connect
from grafana_sensor.domain.errors import BadRequest, Unavailable
from grafana_sensor.settings import Settings


def test_a_relative_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """sqlite:FOLDER is in the working directory, is made when needed, and keeps what was stored."""
    monkeypatch.chdir(tmp_path)
    with connect("sqlite:deep/sensors") as database:
        database.register("alice", "secret")
        with database.session_login("alice", "secret") as session:
            session.insert_into_sensor("hall", {"t": 1})
    with connect(f"sqlite://{tmp_path}/deep/sensors") as database:
        assert ["alice"] == database.get_users()
        with database.session_login("alice", "secret") as session:
            assert ["hall"] == session.get_sensors()


def test_memory_begins_empty() -> None:
    """Each memory:// is a store of its own."""
    connect("memory://").register("alice", "secret")
    assert [] == connect("memory:").get_users()


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite://var/sensors", "two slashes"),
        ("sqlite:", "names no folder"),
        ("sqlite:///", "names no folder"),
        ("sqlite:a\0", "names no folder"),
        ("memory://here", "takes nothing after it"),
        ("sensors", "'sensors' has no scheme"),
        ("", "has no scheme"),
        ("postgres://u:hush@h", "unknown scheme 'postgres'.*sqlite:FOLDER, .*, cassandra://HOST/ or memory://"),
        ("cassandra://u:hush@", "names no host"),
        ("cassandra://u:hush@h/?tenancy=hush", "'keyspaces' or 'shared'"),
        (5, "a text"),
    ],
)
def test_another_uri_is_refused(uri: Any, said: str) -> None:
    """A URI that can't be is refused with the forms that can, and what follows its scheme is not shown."""
    with pytest.raises(BadRequest, match=said) as caught:
        connect(uri)
    assert "u:hush" not in caught.value.message


def test_settings_can_be_given_by_name() -> None:
    """Settings by name go before those given as a whole, and are checked."""
    whole = Settings(max_points=5, max_values=6)
    settings = connect("memory://", whole, max_points="7").settings
    assert (7, 6, "memory://") == (settings.max_points, settings.max_values, settings.store)
    with pytest.raises(BadRequest, match="max_pints"):
        connect("memory://", max_pints=7)


def test_the_app_answers_and_closes(tmp_path: Path) -> None:
    """The app is put together over the settings' store, and lets go of it when it is closed, twice too."""
    settings = Settings(store=f"sqlite:{tmp_path}/sensors", open_registration=True)
    app = bootstrap.create_app(settings)
    client = app.test_client()
    assert 201 == client.post("/api/v1/users", json={"user": "alice", "password": "secret"}).status_code
    stored = client.post("/api/v1/sensors/hall/records", json={"t": 1}, auth=("alice", "secret"))
    assert (201, 1) == (stored.status_code, stored.json and stored.json["accepted"])
    bootstrap.close_app(app)
    bootstrap.close_app(app)
    assert [] == [path.name for path in (tmp_path / "sensors").glob("*-wal") if path.stat().st_size]


def test_gunicorn_knows_its_options() -> None:
    """Every option is one of gunicorn's, and says what the settings say; an IPv6 address stands in brackets."""
    options = bootstrap.gunicorn_options(Settings(host="::1", port=81, workers=3, threads=4, followers=1))
    assert set() == set(options) - {setting.name for setting in KNOWN_SETTINGS} - {"control_socket_disable"}
    assert ("[::1]:81", 3, 5, "gthread", False) == tuple(
        options[name] for name in ("bind", "workers", "threads", "worker_class", "preload_app")
    )


def test_memory_is_served_by_one_process() -> None:
    """Several workers would each have a memory of their own, so they are refused."""
    with pytest.raises(BadRequest, match="--workers 1"):
        bootstrap.serve(Settings(store="memory://", workers=2))


def test_a_store_that_cannot_serve_is_told_before_anything_listens() -> None:
    """A bad store is an error of ours, not a worker that fails to boot."""
    with pytest.raises(BadRequest, match="unknown scheme"):
        bootstrap.serve(Settings(store="nowhere:"))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stores that serve goes on to listen for; it doesn't."""
    found: list[str] = []

    def server(settings: Settings, _: object) -> SimpleNamespace:
        return SimpleNamespace(run=lambda: found.append(settings.store))

    monkeypatch.setattr(bootstrap, "_server", server)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
    return found


def test_a_cluster_that_is_away_is_waited_for(served: list[str], caplog: pytest.LogCaptureFixture) -> None:
    """Where no node of Cassandra is up yet a server starts all the same, and its log says why it isn't ready."""
    store = "cassandra://root:hush@127.0.0.1:1/"
    bootstrap.serve(Settings(store=store))
    assert [store] == served
    assert "not ready yet" in caplog.text
    assert "none of its nodes can be reached" in caplog.text
    assert "hush" not in caplog.text


def test_a_folder_that_cannot_be_made_is_not_waited_for(served: list[str], tmp_path: Path) -> None:
    """A store on this machine doesn't come by itself: serving fails at once."""
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        bootstrap.serve(Settings(store=f"sqlite://{tmp_path}/file/sensors"))
    assert [] == served


def test_the_package_loads_what_is_asked_for() -> None:
    """`import grafana_sensor` loads neither the service nor an adapter; connect is there, other names aren't."""
    script = (
        "import sys, grafana_sensor; heavy = {'numpy', 'apsw', 'argon2', 'cassandra', 'flask'};"
        "print(*sorted(heavy & set(sys.modules))); from grafana_sensor import connect; connect('memory://');"
        "print(*sorted({'apsw', 'cassandra', 'flask'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert ("", "\n\n") == (done.stderr, done.stdout)
    with pytest.raises(AttributeError, match="'disconnect'"):
        grafana_sensor.disconnect  # noqa: B018
