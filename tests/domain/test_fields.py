from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from grafana_sensor.domain.errors import RecordError
from grafana_sensor.domain.fields import own_time, sensor_at, time_at
from grafana_sensor.domain.limits import Limits

SECOND = 1_000_000
NEW_YEAR = 1_767_225_600 * SECOND


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"time": "2026-01-01"}, (NEW_YEAR, "time")),
        ({"date": 1, "datetime": 2, "ts": 3, "timestamp": 4, "time": 5}, (5 * SECOND, "time")),
        ({"date": 1, "datetime": 2, "ts": 3, "timestamp": 4}, (4 * SECOND, "timestamp")),
        ({"date": 1, "datetime": 2, "ts": 3}, (3 * SECOND, "ts")),
        ({"date": 1, "datetime": 2}, (2 * SECOND, "datetime")),
        ({"date": 1}, (SECOND, "date")),
        ({"time": "soon", "ts": "1"}, (SECOND, "ts")),
        ({"time": None, "timestamp": True, "ts": [], "datetime": {}, "Date": "2026-01-01"}, (NEW_YEAR, "Date")),
        ({"TimeStamp": 7}, (7 * SECOND, "TimeStamp")),
        ({"a": {"time": 1}}, None),
        ({"time_": 1, "times": 2, "TİME": 3}, None),
        ({}, None),
    ],
)
def test_the_first_field_that_is_a_time(record: dict[str, Any], found: tuple[int, str] | None) -> None:
    """Of time, timestamp, ts, datetime, date, in any case at the top level, the first that is a time counts."""
    assert found == own_time(record)


def test_spellings_have_an_order_of_their_own() -> None:
    """Of several spellings the lower case goes first, then the code points, in whatever order the keys come."""
    fields = {"time": "soon", "TIME": 1, "Time": 2, "timE": 3}
    for order in permutations(fields):
        assert own_time({key: fields[key] for key in order}) == (SECOND, "TIME")
        assert own_time({key: fields[key] for key in order} | {"time": 4}) == (4 * SECOND, "time")
    assert own_time({"TS": 1, "ts": 2}) == own_time({"ts": 2, "TS": 1}) == (2 * SECOND, "ts")


def test_a_time_beyond_the_years_is_refused() -> None:
    """The first field that reads as a time must lie within 1900 to 2199; a later one is no way out."""
    with pytest.raises(RecordError, match="the field 'ts': the time 1e\\+30 lies beyond"):
        own_time({"time": "soon", "ts": 1e30, "date": "2026-01-01"})
    assert own_time({"time": "2026-01-01", "ts": 1e30}) == (NEW_YEAR, "time")


@pytest.mark.parametrize(
    ("record", "field", "path"),
    [
        ({"at": 1}, "at", ("at",)),
        ({"meta": {"at": 1}}, "meta.at", ("meta", "at")),
        ({"meta": {"at": 9}, "meta.at": 1}, "meta.at", ("meta.at",)),
        ({"rx": [{"at": 9}, {"at": 1}]}, "rx.1.at", ("rx", "1", "at")),
        ({"rx": {"0": 1}}, "rx.0", ("rx", "0")),
        ({"": {"": 1}}, ".", ("", "")),
        ({"": 1}, "", ("",)),
    ],
)
def test_a_field_is_a_key_or_a_dotted_path(record: dict[str, Any], field: str, path: tuple[str, ...]) -> None:
    """A key of the top level wins with its dots; else each part leads a level down, an index into a list."""
    assert time_at(record, field) == (SECOND, path)
    assert sensor_at(record, field, Limits()) == ("1", path)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({}, "at"),
        ({"at": None}, "at"),
        ({"at": {}}, "at.x"),
        ({"at": 1}, "at.x"),
        ({"At": 1}, "at"),
        ({"rx": [1]}, "rx.1"),
        ({"rx": [1]}, "rx.-1"),
        ({"rx": [1]}, "rx.00"),
        ({"rx": [1]}, "rx.²"),
        ({"rx": [1]}, "rx." + "9" * 5_000),
        ({"a.b": None, "a": {"b": 1}}, "a.b"),
        ({"a": 1}, ""),
    ],
    ids=range(12),
)
def test_a_missing_field_is_refused(record: dict[str, Any], field: str) -> None:
    """A field that is named must be there and not null; its key at the top level decides alone."""
    with pytest.raises(RecordError, match=r"has no field .* time_field"):
        time_at(record, field)
    with pytest.raises(RecordError, match=r"has no field .* sensor_field"):
        sensor_at(record, field, Limits())


@pytest.mark.parametrize("value", ["soon", True, [1], {"a": 1}, "2026-02-30"])
def test_a_time_field_that_is_no_time_is_refused(value: Any) -> None:
    """The field that time_field names must be a time, even where another one is."""
    with pytest.raises(RecordError, match="time_field 'at' is no time but"):
        time_at({"at": value, "time": "2026-01-01"}, "at")


def test_a_time_field_beyond_the_years_is_refused() -> None:
    """The field that time_field names must lie within 1900 to 2199."""
    with pytest.raises(RecordError, match=r"'meta\.at': the time '1850-01-01' lies beyond"):
        time_at({"meta": {"at": "1850-01-01"}}, "meta.at")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("greenhouse-1", "greenhouse-1"),
        ("007", "007"),
        (7, "7"),
        (7.0, "7"),
        (0.5, "0.5"),
        (2**70, str(2**70)),
        ("ü/%", "ü/%"),
    ],
)
def test_a_sensor_is_a_text_or_a_number(value: Any, name: str) -> None:
    """A sensor's name is the text as it is, or the number's JSON text."""
    assert sensor_at({"s": value}, "s", Limits()) == (name, ("s",))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *(
            (True, "True names no sensor"),
            ([1], "a list names no sensor"),
            ({}, "an object"),
            (float("nan"), "nan names no"),
        ),
        *(
            ("", "an empty text"),
            ("a\0", "U\\+0000"),
            ("\ud800", "surrogate"),
            ("x" * 256, "256 characters.*limit of 255"),
        ),
    ],
    ids=range(8),
)
def test_what_names_no_sensor_is_refused(value: Any, words: str) -> None:
    """Booleans, containers, NaN, the empty, unstorable and too long texts name no sensor."""
    with pytest.raises(RecordError, match=f"the sensor_field 's': .*{words}"):
        sensor_at({"s": value}, "s", Limits())
