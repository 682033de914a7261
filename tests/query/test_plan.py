from __future__ import annotations

import pytest

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    Error,
    ProjectionError,
    RangeError,
    UnknownAttribute,
    UnknownSensor,
)
from grafana_sensor.domain.plans import Every, Name, Projection, Query
from grafana_sensor.query.plan import Ask, Plan, resolve

SECOND = 1_000_000

CATALOG = Catalog(
    {
        "hall": {"temperature": NUMBER, "state": TEXT},
        "cellar": {"temperature": NUMBER, "humidity": NUMBER | TEXT},
        "": {"temperature": NUMBER},
        "bare": {},
    },
    {"serial": Declaration(kind="text"), "level": Declaration(kind="number")},
)
AVG = Projection("temperature", "AVG", text="AVG(temperature)", position=7)
RAW = Projection("temperature", text="temperature", position=7)


def plan(
    *projections: Projection,
    sensors: tuple[str, ...] | None = None,
    conditions: tuple[Condition, ...] = (),
    by_sensor: bool = False,
    every: Every | None = None,
) -> Plan:
    """The plan of a query over [0, 100) seconds, asked at 90 s."""
    names = None if sensors is None else tuple(Name(text, 20) for text in sensors)
    query = Query(projections, names, conditions, by_sensor, every)
    return resolve(CATALOG, Ask(query, 0, 100 * SECOND, 90 * SECOND))


def refusal(kind: type[Error], *projections: Projection, **parts: object) -> Error:
    """The error of that kind that the query meets."""
    with pytest.raises(kind) as caught:
        plan(*projections, **parts)  # type: ignore[arg-type]
    assert kind is type(caught.value)
    return caught.value


def test_without_from_all_sensors_are_asked() -> None:
    """All sensors, that of the records without one too, come in code point order."""
    asked = plan(AVG)
    assert ("", "bare", "cellar", "hall") == asked.sensors
    assert not asked.apart


def test_from_asks_each_sensor_once() -> None:
    """The sensors of FROM come once each, by name, and answer for themselves."""
    asked = plan(AVG, sensors=("hall", "cellar", "hall"))
    assert ("cellar", "hall") == asked.sensors
    assert asked.apart


def test_by_sensor_and_raw_stand_apart() -> None:
    """BY sensor lets each sensor answer for itself, and so does a raw projection."""
    assert plan(AVG, by_sensor=True).apart
    assert plan(RAW).apart


def test_an_unknown_sensor_is_named_with_its_place_and_a_near_one() -> None:
    """A sensor in FROM that the user lacks is an error with position and suggestion."""
    error = refusal(UnknownSensor, AVG, sensors=("hall", "celar"))
    assert ("unknown sensor 'celar' (did you mean 'cellar'?)", 20) == (error.message, error.position)


def test_records_without_a_sensor_can_not_be_named() -> None:
    """FROM "" names no sensor, although there are records that have none."""
    refusal(UnknownSensor, AVG, sensors=("",))


@pytest.mark.parametrize("aggregate", [None, "AVG"])
def test_an_unknown_attribute_is_named_with_its_place_and_a_near_one(aggregate: str | None) -> None:
    """An attribute that no sensor of the user has is an error with position and suggestion."""
    error = refusal(UnknownAttribute, Projection("tempertaure", aggregate, position=4))
    assert ("unknown attribute 'tempertaure' (did you mean 'temperature'?)", 4) == (error.message, error.position)


def test_an_unknown_attribute_in_a_condition_is_an_error() -> None:
    """Conditions name attributes of the user, too."""
    error = refusal(UnknownAttribute, AVG, conditions=(Condition("stat", "=", ("on",), 33),))
    assert ("unknown attribute 'stat' (did you mean 'state'?)", 33) == (error.message, error.position)


def test_a_declared_attribute_is_known() -> None:
    """An attribute without a value is no error once it is declared; its kind is the declared one."""
    asked = plan(Projection("serial"), Projection("level"))
    assert (True, False) == (asked.only_texts("serial"), asked.only_texts("level"))


def test_an_attribute_of_another_sensor_is_no_error() -> None:
    """FROM a sensor that lacks the attribute is a plan in which it has none."""
    assert [] == plan(Projection("state"), sensors=("cellar",)).attributes("cellar")


def test_raw_and_aggregates_do_not_mix() -> None:
    """A raw projection beside an aggregate is refused at the first that differs."""
    error = refusal(ProjectionError, RAW, Projection("humidity", "MAX", text="MAX(humidity)", position=20))
    assert "raw and aggregate projections don't mix: temperature and MAX(humidity)" == error.message
    assert 20 == error.position


def test_something_must_be_projected() -> None:
    """A query of no projection is refused."""
    refusal(ProjectionError)


def test_only_cnt_takes_everything() -> None:
    """CNT(*) is planned, AVG(*) refused."""
    assert ["*"] == plan(Projection("*", "CNT")).attributes("bare")
    refusal(ProjectionError, Projection("*", "AVG"))


def test_everything_is_the_attributes_of_the_sensors_asked() -> None:
    """A raw * becomes their attributes in code point order, between what stands around it."""
    asked = plan(RAW, Projection("*"), sensors=("hall",))
    assert ["temperature", "state", "temperature"] == [p.attribute for p in asked.projections]
    every = plan(Projection("*"))
    assert ["humidity", "state", "temperature"] == [p.attribute for p in every.projections]


def test_kinds_are_those_of_all_the_users_data() -> None:
    """An attribute is mixed, or holds only texts, by all sensors' values."""
    asked = plan(AVG, sensors=("hall",))
    assert (True, False) == (asked.mixed("humidity"), asked.mixed("temperature"))
    assert (True, False) == (asked.only_texts("state"), asked.only_texts("humidity"))


