"""A server with a slice of the demo's weather in it, and devices with texts and odd names beside that."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest

from grafana_sensor import connect
from grafana_sensor.cli.demo import FILE
from tests.endtoend.servers import PASSWORD, USER, serving
from tests.provision.asking import Asker

HOUR: Final = 3_600_000
START: Final = 1_357_020_000_000
"""2013-01-01T06:00Z, where the demo's weather begins."""
END: Final = START + 12 * HOUR
TIMES: Final = range(START, END, 300_000)

STATIONS: Final = ("EWR", "JFK", "LGA")
ODD: Final = ("weather/roof (north)", "a, b", 'the "old" one', "lab.s2")
STATES: Final = ("ok", "ok", "ok", "low battery", "sensor fault", "ok")


def weather() -> dict[str, list[dict[str, Any]]]:
    """The demo's first records of each station, as the demo reads them."""
    found: dict[str, list[dict[str, Any]]] = {}
    data = (files("grafana_sensor") / "demo" / FILE).read_bytes()
    for row in csv.DictReader(gzip.decompress(data).decode().splitlines()):
        records = found.setdefault(row.pop("origin"), [])
        if len(records) < 12:
            records.append({("time" if name == "time_hour" else name): v for name, v in row.items() if v != "NA"})
    return found


def device(place: int) -> list[dict[str, Any]]:
    """A device's records: four measures and a state."""
    return [
        {
            "time": time,
            "air": {"temperature": 20 + place + number % 7 / 4, "humidity": 50 + number % 11},
            "soil moisture": 30 + number % 5,
            "battery": 4.1 - number / 1000,
            "status": STATES[(number // 10 + place) % len(STATES)],
        }
        for number, time in enumerate(TIMES)
    ]


@pytest.fixture(scope="session")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Asks a running server for alice, who has all that."""
    store = f"sqlite://{tmp_path_factory.mktemp('store')}"
    with connect(store) as database:
        database.register(USER, PASSWORD)
        with database.session_login(USER, PASSWORD) as session:
            for station, records in weather().items():
                session.insert_many(station, records)
            for place, name in enumerate(("greenhouse-1", "greenhouse-2", *ODD)):
                session.insert_many(name, device(place))
    with serving(store) as (_, port):
        yield Asker(f"http://127.0.0.1:{port}", USER, PASSWORD, START, END)
