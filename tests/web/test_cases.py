"""The HTTP contract as data: each case of cases/*.json is a request and what is answered to it.

A case has a `name`; `request` (`GET /path` and so on), `headers`, `json` or `text` (as many `times`) as the body, `user` (alice; null for
no credentials); and of what is answered `status`, the exact `body` or `text`, or of an error its `code`, what its message
`says`, and `position`. `settings` of the app and requests that go `before` may be given for the case or the whole file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grafana_sensor.web.problems import reason
from tests.web.conftest import ALICE, RECORDS, Make, basic

FOLDER = Path(__file__).parent / "cases"
USERS = {"alice": ALICE, "alice, wrong": basic("alice", "wrong"), "nobody": basic("nobody", "secret")}
KNOWN = {
    "name",
    "request",
    "headers",
    "json",
    "text",
    "times",
    "user",
    "status",
    "body",
    "answers",
    "code",
    "says",
    "position",
}


def cases() -> list[Any]:
    """The cases of all files, each named by its file and its own name."""
    found = []
    for path in sorted(FOLDER.glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            whole = {"settings": file.get("settings", {}), "before": file.get("before", []), **case}
            found.append(pytest.param(whole, id=f"{path.stem}/{case['name']}"))
    return found


def send(client: FlaskClient, case: dict[str, Any]) -> TestResponse:
    """The answer to the case's request."""
    method, _, path = case["request"].partition(" ")
    user = case.get("user", "alice")
    headers = {**({} if user is None else USERS[user]), **case.get("headers", {})}
    if "json" in case:
        data = json.dumps(case["json"])
    else:
        data = case.get("text", "")
        data = "\n".join(data) if isinstance(data, list) else data
    return client.open(path, method=method, headers=headers, data=data.encode() * case.get("times", 1))


def told(client: FlaskClient) -> Any:
    """What there is, by what alice is told of it."""
    return [client.get(path, headers=ALICE).get_json() for path in ("/api/v1/sensors", "/api/v1/attributes")]


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any], make: Make) -> None:
    """The request is answered as its case says; a refused one is told in JSON and reason phrase, and stores nothing."""
    assert set() == set(case) - KNOWN - {"settings", "before"}
    client = make(**case["settings"]).test_client()
    client.post("/api/v1/records", json=RECORDS, headers=ALICE)
    for earlier in case["before"]:
        assert send(client, earlier).status_code < 400
    there = told(client)
    answer = send(client, case)
    assert case["status"] == answer.status_code, answer.text
    assert "no-store" == answer.headers["Cache-Control"]
    if answer.status_code < 400:
        check_answer(case, answer)
    else:
        check_error(case, answer)
        assert there == told(client)


def check_answer(case: dict[str, Any], answer: TestResponse) -> None:
    """The body is the case's, exactly, but for members that the case leaves open with "*"."""
    assert answer.data or case["request"].startswith(("HEAD ", "OPTIONS "))
    if "answers" in case:
        expected = case["answers"]
        assert ("\r\n".join(expected) + "\r\n" if isinstance(expected, list) else expected) == answer.text
    if "body" in case:
        assert case["body"] == opened(case["body"], answer.get_json())


def opened(expected: Any, actual: Any) -> Any:
    """`actual` with "*" where `expected` has it."""
    if expected == "*" and actual is not None:
        return "*"
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: opened(expected.get(key), value) for key, value in actual.items()}
    return actual


def check_error(case: dict[str, Any], answer: TestResponse) -> None:
    """An error is JSON, says what the case wants, and its message stands in the reason phrase."""
    body = answer.get_json()
    error = body["error"]
    assert body["message"] == error["message"]
    assert case["code"] == error["code"], body
    assert case["says"] in body["message"]
    assert case.get("position") == error.get("position")
    assert f"{case['status']} {reason(body['message'])}" == answer.status
    if "body" in case:
        assert case["body"] == opened(case["body"], body)
