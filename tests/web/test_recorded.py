"""Requests of a real Grafana, replayed: recorded/README.md says what they are and how they are mapped."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grafana_sensor.ports import Keyspaces
from grafana_sensor.web.problems import reason
from tests.contract.stores import ADAPTERS, stores_of
from tests.web.conftest import ALICE, Make
from tests.web.test_cases import opened

FOLDER: Final = Path(__file__).parent / "recorded"
NAMES: Final = sorted(path.stem for path in (FOLDER / "requests").glob("*.json"))
ORIGIN: Final = "http://localhost:3000"

SENSORS: Final = ["greenhouse-1", "lab.s2", "weather/roof (north)"]
WRITTEN: Final[list[Any]] = [
    SENSORS,
    "greenhouse-1,lab.s2,weather/roof (north)",
    "greenhouse-1, lab.s2, weather/roof (north)",
    "{greenhouse-1,lab.s2,weather/roof (north)}",
    "(greenhouse-1|lab.s2|weather/roof (north))",
    r"(greenhouse-1|lab\.s2|weather\/roof \(north\))",
    ["greenhouse-1", r"lab\.s2", r"weather\/roof \(north\)"],
    [*SENSORS, "lab.s2"],
    ".*",
    "*",
]
"""The three sensors as a payload may have them: as variables are written in each format, typed, doubled, and as All."""


def load(folder: str, name: str) -> dict[str, Any]:
    """The file of a request or an answer."""
    found: dict[str, Any] = json.loads((FOLDER / folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def grafana(make: Make) -> FlaskClient:
    """A client of an app that has the records, and lets Grafana's pages in."""
    return filled(make)


def filled(make: Make, keyspaces: Keyspaces | None = None) -> FlaskClient:
    """The same over these keyspaces."""
    client = make(keyspaces, cors_origins=ORIGIN).test_client()
    lines = (FOLDER / "records.ndjson").read_bytes()
    assert 201 == client.post("/api/v1/records?format=ndjson", data=lines, headers=ALICE).status_code
    return client


def send(client: FlaskClient, request: dict[str, Any], answer: dict[str, Any]) -> TestResponse:
    """The answer to a request, as it was recorded or as its answer maps it."""
    body = answer.get("sent", request["body"])
    headers = {
        name: text for name, text in request["headers"].items() if name not in ("authorization", "content-length")
    }
    if "authorization" in request["headers"]:
        headers |= ALICE
    data = b"" if body is None else json.dumps(body).encode()
    return client.open(answer.get("path", request["path"]), method=request["method"], headers=headers, data=data)


