"""Followers of a real server: what they hold, and that others are answered meanwhile."""

from __future__ import annotations

import http.client
import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grafana_sensor import connect
from grafana_sensor.service.session import Session
from tests.endtoend.servers import AUTHORIZATION, PASSWORD, USER, serving
from tests.service.scans import Recorder, definition

FOLLOWERS = 3


@pytest.fixture
def store(tmp_path: Path) -> str:
    uri = f"sqlite://{tmp_path / 'store'}"
    with connect(uri) as database:
        database.register(USER, PASSWORD)
    return uri


@pytest.fixture
def session(store: str) -> Iterator[Session]:
    """The user's own session, beside the server's."""
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        yield session


@contextmanager
def served(store: str) -> Iterator[Any]:
    """A server of one worker with a thread for other requests; and its process."""
    flags = ("--workers", "1", "--threads", "1", "--followers", str(FOLLOWERS))
    with serving(store, *flags) as (process, port):
        yield process, port
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def asked(port: int, path: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """A connection of its own, and the head of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
    return connection, connection.getresponse()


def answered(port: int, path: str) -> tuple[int, Any]:
    """The status and the whole answer."""
    connection, response = asked(port, path)
    with closing(connection):
        return response.status, json.loads(response.read())


def line(response: http.client.HTTPResponse) -> Any:
    """The next line that is no sign of life."""
    while "alive" in (found := json.loads(response.readline())):
        pass
    return found


def threads(pid: int) -> int:
    """How many threads the children of a process have."""
    found = 0
    for task in Path("/proc").glob("[0-9]*/status"):
        try:
            text = task.read_text()
        except OSError:
            continue
        fields = dict(row.split(":\t", 1) for row in text.splitlines() if ":\t" in row)
        if fields["PPid"] == str(pid):
            found += int(fields["Threads"])
    return found


def test_points_come_while_they_are_sent_and_others_are_answered(store: str, session: Session) -> None:
    """As many followers as may be each have every point, and a request beside them is answered; one more is refused."""
    recorder = Recorder(session.store.scans(), "01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A").start(definition("a"))
    path = f"/api/v1/scans/{recorder.key}/streams/a?follow=1"
    with served(store) as (_, port):
        followers = [asked(port, path) for _ in range(FOLLOWERS)]
        for n in range(5):
            recorder.send(a=np.array([float(n)]))
            for _, response in followers:
                assert {"index": n, "value": float(n)} == line(response)
        assert (200, []) == answered(port, "/api/v1/sensors")
        assert 429 == answered(port, path)[0]
        recorder.end()
        assert [{"end": "sealed", "next": 5}] * FOLLOWERS == [line(response) for _, response in followers]
        assert [b""] * FOLLOWERS == [response.read() for _, response in followers]
        for connection, _ in followers:
            connection.close()


def test_a_reader_who_leaves_gives_back_the_place(store: str, session: Session) -> None:
    """Again and again: the server has no more threads after nine who left than when three were there at once."""
    recorder = Recorder(session.store.scans(), "01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A").start(definition("a"))
    path, sent = f"/api/v1/scans/{recorder.key}/streams/a?follow=1&from=", 0
    with served(store) as (process, port):
        together = [asked(port, f"{path}0") for _ in range(FOLLOWERS)]
        assert 200 == answered(port, "/api/v1/sensors")[0]
        most = threads(process.pid)
        for connection, response in together:
            response.close()
            connection.close()
        for _ in range(3):
            left = 0
            while left < FOLLOWERS:
                connection, response = asked(port, f"{path}{sent}")
                if response.status == 429:  # those who left are noticed when the next points are written to them
                    response.read()
                else:
                    left += 1
                response.close()
                connection.close()
                recorder.send(a=np.array([0.0]))
                sent += 1
        assert threads(process.pid) <= most


def test_a_server_that_stops_ends_its_followers(store: str, session: Session) -> None:
    """With a line that says so, and from where to go on."""
    recorder = Recorder(session.store.scans(), "01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A").start(definition("a"))
    recorder.send(a=np.array([1.0]))
    with served(store) as (process, port):
        connection, response = asked(port, f"/api/v1/scans/{recorder.key}/streams/a?follow=1")
        assert {"index": 0, "value": 1.0} == line(response)
        os.kill(process.pid, signal.SIGTERM)
        assert {"end": "stopping", "next": 1} == line(response)
        assert 0 == process.wait(60)
        connection.close()


def test_a_scan_that_is_deleted_ends_its_followers(store: str, session: Session) -> None:
    """At once, with a line that says so."""
    recorder = Recorder(session.store.scans(), "01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A").start(definition("a"))
    recorder.send(a=np.array([1.0]))
    with served(store) as (_, port):
        connection, response = asked(port, f"/api/v1/scans/{recorder.key}/points")
        assert {"stream": "a", "index": 0, "value": 1.0} == line(response)
        session.store.scans().delete(recorder.key)
        assert {"end": "deleted", "next": {"a": 1}} == line(response)
        connection.close()
