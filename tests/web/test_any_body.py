"""Whatever is sent to the plugins' routes: no 5xx, and always JSON."""

from __future__ import annotations

import gzip
import json
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from grafana_sensor.web.problems import reason
from tests.web.conftest import ALICE, RECORDS, Make

ROUTES: Final = (
    "/query",
    "/annotations",
    "/search",
    "/metrics",
    "/metric-payload-options",
    "/variable",
    "/tag-keys",
    "/tag-values",
)
EXAMPLES: Final = 150

TEXTS: Final = st.one_of(
    st.sampled_from(
        [
            "", " ", "A", "Anno", "temperature", "state", "state WHERE state = 'off'", "AVG(temperature)", "*", ".*", "CNT(*)", "$x", "${x:csv}",
            "(lab\\.s2|greenhouse-1)", "{lab.s2,greenhouse-1}", "sensors", "attributes(lab.s2)", "values(state, *)", "values(", "scans", "table",
            "frame", "timeserie", "builder", "code", "sensor", "mean", "P95", "1h", "auto", "all", "now-6h", "2024-01-01", "1704067200000", "=", "=~",
            "<", "EXISTS", "IN", "(", "[", "\\", "\x00", "\ud800", "[object Object]", "NaN", "1e999", "9" * 400, "x" * 70_000,
        ]
    ),
    st.text(max_size=6),
)  # fmt: skip
SCALARS: Final = st.one_of(
    TEXTS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 1.5, 1704067200000, 2**53, 2**64, 10**400, 1e308]),
    st.floats(allow_nan=False, allow_infinity=False),
)
MEMBERS: Final = (
    "range", "rangeRaw", "from", "to", "interval", "intervalMs", "maxDataPoints", "targets", "refId", "target", "type", "hide", "payload", "data",
    "editorMode", "sensor", "select", "aggregate", "where", "by", "every", "format", "filters", "adhocFilters", "key", "operator", "value", "values",
    "scopedVars", "annotation", "query", "name", "metric", "attribute", "scan", "new",
)  # fmt: skip
ANYTHING: Final = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4)),
    max_leaves=12,
)
PAYLOADS: Final = st.dictionaries(
    st.sampled_from(MEMBERS[15:22]), st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=4
)
TARGETS: Final = st.fixed_dictionaries(
    {"target": TEXTS},
    optional={
        "refId": TEXTS,
        "type": st.sampled_from(["table", "timeserie"]),
        "hide": st.booleans(),
        "editorMode": st.sampled_from(["builder", "code"]),
        "payload": st.one_of(PAYLOADS, TEXTS),
    },
)
PANELS: Final = st.fixed_dictionaries(
    {"targets": st.lists(TARGETS, max_size=3)},
    optional={
        "maxDataPoints": SCALARS,
        "intervalMs": SCALARS,
        "filters": st.lists(ANYTHING, max_size=2),
        "range": ANYTHING,
    },
)


def sent(client: FlaskClient, route: str, data: bytes, kind: str, encoding: str) -> TestResponse:
    """The answer to a body of bytes."""
    headers = {**ALICE, "Content-Type": kind, **({"Content-Encoding": encoding} if encoding else {})}
    return client.post(route, data=data, headers=headers)


def check(answer: TestResponse) -> None:
    """The answer is JSON of a plugin's kind, or an error that says what is wrong in body and reason phrase."""
    assert answer.status_code < 500, answer.text
    assert "application/json" == answer.mimetype
    body = json.loads(answer.data, parse_constant=pytest.fail)
    if answer.status_code == 200:
        assert isinstance(body, list)
    else:
        assert 400 <= answer.status_code
        assert body["message"] == body["error"]["message"]
        assert body["message"]
        assert f"{answer.status_code} {reason(body['message'])}" == answer.status


@pytest.fixture(scope="module")
def client(make_once: Make) -> FlaskClient:
    """One app for all that is drawn: nothing that is sent here changes it."""
    client = make_once(max_body=100_000).test_client()
    assert 201 == client.post("/api/v1/records", json=RECORDS, headers=ALICE).status_code
    return client


@pytest.mark.parametrize("route", ROUTES)
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(body=ANYTHING)
def test_any_json_is_answered(client: FlaskClient, route: str, body: Any) -> None:
    """Members of any name and type are answered, or refused by a message that says why."""
    check(sent(client, route, json.dumps(body).encode(), "application/json", ""))


@settings(
    max_examples=4 * EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(body=PANELS)
def test_any_panel_is_answered(client: FlaskClient, body: Any) -> None:
    """Panels of targets and payloads of all kinds are answered, or refused by a message that says why."""
    check(sent(client, "/query", json.dumps(body).encode(), "text/plain", ""))


@pytest.mark.parametrize("route", ROUTES)
@settings(
    max_examples=EXAMPLES // 3, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(
    text=st.one_of(PANELS.map(json.dumps), st.text(max_size=20)),
    charset=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    kind=st.sampled_from(
        [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "",
            "json; charset=utf-16",
        ]
    ),
    encoding=st.sampled_from(["", "identity", "gzip", "br", "deflate"]),
    packed=st.booleans(),
)
def test_any_encoding_is_answered(
    client: FlaskClient, route: str, text: str, charset: str, kind: str, encoding: str, *, packed: bool
) -> None:
    """Bytes in any encoding and content type are answered, or refused by a message that says why."""
    data = text.encode(charset, "replace")
    check(sent(client, route, gzip.compress(data) if packed else data, kind, encoding))
