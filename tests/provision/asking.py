"""Sends what the plugins send: a request for a target, a variable or an annotation, shaped as one that was recorded.

Law: it stands for the plugins. A request of simPod JSON or simple-json is a recorded one (tests/web/recorded) with its range
and its target changed; one of Infinity is written as its Go code writes it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import requests

from tests.provision.expanding import Chosen

RECORDED: Final = Path(__file__).resolve().parent.parent / "web" / "recorded" / "requests"

INFINITY: Final = "yesoreyeram-infinity-datasource"
SIMPOD: Final = "simpod-json-datasource"
SIMPLE_JSON: Final = "grafana-simple-json-datasource"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks a server at `url` about [start, end), epoch milliseconds."""

    url: str
    user: str
    password: str
    start: int
    end: int

    def target(self, target: Mapping[str, Any], chosen: Chosen, filters: list[dict[str, str]] | None = None) -> Any:
        """The answer to a panel's target: rows of Infinity, elements of the others."""
        plugin = target["datasource"]["type"]
        if plugin == INFINITY:
            return self._infinity(target, chosen)
        if plugin == SIMPOD:
            body = recorded("simpod-063-query-code-array")
            sent = {**target, "target": chosen.filled(target["target"], "regex"), "payload": _payload(target, chosen)}
        else:
            body = recorded("simple-json-query-timeserie")
            sent = {
                "target": chosen.filled(target["target"], "regex"),
                "refId": target["refId"],
                "type": target["type"],
            }
        body |= {"targets": [sent], "adhocFilters": filters or [], "scopedVars": _scoped(chosen)}
        return self._post("/query", body)

    def variable(self, variable: Mapping[str, Any], chosen: Chosen) -> list[str]:
        """The values of a query variable's options."""
        plugin, query = variable["datasource"]["type"], variable["query"]
        if plugin == INFINITY:
            (column,) = query["infinityQuery"]["columns"]
            return [row[column["selector"]] for row in self._infinity(query["infinityQuery"], chosen)]
        if plugin == SIMPOD:
            assert "string" == query["format"]
            payload = {"target": chosen.filled(query["query"], "regex")}
            body = recorded("simpod-063-variable") | {"payload": payload}
            return [option["__value"] for option in self._post("/variable", body)]
        found = self._post("/search", {"target": chosen.filled(query, "regex")})
        assert isinstance(found, list)
        return found

    def annotation(self, annotation: Mapping[str, Any], chosen: Chosen) -> Any:
        """The answer to an annotation."""
        plugin = annotation["datasource"]["type"]
        if plugin == INFINITY:
            return self._infinity(annotation["target"], chosen)
        if plugin == SIMPOD:
            body = recorded("simpod-063-annotation")
            target = annotation["target"]
            body["targets"] = [{**target, "target": chosen.filled(target["target"], "regex"), "payload": {}}]
            return self._post("/query", body)
        query = chosen.filled(annotation["query"], "glob")
        members = {name: annotation[name] for name in ("name", "datasource", "enable", "iconColor")}
        return self._post("/annotations", {"annotation": {**members, "query": query}})

    def _infinity(self, query: Mapping[str, Any], chosen: Chosen) -> Any:
        options = query["url_options"]
        assert ("GET", "") == (options["method"], options["data"])
        times = chosen.having(__from=str(self.start), __to=str(self.end))
        asked = [(each["key"], times.filled(each["value"], "glob")) for each in options["params"]]
        path = times.filled(query["url"], "glob")
        assert "?" not in path
        return self._read(requests.get(f"{self.url}{path}?{urlencode(sorted(asked))}", **self._given()))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        times = {"from": iso(self.start), "to": iso(self.end)}
        if path != "/search":
            body |= {"range": {**times, "raw": times}}
        return self._read(requests.post(f"{self.url}{path}", json=body, **self._given()))

    def _given(self) -> dict[str, Any]:
        return {"auth": (self.user, self.password), "timeout": 60, "allow_redirects": False}

    def _read(self, answer: requests.Response) -> Any:
        assert 200 == answer.status_code, (answer.request.url, answer.request.body, answer.text)
        return answer.json()


def recorded(name: str) -> dict[str, Any]:
    """The body of a recorded request."""
    body = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["body"]
    assert isinstance(body, dict)
    return copy.deepcopy(body)


def iso(milliseconds: int) -> str:
    """A time as browsers write it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def _payload(target: Mapping[str, Any], chosen: Chosen) -> Any:
    """What simPod's code mode makes of a payload: an object, an empty one where it can't be read."""
    text = target["payload"]
    assert "code" == target["editorMode"]
    return json.loads(chosen.filled(text, "json")) if text.strip() else {}


def _scoped(chosen: Chosen) -> dict[str, Any]:
    found = {
        name: {"selected": False, "text": value, "value": chosen.everything.get(name, value)}
        for name, value in chosen.values.items()
    }
    return {**found, "__interval": {"text": "30s", "value": "30s"}, "__interval_ms": {"text": "30000", "value": 30000}}
