"""The options of a dashboard's variables, and of the fields of a query builder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import BadRequest, LimitError, UnknownAttribute, UnknownScan, UnknownSensor
from grafana_sensor.query.aggregates import canonical
from grafana_sensor.query.variables import parse_variable
from grafana_sensor.service.answers import Question, rows
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.session import Session
from grafana_sensor.service.variables import FEW, Option, attributes, conditions, options, sensors, values
from grafana_sensor.settings import Settings
from tests.service.fakes import MicroClock


def empty() -> Session:
    """A session of a user who has nothing."""
    clock = MicroClock()
    return Session("alice", ChunkedStore(MemoryStore()), settings=Settings(), ids=BatchIds(clock), clock=clock)


@pytest.fixture
def filled() -> Session:
    """Two sensors, records without one, and declarations."""
    found = empty()
    found.insert_many("roof (north)", [{"t": 5, "state": "on"}, {"t": -1.5, "state": "off"}, {"t": 1e22}])
    found.insert_many("hall", [{"t": 5, "door": "it's open", "m": 10}, {"t": 0.5, "m": "hot"}, {"m": 9}])
    found.insert_into({"pressure": 1013, "state": "lost"}, "loose")
    found.declare("t", title="Temperature")
    found.declare("humidity", kind="number", unit="percent")
    return found


def listed(source: Session, text: str) -> list[str]:
    """The values that a variable of this text lists."""
    return [option.value for option in options(source, parse_variable(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sensors", ["hall", "roof (north)"]),
        ("sensors(t)", ["hall", "roof (north)"]),
        ("sensors(state)", ["roof (north)"]),
        ("sensors({state,door})", ["hall", "roof (north)"]),
        ("sensors(pressure)", []),
        ("sensors(humidity)", []),
        ("attributes", ["door", "humidity", "m", "pressure", "state", "t"]),
        ("numbers", ["humidity", "m", "pressure", "t"]),
        ("numbers(hall)", ["m", "t"]),
        ('numbers("hall","roof (north)")', ["m", "t"]),
        ("texts", ["door", "m", "state"]),
        ("texts((hall|roof \\(north\\)))", ["door", "m", "state"]),
        ("texts(roof (north))", ["state"]),
        ("attributes(hall)", ["door", "m", "t"]),
        ("attributes(roof (north))", ["state", "t"]),
        (r"attributes(roof \(north\))", ["state", "t"]),
        (r"attributes((hall|roof \(north\)))", ["door", "m", "state", "t"]),
        ("attributes({hall,roof (north)})", ["door", "m", "state", "t"]),
        ("attributes(*)", ["door", "m", "state", "t"]),
        ("values(state)", ["lost", "off", "on"]),
        ("values(t)", ["-1.5", "0.5", "5", "1e22"]),
        ("values(m)", ["9", "10", "hot"]),
        ("values(t, hall)", ["0.5", "5"]),
        ("values(t, hall,roof (north))", ["-1.5", "0.5", "5", "1e22"]),
        ("values(state, .*)", ["off", "on"]),
        ("values(state, hall)", []),
        ("values((m|state), {hall,roof (north)})", ["9", "10", "hot", "off", "on"]),
        ("values({t,m}, hall)", ["0.5", "5", "9", "10", "hot"]),
        ("values(humidity)", []),
        ("scans", []),
    ],
)
def test_a_variable_lists_what_it_says(text: str, expected: list[str], filled: Session) -> None:
    """A variable lists raw names in code point order, of all or of what is named, and values numbers first."""
    assert expected == listed(filled, text)


def test_titles_go_with_attributes(filled: Session) -> None:
    """An attribute's option has the title that is declared of it, of a sensor's attributes too; others have none."""
    assert [("hall", None)] == [(option.value, option.title) for option in sensors(filled, "door")]
    assert [Option("door"), Option("m"), Option("t", "Temperature")] == attributes(filled, "hall")
    assert Option("t", "Temperature") == attributes(filled)[-1]


def test_aggregates_are_those_that_a_query_takes(filled: Session) -> None:
    """Every aggregate that is offered is one of the grammar's, under its own name, percentiles among them."""
    offered = listed(filled, "aggregates")
    assert offered == [canonical(name) for name in offered]
    assert {"CNT", "AVG", "MAX", "MIN", "SUM", "FIRST", "LAST", "STDDEV", "P50", "P95", "P99"} == set(offered)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("sensors(x)", UnknownAttribute, "unknown attribute 'x'"),
        ("sensors((t|tt))", UnknownAttribute, "unknown attribute 'tt' .did you mean 't'"),
        ("attributes(cellar)", UnknownSensor, "unknown sensor 'cellar'"),
        ("attributes($sensor)", BadRequest, "sensor: '.sensor' was left unexpanded"),
        ("values", BadRequest, "values of which attribute.*values.attribute, sensor."),
        ("values()", BadRequest, "values of which attribute"),
        ("values(, hall)", BadRequest, "values of which attribute"),
        ("values(x)", UnknownAttribute, "unknown attribute 'x'"),
        ("values($t)", BadRequest, "attribute: '.t' was left unexpanded"),
        ("values(t, cellar)", UnknownSensor, "unknown sensor 'cellar'"),
        ("values(t, )", BadRequest, "sensor: expected a sensor"),
        ("streams", BadRequest, "streams of which scan"),
        ("streams(12)", UnknownScan, "unknown scan '12'"),
    ],
)
def test_a_wrong_argument_is_named(text: str, kind: type[BadRequest], words: str, filled: Session) -> None:
    """An argument that is missing, unknown or unexpanded is an error that names it."""
    with pytest.raises(kind, match=words):
        listed(filled, text)


