"""A running server answers every target, variable and annotation of the dashboards, as each plugin asks, with data.

*Scan* is read with the scans, and *Server* by Prometheus' own reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
import yaml

from tests.plugins.readers import read_by_grafana, read_by_infinity
from tests.provision.asking import INFINITY, SIMPLE_JSON, Asker
from tests.provision.conftest import ODD, STATIONS
from tests.provision.expanding import BOARDS, ROOT, Chosen, panels

ASKED: Final = ("fleet", "sensors-infinity", "sensors-simple-json", "sensors-simpod")
WAYS: Final = ("opened", "first", "odd", "two")


def is_all(variable: Mapping[str, Any]) -> bool:
    """Whether the dashboard opens with All of a variable."""
    return bool(variable.get("current", {}).get("value") == ["$__all"])


def choose(variable: Mapping[str, Any], options: list[str], way: str) -> str | list[str]:
    """What a user has chosen of a variable's options, one way or another."""
    if not variable["multi"]:
        return options[0]
    if way == "opened":
        assert is_all(variable)
        return options
    odd = [each for each in options if each in (*ODD, "soil moisture", "air_temperature")]
    return {"first": odd[:1], "odd": odd[-1:], "two": odd[:2]}[way]


def variables(board: Mapping[str, Any], asker: Asker, way: str) -> tuple[Chosen, dict[str, list[str]]]:
    """The variables as Grafana fills them when the dashboard opens, one after the other, and their options."""
    chosen, options = Chosen({}), dict[str, list[str]]()
    for variable in board["templating"]["list"]:
        name = variable["name"]
        match variable["type"]:
            case "query":
                options[name] = asker.variable(variable, chosen)
                assert options[name], name
                assert len(set(options[name])) == len(options[name])
                chosen = chosen.having(**{name: choose(variable, options[name], way)})
                if way == "opened" and is_all(variable) and variable.get("allValue"):
                    chosen = Chosen(chosen.values, {**chosen.everything, name: variable["allValue"]})
            case "custom" | "textbox":
                chosen = chosen.having(**{name: variable["current"]["value"]})
            case kind:
                assert "adhoc" == kind
    return chosen, options


def targets(board: Mapping[str, Any], asker: Asker, way: str) -> Iterator[tuple[Any, Any, Chosen]]:
    """Each panel with each of its targets, and the variables as it sees them."""
    chosen, options = variables(board, asker, way)
    for panel, seen in panels(board, chosen, options):
        for target in panel["targets"]:
            yield panel, target, seen


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ASKED)
def test_every_target_has_an_answer(name: str, way: str, asker: Asker) -> None:
    """Each target of each panel is answered, with data that the plugin makes a picture of, however it is chosen."""
    cases: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    wanted: dict[bool, list[str]] = {True: [], False: []}
    for panel, target, seen in targets(BOARDS[name], asker, way):
        answer = asker.target(target, seen)
        if panel.get("repeat") == "sensor" and seen.values["sensor"] in STATIONS:
            continue  # simple-json can't ask which of the sensors have a state, and the stations have none
        assert answer, (panel["title"], target)
        infinity = target["datasource"]["type"] == INFINITY
        case = {"name": panel["title"], "answer": json.dumps(answer)}
        if infinity:
            for column in target["columns"]:
                assert column["selector"] in answer[0], (panel["title"], column, answer[0])
            columns = [{"selector": each["selector"], "type": each["type"]} for each in target["columns"]]
            case |= {"columns": columns, "format": target["format"]}
            assert [row for row in answer if not target["filterExpression"] or row["records"] == 0], panel["title"]
        cases[infinity].append(case)
        wanted[infinity].append(panel["type"])
    found = [
        *zip(wanted[False], (_frames(each) for each in read_by_grafana(cases[False])), strict=True),
        *zip(wanted[True], ([_frame(each)] for each in read_by_infinity(cases[True])), strict=True),
    ]
    assert found
    for kind, frames in found:
        assert any(_drawn(kind, fields) for fields in frames), (kind, frames)


