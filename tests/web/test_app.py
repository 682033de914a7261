"""What every answer has, and what the doors stand on."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.service.database import Database
from grafana_sensor.service.sessions import Sessions
from tests.web.conftest import ALICE, RECORDS, Make

ADDRESSES = ["/", "/health", "/openapi.json", "/metrics", "/api/v1/sensors", "/api/v1/query?q=t", "/nowhere"]
RANGE = "from=2024-01-01&to=2024-01-02"


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_answer_is_stored_or_guessed_at(address: str, client: FlaskClient) -> None:
    """Every answer, errors too, forbids caches and guesses at its type, sets no cookie and leads nowhere else."""
    answer = client.get(address, headers=ALICE)
    assert ("no-store", "nosniff") == (answer.headers["Cache-Control"], answer.headers["X-Content-Type-Options"])
    assert answer.headers["Content-Type"] in ("application/json", "text/plain; version=0.0.4; charset=utf-8")
    assert {"Set-Cookie", "Location"}.isdisjoint(answer.headers.keys())


def test_a_store_that_does_not_answer_is_told(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away the server lives but is not ready, and what needs the store is a 503."""

    def away(*_: object) -> Any:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(Database, "ready", away)
    monkeypatch.setattr(Sessions, "login", away)
    client = make().test_client()
    answers = [client.get(path, headers=ALICE) for path in ("/health", "/ready", "/api/v1/sensors")]
    assert [200, 503, 503] == [answer.status_code for answer in answers]
    assert "503 the store does not answer" == answers[1].status
    assert "store_unavailable" == answers[2].get_json()["error"]["code"]


def test_a_defect_is_a_500_in_json(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect behind a route is a 500 in JSON that keeps its details to the log."""

    def broken(*_: object) -> Any:
        raise ZeroDivisionError("a detail")

    monkeypatch.setattr(Sessions, "login", broken)
    answer = make().test_client().get("/api/v1/sensors", headers=ALICE)
    assert (HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error") == (
        answer.status_code,
        answer.get_json()["error"]["code"],
    )
    assert b"detail" not in answer.data


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_hold_every_row_once(method: str, client: FlaskClient) -> None:
    """Following `next` to the end gives every row once, in order, as the whole answer does."""
    path = f"/api/v1/query?q=temperature,state&{RANGE}"
    whole = client.get(path, headers=ALICE).get_json()
    paged, cursor = [], ""
    for _ in RECORDS:
        page = client.open(f"{path}&limit=5&cursor={cursor}", method=method, headers=ALICE).get_json()
        assert page["data"]
        paged += page["data"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert whole == paged
    assert len(RECORDS) == len(paged)


def test_csv_pages_by_a_header(client: FlaskClient) -> None:
    """CSV with a limit has the token in a header, and on the last page no such header."""
    path = f"/api/v1/query?q=temperature&sensor=lab.s2&format=csv&limit=3&{RANGE}"
    first = client.get(path, headers=ALICE)
    last = client.get(f"{path}&cursor={first.headers['X-Next-Cursor']}", headers=ALICE)
    assert [4, 2] == [len(answer.text.splitlines()) for answer in (first, last)]
    assert "X-Next-Cursor" not in last.headers


def test_arrow_is_read_by_its_own_library(client: FlaskClient) -> None:
    """`format=arrow` is an Arrow stream with timestamps in µs, UTC."""
    answer = client.get(f"/api/v1/query?q=temperature&sensor=lab.s2&format=arrow&{RANGE}", headers=ALICE)
    assert "application/vnd.apache.arrow.stream" == answer.headers["Content-Type"]
    with pa.ipc.open_stream(answer.data) as reader:
        found = reader.read_all()
    assert pa.timestamp("us", "UTC") == found.schema.field("time").type
    assert [21.0, 21.25, 21.5, 21.75] == found.column("temperature").to_pylist()


FORMS: dict[str, tuple[str, str, Any]] = {
    "array": ("", "application/json", json.dumps(RECORDS)),
    "lines": ("", "application/x-ndjson", "\n".join(map(json.dumps, RECORDS))),
    "csv": (
        "",
        "text/csv",
        "\r\n".join(",".join(map(str, row)) for row in [RECORDS[0], *(r.values() for r in RECORDS)]),
    ),
    "columns": ("?format=columns", "", json.dumps({name: [r[name] for r in RECORDS] for name in RECORDS[0]})),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_stores_the_same(form: str, client: FlaskClient, make: Make) -> None:
    """The same records, as an array, as lines, as CSV or in columns, give the same answers."""
    query, kind, body = FORMS[form]
    other = make().test_client()
    posted = other.post(f"/api/v1/records{query}", data=body, content_type=kind, headers=ALICE)
    assert (201, len(RECORDS)) == (posted.status_code, posted.get_json()["accepted"])
    for path in ("/api/v1/sensors", "/api/v1/attributes", f"/api/v1/query?q=*&{RANGE}"):
        assert client.get(path, headers=ALICE).get_json() == other.get(path, headers=ALICE).get_json()


def test_the_cases_are_there() -> None:
    """The files of cases hold cases, each with a name of its own."""
    for path in (Path(__file__).parent / "cases").glob("*.json"):
        names = [case["name"] for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]
        assert names
        assert len(names) == len(set(names))
