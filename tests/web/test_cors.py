"""Requests from pages of other origins."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from grafana_sensor.service.sessions import Sessions
from grafana_sensor.web.cors import HEADERS, SECONDS, allowed_headers
from tests.web.conftest import ALICE, RECORDS, Make

GRAFANA, OTHER = "https://grafana.example", "http://localhost:3000"
PREFIX = "Access-Control-"


def of(answer: TestResponse) -> dict[str, str]:
    """The headers of an answer that are about other origins, by what follows their prefix."""
    return {name.removeprefix(PREFIX): text for name, text in answer.headers.items() if name.startswith(PREFIX)}


def listing(text: str | None) -> set[str]:
    """The elements of a header that is a list."""
    return {each.strip() for each in (text or "").split(",") if each.strip()}


def preflight(client: FlaskClient, path: str, origin: str = GRAFANA, method: str = "POST", headers: str = "") -> Any:
    """The answer to the request that a browser sends ahead; it has no credentials."""
    asked = {"Origin": origin, f"{PREFIX}Request-Method": method}
    return client.options(path, headers=asked | ({f"{PREFIX}Request-Headers": headers} if headers else {}))


@pytest.fixture
def listed(make: Make) -> FlaskClient:
    """A client of an app that lets two origins in."""
    client = make(cors_origins=f" {GRAFANA}/ ,{OTHER},").test_client()
    assert 201 == client.post("/api/v1/records", json=RECORDS, headers=ALICE).status_code
    return client


@pytest.mark.parametrize("origin", [GRAFANA, OTHER])
def test_a_listed_origin_is_let_in_by_its_name(origin: str, listed: FlaskClient) -> None:
    """A page of a listed origin may read the answer, send credentials, and see the header of the next page."""
    answer = listed.get("/api/v1/sensors", headers={**ALICE, "Origin": origin})
    assert 200 == answer.status_code
    expected = {"Allow-Origin": origin, "Allow-Credentials": "true", "Expose-Headers": "X-Next-Cursor"}
    assert expected == of(answer)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://grafana.example",
        "https://grafana.example:8443",
        "https://grafana.example.evil.example",
        "https://sub.grafana.example",
        "https://grafana.exampl",
        "null",
        "*",
        "",
        f"{GRAFANA}, {OTHER}",
    ],
)
def test_no_other_origin_is_let_in(origin: str, listed: FlaskClient) -> None:
    """A page of another origin is answered as ever, without a header that lets it read, and with no preflight."""
    answer = listed.get("/api/v1/sensors", headers={**ALICE, "Origin": origin})
    assert (200, {}) == (answer.status_code, of(answer))
    assert {} == of(preflight(listed, "/query", origin))


def test_a_request_without_an_origin_is_answered_as_ever(listed: FlaskClient) -> None:
    """Whoever is no page of another origin gets no headers about it."""
    answer = listed.get("/api/v1/sensors", headers=ALICE)
    assert (200, {}) == (answer.status_code, of(answer))


@pytest.mark.parametrize("origin", [GRAFANA, "https://evil.example", None])
def test_answers_vary_by_origin(origin: str | None, listed: FlaskClient) -> None:
    """Where origins are listed every answer says that it depends on the origin, whoever asks, errors too."""
    sent = {} if origin is None else {"Origin": origin}
    answers = [listed.get(path, headers=sent) for path in ("/health", "/api/v1/sensors", "/nowhere")]
    answers.append(listed.options("/query", headers=sent))
    assert [{"Origin"}] * 4 == [listing(answer.headers.get("Vary")) for answer in answers]


@pytest.mark.parametrize("origins", ["", " ", ","])
def test_without_origins_nobody_is_let_in(origins: str, make: Make) -> None:
    """Where no origin is listed no answer has anything to do with them."""
    client = make(cors_origins=origins).test_client()
    for answer in (client.get("/health", headers={"Origin": GRAFANA}), preflight(client, "/query")):
        assert (200, {}, None) == (answer.status_code, of(answer), answer.headers.get("Vary"))


def test_a_star_lets_any_origin_in_without_credentials(make: Make) -> None:
    """`*` lets a page of any origin read, but not with the browser's own credentials; a listed one has them still."""
    client = make(cors_origins=f"*,{GRAFANA}").test_client()
    found = [of(client.get("/health", headers={"Origin": origin})) for origin in (OTHER, "null", GRAFANA)]
    assert ["*", "*", GRAFANA] == [headers["Allow-Origin"] for headers in found]
    assert [None, None, "true"] == [headers.get("Allow-Credentials") for headers in found]
    ahead = of(preflight(client, "/query", OTHER, headers="authorization"))
    assert ("*", "authorization", None) == (
        ahead["Allow-Origin"],
        ahead["Allow-Headers"],
        ahead.get("Allow-Credentials"),
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "sent"),
    [
        ("GET", "/api/v1/sensors", 401, {"headers": {}}),
        ("GET", "/nowhere", 404, {}),
        ("DELETE", "/query", 405, {}),
        ("POST", "/query", 400, {"data": b"{"}),
        ("POST", "/query", 400, {"json": {"targets": [{"target": "humidity"}]}}),
        ("POST", "/query", 415, {"data": b"{}", "headers": {**ALICE, "Content-Encoding": "br"}}),
        ("POST", "/api/v1/records", 422, {"json": {"sensor": "hall", "time": 1e300}}),
        ("GET", "/%FF", 400, {}),
    ],
)
def test_errors_can_be_read_too(method: str, path: str, status: int, sent: dict[str, Any], listed: FlaskClient) -> None:
    """An error lets its page in as an answer does, so that its message can be shown."""
    headers = {**sent.get("headers", ALICE), "Origin": GRAFANA}
    answer = listed.open(path, method=method, **{**sent, "headers": headers})
    assert (status, GRAFANA, "true") == (
        answer.status_code,
        answer.headers.get(f"{PREFIX}Allow-Origin"),
        answer.headers.get(f"{PREFIX}Allow-Credentials"),
    )
    assert answer.get_json()["message"]