def _frames(reading: Mapping[str, Any]) -> list[list[Any]]:
    assert "error" not in reading, reading
    return [frame["fields"] for frame in reading["frames"]]


def _frame(reading: Mapping[str, Any]) -> list[Any]:
    assert "error" not in reading, reading
    fields = reading["fields"]
    assert isinstance(fields, list)
    return fields


def _drawn(kind: str, fields: list[Any]) -> bool:
    """Whether a panel of that kind draws something of a frame."""

    def holds(*types: str) -> bool:
        return any(each["type"] in types and any(v is not None for v in each["values"]) for each in fields)

    match kind:
        case "timeseries":
            return holds("time") and holds("number")
        case "state-timeline":
            return holds("time") and holds("string")
        case "stat":
            return holds("number")
    return holds("number") and holds("string")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [name for name in ASKED if "list" in BOARDS[name]["annotations"]])
def test_annotations_are_marks(name: str, way: str, asker: Asker) -> None:
    """The annotation of a dashboard finds the states that are not normal, with a time, a title and a text each."""
    chosen, _ = variables(BOARDS[name], asker, "two" if way == "first" else way)
    for annotation in BOARDS[name]["annotations"]["list"]:
        answer = asker.annotation(annotation, chosen)
        plugin = annotation["datasource"]["type"]
        if plugin == INFINITY:
            selectors = [column["selector"] for column in annotation["target"]["columns"]]
            assert answer
            assert set(selectors) <= set(answer[0])
            assert all(row["time"] == row["timeEnd"] for row in answer)
            texts = {row["text"] for row in answer}
        else:
            mode = "simple-json annotations" if plugin == SIMPLE_JSON else "annotations"
            (read,) = read_by_grafana([{"name": name, "mode": mode, "answer": json.dumps(answer)}])
            texts = {event["text"] for event in read["events"]}
        assert texts
        assert texts <= {"low battery", "sensor fault"}


@pytest.mark.parametrize("name", ["sensors-simple-json", "sensors-simpod"])
def test_filters_reach_every_target(name: str, asker: Asker) -> None:
    """An ad hoc filter on the sensor leaves that sensor alone in the answers, of a series and of a table."""
    filters = [{"key": "sensor", "operator": "=", "value": "greenhouse-1", "condition": ""}]
    kinds = [each["type"] for each in BOARDS[name]["templating"]["list"]]
    assert "adhoc" == kinds[-1]
    found = set()
    for _, target, seen in targets(BOARDS[name], asker, "opened"):
        for element in asker.target(target, seen, filters):
            if any(value is not None for value, _ in element.get("datapoints", ())):
                found.add(element["tags"]["sensor"])
            names = [column["text"] for column in element.get("columns", ())]
            for row in element.get("rows", ()):
                cells = {name: cell for name, cell in zip(names, row, strict=True) if name != "time"}
                if any(cell is not None for name, cell in cells.items() if name != "sensor"):
                    found.add(cells["sensor"])
    assert {"greenhouse-1"} == found


def test_the_alert_rule_tells_each_sensor(asker: Asker) -> None:
    """The rule's query answers a series for each sensor, named by a label, and a sensor that sent nothing is there with 0."""
    (group,) = yaml.safe_load((ROOT / "provisioning/alerting/sensors.yaml").read_text("utf-8"))["groups"]
    (rule,) = group["rules"]
    model = rule["data"][0]["model"]
    answer = asker.target(model, Chosen({}))
    columns = [{"selector": each["selector"], "type": each["type"]} for each in model["columns"]]
    case = {"name": "rule", "answer": json.dumps(answer), "columns": columns, "format": model["format"]}
    (read,) = read_by_infinity([case])
    assert "wide" == read["schema"]
    _, *series = read["fields"]
    assert sorted([*ODD, "greenhouse-1", "greenhouse-2", *STATIONS]) == sorted(
        each["labels"]["sensor"] for each in series
    )
    assert {0.0} == {value for each in series for value in each["values"]}
