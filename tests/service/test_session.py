from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    DeclarationError,
    LimitError,
    ProjectionError,
    RangeError,
    RecordError,
    RejectedRecords,
    UnknownAttribute,
    UnknownSensor,
    Unprocessable,
)
from grafana_sensor.service.database import Database
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import CountedKeyspaces, MicroClock


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.fixture
def filled(session: Session) -> Session:
    """Two sensors and a record of none."""
    session.insert_many(
        "hall",
        [
            {"time": "2026-01-01", "t": 20, "door": "open"},
            {"time": "2026-01-02", "t": 22},
            {"time": "2026-01-04", "door": "closed"},
        ],
    )
    session.insert_into_sensor("roof", {"time": "2026-01-03", "t": -5})
    session.insert_into({"time": "2026-01-05", "t": 100}, "loose")
    return session


def test_raw_rows_have_time_sensor_and_every_attribute(filled: Session) -> None:
    """Rows come in the order of time, of the records that have a projected attribute; None is what one lacks."""
    assert [
        {"time": day(1), "sensor": "hall", "t": 20.0, "door": "open"},
        {"time": day(2), "sensor": "hall", "t": 22.0, "door": None},
        {"time": day(4), "sensor": "hall", "t": None, "door": "closed"},
    ] == filled.query_per_sensor("hall", ["t", "door"])
    rows: Any = filled.query_per_sensor("hall", ["door"])
    assert [day(1), day(4)] == [row["time"] for row in rows]


def test_a_query_per_user_sees_all_records(filled: Session) -> None:
    """All sensors answer, and the records that have none."""
    rows: Any = filled.query_per_user(["t"])
    assert [("hall", 20.0), ("hall", 22.0), ("roof", -5.0), ("", 100.0)] == [(row["sensor"], row["t"]) for row in rows]


def test_one_aggregate_is_a_scalar_and_several_a_dict(filled: Session) -> None:
    """One aggregate is its value; several are keyed by the projections as they were given."""
    assert 34.25 == filled.query_per_user(["AVG(t)"])
    assert {"max( t )": 22.0, "mean(t)": 21.0, "CNT(*)": 3} == filled.query_per_sensor(
        "hall", ["max( t )", "mean(t)", "CNT(*)"]
    )
    assert {"MIN(t)": -5.0, "MAX(t)": 100.0} == filled.query_per_user("MIN(t), MAX(t)")


def test_aggregates_of_nothing(filled: Session) -> None:
    """Of nothing a count is 0, the others are None."""
    assert {"CNT(t)": 0, "SUM(t)": None} == filled.query_per_user(["CNT(t)", "SUM(t)"], [["t", ">", 1000]])
    assert [] == filled.query_per_user(["t"], [["t", ">", 1000]])


def test_a_range_takes_its_start_and_leaves_its_finish(filled: Session) -> None:
    """Start is in, finish is out; without them the whole history answers."""
    assert 22.0 == filled.range_query_per_sensor("hall", ["SUM(t)"], [], "2026-01-02", "2026-01-04")
    assert 20.0 == filled.range_query_per_sensor("hall", ["SUM(t)"], [], None, "2026-01-02")
    assert 4 == filled.range_query_per_user(["CNT(*)"], None, "2026-01-02")
    assert 0 == filled.range_query_per_user(["CNT(*)"], None, "2026-01-02", "2026-01-02")


@pytest.mark.parametrize(
    "start",
    [
        datetime(2026, 1, 2, tzinfo=UTC),
        datetime(2026, 1, 2),  # noqa: DTZ001  # a naive one is UTC
        datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=1))),
        1_767_312_000,
        1_767_312_000_000.0,
        "1767312000",
        "2026-01-02T00:00:00Z",
        "now+1d",
    ],
)
def test_dates_come_in_many_forms(filled: Session, start: Any) -> None:
    """A date is a datetime, an epoch or an ISO text."""
    assert 2 == filled.range_query_per_sensor("hall", ["CNT(*)"], [], start)


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ([["t", "<", "20"]], 1),
        ([["t", "<", 22], ["t", ">=", 20]], 1),
        ([("door", "=", "open")], 1),
        ([["door", "!=", "open"]], 1),
        ([["t", "IN", [20, 22]]], 2),
        ([["sensor", "=", "roof"]], 1),
        ([["time", ">", day(4)]], 1),
        ("t < 20 AND t < 30", 1),
        ([["door", "=", "$door"]], 0),
        ([], 5),
        (None, 5),
    ],
)
def test_conditions_are_anded(filled: Session, conditions: Any, count: int) -> None:
    """A list of three elements each, or a text; an attribute that a record lacks meets nothing."""
    assert count == filled.query_per_user(["CNT(*)"], conditions)