def test_a_defect_can_be_read_too(listed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect behind a route lets its page in as well."""

    def broken(*_: object) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(Sessions, "login", broken)
    answer = listed.get("/api/v1/sensors", headers={**ALICE, "Origin": GRAFANA})
    assert (500, GRAFANA) == (answer.status_code, answer.headers.get(f"{PREFIX}Allow-Origin"))


def test_every_route_answers_a_preflight(listed: FlaskClient) -> None:
    """On every route a browser is told, without credentials, that its methods and the header of credentials may be sent."""
    rules = list(listed.application.url_map.iter_rules())
    assert len(rules) > 20
    for rule in rules:
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = preflight(listed, path, method=method, headers="authorization,content-type,x-grafana-device-id")
            headers = of(answer)
            assert (path, 200, b"") == (path, answer.status_code, answer.data)
            assert (GRAFANA, "true", str(SECONDS)) == (
                headers["Allow-Origin"],
                headers["Allow-Credentials"],
                headers["Max-Age"],
            )
            assert method in listing(headers["Allow-Methods"])
            assert {"authorization", "content-type", "x-grafana-device-id"} == listing(headers["Allow-Headers"])


def test_a_preflight_names_the_methods_of_all_doors(listed: FlaskClient) -> None:
    """Where two doors share a path a preflight names the methods of both, and never one that is not taken."""
    assert {"GET", "HEAD", "OPTIONS", "POST"} == listing(of(preflight(listed, "/metrics"))["Allow-Methods"])
    assert {"OPTIONS", "POST"} == listing(of(preflight(listed, "/search"))["Allow-Methods"])


def test_other_options_requests_are_no_preflight(listed: FlaskClient) -> None:
    """An OPTIONS request that asks for no method is answered as any other request."""
    answer = listed.options("/query", headers={"Origin": GRAFANA})
    assert {"Allow-Origin", "Allow-Credentials", "Expose-Headers"} == set(of(answer))
    assert {"OPTIONS", "POST"} == listing(answer.headers["Allow"])


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("", set()),
        ("accept, content-type", {"accept", "content-type"}),
        ("Authorization,X-Grafana-Device-Id", {"authorization", "x-grafana-device-id"}),
        ("x-panel-id,x-dashboard-id,X-Api-Key", {"x-panel-id", "x-dashboard-id", "x-api-key"}),
        ("idempotency-key, content-encoding", {"idempotency-key", "content-encoding"}),
        ("cookie,host,authorization", {"authorization"}),
        ("x-,*,x-a\tb,x-a b,xa", set()),
    ],
)
def test_headers_are_allowed_by_name(wanted: str, allowed: set[str], listed: FlaskClient) -> None:
    """Of the headers that a page wants to send, those of the list and custom ones are allowed, in any case of letters."""
    assert allowed == listing(of(preflight(listed, "/query", headers=wanted))["Allow-Headers"])


@given(st.text(max_size=30) | st.lists(st.text("x-acookie*, \r\n", max_size=8)).map(",".join))
def test_no_header_is_allowed_that_was_not_wanted(wanted: str) -> None:
    """Whatever is wanted, what is allowed is among it, and each is of the list or begins as custom headers do."""
    found = allowed_headers(wanted)
    assert set() == set(found) - {name.strip().lower() for name in wanted.split(",")}
    assert [] == [name for name in found if name not in HEADERS and not re.fullmatch(r"x-[a-z0-9-]+", name)]
