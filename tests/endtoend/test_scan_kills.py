"""Servers that are killed while scans are recorded."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from grafana_sensor import connect
from grafana_sensor.domain.scan import ScanState
from tests.contract.scans import shown
from tests.contract.stores import SCANS, stores_of
from tests.endtoend.scanload import points, values
from tests.endtoend.servers import AUTHORIZATION, PASSWORD, USER, connected, kill, serving

KEY = "01KDVDNA000000000000000001"
STREAMS = ("a", "b", "c")
SCAN = {"name": "ascan", "number": 1, "key": KEY, "streams": [{"name": name} for name in STREAMS]}
ROUNDS, MOST, SIZE = 4, 400, 7


@pytest.fixture(params=sorted(name for name, stores in SCANS.items() if stores.of_processes))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URI of a new store that keeps scans, in which the user is registered."""
    with stores_of(request.param, tmp_path) as stores:
        with connect(stores.uri) as database:
            database.register(USER, PASSWORD)
        yield stores.uri


def sent(connection: http.client.HTTPConnection, path: str, body: Any) -> dict[str, Any]:
    """What is answered to a post under /scans."""
    connection.request("POST", f"/api/v1/scans{path}", json.dumps(body), {"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status in (200, 201), text
    found: dict[str, Any] = json.loads(text)
    return found


def test_recorded_points_outlive_kills(store: str) -> None:
    """After 4 kills amid posts each acknowledged point of 3 streams is there once; what wasn't answered is sent again."""
    lengths = [0]
    for turn in range(ROUNDS):
        _killed_amid_posts(store, lengths, wanted=lengths[-1] + SIZE * (3 + turn))
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        scans = session.store.scans()
        found = scans.load(KEY)
        assert (ScanState.STARTED, [KEY]) == (found.state, scans.search({}))
        for place, name in enumerate(STREAMS):
            length = found.streams[name].length
            assert lengths[-1] <= length <= lengths[-1] + SIZE
            assert (0, values(place, 0, length)) == shown(scans, KEY, name)


def _killed_amid_posts(store: str, lengths: list[int], wanted: int) -> None:
    """Go on with the scan from what was acknowledged, until that is enough; then kill all workers."""
    enough = Event()

    def posting(port: int) -> None:
        try:
            with connected(port) as connection:
                sent(connection, "", SCAN)
                for _ in range(MOST):
                    start = lengths[-1]
                    sent(connection, f"/{KEY}/points", points(STREAMS, start, start + SIZE))
                    lengths.append(start + SIZE)
                    if lengths[-1] >= wanted:
                        enough.set()
        except (OSError, http.client.HTTPException):
            pass  # the server was killed: what was under way is not acknowledged

    with serving(store, "--workers", "2") as (server, port):
        thread = Thread(target=posting, args=(port,))
        thread.start()
        assert enough.wait(60)
        kill(server)
        thread.join()