@pytest.mark.parametrize(
    ("projection", "conditions", "error"),
    [
        (["t", "AVG(t)"], [], ProjectionError),
        (["MEDIAN(t)"], [], ProjectionError),
        ([], [], BadRequest),
        (["tt"], [], UnknownAttribute),
        (["t"], [["tt", "<", 5]], UnknownAttribute),
        (["t"], [["t", "~", 5]], ConditionError),
        (["t"], [["t", "<"]], ConditionError),
        (["t"], [5], BadRequest),
        (5, [], BadRequest),
    ],
)
def test_wrong_questions_are_refused(filled: Session, projection: Any, conditions: Any, error: type[Exception]) -> None:
    """What is wrong in a question is an error of its own kind."""
    with pytest.raises(error):
        filled.query_per_user(projection, conditions)


def test_wrong_sensors_and_ranges_are_refused(filled: Session) -> None:
    """An unknown sensor, a reversed range and what is no time are errors; near names are suggested."""
    with pytest.raises(UnknownSensor, match="did you mean 'hall'"):
        filled.query_per_sensor("hal", ["t"])
    for sensor in ("", "loose"):
        with pytest.raises(BadRequest):
            filled.query_per_sensor(sensor, ["t"])
    with pytest.raises(RangeError, match="reversed"):
        filled.range_query_per_user(["t"], [], "2026-01-02", "2026-01-01")
    with pytest.raises(RangeError, match="'soon' is no time"):
        filled.range_query_per_user(["t"], [], "soon")


@pytest.mark.parametrize("name", ["a b", "AVG(t)", "x,y", "FROM", "p(1)", '"', "$a"])
def test_any_name_can_be_asked(session: Session, name: str) -> None:
    """Whatever characters the names of sensor and attribute have, they are stored and asked by those."""
    session.insert_into_sensor(name, {"time": "2026-01-01", name: 1})
    expected = [{"time": day(1), "sensor": name, name: 1.0}]
    assert expected == session.query_per_sensor(name, [name])
    assert [1.0] == session.get_all_values_on(name)
    assert expected == session.query(name)


def test_mixed_values_stand_in_one_column(session: Session) -> None:
    """In the library's rows an attribute is one column, numbers and texts as they are."""
    session.insert_many("hall", [{"time": "2026-01-01", "t": 1}, {"time": "2026-01-02", "t": "off"}])
    rows: Any = session.query_per_user(["t"])
    assert [1.0, "off"] == [row["t"] for row in rows]


def test_a_query_text_gives_the_rows_of_rest(filled: Session) -> None:
    """Rows have the columns that REST gives, times as datetimes, over the range or the whole history."""
    assert [{"avg_t": 34.25, "cnt": 5}] == filled.query("AVG(t), CNT(*)")
    assert [{"time": day(3), "sensor": "roof", "t": -5.0}] == filled.query("t FROM roof")
    rows = filled.query("CNT(t) EVERY 1d", "2026-01-02", "2026-01-04")
    assert [{"time": day(2), "cnt_t": 1}, {"time": day(3), "cnt_t": 1}] == rows
    with pytest.raises(BadRequest) as caught:
        filled.query("t FRM roof")
    assert 2 == caught.value.position


def test_sub_query_gives_the_pks_that_meet(filled: Session) -> None:
    """Of the pks given, those whose records meet the condition, be they generated or the caller's."""
    pks = filled.insert_many("cellar", [{"t": 1}, {"t": 2}, {"t": 3}])
    assert {pks[1], "loose"} == filled.sub_query([pks[0], pks[1], "loose", "unknown"], "t", ">", 1)
    assert {pks[0], pks[1]} == filled.sub_query(pks, "t", "IN", ["1", 2])
    assert set(pks) == filled.sub_query(pks, "sensor", "=", "cellar")
    assert {"loose"} == filled.sub_query([*pks, "loose"], "time", ">", "2026-01-04")
    assert set() == filled.sub_query([], "t", ">", 1)
    with pytest.raises(UnknownAttribute):
        filled.sub_query(pks, "tt", ">", 1)


def test_sub_query_sees_sealed_records(filled: Session) -> None:
    """Pks are the same before and after sealing."""
    pks = filled.insert_many("cellar", [{"t": 1}, {"t": 2}])
    before = filled.sub_query(pks, "t", "<", 2)
    filled.seal()
    assert [pks[0]] == list(before) == list(filled.sub_query(pks, "t", "<", 2))


def test_the_lists_have_the_seeds_shapes(filled: Session) -> None:
    """Sensors and attributes are listed as the seed does, in code point order; records of no sensor add no sensor."""
    assert ["hall", "roof"] == filled.get_sensors()
    assert [["alice", "hall", ["door", "t"]], ["alice", "roof", ["t"]]] == filled.get_all_sensors_attributes()
    assert [["alice", "roof", ["t"]]] == filled.get_sensor_attributes("roof")
    assert ["door", "t"] == filled.get_attributes()
    assert [20.0, 22.0, -5.0, 100.0] == filled.get_all_values_on("t")
    with pytest.raises(UnknownSensor):
        filled.get_sensor_attributes("")
    for unknown in ("tt", "*", "AVG(t)"):
        with pytest.raises(UnknownAttribute):
            filled.get_all_values_on(unknown)


