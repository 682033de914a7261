"""The documents are what Grafana takes for dashboards: uids, ids, places, datasources, variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Final

import pytest
import yaml

from tests.provision.expanding import BOARDS, ROOT

OLDEST: Final = {"row", "stat", "state-timeline", "table", "timeseries"}
"""The kinds of panels that Grafana 9.3 has and that we use."""
BUILT_IN: Final = {"__url_time_range", "__value", "__field", "__from", "__to", "__rate_interval"}
COLUMNS: Final = 24


def sources() -> dict[str, str]:
    """The types of the provisioned datasources by uid."""
    content = yaml.safe_load((ROOT / "provisioning/datasources/sensors.yaml").read_text("utf-8"))
    return {each["uid"]: each["type"] for each in content["datasources"]}


def referred(value: Any) -> Iterator[Mapping[str, str]]:
    """The datasources that a document refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("datasource"), dict):
            yield value["datasource"]
        for each in value.values():
            yield from referred(each)
    elif isinstance(value, list):
        for each in value:
            yield from referred(each)


def overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    """Whether two places share a cell."""
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size] for at, size in (("x", "w"), ("y", "h"))
    )


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_ids_and_places_of_their_own(name: str) -> None:
    """Panels have ids from 1 on, lie within the columns, and don't overlap."""
    panels = BOARDS[name]["panels"]
    assert list(range(1, len(panels) + 1)) == [panel["id"] for panel in panels]
    places = [panel["gridPos"] for panel in panels]
    assert [] == [each for each in places if min(each.values()) < 0 or each["x"] + each["w"] > COLUMNS or not each["h"]]
    assert [] == [(one, other) for one, other in combinations(places, 2) if overlap(one, other)]


@pytest.mark.parametrize("name", BOARDS)
def test_panels_are_of_kinds_that_every_grafana_has(name: str) -> None:
    """Panels are of kinds that Grafana 9.3 and the newest have; the version of the document is not beyond 9.3's."""
    board = BOARDS[name]
    assert {panel["type"] for panel in board["panels"]} <= OLDEST
    assert board["schemaVersion"] <= 37


@pytest.mark.parametrize("name", BOARDS)
def test_datasources_are_provisioned(name: str) -> None:
    """Whatever a document asks is asked of a provisioned datasource, by its uid and its type."""
    known = sources()
    asked = list(referred(BOARDS[name]))
    assert asked
    assert [] == [each for each in asked if known.get(each.get("uid", "")) != each.get("type")]


@pytest.mark.parametrize("name", BOARDS)
def test_variables_are_there_before_they_are_used(name: str) -> None:
    """A text uses variables that the dashboard has; a variable's query those that stand before it."""
    board = BOARDS[name]
    had: set[str] = set()
    for variable in board["templating"]["list"]:
        assert used(variable.get("query")) <= had | BUILT_IN, variable["name"]
        assert variable["name"] not in had
        assert "id" not in variable
        had.add(variable["name"])
    assert used([board["panels"], board["annotations"]]) <= had | BUILT_IN
    assert {panel["repeat"] for panel in board["panels"] if "repeat" in panel} <= had


def used(value: Any) -> set[str]:
    """The names of the variables in all texts of a value."""
    return {one or other for one, other in re.findall(r"\$(?:(\w+)|\{(\w+))", json.dumps(value))}


def test_targets_of_a_panel_have_letters_of_their_own() -> None:
    """No two targets of a panel have one refId."""
    for board in BOARDS.values():
        for panel in board["panels"]:
            letters = [target["refId"] for target in panel.get("targets", ())]
            assert len(letters) == len(set(letters))


def test_uids_and_titles_are_distinct() -> None:
    """No two dashboards have one uid or one title, and no uid is longer than Grafana's 40 characters."""
    for member in ("uid", "title"):
        found = [board[member] for board in BOARDS.values()]
        assert len(found) == len(set(found))
    assert [] == [board["uid"] for board in BOARDS.values() if len(board["uid"]) > 40]


def test_links_lead_to_dashboards_that_are_there() -> None:
    """A link to a dashboard names the uid of one, and sets variables that it has."""
    by_uid = {board["uid"]: board for board in BOARDS.values()}
    links = re.findall(r"/d/([\w-]+)\?([^\"]*)", json.dumps(list(BOARDS.values())))
    assert links
    for uid, query in links:
        names = {variable["name"] for variable in by_uid[uid]["templating"]["list"]}
        assert set(re.findall(r"var-(\w+)=", query)) <= names


def test_the_default_datasource_is_infinity() -> None:
    """Infinity is the first datasource, and the only default one."""
    content = yaml.safe_load((ROOT / "provisioning/datasources/sensors.yaml").read_text("utf-8"))["datasources"]
    defaults = [each["type"] for each in content if each.get("isDefault")]
    assert ["yesoreyeram-infinity-datasource"] == defaults == [content[0]["type"]]


def test_no_password_is_written_down() -> None:
    """Whoever asks, and by what password, comes from the environment."""
    content = yaml.safe_load((ROOT / "provisioning/datasources/sensors.yaml").read_text("utf-8"))["datasources"]
    ours = [each for each in content if "basicAuth" in each]
    assert 3 == len(ours)
    for each in ours:
        assert "${GRAFANA_SENSOR_USER}" == each["basicAuthUser"]
        assert {"basicAuthPassword": "${GRAFANA_SENSOR_PASSWORD}"} == each["secureJsonData"]


def test_the_alert_rule_has_no_dollar() -> None:
    """No text of the rule has a dollar, which some versions of Grafana would take for a variable of the environment."""
    text = (ROOT / "provisioning/alerting/sensors.yaml").read_text("utf-8")
    (group,) = yaml.safe_load(text)["groups"]
    (rule,) = group["rules"]
    assert "$" not in text
    assert rule["condition"] in [each["refId"] for each in rule["data"]]
    assert {each["datasourceUid"] for each in rule["data"]} <= {*sources(), "__expr__"}
