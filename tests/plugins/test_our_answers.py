"""Our answers, read as Grafana's plugins read them: what they make of names, types, labels, units, times and nulls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from flask import Flask

from grafana_sensor.bootstrap import close_app, create_app
from grafana_sensor.settings import Settings
from tests.plugins.readers import read_by_grafana, read_by_infinity

USER: Final = ("alice", "secret")
HOUR: Final = 3_600_000
START: Final = 1_704_067_200_000
"""2024-01-01T00:00:00Z in milliseconds."""
SPAN: Final = {"from": "2024-01-01T00:00:00.000Z", "to": "2024-01-01T03:00:00.000Z"}
RANGE: Final = f"from={START}&to={START + 3 * HOUR}"

RECORDS: Final = [
    {"sensor": "hall", "time": START, "t": 21.5, "state": "on", "until": "2024-01-01T00:30:00Z"},
    {"sensor": "hall", "time": START + 2 * HOUR, "t": 22.5, "state": "off"},
    {"sensor": "roof (north)", "time": START + HOUR, "t": -3.25, "state": "on <air>"},
    {"sensor": "roof (north)", "time": START + HOUR + 1, "mixed": 5},
    {"sensor": "roof (north)", "time": START + HOUR + 2, "mixed": "five"},
]


def panel(target: str, **more: Any) -> dict[str, Any]:
    """simPod's request of one target."""
    return {
        "range": SPAN,
        "maxDataPoints": 100,
        "intervalMs": HOUR,
        "targets": [{"refId": "A", "target": target, **more}],
    }


FRAME: Final = {"payload": {"format": "frame"}}
ASKED: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "raw": ("/query", panel("t"), "query"),
    "buckets": ("/query", panel("AVG(t) BY sensor"), "query"),
    "all": ("/query", panel("SUM(t)"), "query"),
    "frames": ("/query", panel("AVG(t) BY sensor", **FRAME), "query"),
    "texts": ("/query", panel("state FROM hall", **FRAME), "query"),
    "mixed": ("/query", panel("mixed"), "query"),
    "table": ("/query", panel("AVG(t), CNT(t), LAST(state) FROM hall EVERY 1h", type="table"), "query"),
    "rows": ("/query", panel("t, state", type="table"), "query"),
    "table frame": ("/query", panel("t, state", type="table", **FRAME), "query"),
    "nothing": ("/query", {**panel("t"), "range": {"from": "2020-01-01", "to": "2020-01-02"}}, "query"),
    "no targets": ("/query", {"targets": []}, "query"),
    "one fails": ("/query", {**panel("t"), "targets": [{"refId": "A", "target": "t FROM hall"}, {"refId": "B", "target": "u"}]}, "query"),
    "one fails, no series": (
        "/query",
        {**panel(""), "targets": [{"refId": "A", "target": 'until FROM "roof (north)"'}, {"refId": "B", "target": "u"}]},
        "query",
    ),
    "sensors": ("/variable", {"payload": {"target": "sensors"}}, "variable"),
    "attributes": ("/variable", {"payload": {"target": "attributes"}}, "variable"),
    "values": ("/variable", {"payload": {"target": "values(t)"}}, "variable"),
    "no options": ("/variable", {"payload": {"target": "scans"}}, "variable"),
    "search": ("/search", {"target": "values(t)"}, "simple-json search"),
    "metrics": ("/search", {"target": ""}, "simple-json search"),
    "events": ("/query", {**panel(""), "targets": [{"refId": "Anno", "target": "state, until AS timeEnd"}]}, "annotations"),
    "no events": ("/query", {**panel(""), "targets": [{"refId": "Anno", "target": "t WHERE t > 100"}]}, "annotations"),
    "simple-json events": (
        "/annotations",
        {"range": SPAN, "annotation": {"query": "state, until AS timeEnd"}},
        "simple-json annotations",
    ),
}  # fmt: skip
"""By name the route, the body, and how the answer is read."""

