"""The doors for clients of InfluxDB."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import ALICE, Make

TOKEN = {"Authorization": "Token alice:secret"}
WRITE = "/api/v2/write?bucket=b&org=o"
LINES = 'weather,host=roof t=21.5,n=9007199254740993i,state="on" 1704085200000000000\nweather,host=hall t=20 1704085201000000000\n'


@pytest.fixture
def client(make: Make) -> FlaskClient:
    """A client of an app without records."""
    return make().test_client()


def post(client: FlaskClient, body: str | bytes = LINES, path: str = WRITE, **headers: str) -> TestResponse:
    """The answer to a body, under alice's token."""
    return client.post(path, data=body, headers={**TOKEN, "Content-Type": "text/plain; charset=utf-8", **headers})


def rows(client: FlaskClient, q: str) -> Any:
    """The rows of a query over all that is there."""
    given = {"q": q, "from": "2000-01-01", "to": "2100-01-01"}
    return client.get("/api/v1/query", query_string=given, headers=ALICE).get_json()


def test_lines_are_stored(client: FlaskClient) -> None:
    """A body is a 204 without a body, and its points are in the next answer, no digit lost."""
    answer = post(client)
    assert (204, b"", None) == (answer.status_code, answer.data, answer.headers.get("Content-Type"))
    assert [
        {"time": "2024-01-01T05:00:00Z", "sensor": "roof", "weather_t": 21.5, "weather_n": "9007199254740993"},
        {"time": "2024-01-01T05:00:01Z", "sensor": "hall", "weather_t": 20.0, "weather_n": None},
    ] == rows(client, "weather_t, weather_n")


@pytest.mark.parametrize("path", [WRITE, "/write?db=telegraf&rp=&consistency=any"])
def test_credentials_come_as_token_or_basic(client: FlaskClient, path: str) -> None:
    """Both schemes open both routes, and what is wrong is a 401 in both shapes of an error."""
    body = "m f=1"
    for header, status in (
        (ALICE["Authorization"], 204),
        ("token alice:secret", 204),
        ("Token alice:wrong", 401),
        ("Token alice", 401),
        ("Bearer alice:secret", 401),
    ):
        answer = client.post(path, data=body, headers={"Authorization": header})
        assert status == answer.status_code, header
    told = answer.get_json()
    assert ("unauthorized", told["message"]) == (told["code"], told["error"]["message"])
    assert "Basic" in answer.headers["WWW-Authenticate"]


def test_a_token_may_hold_any_character(make: Make) -> None:
    """Colons of the password and characters beyond ASCII are read from a token."""
    client = make().test_client()
    assert 200 == client.put("/api/v1/users/me", json={"password": "né:w"}, headers=ALICE).status_code
    token = "Token alice:né:w".encode().decode("latin-1")
    assert 204 == client.post(WRITE, data="m f=1", headers={"Authorization": token}).status_code


def test_a_token_opens_no_other_door(client: FlaskClient) -> None:
    """Elsewhere Basic authentication is what counts."""
    assert 401 == client.get("/api/v1/sensors", headers=TOKEN).status_code


def test_a_packed_body_is_read(client: FlaskClient) -> None:
    """gzip is unpacked, as Telegraf sends it."""
    assert 204 == post(client, gzip.compress(LINES.encode()), **{"Content-Encoding": "gzip"}).status_code
    assert [{"cnt": 2}] == rows(client, "CNT(*)")


def test_a_repeat_stores_nothing(client: FlaskClient) -> None:
    """The same body with all its times is stored once; another body, or other parameters, are another post."""
    for _ in range(3):
        assert 204 == post(client).status_code
    assert [{"cnt": 2}] == rows(client, "CNT(*)")
    assert 204 == post(client, LINES + "\n").status_code
    assert 204 == post(client, path=WRITE + "&attribute={field}").status_code
    assert [{"cnt": 6}] == rows(client, "CNT(*)")


def test_lines_without_a_time_are_new_each_time(client: FlaskClient) -> None:
    """They have the time of receipt, and only a key that the client sends makes a repeat of them harmless."""
    for _ in range(2):
        assert 204 == post(client, "m f=1\nm f=2 1704085200000000000").status_code
    assert [{"cnt": 4}] == rows(client, "CNT(*)")
    for _ in range(2):
        assert 204 == post(client, "m f=1", **{"Idempotency-Key": "once"}).status_code
    assert [{"cnt": 5}] == rows(client, "CNT(*)")
    assert [{"sensor": "m", "cnt": 3}] == rows(client, "CNT(*) FROM m WHERE time = 2024-01-01T06:00:00Z")


def test_a_key_is_of_one_body(client: FlaskClient) -> None:
    """A client's key with another body is a conflict."""
    assert 204 == post(client, "m f=1", **{"Idempotency-Key": "once"}).status_code
    answer = post(client, "m f=2", **{"Idempotency-Key": "once"})
    assert (409, "conflict") == (answer.status_code, answer.get_json()["code"])


