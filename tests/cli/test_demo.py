from __future__ import annotations

import json
import re
import shlex
import socket
from pathlib import Path

import pytest
import requests

from grafana_sensor.cli import demo
from grafana_sensor.cli.ingest import Tally
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.settings import Settings
from tests.cli.conftest import Run, started, stopped

DEMO = {"GRAFANA_SENSOR_STORE": "sqlite:.demo", "GRAFANA_SENSOR_USER": "demo", "GRAFANA_SENSOR_PASSWORD": "demo"}
AIRPORTS = {"EWR": 8703, "JFK": 8706, "LGA": 8706}


def printed_curls(text: str) -> list[tuple[str, dict[str, str]]]:
    """The addresses and parameters of the curl lines."""
    found = []
    for line in re.findall(r"^ +(curl .+)$", text.replace("\\\n", ""), flags=re.MULTILINE):
        words = shlex.split(line)
        given = [words[i + 1] for i, word in enumerate(words) if word in {"-d", "--data-urlencode"}]
        address = next(word for word in words if word.startswith("http"))
        found.append((address, dict(pair.split("=", 1) for pair in given)))
    return found


def test_the_demo_serves_a_year_of_weather(tmp_path: Path) -> None:
    """In an empty folder the demo makes its user and data, serves them, and what it prints to try works."""
    with started("demo", "--no-live", "--port", "0", "--workers", "1", cwd=tmp_path) as (server, url):
        assert requests.get(f"{url}/health", timeout=30).ok
        answer = requests.get(f"{url}/api/v1/sensors", auth=("demo", "demo"), timeout=30)
        assert AIRPORTS == {row["sensor"]: row["records"] for row in answer.json()}
        server.terminate()
        assert server.stdout is not None
        text = server.stdout.read()
        assert 0 == server.wait(timeout=30)
    assert f"address   {url}\n" in text
    assert "user      demo\n" in text
    assert "26,115 records" in text
    port = url.rpartition(":")[2]
    with started("demo", "--no-live", "--port", port, "--workers", "1", cwd=tmp_path) as (server, again):
        curls = printed_curls(text)
        assert 3 == len(curls)
        for address, parameters in curls:
            answer = requests.get(address, params=parameters, auth=("demo", "demo"), timeout=30)
            assert (200, again) == (answer.status_code, url)
            assert len(answer.text.splitlines()[-1]) > 10
        assert 0 == stopped(server)


def test_preparing_again_changes_nothing(run: Run) -> None:
    """A second start finds every record stored before; units and titles are declared, and all is sealed."""
    settings = Settings(store="sqlite:.demo")
    first, second = demo.prepare(settings), demo.prepare(settings)
    assert (26_115, 0, 0) == (first.stored, first.before, first.skipped)
    assert (0, 26_115, 0) == (second.stored, second.before, second.skipped)
    attributes = json.loads(run("attributes", "--format", "json", env=DEMO).stdout)
    named = {row["attribute"]: (row["unit"], row["title"]) for row in attributes if row["title"]}
    assert demo.DECLARED == named
    assert {"year", "month", "day", "hour"} == {row["attribute"] for row in attributes} - named.keys()
    assert "0 records sealed, in 0 epochs of sensors\n" == run("seal", env=DEMO).stdout
    assert "1 keyspaces checked, 0 faults\n" == run("check", env=DEMO).stderr


def test_a_busy_port_fails_before_anything_is_made(run: Run, tmp_path: Path) -> None:
    """Where another program listens, the demo fails with exit code 1, says so, and leaves the folder as it was."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        failed = run("demo", "--port", str(listener.getsockname()[1]))
    assert 1 == failed.exit_code
    assert "another program listens there: stop that one, or choose another --port" in failed.stderr
    assert [] == list(tmp_path.iterdir())


def test_the_demo_wants_a_store_that_lasts(run: Run) -> None:
    """Data in the memory of one process is none for the server's; that is told."""
    failed = run("demo", "--store", "memory://")
    assert 1 == failed.exit_code
    assert "memory:// ends with the process that fills it" in failed.stderr


def test_the_store_may_be_another(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """--store says where the data is kept, and the environment does; else it is the folder .demo."""
    asked: list[str] = []

    def prepare(settings: Settings) -> Tally:
        asked.append(settings.store)
        raise BadRequest("enough")

    monkeypatch.setattr(demo, "prepare", prepare)
    for arguments, env in (((), None), ((), "sqlite:b"), (("--store", "sqlite:c"), "sqlite:b")):
        run("demo", "--port", "0", *arguments, env={"GRAFANA_SENSOR_STORE": env})
    assert ["sqlite:.demo", "sqlite:b", "sqlite:c"] == asked
