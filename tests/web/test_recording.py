"""Scans recorded over HTTP."""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grafana_sensor.adapters.memory import MemoryKeyspaces
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.ports import ScanWriting
from tests.contract.scans import shown
from tests.web.conftest import ALICE, CHEAP, NOW, Make, basic

KEY = "01KDVDNA000000000000000001"
SCAN: dict[str, Any] = {
    "name": "ascan",
    "number": 2,
    "dataset": "d",
    "info": {"title": "x"},
    "streams": [
        {"name": "t", "info": {"unit": "A"}},
        {"name": "mca/1", "dtype": "int32", "shape": [2]},
        {"name": "notes", "dtype": "json"},
    ],
}


@pytest.fixture
def keyspaces() -> MemoryKeyspaces:
    """Where the app keeps what it is sent."""
    return MemoryKeyspaces(passwords=CHEAP)


@pytest.fixture
def client(make: Make, keyspaces: MemoryKeyspaces) -> FlaskClient:
    """A client of an app."""
    return make(keyspaces).test_client()


@pytest.fixture
def scans(client: FlaskClient, keyspaces: MemoryKeyspaces) -> ScanWriting:
    """Alice's scans."""
    assert "grafana_sensor" in client.application.extensions  # with which alice comes
    return keyspaces.stores["alice"].scans()


def post(client: FlaskClient, path: str, body: Any = None, **more: Any) -> TestResponse:
    """The answer to a post under /scans, of JSON or of what `data` says."""
    said = {} if "data" in more else {"json": body}
    return client.post(f"/api/v1/scans{path}", headers={**ALICE, **more.pop("headers", {})}, **said, **more)


def begun(client: FlaskClient) -> str:
    """The key of a new scan."""
    answer = post(client, "", SCAN)
    assert 201 == answer.status_code, answer.text
    return str(answer.get_json()["key"])


def test_a_scan_is_recorded(client: FlaskClient, scans: ScanWriting) -> None:
    """It is begun, sent points in all forms, and closed; each answer says how far it has come."""
    key = begun(client)
    found = scans.load(key)
    assert ({"name": "ascan", "number": 2, "data_policy": "none", "dataset": "d"}, {"title": "x"}, NOW) == (
        found.identity,
        found.info,
        found.reached[ScanState.STARTED],
    )
    assert ["t", "mca/1", "notes"] == list(found.streams)
    several = {"streams": {"t": {"start": 0, "points": [1, 2.5]}, "notes": [{"a": 1}], "mca/1": [[1, 2]]}}
    answers = [
        post(client, f"/{key}/points", several),
        post(client, f"/{key}/streams/t", [3]),
        post(client, f"/{key}/streams/t", {"start": 3, "points": [4, None]}),
        post(client, f"/{key}/streams/t?start=5", [6]),
        post(client, f"/{key}/streams/notes", data='"x"\n{"b": 2}\n', content_type="application/x-ndjson"),
        post(
            client,
            f"/{key}/streams/mca%2F1?start=1",
            data=gzip.compress(np.arange(4, dtype="<i4").tobytes()),
            content_type="application/octet-stream",
            headers={"Content-Encoding": "gzip"},
        ),
    ]
    assert [{"t": 2, "notes": 1, "mca/1": 1}, {"t": 3}, {"t": 5}, {"t": 6}, {"notes": 3}, {"mca/1": 3}] == [
        each.get_json().get("lengths") for each in answers
    ]
    closed = post(client, f"/{key}/close", {"info": {"positions": [1]}})
    assert {"key": key, "state": "CLOSED", "lengths": {"t": 6, "mca/1": 3, "notes": 3}} == closed.get_json()
    assert ({"title": "x", "positions": [1], "end_reason": "SUCCESS"}, ScanState.CLOSED) == (
        scans.load(key).info,
        scans.load(key).state,
    )
    assert "[1.0, 2.5, 3.0, 4.0, nan, 6.0]" == str(shown(scans, key, "t")[1])
    assert [[[1, 2], [0, 1], [2, 3]], [{"a": 1}, "x", {"b": 2}]] == [
        shown(scans, key, name)[1] for name in ("mca/1", "notes")
    ]