def test_a_wrong_line_refuses_all(client: FlaskClient) -> None:
    """It is a 400 with InfluxDB's members and ours, the message in the reason too, and nothing is stored."""
    answer = post(client, f"{LINES}weather t=warm 1")
    message = (
        "line 3: the field 't' is 'warm'; a value is a number (1.5), an integer (3i, 3u), true or false, or a text in"
        ' double quotes ("on")'
    )
    assert {
        "code": "invalid",
        "message": message,
        "line": 3,
        "error": {"code": "line_error", "message": message},
    } == answer.get_json()
    assert f"400 {message}" == answer.status
    assert [] == client.get("/api/v1/sensors", headers=ALICE).get_json()


def test_a_line_that_cannot_be_stored_refuses_all(client: FlaskClient) -> None:
    """It is a 422 that names the line and not the record, and nothing is stored."""
    client.put("/api/v1/attributes/weather_state", json={"kind": "number"}, headers=ALICE)
    answer = post(client, f"# comment\n{LINES}")
    told = answer.get_json()
    assert (422, "unprocessable entity", 2) == (answer.status_code, told["code"], told["line"])
    assert told["message"].startswith("line 2: the field 'weather_state': 'on' is no number")
    assert [] == client.get("/api/v1/sensors", headers=ALICE).get_json()


def test_wrong_lines_can_be_left_out(client: FlaskClient) -> None:
    """With on_error=skip the others are stored, the answer says so, and a repeat changes neither."""
    client.put("/api/v1/attributes/weather_state", json={"kind": "number"}, headers=ALICE)
    for _ in range(2):
        answer = post(client, f"{LINES}weather t=warm\n", path=WRITE + "&on_error=skip")
        told = answer.get_json()
        assert (422, 1) == (answer.status_code, told["line"])
        assert told["message"].endswith("(and 1 more); the other 1 are stored")
    assert [{"cnt": 1}] == rows(client, "CNT(*)")


@pytest.mark.parametrize("body", ["", "\n\n", "# nothing\n"])
def test_a_body_without_lines_is_refused(client: FlaskClient, body: str) -> None:
    """Nothing to store is a 400."""
    assert (400, "invalid") == ((answer := post(client, body)).status_code, answer.get_json()["code"])


def test_what_is_no_text_is_refused_with_its_line(client: FlaskClient) -> None:
    """A byte that is no UTF-8 is a 400 that names its line."""
    answer = post(client, b'm f=1\nm f="\xff"')
    assert (400, 2) == (answer.status_code, answer.get_json()["line"])


def test_the_limits_hold(make: Make) -> None:
    """A body beyond the limit, packed or not, is a 413 with InfluxDB's word; too many lines are a 422."""
    client = make(max_body=1_024, max_records=3).test_client()
    long = "m f=1\n" * 500
    for body, headers in ((long.encode(), {}), (gzip.compress(long.encode()), {"Content-Encoding": "gzip"})):
        answer = post(client, body, **headers)
        assert (413, "request too large") == (answer.status_code, answer.get_json()["code"])
    assert 422 == post(client, "m f=1\n" * 4).status_code


@pytest.mark.parametrize(
    ("parameters", "time"),
    [
        ("precision=s", "2024-01-01T05:00:00Z"),
        ("precision=ms", "1970-01-20T17:21:25.200Z"),
        ("precision=us", "1970-01-01T00:28:24.085200Z"),
        ("precision=ns", "1970-01-01T00:00:01.704085Z"),
        ("", "1970-01-01T00:00:01.704085Z"),
    ],
)
def test_the_precision_is_what_the_request_says(client: FlaskClient, parameters: str, time: str) -> None:
    """A number is of that unit, and never told by its size."""
    assert 204 == post(client, "m f=1 1704085200", path=f"{WRITE}&{parameters}").status_code
    q = {"q": "f FROM m", "from": "1960-01-01", "to": "2100-01-01"}
    found = client.get("/api/v1/query", query_string=q, headers=ALICE).get_json()
    assert [time] == [row["time"] for row in found]


@pytest.mark.parametrize(
    "parameters", ["precision=weeks", "sensor=host", "attribute={host}", "on_error=ignore", "precision=m"]
)
def test_wrong_parameters_are_refused(client: FlaskClient, parameters: str) -> None:
    """A parameter that can't be is a 400 that names it."""
    answer = post(client, path=f"{WRITE}&{parameters}")
    assert 400 == answer.status_code
    assert answer.get_json()["message"].startswith(parameters.partition("=")[0])


def test_a_store_that_is_away_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegraf keeps what a 503 refused, and that is what it gets."""
    from grafana_sensor.domain.errors import Unavailable
    from grafana_sensor.service.session import Session

    def refuse(*_: object) -> None:
        raise Unavailable("the store does not answer")

    monkeypatch.setattr(Session, "ingest", refuse)
    answer = post(client)
    assert (503, "unavailable") == (answer.status_code, json.loads(answer.data)["code"])
