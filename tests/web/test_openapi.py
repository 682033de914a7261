"""The OpenAPI description against the code."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from werkzeug.test import TestResponse

from grafana_sensor.web.openapi import METHODS
from grafana_sensor.web.operation import Operation
from grafana_sensor.web.operations import OPERATIONS
from tests.service.scans import ascan
from tests.web.conftest import ALICE, Make, scans_of

EXAMPLES = 25
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def client(client: FlaskClient) -> FlaskClient:
    """The client of an app that has a scan, too."""
    ascan(scans_of(client)).end()
    return client


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").get_json()
    return found


def test_the_description_is_valid(document: dict[str, Any]) -> None:
    """The description keeps OpenAPI 3.1, and is given without credentials."""
    validate(document)
    assert "3.1.0" == document["openapi"]


def test_every_route_is_described_and_no_other(client: FlaskClient, document: dict[str, Any]) -> None:
    """The routes and methods of the app are exactly those that are described."""
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in METHODS & (rule.methods or set())
    }
    assert routes == {(path, method) for path, item in document["paths"].items() for method in item}


def test_every_method_of_a_route_is_known(client: FlaskClient) -> None:
    """No route takes a method besides the described ones, HEAD and OPTIONS."""
    taken = {method for rule in client.application.url_map.iter_rules() for method in rule.methods or ()}
    assert taken <= METHODS | {"HEAD", "OPTIONS"}


def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    """Every operation has an id of its own."""
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


def test_every_signed_in_operation_says_so(client: FlaskClient, document: dict[str, Any]) -> None:
    """What is described as needing credentials answers 401 without them, and nothing else does."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            address = re.sub(r"\{\w+\}", "x", path)
            answer = client.open(address, method=method.upper())
            assert (operation["security"] == [{"basic": []}]) == (answer.status_code == 401), address


def example_of(client: FlaskClient, path: str, method: str, operation: dict[str, Any], kind: str) -> TestResponse:
    """The answer to an operation's own examples, its body in the media type `kind`."""
    query, headers = {}, dict(ALICE)
    for parameter in operation.get("parameters", []):
        place, value = parameter["in"], parameter.get("example")
        if place == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(value, safe=""))
        elif place == "query" and value is not None and parameter["name"] != "time_field":
            query[parameter["name"]] = value
        elif place == "header" and value is not None:
            headers[parameter["name"]] = f"{value} {path} {kind}"
    body: dict[str, Any] = {}
    if kind:
        example = operation["requestBody"]["content"][kind]["example"]
        body = {"data": example, "content_type": kind} if isinstance(example, str) else {"json": example}
    return client.open(path, method=method.upper(), query_string=query, headers=headers, **body)


def begin_scans(client: FlaskClient) -> None:
    """Have the scans of the examples; the last of them is closed."""
    scan = {"name": "ascan", "number": 1, "streams": [{"name": "timer:epoch"}, {"name": "diode:current"}]}
    for number in range(1, 5):
        key = f"01KDVDNA00000000000000000{number}"
        assert 201 == client.post("/api/v1/scans", json={**scan, "key": key}, headers=ALICE).status_code
    assert 200 == client.post(f"/api/v1/scans/{key}/close", json={}, headers=ALICE).status_code


def test_the_examples_work(client: FlaskClient, document: dict[str, Any]) -> None:
    """Every operation succeeds with the examples of its description, in each of its media types."""
    begin_scans(client)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for kind in operation.get("requestBody", {"content": {"": None}})["content"]:
                answer = example_of(client, path, method, operation, kind)
                assert answer.status_code in (200, 201, 204), (path, method, kind, answer.text)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.method} {each.endpoint}")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_what_is_drawn_from_the_description_is_answered_by_it(
    operation: Operation, mode: GenerationMode, make: Make
) -> None:
    """Requests that fit the description, and ones that don't, get no 5xx but answers that the description knows."""
    app = make(open_registration=True)
    app.test_client().post("/api/v1/sensors/greenhouse-1/records", json={"temperature": 21.5}, headers=ALICE)
    generation = GenerationConfig(with_security_parameters=False, database="none")
    config = SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=generation)))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=config)
    described = schema.find_operation_by_id(f"{operation.endpoint.partition('.')[2]}_{operation.method}")

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=described.as_strategy(generation_mode=mode))
    def answered(case: Case[Any]) -> None:
        case.call_and_validate(headers=ALICE, checks=CHECKS)

    if mode is GenerationMode.POSITIVE or operation.parameters or operation.takes:
        answered()


QUESTIONS = st.fixed_dictionaries(
    {
        "q": st.sampled_from(
            [
                "temperature",
                "*",
                "state, temperature",
                "CNT(*)",
                "AVG(temperature), P95(temperature)",
                "LAST(state)",
                "MAX(state) FROM (lab\\.s2|greenhouse-1)",
                "SUM(temperature) BY sensor EVERY 30m",
                "STDDEV(temperature)",
            ]
        )
    },
    optional={
        "sensor": st.sampled_from(["lab.s2", "{greenhouse-1,lab.s2}", "weather/roof (north)", "lab.s3"]),
        "where": st.sampled_from(
            ["temperature > 21", "state =~ 'o.*'", "state EXISTS", "time >= '2024-01-01T01:00:00Z'"]
        ),
        "by": st.just("sensor"),
        "from": st.sampled_from(["2024-01-01", "now-1h", "1704067200", "2024-01-02"]),
        "to": st.sampled_from(["now", "2024-01-01T02:30:00Z", "1704070800000"]),
        "every": st.sampled_from(["1h", "auto", "all", "7m"]),
        "max_points": st.integers(1, 50).map(str),
        "format": st.sampled_from(["json", "csv", "arrow"]),
        "time": st.sampled_from(["iso", "ms"]),
        "limit": st.integers(1, 5).map(str),
    },
)


@pytest.mark.parametrize("method", ["get", "post"])
def test_sensible_questions_are_answered_by_the_description(method: str, client: FlaskClient) -> None:
    """Questions that make sense get answers of every format that the description knows, and most get rows."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", client.application)
    described = schema.find_operation_by_id(f"query_{method}")
    statuses = []

    @settings(max_examples=4 * EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(question=QUESTIONS)
    def answered(question: dict[str, str]) -> None:
        asked: dict[str, Any] = {"query": question} if method == "get" else {"body": question}
        media_type = "application/json" if method == "post" else None
        case = described.Case(media_type=media_type, **asked)
        statuses.append(case.call_and_validate(headers=ALICE, checks=CHECKS).status_code)

    answered()
    assert {200, 400} == set(statuses)
    assert statuses.count(200) > len(statuses) / 3
