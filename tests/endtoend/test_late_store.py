"""A server that starts before its store does."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

from grafana_sensor import connect
from tests.contract.stores import CassandraStores, stores_of
from tests.endtoend.servers import PASSWORD, USER, connected, count, post, serving
from tests.ports import free_port

PATIENCE: Final = 60.0
"""Seconds in which a store that came must be seen."""


def test_a_server_waits_for_a_store_that_is_away(tmp_path: Path) -> None:
    """While no node answers it is alive and not ready; when one does, it serves without being started anew."""
    with stores_of("cassandra", tmp_path) as stores:
        assert isinstance(stores, CassandraStores)
        with connect(stores.uri) as database:
            database.register(USER, PASSWORD)
        node, port = urlsplit(stores.uri).port, free_port()
        late = stores.uri.replace(f":{node}/", f":{port}/")
        with serving(late, "--workers", "1") as (_, listening), connected(listening) as connection:
            assert (200, 503) == (status(connection, "/health"), status(connection, "/ready"))
            with forwarded(port, node or 0):
                deadline = perf_counter() + PATIENCE
                while (ready := status(connection, "/ready")) == 503 and perf_counter() < deadline:
                    pass  # for a moment after a login that failed the next one isn't tried
                assert 200 == ready
                assert 201 == post(connection, 1)
                assert 1 == count(connection)


def status(connection: http.client.HTTPConnection, path: str) -> int:
    """What is answered."""
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def forwarded(port: int, target: int) -> Iterator[None]:
    """Connections to the port are ones to the target."""
    with socket.create_server(("127.0.0.1", port)) as server:
        accepting = Thread(target=_accept, args=(server, target), daemon=True)
        accepting.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
        accepting.join()


def _accept(server: socket.socket, target: int) -> None:
    while True:
        try:
            one, _ = server.accept()
        except OSError:
            return
        other = socket.create_connection(("127.0.0.1", target))
        for source, sink in ((one, other), (other, one)):
            Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with source, sink, suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
