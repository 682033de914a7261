from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests

from tests.cli.conftest import Run, started, stopped


def test_the_server_serves_until_it_is_stopped(run: Run, tmp_path: Path) -> None:
    """What the command line stored is answered over HTTP, and a signal ends the server with 0."""
    run("register", "alice")
    run("ingest", "--sensor", "roof", stdin='{"time": "2026-01-01", "t": 1}')
    with started("serve", "--store", "sqlite:store", "--port", "0", "--workers", "1", cwd=tmp_path) as (server, url):
        answer = requests.get(f"{url}/api/v1/sensors", auth=("alice", "secret"), timeout=30)
        assert ["roof"] == [row["sensor"] for row in answer.json()]
        assert 0 == stopped(server)


def test_a_busy_port_fails(run: Run) -> None:
    """Where another program listens, serving fails at once and says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        failed = run("serve", "--port", str(listener.getsockname()[1]))
    assert 1 == failed.exit_code
    assert "another program listens there" in failed.stderr


@pytest.mark.parametrize("arguments", [("--store", "memory://", "--workers", "2"), ("--store", "none")])
def test_a_store_that_cant_be_served_fails(run: Run, arguments: tuple[str, ...]) -> None:
    """A store that workers can't share, and one that is none, fail before anything listens."""
    failed = run("serve", "--port", "0", *arguments)
    assert 1 == failed.exit_code
    assert failed.stderr.startswith("error: ")
