"""The doors of scans over HTTP: REST, the plugins, and followers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from flask.testing import FlaskClient

from grafana_sensor.domain.scan import ScanState
from grafana_sensor.web.services import KEY
from tests.service.fakes import NOW
from tests.service.scans import Recorder, ascan, definition
from tests.web.conftest import ALICE, Make, scans_of

SPAN = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z"}
MS = NOW // 1_000


@pytest.fixture
def client(make: Make) -> FlaskClient:
    """A client of an app with alice's open scan."""
    client = make(followers=2).test_client()
    ascan(scans_of(client), dataset="abc", session="s1")
    return client


def got(client: FlaskClient, path: str, status: int = 200) -> Any:
    """The JSON that is answered."""
    answer = client.get(path, headers=ALICE)
    assert status == answer.status_code, answer.text
    return answer.get_json()


def asked(client: FlaskClient, *targets: Any, **more: Any) -> Any:
    """The answer to a panel's targets over the hour of the scan."""
    body = {"range": SPAN, "targets": [{"refId": "A", **target} for target in targets], **more}
    answer = client.post("/query", json=body, headers=ALICE)
    assert 200 == answer.status_code, answer.text
    return answer.get_json()


def test_scans_are_listed(client: FlaskClient) -> None:
    """The newest first, found by their identity, and in pages."""
    Recorder(scans_of(client), "K2", 2, dataset="other")
    rows = got(client, "/api/v1/scans")
    assert [("K2", "CREATED"), ("K1", "STARTED")] == [(row["key"], row["state"]) for row in rows]
    assert ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", None) == tuple(
        rows[1][k] for k in ("created", "start", "end")
    )
    for query in (
        "dataset=ab*",
        "dataset={abc,x}",
        "number=1",
        "session=S1",
        "dataset=*&number=1",
        "name=ascan&session=s1",
    ):
        assert ["K1"] == [row["key"] for row in got(client, f"/api/v1/scans?{query}")]
    page = got(client, "/api/v1/scans?limit=1")
    assert (["K2"], "K2") == ([row["key"] for row in page["data"]], page["next"])
    assert [["K1"], None] == [
        [row["key"] for row in page["data"]] if isinstance(page, dict) and "data" in page else page
        for page in (
            got(client, "/api/v1/scans?limit=1&cursor=K2"),
            got(client, "/api/v1/scans?limit=1&cursor=K2")["next"],
        )
    ]
    assert "created,number,name" == client.get("/api/v1/scans?format=csv", headers=ALICE).text[:19]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/v1/scans?number=first", 400, "number=first is no whole number"),
        ("/api/v1/scans?dataset=a*b", 400, "a*b"),
        ("/api/v1/scans?dataset=$dataset", 400, "left unexpanded"),
        ("/api/v1/scans?limit=1&cursor=K9", 400, "cursor"),
        ("/api/v1/scans/K9", 404, "K9"),
        ("/api/v1/scans/K9/streams/mot:x", 404, "K9"),
        ("/api/v1/scans/last/streams/mot:y", 404, "did you mean 'mot:x'?"),
        ("/api/v1/scans/last/streams/mot:y?follow=1", 404, "did you mean 'mot:x'?"),
        ("/api/v1/scans/last/streams/mot:x?from=3&to=2", 400, "the range is reversed"),
        ("/api/v1/scans/last/streams/mot:x?follow=1&to=2", 400, "leave out to"),
        ("/api/v1/scans/last/streams/mot:x?from=-1", 400, "from is '-1'"),
        ("/api/v1/scans/last/points?stream=mot:y", 404, "mot:y"),
        ("/api/v1/query?q=scan:K9/x", 400, "unknown scan 'K9'"),
    ],
)
def test_what_is_wrong_is_told(client: FlaskClient, path: str, status: int, says: str) -> None:
    """Names in a path that are not there are a 404, in a question a 400."""
    assert says in got(client, path, status)["message"]


def test_one_scan_tells_everything(client: FlaskClient) -> None:
    """Its identity, info and streams; `last` is the newest one."""
    told = got(client, "/api/v1/scans/last")
    assert told == got(client, "/api/v1/scans/K1")
    assert ("K1", "STARTED", "abc") == (told["key"], told["state"], told["identity"]["dataset"])
    assert "A" == told["info"]["channels"]["diode:current"]["unit"]
    assert {
        "stream": "mca:spec",
        "kind": "array",
        "dtype": "int32",
        "shape": [3],
        "points": 5,
        "first": 0,
        "sealed": False,
        "unit": "counts",
        "title": None,
        "info": {},
    } == told["streams"][3]