@pytest.mark.parametrize("wrong", [5, [], [5], {"a": 1}, True])
def test_an_argument_of_another_type_is_named(wrong: object, filled: Session) -> None:
    """Arguments that are no names are bad requests that say which they are."""
    with pytest.raises(BadRequest, match=r"^attribute: "):
        sensors(filled, wrong)
    with pytest.raises(BadRequest, match=r"^sensor: "):
        attributes(filled, wrong)
    with pytest.raises(BadRequest, match=r"^sensor: "):
        values(filled, "t", wrong)


def test_values_are_of_the_records_that_meet_the_filters(filled: Session) -> None:
    """Filters leave the values of the records that meet all of them, on other attributes and on the sensor."""
    filters = [{"key": "t", "operator": "=", "value": "5"}]
    assert ["on"] == values(filled, "state", filters=filters)
    assert ["it's open"] == values(filled, "door", filters=filters)
    assert ["off", "on"] == values(filled, "state", filters="sensor =~ 'roof.*'")
    assert [] == values(filled, "state", ["hall"], filters="t = 5")
    with pytest.raises(BadRequest, match=r"^filters\[0\]: "):
        values(filled, "state", filters=[5])


def test_a_name_that_the_user_has_is_taken_as_it_is() -> None:
    """A sensor or attribute is found by its own name, whatever separators and brackets it has."""
    source = empty()
    source.insert_many("a,b", [{"{x,y}": 1}])
    source.insert_many("*", [{"(u|v)": "w"}])
    assert ["a,b"] == [option.value for option in sensors(source, "{x,y}")]
    assert ["{x,y}"] == listed(source, "attributes(a,b)")
    assert ["(u|v)"] == listed(source, "attributes(*)")
    assert ["w"] == values(source, "(u|v)", "*")


def test_what_nobody_has_is_an_empty_list() -> None:
    """A user without records has no sensors, no attributes and no conditions to choose from."""
    source = empty()
    assert ([], [], []) == (sensors(source), attributes(source), conditions(source))


def test_conditions_are_offered_of_texts(filled: Session) -> None:
    """Each attribute may be asked for at all, and where it holds texts each of its values may be."""
    assert [
        "door = 'it\\'s open'",
        "door EXISTS",
        "humidity EXISTS",
        "m = '9'",
        "m = '10'",
        "m = 'hot'",
        "m EXISTS",
        "pressure EXISTS",
        "state = 'lost'",
        "state = 'off'",
        "state = 'on'",
        "state EXISTS",
        "t EXISTS",
    ] == [option.value for option in conditions(filled)]


def test_conditions_are_of_the_sensors_that_matter(filled: Session) -> None:
    """Conditions are of the sensors that have the attribute, else of all."""
    of_roof = ["state = 'off'", "state = 'on'", "state EXISTS", "t EXISTS"]
    assert of_roof == [option.value for option in conditions(filled, "state")]
    assert conditions(filled) == conditions(filled, "humidity")


@pytest.mark.parametrize(("count", "offered"), [(FEW, FEW + 1), (FEW + 1, 1)])
def test_many_values_are_not_offered(count: int, offered: int) -> None:
    """Beyond a number of values that can be chosen from, none of them is offered."""
    source = empty()
    source.insert_many("hall", [{"s": f"text {place}"} for place in range(count)])
    assert offered == len(conditions(source))


STORED = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = st.text(STORED, min_size=1, max_size=6) | st.sampled_from(["from", 'a "b"', "a\\b", "*"])
TEXTS = st.text(STORED, max_size=6) | st.sampled_from(["it's", "\\", "\\'", "by sensor", "$"])


def test_values_beyond_a_limit_are_not_offered() -> None:
    """An attribute of more texts than an answer may have has no values to choose from, and spoils no other's."""
    source = empty()
    source.insert_many("hall", [{"s": f"text {place}", "few": "on"} for place in range(30)])
    source.settings = Settings(max_values=20)
    assert ["few = 'on'", "few EXISTS", "s EXISTS"] == [option.value for option in conditions(source)]


def test_a_number_and_a_text_that_read_alike_are_one_value() -> None:
    """A value that is a number here and a text there is offered once."""
    source = empty()
    source.declare("v", kind="text")
    source.insert_into_sensor("hall", {"v": "5", "t": 5})
    assert ["5"] == values(source, ["v", "t"])


def test_sensors_that_have_a_record_which_meets_filters(filled: Session) -> None:
    """With filters only those sensors are listed that have a record which meets them all."""
    filters = [{"key": "state", "operator": "=", "value": "off"}]
    expected = [
        name for name in filled.get_sensors() if filled.query_per_sensor(name, "CNT(*)", [["state", "=", "off"]])
    ]
    assert expected
    assert expected == [option.value for option in sensors(filled, filters=filters)]
    with pytest.raises(UnknownAttribute):
        sensors(empty(), filters=filters)


@given(st.dictionaries(NAMES, TEXTS))
def test_every_condition_that_is_offered_can_be_asked(record: dict[str, str]) -> None:
    """Whatever names and texts there are, each condition that is offered finds the record that it was offered of."""
    source = empty()
    source.insert_into_sensor("hall", record)
    for option in conditions(source):
        table = rows(source, Question("CNT(*)", where=[option.value]))
        assert (option, 1) == (option, table.columns[0].values[0])


def test_values_are_bounded(filled: Session) -> None:
    """More values than an answer may have are refused."""
    filled.settings = Settings(max_points=2)
    with pytest.raises(LimitError):
        values(filled, "t")