def test_every_on_raw_says_which_aggregate_would_do() -> None:
    """EVERY on a raw projection is refused with an aggregate that fits the attribute's kind."""
    assert "AVG(temperature) would do" in refusal(ProjectionError, RAW, every=SECOND).message
    assert "LAST(state) would do" in refusal(ProjectionError, Projection("state"), every="auto").message
    assert "CNT(*)" in refusal(ProjectionError, Projection("*"), every="all").message


def test_the_asks_every_wins() -> None:
    """A width given beside the text replaces the text's."""
    query = Query((AVG,), every=SECOND)
    assert 5 == resolve(CATALOG, Ask(query, 0, 9, 9, every=5)).every
    assert SECOND == resolve(CATALOG, Ask(query, 0, 9, 9)).every


def test_a_reversed_range_is_an_error_and_an_empty_one_is_not() -> None:
    """from after to is a RangeError that names both; from equal to to is a plan in which nobody answers."""
    with pytest.raises(RangeError, match=r"1970-01-01T00:00:01Z .* 1970-01-01T00:00:00Z"):
        resolve(CATALOG, Ask(Query((AVG,)), SECOND, 0, 0))
    assert not resolve(CATALOG, Ask(Query((AVG,)), SECOND, SECOND, 0)).answers("hall")


def test_max_points_is_at_least_one() -> None:
    """A picture of no points is refused."""
    with pytest.raises(BadRequest, match="max_points"):
        resolve(CATALOG, Ask(Query((AVG,)), 0, 1, 0, max_points=0))


@pytest.mark.parametrize(
    ("operator", "low", "high"),
    [
        ("=", 50 * SECOND, 50 * SECOND + 1),
        ("<", 0, 50 * SECOND),
        ("<=", 0, 50 * SECOND + 1),
        (">", 50 * SECOND + 1, 100 * SECOND),
        (">=", 50 * SECOND, 100 * SECOND),
    ],
)
def test_comparisons_of_time_narrow_the_range(operator: str, low: int, high: int) -> None:
    """A comparison of time bounds what is read; the range asked stays as it is."""
    asked = plan(AVG, conditions=(Condition("time", operator, ("50",)),))
    assert (low, high, ()) == (asked.low, asked.high, asked.conditions)
    assert (0, 100 * SECOND) == (asked.start, asked.end)


@pytest.mark.parametrize(("operator", "value"), [("<", "500"), ("<=", "500"), (">", "-500"), (">=", "-500")])
def test_a_condition_on_time_never_widens_the_range(operator: str, value: str) -> None:
    """A bound that lies outside of the range changes nothing."""
    asked = plan(AVG, conditions=(Condition("time", operator, (value,)),))
    assert (0, 100 * SECOND) == (asked.low, asked.high)


@pytest.mark.parametrize("value", ["500", "-500", "20"])
def test_one_time_is_met_within_the_other_bounds_only(value: str) -> None:
    """`time =` a moment outside of the range, or of another bound, leaves nothing."""
    conditions = (Condition("time", "<", ("10",)), Condition("time", "=", (value,)))
    assert not plan(AVG, conditions=conditions).answers("hall")


def test_times_that_exclude_each_other_leave_nothing() -> None:
    """Bounds that contradict are no error: nobody answers."""
    conditions = (Condition("time", "<", ("10",)), Condition("time", ">", ("20",)))
    assert not plan(AVG, conditions=conditions).answers("hall")


@pytest.mark.parametrize(("operator", "values"), [("!=", ("50",)), ("IN", ("50", "now-1m"))])
def test_other_conditions_on_time_go_to_the_store(operator: str, values: tuple[str, ...]) -> None:
    """!= and IN become conditions in µs, relative times resolved by `now`."""
    (condition,) = plan(AVG, conditions=(Condition("time", operator, values),)).conditions
    assert ("50000000", "30000000")[: len(values)] == condition.values


def test_time_exists_always() -> None:
    """EXISTS on time asks nothing."""
    assert () == plan(AVG, conditions=(Condition("time", "EXISTS"),)).conditions


@pytest.mark.parametrize("operator", ["=~", "!~"])
def test_time_meets_no_pattern(operator: str) -> None:
    """A pattern on time is a ConditionError at its place."""
    assert 12 == refusal(ConditionError, AVG, conditions=(Condition("time", operator, ("20.*",), 12),)).position


def test_what_is_no_time_is_named_with_its_place() -> None:
    """A value that is no time is a RangeError at the condition's place."""
    error = refusal(RangeError, AVG, conditions=(Condition("time", ">", ("soon",), 12),))
    assert 12 == error.position
    assert "soon" in error.message


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("=", ("hall",), ["hall"]),
        ("!=", ("hall",), ["bare", "cellar"]),
        ("=~", (".*l.*",), ["cellar", "hall"]),
        ("IN", ("hall", "attic"), ["hall"]),
        ("EXISTS", (), ["bare", "cellar", "hall"]),
        ("<", ("d",), ["bare", "cellar"]),
    ],
)
def test_conditions_on_sensor_decide_by_its_name(operator: str, values: tuple[str, ...], expected: list[str]) -> None:
    """A sensor answers where its name meets them; records without a sensor meet none, != included."""
    asked = plan(Projection("*", "CNT"), conditions=(Condition("sensor", operator, values),))
    assert expected == [sensor for sensor in asked.sensors if asked.answers(sensor)]


def test_a_sensor_that_lacks_a_conditions_attribute_does_not_answer() -> None:
    """A condition on an attribute that a sensor lacks is false for all its records."""
    asked = plan(AVG, conditions=(Condition("state", "!=", ("on",)),))
    assert ["hall"] == [sensor for sensor in asked.sensors if asked.answers(sensor)]
