"""The pages on Grafana, held to their word: each text to type is sent as the plugin would send it, to the demo's data.

A fence of the page says by its word what its lines are: `query`, `payload` (of the target in the comment before it),
`variable`, `variable-json`, `annotation`, `infinity` (an URL), `body`. Variables are written into them as Grafana
writes them there.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from grafana_sensor.cli import demo, main
from grafana_sensor.settings import Settings
from tests.apps import client_of
from tests.docs.blocks import Block
from tests.docs.desk import SERVED, Desk

DOCS: Final = Path(__file__).parent.parent / "docs"
PAGES: Final = "\n".join((DOCS / name).read_text(encoding="utf-8") for name in ("grafana.md", "migration.md"))
FENCE: Final = re.compile(r"^( *)```([\w-]+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
CELL: Final = re.compile(r"`(/(?:api/v1/|annotations\?)[^`]*)`")
TARGET: Final = re.compile(r"<!-- target: (.*?) -->\n\n```payload")

SPAN: Final = {"from": "2013-01-01T00:00:00.000Z", "to": "2014-01-01T00:00:00.000Z"}
FROM, TO = 1356998400000, 1388534400000

TEXT: Final = {"$station": "(EWR|JFK)", "$attribute": "temp", "$__interval": "1d"}
"""Variables in a text, where they are written as regular expressions."""
JSON: Final = {**TEXT, "$station": '["EWR", "JFK"]'}
"""Variables in a payload."""
URL: Final = {
    "${__from}": str(FROM),
    "${__to}": str(TO),
    "${station}": "{EWR,JFK}",
    "${station:csv}": "EWR,JFK",
    "${station:percentencode}": "EWR",
    "${attribute}": "temp",
    "${least}": "10",
}
"""Variables in an URL, where they are written as globs."""


def fences(word: str) -> list[str]:
    """The lines of all fences of that word."""
    return [line.strip() for _, kind, inside in FENCE.findall(PAGES) if kind == word for line in inside.splitlines()]


def filled(text: str, variables: dict[str, str]) -> str:
    """The text with its variables expanded."""
    for name in sorted(variables, key=len, reverse=True):
        text = text.replace(name, variables[name])
    return text


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of the demo's server."""
    settings = Settings(store=f"sqlite://{tmp_path_factory.mktemp('demo')}")
    demo.prepare(settings)
    with client_of(settings) as client:
        yield client


def sent(client: FlaskClient, path: str, body: dict[str, Any] | None = None) -> Any:
    """The answer's body; by POST where there is one to send."""
    asked = {"auth": (demo.USER, demo.PASSWORD)}
    answer = client.get(path, **asked) if body is None else client.post(path, json=body, **asked)
    assert 200 == answer.status_code, (path, body, answer.text)
    return answer.get_json()


def points(elements: list[dict[str, Any]]) -> int:
    """How many points, rows or values all the elements have."""
    lengths = [
        len(each["fields"][0]["values"]) if "fields" in each else len(each.get("datapoints", each.get("rows", ())))
        for each in elements
    ]
    return sum(lengths)


def test_there_are_texts_of_every_kind() -> None:
    """The pages hold texts of each kind that is run here, and no fence of another kind."""
    kinds = {"query", "payload", "variable", "variable-json", "annotation", "infinity", "body"}
    found = {kind for _, kind, _ in FENCE.findall(PAGES)}
    assert kinds | {"sh", "text"} == found


@pytest.mark.parametrize("kind", ["timeserie", "table"])
@pytest.mark.parametrize("text", fences("query"))
def test_a_query_is_answered(text: str, kind: str, grafana: FlaskClient) -> None:
    """A query text has an answer with points, as a series and as a table."""
    body = {
        "range": SPAN,
        "maxDataPoints": 500,
        "targets": [{"refId": "A", "target": filled(text, TEXT), "type": kind}],
    }
    assert points(sent(grafana, "/query", body))


@pytest.mark.parametrize("text", fences("payload"))
def test_a_payload_is_answered(text: str, grafana: FlaskClient) -> None:
    """A payload, with the metric that the page names, has an answer with points."""
    (target,) = TARGET.findall(PAGES)
    wanted = {"refId": "A", "target": target, "payload": json.loads(filled(text, JSON))}
    assert points(sent(grafana, "/query", {"range": SPAN, "maxDataPoints": 500, "targets": [wanted]}))


@pytest.mark.parametrize("text", fences("variable"))
def test_a_variable_has_options(text: str, grafana: FlaskClient) -> None:
    """A variable lists something, the same to simPod and to simple-json."""
    target = filled(text, TEXT)
    options = sent(grafana, "/variable", {"payload": {"target": target}})
    assert options
    assert [each["__value"] for each in options] == sent(grafana, "/search", {"target": target})


@pytest.mark.parametrize("text", fences("variable-json"))
def test_a_variable_in_json_has_options(text: str, grafana: FlaskClient) -> None:
    """A variable that is an object lists something."""
    assert sent(grafana, "/variable", {"payload": json.loads(filled(text, JSON))})


@pytest.mark.parametrize("text", fences("annotation"))
def test_an_annotation_is_drawn(text: str, grafana: FlaskClient) -> None:
    """An annotation finds records, the same for simPod and for simple-json."""
    target = filled(text, TEXT)
    (frame,) = sent(grafana, "/query", {"range": SPAN, "targets": [{"refId": "Anno", "target": target}]})
    glob = filled(text, {"$station": "{EWR,JFK}"})
    items = sent(grafana, "/annotations", {"range": SPAN, "annotation": {"query": glob}})
    assert items
    assert [each["time"] for each in items] == frame["fields"][0]["values"]


@pytest.mark.parametrize("text", [*fences("infinity"), *CELL.findall(PAGES)])
def test_an_url_has_rows(text: str, grafana: FlaskClient) -> None:
    """An URL for Infinity answers rows, whose columns are those that the page declares where it is a series."""
    found = sent(grafana, filled(text, URL))
    rows = found["data"] if "limit=" in text else found
    assert rows
    if "EVERY auto" in text and "AVG(temp) BY sensor" in text:
        assert ["time", "sensor", "avg_temp"] == list(rows[0])


@pytest.mark.parametrize("text", fences("body"))
def test_the_old_body_works_from_infinity(text: str, grafana: FlaskClient) -> None:
    """The old request has its points where the page says that Infinity finds them."""
    (first, *_) = sent(grafana, "/query", json.loads(filled(text, URL)))
    value, time = first["datapoints"][0]
    assert FROM <= time < TO
    assert isinstance(value, float)


def test_units_and_titles_are_declared(grafana: FlaskClient, tmp_path: Path) -> None:
    """What the page's curl line declares is taken, and is in the answers of the demo."""
    (series,) = sent(grafana, "/query", {"range": SPAN, "targets": [{"refId": "A", "target": "temp FROM EWR"}]})
    assert ("fahrenheit", "EWR Temperature") == (series["unit"], series["title"])
    (line,) = [line for line in fences("sh") if "-X PUT" in line]
    assert '{"unit": "fahrenheit", "title": "Temperature"}' in line
    with Desk(tmp_path) as desk:
        desk.follow([*SERVED, Block(1, "sh", f"{line}\n", "run")])


def test_the_command_of_the_page_can_be_called() -> None:
    """The page's server for browsers starts with flags that there are."""
    (line,) = fences("text")
    program, command, *arguments = shlex.split(line)
    assert "grafana-sensor" == program
    main.commands[command].make_context(command, arguments)
