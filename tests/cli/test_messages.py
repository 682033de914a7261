"""From messages to records."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_sensor.cli.messages import SENSOR_FIELD, TIME_FIELD, Message, Reader
from grafana_sensor.cli.topics import patterns
from grafana_sensor.domain.errors import BadRequest, Error

NOW = 1_772_349_720_000_000
READER = Reader(patterns(["{sensor}/json", "{sensor}/value/{attribute}"]))


def read(topic: str, payload: str | bytes, reader: Reader = READER) -> list[dict[str, Any]]:
    """The records of a message, their fields that say time and sensor as `time` and `sensor`."""
    body = payload.encode() if isinstance(payload, str) else payload
    found = reader.records(Message(topic, body, NOW))
    return [{"time": r.pop(TIME_FIELD), "sensor": r.pop(SENSOR_FIELD), **r} for r in found]


def test_objects_are_records() -> None:
    """An object is one record, an array of them several; the time is their own, else that of arrival."""
    assert [{"time": NOW, "sensor": "hall", "air": {"t": 1}}] == read("hall/json", '{"air": {"t": 1}}')
    assert [
        {"time": 1_767_225_600_000_000, "sensor": "hall", "TS": None, "t": 1},
        {"time": NOW, "sensor": "hall", "t": 2},
    ] == read("hall/json", '[{"TS": 1767225600, "t": 1}, {"t": 2}]')
    assert [{"time": NOW, "sensor": "other/a/b", "t": 1}] == read(
        "other/a/b", '{"t": 1}', Reader(patterns(["other/#"]))
    )


@pytest.mark.parametrize(
    ("payload", "value"),
    [("21.5", 21.5), ("ON", "ON"), ('"ON"', "ON"), ("true", True), ("[1, 2]", [1, 2]), ("12:30", "12:30"), (" 7\n", 7)],
)
def test_a_bare_value_is_the_attribute_of_its_topic(payload: str, value: object) -> None:
    """Where the topic names an attribute, the payload is its value, a text where it is no JSON."""
    assert [{"time": NOW, "sensor": "hall", "t": value}] == read("hall/value/t", payload)


def test_an_object_stands_below_the_attribute_of_its_topic() -> None:
    """Its own time counts, and its names are below the attribute's."""
    found = read("plug/value/switch:0", '{"ts": 1767225600, "apower": 8.5}')
    assert [{"time": 1_767_225_600_000_000, "sensor": "plug", "switch:0": {"ts": None, "apower": 8.5}}] == found


def test_fields_say_sensor_and_time() -> None:
    """The fields that are named say the sensor, in the place of the topic, and the time."""
    reader = Reader(patterns(["#"]), "src", "params.ts")
    found = read("x/events/rpc", '{"src": "plug", "params": {"ts": 1767225600.5, "v": 1}}', reader)
    assert [{"time": 1_767_225_600_500_000, "sensor": "plug", "src": None, "params": {"ts": None, "v": 1}}] == found
    for payload in ('{"src": "plug"}', '{"params": {"ts": 1}}', "[1]"):
        with pytest.raises(Error):
            read("x/events/rpc", payload, reader)


@pytest.mark.parametrize(
    ("topic", "payload", "message"),
    [
        ("hall/json", "21.5", "the payload is a number; .* {attribute}"),
        ("hall/json", "ON", "invalid JSON"),
        ("hall/json", '{"t": 1', "invalid JSON"),
        ("hall/value/t", '{"t": 1', "invalid JSON"),
        ("hall/value/t", "", "the payload is empty"),
        ("hall/value/t", b"\xff", "no text in UTF-8"),
        ("hall/json", '{"time": "1800-01-01"}', "beyond the years"),
        ("nobody/asked", "{}", "no pattern is of this topic"),
        ("hall/json", '{"\\ntime": 1}', "begins with the end of a line"),
    ],
)
def test_what_can_not_be_read_is_told(topic: str, payload: str | bytes, message: str) -> None:
    """A payload that is no record is an error that says what is wrong."""
    with pytest.raises((BadRequest, Error), match=message):
        read(topic, payload)