TIME: Final = {"selector": "time", "type": "timestamp"}
SENSOR: Final = {"selector": "sensor", "type": "string"}
NUMBER: Final = {"selector": "avg_t", "type": "number"}
REST: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "series": (f"q=AVG(t) BY sensor EVERY 1h&{RANGE}", {"format": "timeseries", "columns": [TIME, SENSOR, NUMBER]}),
    "undeclared": (f"q=AVG(t) BY sensor EVERY 1h&{RANGE}", {}),
    "milliseconds": (
        f"q=CNT(*) EVERY 1h&time=ms&{RANGE}",
        {"format": "timeseries", "columns": [{"selector": "time", "type": "timestamp_epoch"}, {"selector": "cnt", "type": "number"}]},
    ),
    "csv": (f"q=AVG(t) BY sensor EVERY 1h&format=csv&{RANGE}", {"kind": "csv", "format": "timeseries", "columns": [TIME, SENSOR, NUMBER]}),
    "table": (f"q=LAST(t), LAST(state) BY sensor&{RANGE}", {}),
    "mixed": (f"q=mixed&{RANGE}", {}),
    "raw": (f"q=t, state&{RANGE}", {"format": "timeseries", "columns": [TIME, SENSOR, {"selector": "t", "type": "number"}, {"selector": "state"}]}),
    "page": (f"q=t&limit=2&{RANGE}", {"root": "data", "cursor": "next", "columns": [TIME, SENSOR, {"selector": "t", "type": "number"}]}),
    "last page": (f"q=t FROM hall&limit=2&{RANGE}", {"root": "data", "cursor": "next"}),
    "nothing": ("q=t&from=2020-01-01&to=2020-01-02", {}),
}  # fmt: skip
"""By name the parameters of /api/v1/query, and what is set in Infinity."""


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    app = create_app(Settings(store="memory://", open_registration=True))
    client = app.test_client()
    assert 201 == client.post("/api/v1/users", json=dict(zip(("user", "password"), USER, strict=True))).status_code
    assert 201 == client.post("/api/v1/records", json=RECORDS, auth=USER).status_code
    declared = {"unit": "celsius", "title": "Temperature"}
    assert 200 == client.put("/api/v1/attributes/t", json=declared, auth=USER).status_code
    yield app
    close_app(app)


@pytest.fixture(scope="module")
def grafana(app: Flask) -> dict[str, Any]:
    """What Grafana makes of the answers to ASKED, by name."""
    client = app.test_client()
    cases = []
    for name, (path, body, mode) in ASKED.items():
        answer = client.post(path, json=body, auth=USER)
        assert 200 == answer.status_code, answer.text
        cases.append({"name": name, "answer": answer.text, "mode": mode})
    return {read["name"]: read for read in read_by_grafana(cases)}


@pytest.fixture(scope="module")
def infinity(app: Flask) -> dict[str, Any]:
    """What Infinity makes of the answers to REST, by name."""
    client = app.test_client()
    cases = []
    for name, (parameters, options) in REST.items():
        answer = client.get(f"/api/v1/query?{parameters}", auth=USER)
        assert 200 == answer.status_code, answer.text
        cases.append({"name": name, "answer": answer.text, **options})
    return {read["name"]: read for read in read_by_infinity(cases)}


