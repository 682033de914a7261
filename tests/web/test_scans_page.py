"""The page on scans, held to its word: each text to type is sent as a plugin would, to a scan of the page's names."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from grafana_sensor.settings import Settings
from tests.service.scans import CHAIN, START, Recorder, definition
from tests.test_grafana_page import DOCS, FENCE, points
from tests.web.conftest import ALICE, Make, scans_of

PAGE: Final = (DOCS / "scans.md").read_text(encoding="utf-8")
SPAN: Final = {"from": "2026-01-01T00:00:00.000Z", "to": "2026-01-01T01:00:00.000Z"}
MILLISECONDS: Final = {"${__from}": str(START * 1_000), "${__to}": str(START * 1_000 + 3_600_000)}


def fences(word: str) -> list[str]:
    """The lines of all fences of that word."""
    return [line.strip() for _, kind, inside in FENCE.findall(PAGE) if kind == word for line in inside.splitlines()]


@pytest.fixture(scope="module")
def client(make_once: Make) -> FlaskClient:
    """A client of an app with a scan that is open."""
    client = make_once().test_client()
    info = {**CHAIN, "positioners": {"positioners_start": {"sx": 1.0}}}
    recorder = Recorder(scans_of(client), "K1", 1, info, dataset="efgh0001").start(
        definition("timer:epoch"),
        definition("mot:x"),
        definition("diode:current"),
        definition("mca:spec", "int32", (3,)),
    )
    recorder.send(
        timer__epoch=[START + n for n in range(4)],
        mot__x=[0.0, 1.0, 2.0, 3.0],
        diode__current=[1.0, 2.0, 3.0, 4.0],
        mca__spec=[[1, 2, 3]] * 4,
    )
    return client


def sent(client: FlaskClient, path: str, body: Any = None) -> Any:
    """The answer's body; by POST where there is one to send."""
    answer = client.get(path, headers=ALICE) if body is None else client.post(path, json=body, headers=ALICE)
    assert 200 == answer.status_code, (path, body, answer.text)
    return answer.get_json()


def test_every_fence_is_run() -> None:
    """The page has no fence of a kind that is run nowhere."""
    assert {"query", "table", "variable", "annotation", "infinity", "sh", "text"} == {
        kind for _, kind, _ in FENCE.findall(PAGE)
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *((text, kind) for text in fences("query") for kind in ("timeserie", "table")),
        *((t, "table") for t in fences("table")),
    ],
)
def test_a_query_is_answered(text: str, kind: str, client: FlaskClient) -> None:
    """A query text has an answer with points, as a series and as a table, or as the one that the page says."""
    body = {"range": SPAN, "maxDataPoints": 500, "targets": [{"refId": "A", "target": text, "type": kind}]}
    assert points(sent(client, "/query", body))


@pytest.mark.parametrize("text", fences("variable"))
def test_a_variable_has_options(text: str, client: FlaskClient) -> None:
    """A variable lists something."""
    assert sent(client, "/variable", {"payload": {"target": text}})


@pytest.mark.parametrize("text", fences("annotation"))
def test_an_annotation_is_drawn(text: str, client: FlaskClient) -> None:
    """It finds the scan, for simPod and for simple-json."""
    (frame,) = sent(client, "/query", {"range": SPAN, "targets": [{"refId": "Anno", "target": text}]})
    items = sent(client, "/annotations", {"range": SPAN, "annotation": {"query": text}})
    assert [each["time"] for each in items] == frame["fields"][0]["values"] != []


@pytest.mark.parametrize("text", fences("infinity"))
def test_an_url_has_rows(text: str, client: FlaskClient) -> None:
    """An URL answers rows."""
    for name, value in MILLISECONDS.items():
        text = text.replace(name, value)
    found = sent(client, text)
    assert found["data"] if "limit=" in text else found


def test_followed_lines_are_those_of_the_page(make: Make) -> None:
    """The example of a follower is what is answered."""
    client = make().test_client()
    recorder = Recorder(scans_of(client)).start(definition("diode:current")).send(diode__current=[10.0, 11.0])
    recorder.end()
    answer = client.get("/api/v1/scans/last/streams/diode:current?follow=1", headers=ALICE).text
    first, *others = map(json.loads, fences("text"))
    assert [{"alive": "CLOSED"}, *others] == [json.loads(line) for line in answer.splitlines()]
    assert {"alive": "STARTED"} == first


def test_the_settings_are_those_of_the_page() -> None:
    """What the page says of followers is the default."""
    assert (16, 600.0, 3_600.0) == (Settings().followers, Settings().follow_inactive, Settings().follow_seconds)
