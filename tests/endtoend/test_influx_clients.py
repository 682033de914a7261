"""A server, written to by the clients of InfluxDB as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException

from grafana_sensor import connect
from tests.endtoend.servers import AUTHORIZATION, PASSWORD, USER, connected, serving
from tests.plugins.writers import written_by_telegraf

START: Final = 1_772_349_720_000_000_000
CPU: Final = [
    {
        "measurement": "cpu",
        "tags": {"host": "web-1", "cpu": f"cpu{place}"},
        "fields": {"usage_idle": 98.25 - place, "count": 2**53 + 1, "total": 2**64 - 1, "ok": True},
        "time": START + place,
    }
    for place in range(2)
]
ODD: Final = [
    {
        "measurement": "a b,c",
        "tags": {"host": "odd, one=1"},
        "fields": {"x y=z": 'a "quoted" \\ back\nline', "empty": ""},
        "time": START,
    }
]


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """The port of a server on a store in which the user is registered."""
    store = f"sqlite://{tmp_path}/store"
    with connect(store) as database:
        database.register(USER, PASSWORD)
    with serving(store) as (_, port):
        yield port


def rows(port: int, q: str) -> Any:
    """The rows of a query over the day of the points."""
    with connected(port) as connection:
        asked = urlencode({"q": q, "from": "2026-03-01", "to": "2026-03-02"})
        connection.request("GET", f"/api/v1/query?{asked}", headers={"Authorization": AUTHORIZATION})
        return json.loads(connection.getresponse().read())


def config(port: int, **more: object) -> str:
    """Telegraf's configuration of its output for InfluxDB 2."""
    given = {"urls": [f"http://127.0.0.1:{port}"], "token": f"{USER}:{PASSWORD}", "organization": "", "bucket": "b"}
    settings = {**given, "influx_uint_support": True, **more}
    return "[[outputs.influxdb_v2]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def test_telegraf_writes_as_it_is(port: int) -> None:
    """What Telegraf sends, packed and escaped by itself, is stored as it was; sent again, nothing is doubled."""
    cases = [
        {"name": "first", "config": config(port), "metrics": CPU},
        {"name": "again", "config": config(port), "metrics": CPU},
        {"name": "odd", "config": config(port), "metrics": ODD},
    ]
    assert [{"name": each["name"], "kept": 0} for each in cases] == written_by_telegraf(cases)
    time = "2026-03-01T07:22:00Z"
    of = {"time": time, "sensor": "web-1", "cpu_count": str(2**53 + 1), "cpu_total": str(2**64 - 1), "cpu_ok": 1.0}
    assert [
        {**of, "cpu_usage_idle": 98.25, "cpu": "cpu0"},
        {**of, "cpu_usage_idle": 97.25, "cpu": "cpu1"},
    ] == rows(port, "cpu_usage_idle, cpu_count, cpu_total, cpu_ok, cpu FROM web-1")
    assert [
        {"time": time, "sensor": "odd, one=1", "a b,c_x y=z": 'a "quoted" \\ back\nline', "a b,c_empty": ""}
    ] == rows(port, '"a b,c_x y=z", "a b,c_empty" FROM "odd, one=1"')


def test_telegraf_writes_by_its_first_output(port: int) -> None:
    """Its output for InfluxDB 1 writes too, with the creation of a database left out."""
    settings = f'urls = ["http://127.0.0.1:{port}"]\nusername = "{USER}"\npassword = "{PASSWORD}"\n'
    case = {"name": "v1", "config": f"[[outputs.influxdb]]\n{settings}skip_database_creation = true\n", "metrics": CPU}
    assert [{"name": "v1", "kept": 0}] == written_by_telegraf([case])
    assert [{"cnt": 2}] == rows(port, "CNT(*)")


def test_telegraf_drops_what_is_wrong_and_keeps_what_may_pass(port: int) -> None:
    """A line that can't be stored is dropped with our message in its log; under a wrong password all are kept."""
    declared = [{**CPU[0], "fields": {"usage_idle": "x" * 70_000}}]
    wrong = config(port, token=f"{USER}:wrong")
    dropped, kept = written_by_telegraf(
        [
            {"name": "long", "config": config(port), "metrics": declared},
            {"name": "wrong", "config": wrong, "metrics": CPU},
        ]
    )
    assert (0, 2) == (dropped["kept"], kept["kept"])
    assert "line 1" in dropped["error"]
    assert "401" in kept["error"]
    assert [{"cnt": 0}] == rows(port, "CNT(*)")


def test_influxdb_client_writes(port: int) -> None:
    """InfluxData's client for Python writes points, texts and dictionaries, packed or not, and gets our message."""
    for packed in (False, True):
        with InfluxDBClient(
            f"http://127.0.0.1:{port}", token=f"{USER}:{PASSWORD}", org="-", enable_gzip=packed
        ) as client:
            writing = client.write_api(write_options=SYNCHRONOUS)
            point = Point("room").tag("sensor", "hall, north").field("t", 21.5).field("n", 2**53 + 1)
            writing.write("b", record=point.field("state", 'a "b"').time(datetime(2026, 3, 1, 8, tzinfo=UTC)))
            writing.write("b", record="room,sensor=hall t=20i 1772352000", write_precision="s")
            with pytest.raises(ApiException) as caught:
                writing.write("b", record="room t=warm")
            assert 400 == caught.value.status
            assert "line 1: the field 't' is 'warm'" in caught.value.message
    time = "2026-03-01T08:00:00Z"
    assert [
        {"time": time, "sensor": "hall", "room_t": 20.0, "room_n": None, "room_state": None},
        {"time": time, "sensor": "hall, north", "room_t": 21.5, "room_n": str(2**53 + 1), "room_state": 'a "b"'},
    ] == sorted(rows(port, "room_t, room_n, room_state"), key=lambda row: row["sensor"])