def fields(read: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The fields of the frames that were read."""
    return [frame["fields"] for frame in read["frames"]]


def columns(read: dict[str, Any]) -> dict[str, list[Any]]:
    """The values of the one frame that was read, by the names of its fields."""
    (frame,) = read["frames"]
    return {field["name"]: field["values"] for field in frame["fields"]}


def test_no_answer_is_refused(grafana: dict[str, Any], infinity: dict[str, Any]) -> None:
    """Neither program refuses an answer of ours, nor doubts one whose columns are declared."""
    assert {} == {name: read["error"] for name, read in (grafana | infinity).items() if "error" in read}
    doubted = {name for name, read in infinity.items() if read.get("warnings")}
    assert doubted <= {name for name, (_, options) in REST.items() if not options.get("columns")}


def test_a_raw_series(grafana: dict[str, Any]) -> None:
    """Each sensor is a frame of a time and a number field, with its labels and unit; the legend is the title alone."""
    read = grafana["raw"]
    assert ["A", "A"] == [frame["refId"] for frame in read["frames"]]
    assert [["time", "number"]] * 2 == [[field["type"] for field in frame] for frame in fields(read)]
    assert ["hall Temperature", "roof (north) Temperature"] == [frame[1]["display"] for frame in fields(read)]
    assert ["celsius"] * 2 == [frame[1]["config"]["unit"] for frame in fields(read)]
    assert {"sensor": "hall", "attribute": "t"} == fields(read)[0][1]["labels"]
    assert [START, START + 2 * HOUR] == fields(read)[0][0]["values"]
    assert [[21.5, 22.5], [-3.25]] == [frame[1]["values"] for frame in fields(read)]


def test_buckets_have_gaps(grafana: dict[str, Any]) -> None:
    """All buckets of the range are there, in milliseconds, and an empty one is null."""
    for name in ("buckets", "frames"):
        (hall, roof) = fields(grafana[name])
        assert [START, START + HOUR, START + 2 * HOUR] == hall[0]["values"] == roof[0]["values"]
        assert ([21.5, None, 22.5], [None, -3.25, None]) == (hall[1]["values"], roof[1]["values"])
        assert ["hall AVG(Temperature)", "roof (north) AVG(Temperature)"] == [hall[1]["display"], roof[1]["display"]]
        assert ["celsius"] * 2 == [hall[1]["config"]["unit"], roof[1]["config"]["unit"]]
        assert ["time", "number"] == [field["type"] for field in hall]


def test_one_series_over_all(grafana: dict[str, Any]) -> None:
    """A series over all sensors is named by its projection, and has no label of a sensor."""
    ((_, value),) = fields(grafana["all"])
    assert ("SUM(Temperature)", {"attribute": "t"}) == (value["display"], value["labels"])


def test_a_frame_of_texts_is_a_field_of_texts(grafana: dict[str, Any]) -> None:
    """As a frame, the texts of an attribute are a string field, as a state timeline wants it."""
    ((_, value),) = fields(grafana["texts"])
    assert ("string", ["on", "off"], "hall state") == (value["type"], value["values"], value["display"])


def test_notices_reach_the_panel(grafana: dict[str, Any]) -> None:
    """What the reader must know is a notice of the frame: of a mixed attribute, and of a target that failed."""
    (mixed,) = grafana["mixed"]["frames"]
    assert ["warning"] == [notice["severity"] for notice in mixed["meta"]["notices"]]
    assert [5] == mixed["fields"][1]["values"]
    (good,) = grafana["one fails"]["frames"]
    assert [{"severity": "error", "text": "B: unknown attribute 'u'"}] == good["meta"]["notices"]
    assert [21.5, 22.5] == good["fields"][1]["values"]


def test_a_notice_without_a_series(grafana: dict[str, Any]) -> None:
    """Where the good target has no series, the notice comes in a frame without fields, which draws nothing."""
    (frame,) = grafana["one fails, no series"]["frames"]
    assert ([], 0) == (frame["fields"], frame["length"])
    assert ["B: unknown attribute 'u'"] == [notice["text"] for notice in frame["meta"]["notices"]]


def test_a_table(grafana: dict[str, Any]) -> None:
    """A table has typed columns under their own names, shown by their titles, with units."""
    (table,) = fields(grafana["table"])
    assert [
        ("time", "time"),
        ("sensor", "string"),
        ("avg_t", "number"),
        ("cnt_t", "number"),
        ("last_state", "string"),
    ] == [(field["name"], field["type"]) for field in table]
    assert [None, None, "celsius", None, None] == [field["config"].get("unit") for field in table]
    assert ["AVG(Temperature)", "CNT(Temperature)"] == [field["display"] for field in table[2:4]]
    assert [[21.5, None, 22.5], [1, 0, 1], ["on", None, "off"]] == [field["values"] for field in table[2:]]


def test_rows_and_their_frame_are_the_same(grafana: dict[str, Any]) -> None:
    """A table of records, and the same as a frame, have the same fields, types and values."""
    for read in (grafana["rows"], grafana["table frame"]):
        assert {
            "time": [START, START + HOUR, START + 2 * HOUR],
            "sensor": ["hall", "roof (north)", "hall"],
            "t": [21.5, -3.25, 22.5],
            "state": ["on", "on <air>", "off"],
        } == columns(read)
        assert ["time", "string", "number", "string"] == [field["type"] for field in fields(read)[0]]


def test_nothing(grafana: dict[str, Any]) -> None:
    """Where no record lies in the range each series is there without points; without targets there is nothing."""
    assert [0, 0] == [frame["length"] for frame in grafana["nothing"]["frames"]]
    assert [] == grafana["no targets"]["frames"]


def test_options(grafana: dict[str, Any]) -> None:
    """Variables offer every name and value once, shown by title; simple-json has texts."""
    pairs = {
        name: [(each["text"], each["value"]) for each in grafana[name]["options"]]
        for name in ASKED
        if "options" in grafana[name]
    }
    assert [("hall", "hall"), ("roof (north)", "roof (north)")] == pairs["sensors"]
    assert [("mixed", "mixed"), ("state", "state"), ("Temperature", "t"), ("until", "until")] == pairs["attributes"]
    assert [("-3.25", "-3.25"), ("21.5", "21.5"), ("22.5", "22.5")] == pairs["values"] == pairs["search"]
    assert [] == pairs["no options"]
    assert ["mixed", "state", "t", "until"] == [text for text, _ in pairs["metrics"]]


@pytest.mark.parametrize("name", ["events", "simple-json events"])
def test_events(name: str, grafana: dict[str, Any]) -> None:
    """Annotations come to their times, regions among points, with texts that show as they were recorded."""
    events = grafana[name]["events"]
    assert [START, START + HOUR, START + 2 * HOUR] == [event["time"] for event in events]
    assert [START + HOUR // 2, START + HOUR, START + 2 * HOUR] == [event["timeEnd"] for event in events]
    assert [True, False, False] == [event["region"] for event in events]
    assert ["hall", "roof (north)", "hall"] == [event["title"] for event in events]
    assert ["state: on", "state: on &lt;air&gt;", "state: off"] == [event["text"] for event in events]
    assert [["hall"], ["roof (north)"], ["hall"]] == [event["tags"] for event in events]


def test_no_events(grafana: dict[str, Any]) -> None:
    """Where no record is found there are no events, and no error."""
    assert [] == grafana["no events"]["events"]


@pytest.mark.parametrize("name", ["series", "csv"])
def test_infinity_makes_a_wide_series(name: str, infinity: dict[str, Any]) -> None:
    """Rows of sensors' buckets become one time and a number field for each sensor, labelled, with gaps."""
    read = infinity[name]
    assert "wide" == read["schema"]
    assert [
        ("time", "time", {}),
        ("avg_t", "number", {"sensor": "hall"}),
        ("avg_t", "number", {"sensor": "roof (north)"}),
    ] == [(field["name"], field["type"], field["labels"]) for field in read["fields"]]
    assert [
        ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"],
        [21.5, None, 22.5],
        [None, -3.25, None],
    ] == [field["values"] for field in read["fields"]]


def test_infinity_without_declared_columns(infinity: dict[str, Any]) -> None:
    """Without declared columns the fields come by name, numbers and texts by themselves, and times stay texts."""
    assert [("avg_t", "number"), ("sensor", "string"), ("time", "string")] == [
        (field["name"], field["type"]) for field in infinity["undeclared"]["fields"]
    ]


def test_infinity_reads_milliseconds(infinity: dict[str, Any]) -> None:
    """`time=ms` is read as a time by the type for epochs, and the series is one that alerts take."""
    read = infinity["milliseconds"]
    assert "wide" == read["schema"]
    assert {"time": ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"], "cnt": [1, 3, 1]} == {
        field["name"]: field["values"] for field in read["fields"]
    }


def test_infinity_reads_tables(infinity: dict[str, Any]) -> None:
    """A table of aggregates is a column of numbers and columns of texts, which an alert takes as it is."""
    read = infinity["table"]
    assert {"last_t": "number", "last_state": "string", "sensor": "string"} == {
        field["name"]: field["type"] for field in read["fields"]
    }


def test_infinity_reads_mixed_attributes(infinity: dict[str, Any]) -> None:
    """An attribute of numbers and texts is two columns of one type each, so no column mixes them."""
    assert {"mixed": "number", "mixed_text": "string", "sensor": "string", "time": "string"} == {
        field["name"]: field["type"] for field in infinity["mixed"]["fields"]
    }


def test_infinity_reads_records_as_series(infinity: dict[str, Any]) -> None:
    """Records in the order of time become a series for each sensor and text."""
    read = infinity["raw"]
    assert "wide" == read["schema"]
    assert [
        {"sensor": "hall", "state": "off"},
        {"sensor": "hall", "state": "on"},
        {"sensor": "roof (north)", "state": "on <air>"},
    ] == sorted((field["labels"] for field in read["fields"] if field["type"] == "number"), key=json.dumps)


def test_infinity_pages(infinity: dict[str, Any]) -> None:
    """A page has its rows under `data`, and a cursor that is empty on the last page."""
    assert infinity["page"]["next"]
    assert 2 == len(infinity["page"]["fields"][0]["values"])
    assert "" == infinity["last page"]["next"]


def test_infinity_reads_nothing(infinity: dict[str, Any]) -> None:
    """An empty answer is a frame without fields, and no error."""
    assert [] == infinity["nothing"]["fields"]
