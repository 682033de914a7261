from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import requests

from grafana_sensor.simulator.fleet import Fleet
from grafana_sensor.simulator.weather import DAY
from tests.cli.conftest import COMMAND, Run, environment, started
from tests.cli.test_demo import AIRPORTS, printed_curls
from tests.endtoend.servers import serving

FAST = ("--from", "2026-04-17", "--until", "2026-04-18", "--devices", "2", "--interval", "600", "--seed", "5")
START = 20_560 * DAY


def test_a_day_in_a_moment(run: Run, tmp_path: Path) -> None:
    """Of a server elsewhere the devices post a day at once, for a user that they register; again, nothing is new."""
    with serving(f"sqlite://{tmp_path}/far", "--open-registration", "--workers", "1") as (_, port):
        url = f"http://127.0.0.1:{port}"
        first, second = (run("demo", "--live", "--url", url, *FAST, "--speed", "inf") for _ in range(2))
        third = run("demo", "--live", "--url", url, *FAST)
        rows = requests.get(f"{url}/api/v1/sensors", auth=("alice", "secret"), timeout=30).json()
    expected = sum(1 for _ in Fleet(5, 2, 600).acknowledged(START, START + DAY))
    assert [0, 0, 0] == [each.exit_code for each in (first, second, third)]
    assert f"devices: {expected:,} readings stored" in first.stderr
    assert "devices: 0 readings stored, " in second.stderr
    assert "devices: 0 readings stored of what was measured since 2026-04-17T00:00:00Z\n" in third.stderr
    assert {"greenhouse-1", "greenhouse-2"} == {row["sensor"] for row in rows}
    assert expected == sum(row["records"] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "http://127.0.0.1:1", "--no-live"), "--no-live and --url leave nothing to do"),
        (("--url", "http://127.0.0.1:1", "--port", "0"), "--port is the server's, and with --url there is one"),
        (("--url", "http://127.0.0.1:1", "--speed", "inf"), "--speed inf never ends without --until"),
        (("--url", "http://127.0.0.1:1", "--speed", "0"), "0.0 is not in the range x>0"),
    ],
)
def test_flags_that_make_no_sense_together_are_told(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """They are a wrong call, which says why."""
    failed = run("demo", *arguments)
    assert 2 == failed.exit_code
    assert message in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--url", "sqlite:sensors"), "'sqlite:sensors' is no address of a server; one is http://127.0.0.1:8000"),
        (("--url", "http://127.0.0.1:1", "--from", "soon"), "--from: 'soon' is no time"),
        (("--url", "http://127.0.0.1:1", "--from", "1969-01-01"), "the devices' clocks begin in 1970"),
        (("--url", "http://127.0.0.1:1", "--until", "now-2d"), "--until now-2d is before --from now-1d"),
    ],
)
def test_values_that_cannot_be_are_told(run: Run, arguments: tuple[str, ...], message: str) -> None:
    """They fail before anything is sent."""
    failed = run("demo", *arguments)
    assert 1 == failed.exit_code
    assert message in failed.stderr


def test_devices_stop_when_told(tmp_path: Path) -> None:
    """In real time they post until SIGTERM, and exit with 0."""
    with serving(f"sqlite://{tmp_path}/far", "--open-registration", "--workers", "1") as (_, port):
        command = [*COMMAND, "demo", "--url", f"http://127.0.0.1:{port}", "--interval", "600", "--from", "now-1h"]
        with subprocess.Popen(command, env=environment({}), stderr=subprocess.PIPE, text=True) as devices:
            assert devices.stderr is not None
            assert any("devices are posting" in line for line in iter(devices.stderr.readline, ""))
            devices.terminate()
            assert "devices: stopped\n" == devices.stderr.read()
            assert 0 == devices.wait(timeout=30)


def test_the_demo_lives(tmp_path: Path) -> None:
    """Beside the weather there are the last day's readings of the devices; they end with the server, however it ends."""
    flags = ("--port", "0", "--workers", "1", "--devices", "2", "--interval", "600", "--from", "now-3h")
    for ended in ("terminate", "kill"):
        with started("demo", *flags, cwd=tmp_path) as (server, url):
            assert server.stderr is not None
            lines = iter(server.stderr.readline, "")
            assert next((line for line in lines if "devices are posting to" in line), "").startswith(
                "devices: 2 devices"
            )
            answer = requests.get(f"{url}/api/v1/sensors", auth=("demo", "demo"), timeout=30)
            counts = {row["sensor"]: row["records"] for row in answer.json()}
            assert {*AIRPORTS, "greenhouse-1", "greenhouse-2"} == counts.keys()
            assert 20 < counts["greenhouse-1"] + counts["greenhouse-2"] <= 40
            getattr(server, ended)()
            # The pipe ends when the last process that writes into it has ended.
            assert server.stdout is not None
            text, rest = server.stdout.read(), server.stderr.read()
            server.wait(timeout=30)
        assert "2 simulated greenhouses post to it meanwhile, since now-3h" in text
        assert 1 == len([address for address, given in printed_curls(text) if "greenhouse-1" in given.get("q", "")])
        assert re.search("^devices: stopped$", rest, flags=re.MULTILINE)