def test_what_was_not_answered_can_be_sent_again(client: FlaskClient, scans: ScanWriting) -> None:
    """The creation under a key or an Idempotency-Key, points that say their index, the end: the second changes nothing."""
    own = {**SCAN, "key": KEY}
    named = {"headers": {"Idempotency-Key": "scan-7"}}
    answers = [
        post(client, "", own),
        post(client, "", own),
        post(client, "", SCAN, **named),
        post(client, "", SCAN, **named),
    ]
    assert [(201, None), (200, True), (201, None), (200, True)] == [
        (each.status_code, each.get_json().get("duplicate")) for each in answers
    ]
    assert answers[2].get_json()["key"] == answers[3].get_json()["key"]
    assert 2 == len(scans.search({}))
    for _ in range(2):
        assert {"t": 2} == post(client, f"/{KEY}/streams/t?start=0", [1, 2]).get_json()["lengths"]
    for _ in range(2):
        assert "CLOSED" == post(client, f"/{KEY}/close", {}).get_json()["state"]
    assert [409, 409, 409] == [
        post(client, "", {**own, "number": 3}).status_code,
        post(client, "", {**SCAN, "number": 3}, **named).status_code,
        post(client, f"/{KEY}/close", {"end_reason": "FAILURE"}).status_code,
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "message"),
    [
        ("", {"number": 1}, 400, "bad_request", "name is missing; the body is an object with name and number"),
        ("", {**SCAN, "sesion": "q"}, 400, "bad_request", "sesion is 'q': extra inputs are not permitted"),
        ("", {**SCAN, "streams": [{"name": "t", "unit": "A"}]}, 400, "bad_request", "streams.0.unit is 'A'"),
        ("", {**SCAN, "number": "2"}, 400, "bad_request", "number is '2'"),
        ("", {**SCAN, "key": "first"}, 422, "unprocessable", "'first' is no ULID"),
        ("", {**SCAN, "streams": [{"name": "t", "dtype": "text"}]}, 422, "unprocessable", "the dtype of stream 't'"),
        ("", {**SCAN, "streams": [{"name": "t"}, {"name": "t"}]}, 422, "unprocessable", "two streams are called 't'"),
        ("", [SCAN], 400, "bad_request", "the body is a list"),
        ("/none/points", {"streams": {}}, 404, "scan_not_found", "there is no scan 'none'"),
        ("/none/close", {}, 404, "scan_not_found", "there is no scan 'none'"),
        ("/KEY/points", {"t": [1]}, 400, "bad_request", 'the body has no object "streams"'),
        ("/KEY/points", {"streams": {"t": 1}}, 400, "bad_request", "streams.t is a number; it must be a list"),
        ("/KEY/points", {"streams": {"t": {"start": -1, "points": []}}}, 400, "bad_request", "streams.t.start is -1"),
        ("/KEY/points", {"streams": {"u": [1]}}, 400, "unknown_stream", "unknown stream 'u'"),
        ("/KEY/streams/u", [1], 404, "not_found", "unknown stream 'u'"),
        ("/KEY/streams/t", ["a"], 422, "point_error", "stream 't' takes float64, which has no place for 'a'"),
        ("/KEY/streams/t?start=5", [1], 409, "point_conflict", "begin at index 5, but there are 0"),
        ("/KEY/streams/t?start=x", [1], 400, "bad_request", "start is 'x'"),
        ("/KEY/close", {"end_reason": 5}, 400, "bad_request", "end_reason is 5"),
    ],
)
def test_what_is_wrong_is_told(client: FlaskClient, path: str, body: Any, status: int, code: str, message: str) -> None:
    """Each wrong request gets its status, a code, and a message that names what is wrong."""
    post(client, "", {**SCAN, "key": KEY})
    answer = post(client, path.replace("KEY", KEY), body)
    error = answer.get_json()["error"]
    assert (status, code) == (answer.status_code, error["code"])
    assert message in error["message"]


def test_a_closed_scan_takes_no_points(client: FlaskClient) -> None:
    """They are a conflict that says so."""
    key = begun(client)
    post(client, f"/{key}/close", {})
    answer = post(client, f"/{key}/streams/t", [1])
    assert (409, "scan_state") == (answer.status_code, answer.get_json()["error"]["code"])


def test_a_scan_is_deleted(client: FlaskClient, scans: ScanWriting) -> None:
    """A closed one, an open one by force; then it isn't there."""
    key = begun(client)
    answers = [client.delete(f"/api/v1/scans/{key}{query}", headers=ALICE) for query in ("", "?force=true", "")]
    assert [409, 200, 404] == [each.status_code for each in answers]
    assert {"deleted": key} == answers[1].get_json()
    assert [] == scans.search({})


def test_a_post_of_points_has_a_limit(make: Make) -> None:
    """As many as records of one post may be; the message names it."""
    client = make(max_records=3).test_client()
    key = begun(client)
    answer = post(client, f"/{key}/points", {"streams": {"t": [1, 2], "notes": [1, 2]}})
    assert (422, "limit_exceeded") == (answer.status_code, answer.get_json()["error"]["code"])
    assert "4 points, more than the limit of 3" in answer.get_json()["message"]


def test_another_users_scan_is_not_there(make: Make) -> None:
    """Neither to be sent points nor to be closed or deleted."""
    client = make(open_registration=True).test_client()
    client.post("/api/v1/users", json={"user": "bob", "password": "secret"})
    key = begun(client)
    bob = basic("bob", "secret")
    answers = [
        client.post(f"/api/v1/scans/{key}/points", json={"streams": {"t": [1]}}, headers=bob),
        client.post(f"/api/v1/scans/{key}/close", json={}, headers=bob),
        client.delete(f"/api/v1/scans/{key}", headers=bob),
    ]
    assert [404] * 3 == [each.status_code for each in answers]


def test_json_of_any_content_type_is_json(client: FlaskClient) -> None:
    """As devices send it."""
    key = begun(client)
    answer = post(client, f"/{key}/streams/t", data=json.dumps([1]), content_type="text/plain")
    assert {"t": 1} == answer.get_json()["lengths"]
