from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.simulator.client import PATIENCE, Client
from tests.ports import free_port


@dataclass
class Script:
    """What a server answers, one after the other: a status, or None to hang up; and what it was asked."""

    answers: list[int | None]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)


@contextmanager
def scripted(*answers: int | None) -> Iterator[tuple[str, Script]]:
    """A server that does as it is told, and its address."""
    script = Script(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            script.asked.append((self.command, self.path, {**self.headers}, body))
            script.connections.add(self.client_address)
            status = script.answers.pop(0)
            if status is None:
                self.close_connection = True
                return
            text = b'{"message": "as told", "error": {"code": "told"}}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = handle_one  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", script
        finally:
            server.shutdown()
            thread.join()


def ignore(_: float) -> None:
    """Don't wait."""


def client_of(url: str, pause: Callable[[float], None], told: list[str]) -> Client:
    return Client(url, "al:ice", "sécret", pause, told.append)


def test_one_connection_carries_all() -> None:
    """Requests go over one connection, with the user's credentials, a key where there is one, and gzip where asked."""
    with scripted(200, 201, 201) as (url, script), closing(client_of(f"{url}/base/", ignore, [])) as client:
        assert 200 == client.get("/ready").status
        client.send("POST", "/x", {"t": 1}, key="k-1")
        client.send("POST", "/x", [{"t": 1}], packed=True)
    assert 1 == len(script.connections)
    assert ["/base/ready", "/base/x", "/base/x"] == [path for _, path, _, _ in script.asked]
    heads, bodies = [head for _, _, head, _ in script.asked], [body for _, _, _, body in script.asked]
    assert {"Basic YWw6aWNlOnPDqWNyZXQ="} == {head["Authorization"] for head in heads}
    assert [None, "k-1", None] == [head.get("Idempotency-Key") for head in heads]
    assert [{"t": 1}, [{"t": 1}]] == [json.loads(bodies[1]), json.loads(gzip.decompress(bodies[2]))]
    assert "gzip" == heads[2]["Content-Encoding"]


def test_what_may_go_through_later_is_tried_again() -> None:
    """After a hang-up and while the server is away or busy the same request is sent again, ever more seldom."""
    waits: list[float] = []
    told: list[str] = []
    with scripted(None, 503, 429, None, 201) as (url, script), closing(client_of(url, waits.append, told)) as client:
        assert 201 == client.send("POST", "/x", {"t": 1}, key="k-1").status
    assert list(PATIENCE[:4]) == waits
    assert 1 == len({(method, path, head["Idempotency-Key"], body) for method, path, head, body in script.asked})
    assert [f"{url} does not answer: as told; trying again"] == told


@pytest.mark.parametrize("status", [200, 401, 409, 422, 500])
def test_what_is_answered_is_not_tried_again(status: int) -> None:
    """An answer is an answer, an error's too, with its message and code."""
    with scripted(status) as (url, _), closing(client_of(url, ignore, [])) as client:
        answer = client.get("/x")
    assert (status, "as told", "told") == (answer.status, answer.message, answer.code)


def test_waiting_can_be_ended() -> None:
    """What the pause raises ends the trying, where no server is."""

    def pause(_: float) -> None:
        raise EOFError

    with closing(client_of(f"http://127.0.0.1:{free_port()}", pause, [])) as client, pytest.raises(EOFError):
        client.get("/ready")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://x", "http://", "http://x:y", "http://[x"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    """What is no http address is refused, with one that is."""
    with pytest.raises(BadRequest, match=r"is no address of a server; one is http://127.0.0.1:8000"):
        client_of(url, ignore, [])