def test_every_request_has_an_answer() -> None:
    """Each recorded request has the answer that it is to get, and no answer is without its request."""
    assert NAMES
    assert NAMES == sorted(path.stem for path in (FOLDER / "answers").glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_request_is_answered(name: str, grafana: FlaskClient) -> None:
    """What Grafana sent is answered exactly as its file says, status, headers and body."""
    check(name, grafana)


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_every_store_answers_alike(adapter: str, make: Make, tmp_path: Path) -> None:
    """All that Grafana sent is answered so, whatever keeps the records."""
    with stores_of(adapter, tmp_path) as stores:
        client = filled(make, stores.keyspaces)
        for name in NAMES:
            check(name, client)


def check(name: str, grafana: FlaskClient) -> None:
    """That a recorded request is answered as its file says."""
    expected = load("answers", name)
    actual = send(grafana, load("requests", name), expected)
    assert expected["status"] == actual.status_code, actual.text
    for header, text in expected.get("headers", {}).items():
        assert text == actual.headers[header]
    if "text" in expected:
        assert expected["text"] == actual.text.splitlines()
    else:
        assert expected["body"] == opened(expected["body"], actual.get_json())
    if actual.status_code >= 400:
        assert f"{actual.status_code} {reason(actual.get_json()['message'])}" == actual.status


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """The recorded requests for panels, by name."""
    for name in NAMES:
        request = load("requests", name)
        if request["path"] == "/query" and request["method"] == "POST" and request["body"]:
            yield name, request


def asked(client: FlaskClient, body: dict[str, Any]) -> tuple[int, Any]:
    """Status and body of what is answered to a panel."""
    answer = client.post("/query", json=body, headers=ALICE)
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize("written", WRITTEN, ids=json.dumps)
def test_each_way_to_write_the_sensors_is_the_same(written: Any, grafana: FlaskClient) -> None:
    """However a payload writes its sensors, in code mode and in the builder, the answer is that of the recorded list."""
    for name in ("simpod-063-query-code-array", "simpod-063-query-builder-multi", "simpod-063-query-table"):
        body = load("requests", name)["body"]
        expected = asked(grafana, body)
        body["targets"][0]["payload"]["sensor"] = written
        assert expected == asked(grafana, body), name
        assert 200 == expected[0]


@pytest.mark.parametrize(
    "form", ["(greenhouse-1|lab\\.s2)", "{greenhouse-1,lab.s2}", "greenhouse-1, lab.s2", '"lab.s2", greenhouse-1']
)
@pytest.mark.parametrize("kind", ["timeserie", "table"])
def test_a_target_text_writes_what_a_payload_does(form: str, kind: str, grafana: FlaskClient) -> None:
    """A plain target text asks what a payload asks, of series and of tables."""
    body = load("requests", "simple-json-query-timeserie")["body"]
    target = body["targets"][0]
    target |= {"type": kind, "target": f"AVG(temperature) FROM {form} WHERE humidity > 41 EVERY 2h"}
    payload = {
        "aggregate": "mean",
        "sensor": ["greenhouse-1", "lab.s2"],
        "where": [["humidity", ">", 41]],
        "every": "2h",
    }
    by_payload = copy.deepcopy(body)
    by_payload["targets"][0] |= {"target": "temperature", "payload": payload}
    status, elements = asked(grafana, body)
    assert 200 == status
    assert elements
    assert renamed(elements) == renamed(asked(grafana, by_payload)[1])


def renamed(elements: Any) -> Any:
    """The elements without what shows how the aggregate was written."""
    return [{key: value for key, value in each.items() if key not in ("target", "title")} for each in elements]


@pytest.mark.parametrize("name", [name for name, _ in panels()])
def test_filters_have_either_name(name: str, grafana: FlaskClient) -> None:
    """Ad hoc filters under `filters`, as newer versions send them, under both names, or without needless members."""
    body = load("requests", name)["body"]
    expected = asked(grafana, body)
    filters = body.pop("adhocFilters")
    assert expected == asked(grafana, {**body, "filters": filters})
    assert expected == asked(grafana, {**body, "filters": filters, "adhocFilters": filters})
    bare = [{key: each[key] for key in ("key", "operator", "value")} for each in filters]
    assert expected == asked(grafana, {**body, "filters": bare})


@pytest.mark.parametrize("name", [name for name, _ in panels()])
def test_members_may_be_missing(name: str, grafana: FlaskClient) -> None:
    """What no answer depends on may be absent, null or something new."""
    body = load("requests", name)["body"]
    expected = asked(grafana, body)
    needed = {"range", "targets", "adhocFilters", "maxDataPoints", "intervalMs"}
    assert expected == asked(grafana, {key: value for key, value in body.items() if key in needed})
    assert expected == asked(grafana, {key: value if key in needed else None for key, value in body.items()})
    targets = [{**target, "datasource": None, "queryType": "new", "key": 5} for target in body["targets"]]
    assert expected == asked(grafana, {**body, "targets": targets, "scopes": [], "panelId": "Q-1", "new": {"a": [1]}})


@pytest.mark.parametrize(
    ("operator", "value", "sensors"),
    [
        ("=", {"value": "lab"}, {"greenhouse-1", "lab.s2"}),
        ("!=", {"value": "lab"}, {"weather/roof (north)"}),
        ("=~", {"value": "l.*"}, {"greenhouse-1", "lab.s2"}),
        ("!~", {"value": "l.*"}, {"weather/roof (north)"}),
        ("<", {"value": "m"}, {"greenhouse-1", "lab.s2"}),
        ("<=", {"value": "lab"}, {"greenhouse-1", "lab.s2"}),
        (">", {"value": "lab"}, {"weather/roof (north)"}),
        (">=", {"value": "roof"}, {"weather/roof (north)"}),
        ("=|", {"value": "lab", "values": ["roof", "attic"]}, {"weather/roof (north)"}),
        ("!=|", {"value": "lab", "values": ["roof", "attic"]}, {"greenhouse-1", "lab.s2"}),
        ("=|", {"value": "lab"}, {"greenhouse-1", "lab.s2"}),
    ],
)
def test_every_operator_of_a_filter(
    operator: str, value: dict[str, Any], sensors: set[str], grafana: FlaskClient
) -> None:
    """Each operator that Grafana's filters have, old and new, keeps the sensors whose site meets it."""
    body = load("requests", "simpod-063-query-code-array")["body"]
    body["targets"][0]["payload"] = {"sensor": "*"}
    body["filters"] = [{"key": "site", "operator": operator, "condition": "", **value}]
    del body["adhocFilters"]
    status, series = asked(grafana, body)
    assert 200 == status
    assert sensors == {each["tags"]["sensor"] for each in series if each["datapoints"]}
