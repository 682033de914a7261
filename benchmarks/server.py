"""The server under measure: gunicorn in a process of its own, asked over loopback connections that are kept open."""

from __future__ import annotations

import base64
import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlencode

USER: Final = "bench"
PASSWORD: Final = "bench"

_COMMAND: Final = [sys.executable, "-c", "from grafana_sensor.cli import main; main()", "serve"]
_LISTENING: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
_LINES: Final = 50
"""How many lines the server may say before it tells where it listens."""
AUTHORIZATION: Final = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Server:
    """Where it listens."""

    port: int

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            yield Client(connection)
        finally:
            connection.close()


class Client:
    """One connection, kept open."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def post(self, path: str, body: bytes) -> bytes:
        """The body of the answer. Raises RuntimeError where it is none of success."""
        return self._ask("POST", path, body)

    def get(self, path: str, parameters: Mapping[str, object]) -> bytes:
        """The body of the answer. Raises RuntimeError where it is none of success."""
        return self._ask("GET", f"{path}?{urlencode(parameters)}", None)

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        found = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {found.decode()}")
        return found


@contextmanager
def serving(store: str, workers: int = 2, flags: Sequence[str] = ()) -> Iterator[Server]:
    """A server over the store, with these flags too, stopped at the end."""
    flags = ["--store", store, "--port", "0", "--workers", str(workers), *flags]
    # As this process finds its packages, so does the server.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [*_COMMAND, *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    )
    try:
        assert process.stdout is not None
        yield Server(_port(process.stdout))
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _port(said: IO[str]) -> int:
    lines = []
    for line in said:
        if found := _LISTENING.search(line):
            return int(found[1])
        lines.append(line)
        if len(lines) == _LINES:
            break
    raise RuntimeError("the server didn't start:\n" + "".join(lines))


def folder_bytes(folder: Path) -> int:
    """The bytes of all files beneath."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