def test_points_of_a_stream(client: FlaskClient) -> None:
    """By index, as JSON, CSV and Arrow: numbers in full, lists and JSON as they are, NaN as null."""
    path = "/api/v1/scans/last/streams/"
    rows = got(client, f"{path}diode:current?from=1&to=4")
    assert [{"index": 1, "value": 11.0}, {"index": 2, "value": None}, {"index": 3, "value": 13.0}] == rows
    assert [{"index": 4, "value": [4, 5, 6]}] == got(client, f"{path}mca:spec?from=4")
    assert [{"index": 3, "value": {"at": 1}}] == got(client, f"{path}shutter?from=3&to=4")
    assert [] == got(client, f"{path}shutter?from=9")
    text = client.get(f"{path}mca:spec?format=csv&to=1", headers=ALICE).text
    assert 'index,value\r\n0,"[0,1,2]"\r\n' == text
    arrow = client.get(f"{path}diode:current?format=arrow", headers=ALICE).data
    table = pa.ipc.open_stream(arrow).read_all()
    assert [10.0, 11.0, None, 13.0, 14.0] == table["value"].to_pylist()


def test_integers_are_exact_and_complex_numbers_pairs(client: FlaskClient) -> None:
    """Beyond what a float64 holds, too."""
    recorder = Recorder(scans_of(client), "K2", 2).start(definition("n", "uint64"), definition("z", "complex64"))
    recorder.send(n=[2**64 - 1], z=[1 + 2j])
    path = "/api/v1/scans/last/streams/"
    assert f'[{{"index":0,"value":{2**64 - 1}}}]' == client.get(f"{path}n", headers=ALICE).text
    assert f"index,value\r\n0,{2**64 - 1}\r\n" == client.get(f"{path}n?format=csv", headers=ALICE).text
    assert [{"index": 0, "value": [1.0, 2.0]}] == got(client, f"{path}z")


def test_an_answer_has_a_limit(make: Make) -> None:
    """More points than an answer may have are refused, with the limit's name."""
    client = make(max_points=4).test_client()
    ascan(scans_of(client))
    assert "the limit" in got(client, "/api/v1/scans/last/streams/mot:x", 422)["message"]
    assert 4 == len(got(client, "/api/v1/scans/last/streams/mot:x?to=4"))


def followed(client: FlaskClient, path: str) -> list[Any]:
    """The lines of a follower."""
    answer = client.get(path, headers=ALICE)
    assert (200, "application/x-ndjson") == (answer.status_code, answer.mimetype)
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_stream_is_followed_to_its_end(client: FlaskClient) -> None:
    """Lines of points from the index asked for, and last why it ends."""
    scans_of(client).advance("K1", ScanState.STOPPED, NOW)
    assert [
        {"index": 3, "value": 3.0},
        {"index": 4, "value": 4.0},
        {"end": "sealed", "next": 5},
    ] == followed(client, "/api/v1/scans/K1/streams/mot:x?follow=1&from=3")


def test_streams_are_followed_together(client: FlaskClient) -> None:
    """Each line names its stream, which ends by itself; without a name all streams are followed."""
    scans_of(client).advance("K1", ScanState.STOPPED, NOW)
    assert [
        {"stream": "mot:x", "index": 4, "value": 4.0},
        {"stream": "shutter", "index": 4, "value": "open"},
        {"stream": "mot:x", "end": "sealed", "next": 5},
        {"stream": "shutter", "end": "sealed", "next": 5},
        {"end": "sealed", "next": {"mot:x": 5, "shutter": 5}},
    ] == followed(client, "/api/v1/scans/last/points?stream=mot:x&stream=shutter&from=4")
    names = {line["stream"] for line in followed(client, "/api/v1/scans/last/points") if "index" in line}
    assert set(scans_of(client).load("K1").streams) == names


def test_followers_give_back_what_they_hold(client: FlaskClient) -> None:
    """However a follower ends, its place is free again: read to the end, left, asked by HEAD, or refused."""
    followers = client.application.extensions[KEY].followers
    path = "/api/v1/scans/K1/streams/mot:x?follow=1"
    open_ones = [client.get(path, headers=ALICE, buffered=False) for _ in range(2)]
    assert 2 == len(followers)
    busy = client.get(path, headers=ALICE)
    assert (429, "busy") == (busy.status_code, busy.get_json()["error"]["code"])
    assert 5 == next(iter(open_ones[0].response)).count(b"\n")
    for answer in open_ones:
        answer.close()
    assert 0 == len(followers)
    client.head(path, headers=ALICE).close()
    got(client, "/api/v1/scans/K1/streams/nothing?follow=1", 404)
    assert 0 == len(followers)


