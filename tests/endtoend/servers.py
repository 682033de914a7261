"""Real servers for one user, and clients that post and ask over loopback."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

USER, PASSWORD, SENSOR = "alice", "secret", "press"
AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
COMMAND = [sys.executable, "-c", "from grafana_sensor.cli import main; main()", "serve", "--port", "0"]


@contextmanager
def serving(store: str, *flags: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process group of its own, and its port; killed at the end where it still runs."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [*COMMAND, "--store", store, *flags]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True, start_new_session=True) as server:
        try:
            assert server.stderr is not None
            lines = iter(server.stderr.readline, "")
            found = next(filter(None, (re.search(r"Listening at: http://\S+:(\d+)", line) for line in lines)), None)
            assert found is not None
            # What it says further is read, so that it never waits for that.
            Thread(target=deque, args=(lines, 0), daemon=True).start()
            yield server, int(found[1])
        finally:
            if server.returncode is None:
                kill(server)


def kill(server: subprocess.Popen[str]) -> None:
    """SIGKILL to the server and all its workers at once."""
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    """A connection that is kept open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        yield connection
    finally:
        connection.close()


def post(connection: http.client.HTTPConnection, number: int) -> int:
    """Post one record that holds the number, under a key of its own; the status."""
    body = json.dumps({"time": 1_700_000_000 + number % 997, "number": number})
    path = f"/api/v1/sensors/{SENSOR}/records"
    headers = {"Authorization": AUTHORIZATION, "Idempotency-Key": str(number)}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def count(connection: http.client.HTTPConnection) -> Any:
    """How many records there are, by an aggregate over the whole history."""
    path = "/api/v1/query?q=CNT(number)&from=2020-01-01&to=2030-01-01"
    connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    body = answer.read()
    assert (200, "OK") == (answer.status, answer.reason), body
    return json.loads(body)[0]["cnt_number"]
