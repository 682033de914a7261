from __future__ import annotations

import pytest

from grafana_sensor.domain.errors import BadRequest, LimitError, RangeError, UnknownAttribute, UnknownSensor
from grafana_sensor.service.listings import attributes, declared, sensors, values
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings


@pytest.fixture(params=["unsealed", "sealed", "both"])
def filled(session: Session, request: pytest.FixtureRequest) -> Session:
    """Sensors whose records are in batches, in chunks, or in both."""
    session.insert_many("hall", [{"time": place, "t": place % 3} for place in range(10)])
    session.insert_many("roof", [{"time": 5, "t": "off"}, {"time": 1, "door": "open"}, {"time": 2}])
    if request.param != "unsealed":
        session.seal()
    if request.param == "both":
        session.insert_many("hall", [])
        session.insert_into({"time": 100, "t": 7}, "loose")
    else:
        session.insert_into({"time": 100, "t": 7}, "loose")
    return session


def test_sensors_are_counted(filled: Session) -> None:
    """Each sensor has its attributes and records counted, and the times of its first and last record."""
    assert [
        {"sensor": "hall", "attributes": 1, "records": 10, "first": 0, "last": 9_000_000},
        {"sensor": "roof", "attributes": 2, "records": 3, "first": 1_000_000, "last": 5_000_000},
    ] == sensors(filled)


def test_attributes_are_counted_over_all_records(filled: Session) -> None:
    """Every attribute has its kind and the number of records that have it, those of no sensor too."""
    assert [
        {"attribute": "door", "kind": "text", "records": 1},
        {"attribute": "t", "kind": "mixed", "records": 12},
    ] == attributes(filled)


def test_attributes_of_a_sensor_are_its_own(filled: Session) -> None:
    """A sensor's attributes have the kind of its own values."""
    assert [{"attribute": "t", "kind": "number", "records": 10}] == attributes(filled, ["hall"])
    with pytest.raises(UnknownSensor):
        attributes(filled, ["cellar"])
    with pytest.raises(UnknownSensor):
        attributes(filled, [""])


def test_declarations_are_listed(filled: Session) -> None:
    """Declared attributes are listed without values too, with what is declared of them."""
    filled.declare("h", kind="text", title="Humidity")
    filled.declare("door", unit="bool")
    assert [
        {"attribute": "door", "kind": "text", "records": 1, "unit": "bool"},
        {"attribute": "h", "kind": "text", "records": 0, "title": "Humidity"},
    ] == attributes(filled)[:2]
    assert {"attribute": "h", "kind": "text", "records": 0, "unit": None, "title": "Humidity"} == declared(filled, "h")
    with pytest.raises(UnknownAttribute):
        declared(filled, "x")


def test_values_are_counted(filled: Session) -> None:
    """Distinct values come as numbers ascending, then texts, each with the records that have it."""
    counted = [(0.0, 4), (1.0, 3), (2.0, 3), (7.0, 1), ("off", 1)]
    assert counted == [(row["value"], row["records"]) for row in values(filled, "t")]
    assert counted[:2] == [(row["value"], row["records"]) for row in values(filled, "t", limit=2)]
    assert [{"value": "off", "records": 1}] == values(filled, "t", ["roof", "roof"])
    assert [] == values(filled, "door", ["hall"])
    with pytest.raises(UnknownAttribute):
        values(filled, "x")
    with pytest.raises(UnknownSensor):
        values(filled, "t", ["cellar"])


def test_values_are_bounded(filled: Session) -> None:
    """More distinct values than an answer may have are refused, but for a limit below; so are too many at once."""
    filled.settings = Settings(max_points=2)
    assert 2 == len(values(filled, "t", limit=2))
    with pytest.raises(LimitError):
        values(filled, "t")
    filled.settings = Settings(max_values=2)
    with pytest.raises(LimitError):
        values(filled, "t")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, [(0.0, 4), (1.0, 3), (2.0, 3), (7.0, 1), ("off", 1)]),
        ([], [(0.0, 4), (1.0, 3), (2.0, 3), (7.0, 1), ("off", 1)]),
        ([{"key": "t", "operator": ">", "value": "1"}], [(2.0, 3), (7.0, 1), ("off", 1)]),
        ([["t", "!=", 0], ["t", "!=", 7]], [(1.0, 3), (2.0, 3), ("off", 1)]),
        ("sensor = 'roof'", [("off", 1)]),
        ([{"key": "sensor", "operator": "=|", "values": ["hall", "cellar"]}], [(0.0, 4), (1.0, 3), (2.0, 3)]),
        ("time < 4", [(0.0, 2), (1.0, 1), (2.0, 1)]),
        ("time >= 5 AND sensor =~ 'h.*'", [(0.0, 2), (1.0, 1), (2.0, 2)]),
        ("time > 5 AND time < 4", []),
        ("door EXISTS", []),
    ],
)
def test_filters_leave_the_values_of_records_that_meet_them(
    filters: object, expected: list[tuple[object, int]], filled: Session
) -> None:
    """Values are counted over the records that meet all filters, on attributes, the sensor and the time."""
    assert expected == [(row["value"], row["records"]) for row in values(filled, "t", filters=filters)]


def test_filters_leave_what_sensors_and_limits_leave(filled: Session) -> None:
    """Filters, sensors and the limit narrow what is listed together."""
    assert [{"value": 2.0, "records": 3}] == values(filled, "t", ["hall", "roof"], limit=1, filters="t > 1")
    assert [] == values(filled, "t", ["roof"], filters="t < 1")


def test_a_wrong_filter_is_named(filled: Session) -> None:
    """A filter that can't be read, or is on what nobody has, is an error that says so."""
    with pytest.raises(BadRequest, match=r"^filters\[0\]: unknown operator"):
        values(filled, "t", filters=[["t", "~", 1]])
    with pytest.raises(BadRequest, match=r"^filters: 5 where conditions should be"):
        values(filled, "t", filters=5)
    with pytest.raises(UnknownAttribute, match="unknown attribute 'tt'"):
        values(filled, "t", filters="tt > 5")


def test_nothing_is_an_empty_list(session: Session) -> None:
    """A user without records has no sensors and no attributes."""
    assert ([], []) == (sensors(session), attributes(session))


def test_sensors_of_a_range_are_those_with_a_record_in_it(filled: Session) -> None:
    """A sensor is listed, whole, where it has a record in the half-open range, not where its records lie around that."""
    second = 1_000_000
    for low, high, expected in [
        (0, second, ["hall"]),
        (3 * second, 3 * second + 1, ["hall"]),
        (second, 2 * second, ["hall", "roof"]),
        (2 * second + 1, 3 * second, []),
        (5 * second, 6 * second, ["hall", "roof"]),
        (9 * second + 1, 200 * second, []),
        (second, second, []),
    ]:
        assert expected == [row["sensor"] for row in sensors(filled, low, high)], (low, high)
    assert sensors(filled) == sensors(filled, second, 6 * second)
    with pytest.raises(RangeError):
        sensors(filled, 1, 0)


def test_attributes_of_several_sensors_and_of_a_kind(filled: Session) -> None:
    """Attributes of several sensors are counted together; a kind leaves those that hold any of it."""
    both = [
        {"attribute": "door", "kind": "text", "records": 1},
        {"attribute": "t", "kind": "mixed", "records": 11},
    ]
    assert both == attributes(filled, ["roof", "hall", "roof"])
    assert both[1:] == attributes(filled, ["roof", "hall"], "number")
    assert both == attributes(filled, ["roof", "hall"], "text")
    assert [] == attributes(filled, ["hall"], "text")
