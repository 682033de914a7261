"""SenML packs, by RFC 8428: names, base fields, times, values, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, RejectedRecords
from grafana_sensor.domain.timestamps import SECOND, parse, to_iso
from grafana_sensor.web.senml import ABSOLUTE, SENSOR_FIELD, TIME_FIELD, Measured, records, resolve

NOW = parse("2026-03-01T09:00:00Z") or 0
THEN = 1_772_350_000


def values(pack: list[Any]) -> list[object]:
    """The resolved values of a pack."""
    return [measured.value for measured in resolve(pack, NOW)]


def times(pack: list[Any]) -> list[int]:
    """The resolved times of a pack, relative to now."""
    return [measured.time - NOW for measured in resolve(pack, NOW)]


def test_base_fields_hold_until_they_are_given_anew() -> None:
    """A base field is applied to its own record and to those after it, up to the next of the same label."""
    pack = [
        {"bn": "a:", "bt": THEN, "bu": "V", "n": "x", "v": 1},
        {"n": "y", "v": 2, "t": 1, "u": "A"},
        {"bn": "b:", "n": "x", "v": 3},
        {"bt": THEN + 10, "bu": "W", "n": "y", "v": 4},
    ]
    assert [
        Measured(THEN * SECOND, "a:", "x", "V", 1, None),
        Measured((THEN + 1) * SECOND, "a:", "y", "A", 2, None),
        Measured(THEN * SECOND, "b:", "x", "V", 3, None),
        Measured((THEN + 10) * SECOND, "b:", "y", "W", 4, None),
    ] == resolve(pack, NOW)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"n": "x", "v": 1}, 0),
        ({"n": "x", "v": 1, "t": -2.5}, -2_500_000),
        ({"n": "x", "v": 1, "t": 3}, 3_000_000),
        ({"n": "x", "v": 1, "bt": -10, "t": 4}, -6_000_000),
        ({"n": "x", "v": 1, "t": ABSOLUTE - 1}, (ABSOLUTE - 1) * SECOND),
        ({"n": "x", "v": 1, "t": ABSOLUTE}, ABSOLUTE * SECOND - NOW),
        ({"n": "x", "v": 1, "bt": THEN, "t": 0.1}, THEN * SECOND + 100_000 - NOW),
        ({"n": "x", "v": 1, "bt": 1772350000.1, "t": 0.2}, THEN * SECOND + 300_000 - NOW),
    ],
)
def test_times_are_relative_below_two_to_the_28(record: dict[str, Any], expected: int) -> None:
    """Base time and time are added; a sum of 2**28 s or more is one since 1970, a lesser one is relative to now."""
    assert [expected] == times([record])


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"n": "x", "v": 1.5}, 1.5),
        ({"n": "x", "vs": "on"}, "on"),
        ({"n": "x", "vb": False}, False),
        ({"n": "x", "vd": "aGk_-Q"}, "aGk_-Q"),
        ({"n": "x", "bv": 20, "v": 0.1}, 20.1),
        ({"n": "x", "bv": 0.1, "v": 0.2}, 0.3),
        ({"n": "x", "bv": 7}, 7),
        ({"n": "x", "bv": 5, "vs": "on"}, "on"),
        ({"n": "x", "bv": 2**60, "v": 1}, 2**60 + 1),
        ({"n": "x", "s": 3}, None),
    ],
)
def test_a_record_has_one_value(record: dict[str, Any], expected: object) -> None:
    """The value is the number with the base value, the text, the boolean or the data; with a sum it may be missing."""
    assert [expected] == values([record])


def test_sums_are_added_to_their_base() -> None:
    """Base sum and sum are added, each being zero where it is missing."""
    pack = [{"n": "x", "bs": 10, "v": 1}, {"n": "x", "s": 2.5}, {"n": "x", "bs": 0, "v": 1, "s": 4}]
    assert [10, 12.5, 4] == [measured.total for measured in resolve(pack, NOW)]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"bn": "urn:dev:mac:01:", "n": "air/t"}, ("urn:dev:mac:01", "air/t")),
        ({"bn": "boiler", "n": "t"}, ("boiler", "t")),
        ({"bn": "rooms/7/"}, ("rooms/7", "value")),
        ({"n": "urn:dev:mac:01:t"}, ("urn:dev:mac:01", "t")),
        ({"n": "3303/0/5700"}, ("3303/0", "5700")),
        ({"n": "3303/0/"}, ("3303/0", "value")),
        ({"n": "t"}, ("", "t")),
    ],
)
def test_base_name_and_name_are_sensor_and_attribute(record: dict[str, str], expected: tuple[str, str]) -> None:
    """The base name is the sensor and the name the attribute; a name by itself is cut at its last / or :."""
    [measured] = resolve([record | {"v": 1}], NOW)
    assert expected == (measured.sensor, next(iter(measured.attributes)))


def test_what_one_sensor_measured_at_one_time_is_one_record() -> None:
    """Measurements of one sensor and time meet in a record, in the order in which these first occur."""
    pack = [
        {"bn": "a:", "bt": THEN, "bu": "Cel", "n": "x", "v": 1},
        {"bn": "b:", "n": "x", "v": 2},
        {"bn": "a:", "n": "time", "u": "", "vb": True, "s": 9},
    ]
    when = to_iso(THEN * SECOND)
    assert [
        {TIME_FIELD: when, SENSOR_FIELD: "a", "x": 1, "x_unit": "Cel", "time": True, "time_sum": 9},
        {TIME_FIELD: when, SENSOR_FIELD: "b", "x": 2, "x_unit": "Cel"},
    ] == records(pack, NOW, one_sensor=False)


def test_no_measurement_replaces_another() -> None:
    """Of several measurements of one name at one time each gets a record of its own."""
    pack = [{"bn": "a:", "n": "x", "v": 1}, {"n": "x", "v": 2}, {"n": "y", "v": 3}, {"n": "x", "v": 4}]
    when = to_iso(NOW)
    assert [
        {TIME_FIELD: when, "x": 1, "y": 3},
        {TIME_FIELD: when, "x": 2},
        {TIME_FIELD: when, "x": 4},
    ] == records(pack, NOW, one_sensor=True)


def test_many_of_one_name_at_one_time_take_time_by_their_number() -> None:
    """A pack of 20,000 measurements of one name at one time is read without comparing each with each."""
    assert 20_000 == len(records([{"n": "a:x", "v": 1}] * 20_000, NOW, one_sensor=False))


NAMES = st.sampled_from(["t", "h", "air/t", "t_sum", "t_unit", ""])
RECORDS = st.fixed_dictionaries(
    {"v": st.integers(0, 9)},
    optional={
        "n": NAMES,
        "t": st.integers(-2, 2),
        "bn": st.sampled_from(["a:", "b/", "c"]),
        "bt": st.sampled_from([0, THEN]),
        "s": st.integers(10, 19),
        "u": st.sampled_from(["V", ""]),
    },
)


@given(st.lists(RECORDS, max_size=12))
def test_nothing_of_a_pack_is_lost(pack: list[dict[str, Any]]) -> None:
    """Every value, sum and unit of a pack stands in its records, as often as in the pack."""
    pack = [{"bn": "d:", "v": 0}, *pack]
    said = [value for each in pack for label in ("v", "s", "u") if (value := each.get(label, "")) != ""]
    kept = [
        value
        for record in records(pack, NOW, one_sensor=False)
        for name, value in record.items()
        if name not in (TIME_FIELD, SENSOR_FIELD)
    ]
    assert sorted(map(str, said)) == sorted(map(str, kept))


@given(st.lists(RECORDS, min_size=1, max_size=12))
def test_resolved_records_resolve_to_themselves(pack: list[dict[str, Any]]) -> None:
    """The names, times and values of a pack are those of its resolved form, which has no base fields."""
    pack = [{"bn": "d:", "v": 0}, *pack]
    plain = [
        {"n": each.base + each.name, "t": each.time / SECOND, "v": each.value, "u": each.unit}
        for each in resolve(pack, NOW)
    ]
    expected = [(each.base + each.name, each.time, each.unit, each.value) for each in resolve(pack, NOW)]
    assert expected == [(each.name, each.time, each.unit, each.value) for each in resolve(plain, NOW)]


def test_fields_that_are_not_known_are_left_out() -> None:
    """Unknown fields and the update time say nothing here."""
    assert [Measured(NOW, "a:", "x", "", 1, None)] == resolve(
        [{"bn": "a:", "n": "x", "v": 1, "ut": 60, "ct": "60", "bq": 1}], NOW
    )


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([1], "a record of a SenML pack is an object, not a list"),
        ({"n": "x"}, "it has no value (v, vs, vb or vd) and no sum (s)"),
        ({"n": "x", "v": 1, "vs": "1"}, "it has v and vs; a record has one value"),
        ({"n": "x", "v": "1"}, "v is '1'; it must be a finite number"),
        ({"n": "x", "v": True}, "v is True; it must be a finite number"),
        ({"n": "x", "v": float("inf")}, "v is inf; it must be a finite number"),
        ({"n": "x", "v": None}, "v is null; it must be a finite number"),
        ({"n": "x", "vs": 1}, "vs is 1; it must be a text"),
        ({"n": "x", "vb": 1}, "vb is 1; it must be true or false"),
        ({"n": "x", "vd": "a+b="}, "vd is 'a+b='; it must be base64 of the URL-safe alphabet, without padding"),
        ({"n": "x", "v": 1, "bver": "10"}, "bver is '10'; it must be a whole number"),
        ({"n": "x", "v": 1, "bver": 11}, "the version (bver) 11 is not read here; RFC 8428 is version 10"),
        ({"n": "x", "v": 1, "bver": 5}, "the version (bver) 5 follows 10; a pack has one version"),
        ({"n": "x", "v": 1, "q_": 1}, "the field 'q_' must be understood, as its _ says, and is not known here"),
        ({"n": "x", "v": 1, "t": 1e18}, "the time 1e+18 lies beyond the years 1900 to 2199"),
        ({"n": "x", "v": 1, "t": -1e10}, "the time -10000000000.0 lies beyond the years 1900 to 2199"),
        (
            {"n": "x y", "v": 1},
            "the name 'a:x y' is none: letters, digits and - : . / _, the first a letter or digit",
        ),
        (
            {"bn": "_a", "n": "x", "v": 1},
            "the name '_ax' is none: letters, digits and - : . / _, the first a letter or digit",
        ),
    ],
)
def test_what_breaks_the_rfc_is_refused_with_its_index(record: Any, message: str) -> None:
    """A record that RFC 8428 doesn't allow refuses the pack, with its place in it and what is wrong."""
    with pytest.raises(RejectedRecords) as caught:
        records([{"bn": "a:", "n": "ok", "v": 1}, record], NOW, one_sensor=False)
    assert [(1, message)] == [(each.index, each.message) for each in caught.value.rejected]


def test_a_pack_of_several_sensors_is_not_of_one() -> None:
    """Where the address names the sensor, a pack with a second base name is refused."""
    with pytest.raises(RejectedRecords, match="record 1: it measures 'b', those before 'a': post the pack to /records"):
        records([{"bn": "a:", "n": "x", "v": 1}, {"bn": "b:", "n": "x", "v": 1}], NOW, one_sensor=True)


def test_a_name_without_a_sensor_needs_an_address_that_names_it() -> None:
    """A bare name is an attribute of the address's sensor, and refused where no sensor is said."""
    assert [{TIME_FIELD: to_iso(NOW), "t": 1}] == records([{"n": "t", "v": 1}], NOW, one_sensor=True)
    with pytest.raises(RejectedRecords, match=r"record 0: the name 't' says no sensor: give it a base name \(bn\)"):
        records([{"n": "t", "v": 1}], NOW, one_sensor=False)


@pytest.mark.parametrize("pack", [{"n": "x", "v": 1}, "[]", None, 1])
def test_a_pack_is_an_array(pack: object) -> None:
    """What is no array is no pack."""
    with pytest.raises(BadRequest, match="a SenML pack is an array of objects, not"):
        resolve(pack, NOW)
