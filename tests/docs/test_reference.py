from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from grafana_sensor.cli import demo
from grafana_sensor.settings import SETTINGS, Settings
from tests.apps import client_of
from tests.docs import reference
from tests.docs.blocks import blocks
from tests.docs.tree import REFERENCE

GRAMMAR = "grammar.md"


def text(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_is_that_of_the_code(name: str) -> None:
    """The pages of docs/reference say what the code does; `python -m tests.docs` writes them anew."""
    assert reference.PAGES[name]() == text(f"{name}.md")


def test_there_are_no_other_pages() -> None:
    """Nothing in docs/reference is written by hand."""
    assert {f"{name}.md" for name in reference.PAGES} == {path.name for path in REFERENCE.iterdir()}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the demo's server."""
    settings = Settings(store=f"sqlite://{tmp_path_factory.mktemp('reference')}")
    demo.prepare(settings)
    with client_of(settings) as client:
        yield client


@pytest.mark.parametrize(
    "line", [line for b in blocks(text(GRAMMAR)) if b.word == "query" for line in b.text.splitlines()]
)
def test_the_examples_of_the_grammar_are_answered(line: str, client: FlaskClient) -> None:
    """Each query of the page has rows, of the demo's data."""
    asked = {"q": line, "from": "2013-01-01", "to": "2014-01-01", "limit": "10"}
    answer = client.get("/api/v1/query", query_string=asked, auth=("demo", "demo"))
    assert 200 == answer.status_code, answer.text
    assert json.loads(answer.data)["data"]


def test_the_columns_are_named_as_the_page_says(client: FlaskClient) -> None:
    """avg_, p99_9_ and cnt, as in the page's section on projections."""
    asked = {"q": "AVG(temp), P99.9(temp), CNT(*)", "from": "2013-01-01", "to": "2014-01-01"}
    (row,) = json.loads(client.get("/api/v1/query", query_string=asked, auth=("demo", "demo")).data)
    assert ["avg_temp", "p99_9_temp", "cnt"] == list(row)


def test_an_error_has_the_form_of_the_page(client: FlaskClient) -> None:
    """The answer to a misspelled attribute has the members that the page shows, the message in its reason phrase."""
    (block,) = (block for block in blocks(text("errors.md")) if block.word == "json")
    shown = json.loads(block.text)
    asked = client.put("/api/v1/attributes/temperature", json={"kind": "number"}, auth=("demo", "demo"))
    assert 200 == asked.status_code
    answer = client.get("/api/v1/query", query_string={"q": "AVG(tempertaure)"}, auth=("demo", "demo"))
    assert (400, f"400 {shown['message']}") == (answer.status_code, answer.status)
    assert shown == json.loads(answer.data)


def test_the_codes_beside_our_errors_are_the_real_ones(client: FlaskClient) -> None:
    """A method that isn't taken has the status and the code of the page."""
    answer = client.delete("/api/v1/query", auth=("demo", "demo"))
    assert (405, "method_not_allowed") in {(status, code) for status, code, _ in reference.OTHERS}
    assert (405, "method_not_allowed") == (answer.status_code, json.loads(answer.data)["error"]["code"])


def test_every_setting_is_on_its_page() -> None:
    """The page names each flag and each variable once."""
    rows = [line for line in text("settings.md").splitlines() if line.startswith("| `--")]
    assert [(f"`{row.flag}`", f"`{row.variable}`") for row in SETTINGS.values()] == [
        tuple(row.split(" | ")[:2]) for row in (line.removeprefix("| ") for line in rows)
    ]


def test_every_metric_is_on_its_page(client: FlaskClient) -> None:
    """What /metrics answers, histograms' and counters' parts aside, is what the page lists."""
    listed = {line.split("`")[1] for line in text("metrics.md").splitlines() if line.startswith("| `")}
    found = {line.split()[2] for line in client.get("/metrics").text.splitlines() if line.startswith("# TYPE ")}
    assert listed == {name for name in found if not name.endswith("_created")}