def test_a_panel_draws_scans(client: FlaskClient) -> None:
    """As series, table and frame, with unit, name and notices."""
    (series,) = asked(client, {"target": "scan:last/diode:current"})
    assert {
        "target": "scan:last diode:current",
        "title": "current",
        "unit": "A",
        "refId": "A",
        "tags": {"sensor": "scan:last", "attribute": "diode:current"},
        "datapoints": [[10.0, MS], [11.0, MS + 1_000], [13.0, MS + 3_000], [14.0, MS + 4_000]],
    } == series
    (table,) = asked(client, {"target": "index, mot:x, diode:current FROM scan:last", "type": "table"})
    assert [
        {"text": "index", "type": "number"},
        {"text": "mot:x", "type": "number", "unit": "mm"},
        {"text": "diode:current", "type": "number", "unit": "A", "displayNameFromDS": "current"},
    ] == table["columns"]
    assert [1, 1.0, 11.0] == table["rows"][1]
    (frame,) = asked(client, {"target": "scan:last/mca:spec", "type": "table", "payload": {"format": "frame"}})
    assert ["x", "mca:spec"] == [field["name"] for field in frame["fields"]]
    (table,) = asked(client, {"target": "scans"})
    assert ("table", "K1") == (table["type"], table["rows"][0][-1])
    (state,) = asked(client, {"target": "scan:last/@state"})
    assert "STARTED" == state["datapoints"][0][0]
    (aggregate,) = asked(
        client, {"target": 'AVG("diode:current") WHERE "mot:x" > 1 EVERY 1s', "payload": {"sensor": ["scan:last"]}}
    )
    assert [13.0, 14.0] == [value for value, _ in aggregate["datapoints"] if value is not None]


def test_a_scan_that_is_wrong_keeps_no_other_from_its_answer(client: FlaskClient) -> None:
    """One target of a panel fails with a notice."""
    (series,) = asked(client, {"target": "scan:last/mot:x"}, {"refId": "B", "target": "scan:K9/mot:x"})
    assert [{"severity": "error", "text": "B: unknown scan 'K9'"}] == series["meta"]["notices"]


def test_lists_have_scans(client: FlaskClient) -> None:
    """Metrics, options of variables in both plugins' words, and annotations."""
    values = [each["value"] for each in client.post("/metrics", json={}, headers=ALICE).get_json()]
    assert ["scan:last/timer:epoch", "scan:last/mot:x", "scan:last/diode:current"] == values[:3]
    assert values == client.post("/search", json={}, headers=ALICE).get_json()
    options = client.post("/variable", json={"payload": {"target": "scans"}}, headers=ALICE).get_json()
    assert [{"__text": "last", "__value": "last"}, {"__text": "ascan 1", "__value": "K1"}] == options
    streams = client.post("/variable", json={"payload": {"target": "streams", "scan": "K1"}}, headers=ALICE).get_json()
    assert {"__text": "current", "__value": "diode:current"} in streams
    scans_of(client).advance("K1", ScanState.STOPPED, NOW + 5_000_000)
    scans_of(client).advance("K1", ScanState.CLOSED, NOW + 5_000_000, {"end_reason": "SUCCESS"})
    region = {
        "time": MS,
        "timeEnd": MS + 5_000,
        "title": "ascan 1",
        "text": "ascan 1: SUCCESS",
        "tags": ["SUCCESS", "abc", "s1"],
    }
    body = {"range": SPAN, "annotation": {"query": "scans"}}
    assert [region] == client.post("/annotations", json=body, headers=ALICE).get_json()
    (frame,) = asked(client, {"refId": "Anno", "target": "scans(dataset=abc)"})
    assert ["SUCCESS,abc,s1"] == frame["fields"][-1]["values"]


def test_infinity_reads_scans_by_the_query_route(client: FlaskClient) -> None:
    """Rows of points, of aggregates and of lists, as of sensors."""
    span = f"from={SPAN['from']}&to={SPAN['to']}"
    rows = got(client, f"/api/v1/query?q=MAX(mot:x) FROM scan:last EVERY 30m&{span}")
    assert [4.0, None] == [row["max_mot:x"] for row in rows]
    rows = got(client, f"/api/v1/query?select=mot:x&sensor=scan:last&where=mot:x > 3&{span}")
    assert [{"time": "2026-01-01T00:00:04Z", "sensor": "scan:last", "mot:x": 4.0}] == rows
    assert "mot:x" in [row["stream"] for row in got(client, "/api/v1/query?q=streams(last)")]


def test_another_user_sees_no_scan(make: Make) -> None:
    """Scans are their user's own."""
    client = make(open_registration=True).test_client()
    ascan(scans_of(client))
    client.post("/api/v1/users", json={"user": "bob", "password": "secret"})
    bob = {"Authorization": "Basic Ym9iOnNlY3JldA=="}
    assert [] == client.get("/api/v1/scans", headers=bob).get_json()
    assert 404 == client.get("/api/v1/scans/K1", headers=bob).status_code


def test_a_panel_that_is_drawn_again_reads_what_is_new(client: FlaskClient) -> None:
    """The store's own points of a stream are given once, though it is asked each second."""
    recorder = Recorder(scans_of(client), "K2", 2).start(definition("epoch"), definition("a"))
    start = NOW // 1_000_000
    for second in range(3):
        recorder.send(epoch=[start + second], a=[float(second)])
        (series,) = asked(client, {"target": "scan:last/a"})
        assert np.arange(second + 1).tolist() == [value for value, _ in series["datapoints"]]