def test_results_are_printed(filled: Session, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, mappings and scalars are drawn on the standard output."""
    filled.print_results(filled.query_per_sensor("roof", ["t"]))
    filled.print_results(filled.query_per_user(["AVG(t)", "CNT(*)"]))
    filled.print_results(filled.query_per_user(["AVG(t)"]))
    assert [
        "time                       sensor     t",
        "-------------------------  ------  ----",
        "2026-01-03 00:00:00+00:00  roof    -5.0",
        "AVG(t)  CNT(*)",
        "------  ------",
        " 34.25       5",
        "34.25",
    ] == capsys.readouterr().out.splitlines()


def test_a_declared_attribute_is_there(session: Session) -> None:
    """A table is there once its attribute is declared or has values; declaring keeps texts as they are."""
    assert not session.check_table("version")
    session.create_table("version", "alphanumeric")
    assert session.check_table("version")
    session.insert_many("hall", [{"version": "1.10"}, {"version": 7}])
    assert ["1.10", "7"] == session.get_all_values_on("version")
    session.create_table("t", "numeric")
    with pytest.raises(RecordError, match="declared numeric"):
        session.insert_into_sensor("hall", {"t": "on"})


def test_a_declaration_against_the_values_is_refused(filled: Session) -> None:
    """An attribute that holds texts can't be declared numeric."""
    with pytest.raises(DeclarationError, match="holds texts"):
        filled.create_table("door", "numeric")
    with pytest.raises(BadRequest, match="'numeric' or 'alphanumeric'"):
        filled.create_table("t", "number")


def test_declarations_add_up(filled: Session) -> None:
    """What is declared later adds to what was; the whole attribute is returned with its count."""
    filled.declare("t", unit="celsius")
    assert {"attribute": "t", "kind": "number", "records": 4, "unit": "celsius", "title": "Air"} == filled.declare(
        "t", kind="number", title="Air"
    )


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"attribute": ""}, "attribute's name"),
        ({"attribute": "x" * 256}, "attribute's name"),
        ({"attribute": "time"}, "'time' is no attribute"),
        ({"attribute": "sensor"}, "'sensor' is no attribute"),
        ({"attribute": "*"}, "'*' is no attribute"),
        ({"kind": "numeric"}, "'number' or 'text'"),
        ({"unit": "x" * 256}, "unit"),
        ({"unit": "a\0"}, "unit"),
        ({"title": 5}, "title"),
    ],
)
def test_what_cannot_be_declared_is_refused(session: Session, said: dict[str, Any], what: str) -> None:
    """Bad names, kinds, units and titles are refused, and nothing is declared."""
    with pytest.raises(Unprocessable, match=what):
        session.declare(**{"attribute": "t", **said})
    assert {} == session.store.catalog().declarations


def test_inserts_are_all_or_none(session: Session) -> None:
    """A bad record among many refuses all of them; alone it is an error without an index."""
    with pytest.raises(RejectedRecords, match="record 1: "):
        session.insert_many("hall", [{"t": 1}, 5])
    with pytest.raises(RecordError, match=r"^a record is a JSON object"):
        session.insert_into_sensor("hall", 5)
    assert [] == session.get_sensors()
    assert [] == session.insert_many("hall", [])


def test_pks_name_their_records_in_order(session: Session) -> None:
    """The pks of many are in the order of the records."""
    pks = session.insert_many("hall", [{"t": place} for place in range(12)])
    assert pks == sorted(pks)
    assert [{pk} for pk in pks] == [session.sub_query(pks, "t", "=", place) for place in range(12)]


def test_sealing_changes_no_answer(filled: Session) -> None:
    """After a seal nothing is unsealed, every answer is as before, and the check is clean."""
    before = filled.query_per_user("*")
    assert 5 == filled.seal().records
    assert (0, 0) == (len(filled.store.backlog()), filled.seal().records)
    assert before == filled.query_per_user("*")
    assert [] == filled.check()


def test_limits_hold_in_the_library_too(keyspaces: CountedKeyspaces, micros: MicroClock) -> None:
    """Rows beyond the limit, and more records than a post may have, are refused with the limit."""
    database = Database(keyspaces, Settings(max_points=2, max_records=3), micros)
    with database.session_login("alice", "secret") as session:
        session.insert_many("hall", [{"t": 1}] * 3)
        with pytest.raises(LimitError, match="2 rows"):
            session.query_per_user(["t"])
        with pytest.raises(LimitError, match="limit of 3"):
            session.insert_many("hall", [{"t": 1}] * 4)


def test_a_session_closes_its_store_once(session: Session) -> None:
    """Leaving the context closes the store; closing again is harmless."""
    closed: list[int] = []
    session.leases._close = lambda: closed.append(1)
    with session:
        pass
    session.close()
    assert [1] == closed
