"""The app behind a real gunicorn with two workers: what a test client can't show."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.web.conftest import ALICE

LIMIT = 100_000
SCRIPT = """
import sys
from grafana_sensor.bootstrap import serve
from grafana_sensor.settings import Settings
serve(Settings.read({}, {"store": "sqlite://" + sys.argv[1], "port": 0, "workers": 2, "max_body": sys.argv[2],
                         "open_registration": True}))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The host and port of a server with the user alice."""
    folder: Path = tmp_path_factory.mktemp("server")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, str(folder / "store"), str(LIMIT)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        found = next(filter(None, (re.search(r"Listening at: http://(\S+)", line) for line in lines)), None)
        assert found is not None
        alice = {"user": "alice", "password": "secret"}
        assert 201 == requests.post(f"http://{found[1]}/api/v1/users", json=alice, timeout=30).status_code
        yield found[1]
        server.terminate()
        server.stderr.read()


@pytest.fixture
def ask(address: str) -> Iterator[Any]:
    """Sends requests of alice's over one connection."""
    with requests.Session() as session:
        session.headers.update(ALICE)

        def asked(method: str, path: str, **given: Any) -> requests.Response:
            return session.request(method, f"http://{address}{path}", timeout=30, **given)

        yield asked


def raw(address: str, request: bytes) -> bytes:
    """All that the server answers to bytes on a connection."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_slash_in_a_name_comes_through(ask: Any) -> None:
    """A sensor with a slash in its name is posted to and found under its path."""
    path = "/api/v1/sensors/weather%2Froof%20(north)"
    assert 201 == ask("POST", f"{path}/records", json={"t": 1}).status_code
    assert [{"attribute": "t", "kind": "number", "records": 1}] == ask("GET", f"{path}/attributes").json()
    assert 404 == ask("GET", "/api/v1/sensors/weather/roof%20(north)/attributes").status_code


def test_the_reason_phrase_carries_the_message(ask: Any) -> None:
    """An error's message stands in the status line, whatever characters it has."""
    answer = ask("GET", "/api/v1/query", params={"q": "t\u00e9mp\r\nX: 1"})
    assert 400 == answer.status_code
    assert answer.json()["message"]
    assert answer.reason.isascii()
    assert answer.reason.isprintable()
    assert "there is no '/nowhere' here; GET /openapi.json describes what there is" == ask("GET", "/nowhere").reason


def test_a_body_over_the_limit_is_answered(ask: Any) -> None:
    """A client that sends a body over the limit gets the 413, and the server goes on, with a length or in chunks."""
    body = b"[" + b"1," * LIMIT + b"1]"
    for data in (body, iter([body[:LIMIT], body[LIMIT:]])):
        answer = ask("POST", "/api/v1/sensors/hall/records", data=data)
        assert (413, "too_large") == (answer.status_code, answer.json()["error"]["code"])
        assert "100,000 bytes" in answer.reason
        assert 200 == ask("GET", "/health").status_code


def test_a_refusal_reaches_who_still_sends(address: str) -> None:
    """A client whose long body is refused unread, for its credentials or its path, gets the answer all the same."""
    body = bytes(10 * LIMIT)
    refused = [("/api/v1/records", {}), ("/api/v1/records", {"Authorization": "Basic eDp5"}), ("/nowhere", ALICE)]
    answers = [requests.post(f"http://{address}{p}", data=body, headers=h, timeout=30) for p, h in refused]
    assert [401, 401, 404] == [answer.status_code for answer in answers]


def test_a_length_over_the_limit_needs_no_body(address: str) -> None:
    """A Content-Length over the limit is refused before a byte of the body came."""
    head = f"POST /api/v1/records HTTP/1.1\r\nHost: x\r\nAuthorization: {ALICE['Authorization']}\r\n"
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + b"Content-Length: 1000000\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_broken_chunks_are_refused(address: str, ask: Any) -> None:
    """Chunks that are broken are a 400, and nothing of them is stored."""
    head = f"POST /api/v1/sensors/broken/records HTTP/1.1\r\nHost: x\r\nAuthorization: {ALICE['Authorization']}\r\n"
    answer = raw(address, head.encode() + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"t": 1}\r\nzz\r\n\r\n')
    assert answer.startswith(b"HTTP/1.1 400 the body breaks off or its chunks are broken")
    assert "broken" not in [row["sensor"] for row in ask("GET", "/api/v1/sensors").json()]


def test_chunks_are_read(ask: Any) -> None:
    """A body sent in chunks, packed too, is stored like one with a length."""
    lines = [b'{"t": %d}\n' % place for place in range(100)]
    answer = ask("POST", "/api/v1/sensors/chunks/records", data=iter(lines))
    assert (201, 100) == (answer.status_code, answer.json()["accepted"])
    packed = gzip.compress(b"".join(lines))
    headers = {"Content-Encoding": "gzip"}
    answer = ask("POST", "/api/v1/sensors/chunks/records", data=iter([packed[:50], packed[50:]]), headers=headers)
    assert (201, 100) == (answer.status_code, answer.json()["accepted"])


def test_a_bomb_is_refused(ask: Any) -> None:
    """A small body that unpacks to 100 MB is refused at the limit."""
    bomb = gzip.compress(bytes(100_000_000))
    answer = ask("POST", "/api/v1/sensors/hall/records", data=bomb[: LIMIT - 1], headers={"Content-Encoding": "gzip"})
    assert 413 == answer.status_code
    assert "unpacked" in answer.reason


def test_a_body_that_breaks_off_stores_nothing(address: str, ask: Any) -> None:
    """A client that goes away in the middle of its body stores nothing, and the server goes on."""
    head = f"POST /api/v1/sensors/broken/records HTTP/1.1\r\nHost: x\r\nAuthorization: {ALICE['Authorization']}\r\n"
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(head.encode() + b'Content-Length: 30\r\n\r\n{"t": 1}')
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65_536)
    assert "broken" not in [row["sensor"] for row in ask("GET", "/api/v1/sensors").json()]


def test_head_and_options_have_no_body(address: str) -> None:
    """HEAD answers as GET without the body; OPTIONS says what is allowed, without credentials."""
    host, _, port = address.partition(":")
    connection = HTTPConnection(host, int(port), timeout=30)
    connection.request("HEAD", "/api/v1/sensors", headers=ALICE)
    head = connection.getresponse()
    assert (200, b"") == (head.status, head.read())
    connection.request("OPTIONS", "/api/v1/query")
    options = connection.getresponse()
    assert (200, b"") == (options.status, options.read())
    assert {"GET", "HEAD", "POST", "OPTIONS"} == set((options.getheader("Allow") or "").split(", "))
    connection.close()


def test_an_absolute_target_is_answered(address: str) -> None:
    """A request target with scheme and host is answered as its path."""
    answer = raw(
        address, b"GET http://sensors.example/health HTTP/1.1\r\nHost: sensors.example\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"status":"ok"}')


def test_metrics_are_summed_over_workers(ask: Any) -> None:
    """Whichever worker is asked, the page counts the requests of both."""
    before = _health_requests(ask("GET", "/metrics").text)
    for _ in range(10):
        assert 200 == requests.get(ask("GET", "/health").url, timeout=30).status_code
    assert {before + 20} == {_health_requests(requests.get(url, timeout=30).text) for url in [_metrics(ask)] * 4}


def _metrics(ask: Any) -> str:
    url: str = ask("GET", "/metrics").url
    return url


def _health_requests(page: str) -> float:
    found = re.search(r'request_seconds_count\{method="GET",route="/health",status="200"\} (\S+)', page)
    return float(found[1]) if found else 0.0
