"""The overview of a user's sensors."""

from __future__ import annotations

from datetime import UTC, datetime

from grafana_sensor import connect
from grafana_sensor.service.overview import MOST_VALUES, PAGE, Latest, overview
from grafana_sensor.service.session import Session

HOUR = 3_600_000_000
BEGIN = 1_767_225_600_000_000
"""2026-01-01."""


def opened() -> Session:
    """A session over a store in memory."""
    database = connect("memory://")
    database.register("alice", "secret")
    return database.session_login("alice", "secret")


def hourly(session: Session, sensor: str, values: list[object], name: str = "t") -> None:
    """Store a value an hour."""
    records = [
        {"time": datetime.fromtimestamp(BEGIN / 1e6 + 3_600 * place, UTC).isoformat(), name: value}
        for place, value in enumerate(values)
    ]
    session.insert_many(sensor, records)


def test_a_tile_tells_the_last_values_and_the_course() -> None:
    """A tile has the sensor's range, what each attribute was last, and the means of the first one in between."""
    session = opened()
    hourly(session, "hall", [20, 21, 22])
    hourly(session, "hall", ["open", "closed"], "door")
    (tile,) = overview(session).tiles
    assert (5, 2, BEGIN, BEGIN + 2 * HOUR) == (tile.records, tile.attributes, tile.first, tile.last)
    assert (Latest("t", "number", 22.0), Latest("door", "text", "closed")) == tile.latest
    assert [20.0, 21.0, 22.0] == [point for point in tile.points if point is not None]


def test_what_is_declared_is_told() -> None:
    """Titles and units of attributes stand beside their values, and attributes with a title come first."""
    session = opened()
    session.insert_into_sensor("hall", {"a": 1, "z": 2})
    session.declare("z", None, "celsius", "Zone")
    assert (Latest("z", "number", 2.0, "Zone", "celsius"), Latest("a", "number", 1.0)) == overview(session).tiles[
        0
    ].latest


def test_a_temperature_comes_first() -> None:
    """Of several numbers a temperature is what a tile shows large."""
    session = opened()
    session.insert_into_sensor("hall", {"co2": 400, "air_temperature": 21, "volt": 3})
    assert "air_temperature" == overview(session).tiles[0].latest[0].attribute


def test_sensors_come_in_pages_and_by_name() -> None:
    """A page holds so many sensors, and only those whose name holds what is searched, in any case."""
    session = opened()
    for place in range(PAGE + 3):
        session.insert_into_sensor(f"Room {place:02}", {"t": place})
    pages = [overview(session, page=page) for page in range(3)]
    assert [PAGE, 3, 0] == [len(each.tiles) for each in pages]
    assert {(PAGE + 3, PAGE + 3)} == {(each.found, each.all) for each in pages}
    assert ["Room 11"] == [tile.sensor for tile in overview(session, "ROOM 11").tiles]


def test_whatever_a_record_holds_there_is_a_tile() -> None:
    """Records without attributes, of texts alone, of mixed kinds, and with names that look like variables have tiles."""
    session = opened()
    session.insert_into_sensor("bare", {})
    session.insert_into_sensor("texts", {"s": "on"})
    session.insert_many("mixed", [{"m": "on"}, {"m": 1}])
    session.insert_into_sensor("$x", {"$y": 1})
    found = {tile.sensor: tile.latest for tile in overview(session).tiles}
    assert ((), (Latest("s", "text", "on"),)) == (found["bare"], found["texts"])
    assert ("mixed", 1.0) == (found["mixed"][0].kind, found["mixed"][0].value)
    assert (Latest("$y", "number"),) == found["$x"]


def test_of_many_attributes_some_are_shown() -> None:
    """Of a sensor with very many attributes the first ones are told, and how many there are."""
    session = opened()
    session.insert_into_sensor("hall", {f"a{place:03}": place for place in range(MOST_VALUES + 5)})
    (tile,) = overview(session).tiles
    assert [float(place) for place in range(MOST_VALUES)] == [each.value for each in tile.latest]
    assert MOST_VALUES + 5 == tile.attributes


def test_nothing_is_an_overview_too() -> None:
    """A user without records has an overview of no sensors."""
    found = overview(opened())
    assert ((), 0, 0) == (found.tiles, found.found, found.all)
