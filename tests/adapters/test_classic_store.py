"""What only the classic layout has: the seed's tables, a table for each attribute, and crashes between two statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cassandra
import numpy as np
import pytest

from grafana_sensor import connect
from grafana_sensor.adapters.cassandra.connections import Connection
from grafana_sensor.adapters.classic import ClassicStore, tables
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import LimitError
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.plans import BEGINNING, FOREVER, Request
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.ingest import Incoming, ingest
from grafana_sensor.service.session import Session
from tests.contract.blobs import together
from tests.contract.stores import PASSWORD, ClassicStores
from tests.service.fakes import MicroClock

HOUR = 3_600_000_000


class Crash(Exception):
    """The server dies here."""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[ClassicStores]:
    """Empty keyspaces of a real node."""
    with closing(ClassicStores(tmp_path)) as made:
        yield made


@pytest.fixture
def session(stores: ClassicStores) -> Iterator[Session]:
    """Alice's session."""
    with connect(stores.uri) as database:
        database.register("alice", PASSWORD)
        with database.session_login("alice", PASSWORD) as made:
            yield made


def connection_of(session: Session) -> Connection:
    assert isinstance(session.store, ClassicStore)
    return session.store._connection


def rows(session: Session, query: str) -> set[tuple[Any, ...]]:
    """The rows of a query of the user's own, whose tables are in no keyspace."""
    connection = connection_of(session)
    found = connection.session.execute(query.replace(" FROM ", f" FROM {connection.keyspace}."))
    return {tuple(tuple(value) if isinstance(value, list) else value for value in row) for row in found}


def test_the_tables_are_those_of_the_seed(stores: ClassicStores, session: Session) -> None:
    """Their names, their columns and their keys are the seed's, for an attribute of numbers and for one of texts."""
    session.create_table("temperature", "numeric")
    session.create_table("state", "alphanumeric")
    query = "SELECT table_name, column_name, kind, position FROM system_schema.columns WHERE keyspace_name = %s"
    keys: dict[str, dict[int, str]] = {}
    others: dict[str, set[str]] = {}
    for table, column, kind, place in stores.keyspaces.administrator.session.execute(query, (stores._home("alice"),)):
        if kind == "regular":
            others.setdefault(table, set()).add(column)
        elif kind != "static":
            keys.setdefault(table, {})[place if kind == "partition_key" else place + 1] = column
    found = {table: [columns[place] for place in sorted(columns)] for table, columns in keys.items()}
    assert ["attribute", "timestamp", "pk"] == found["metadata"]
    assert ["attribute", "pk", "timestamp"] == found["metadata_reverse"]
    assert (["user", "sensor_id", "pk"], {"attributes"}) == (found["sensors"], others["sensors"])
    attributes = set(found) - {"metadata", "metadata_reverse", "sensors", "sensor", "key"}
    assert {"temperature", "t__state"} <= attributes  # others may be left from tests before
    assert {("pk", "attribute_value")} == {tuple(found[table]) for table in attributes}


def test_a_record_lies_in_the_tables_as_the_seed_has_it(session: Session) -> None:
    """A record is a row of each table, and one of its two kinds of values; one without attributes is under `*`."""
    pk = session.insert_into_sensor("hall", {"time": "1970-01-01T00:00:01Z", "air": {"t": 21.5}, "state": "on"})
    session.insert_into({"time": "1970-01-01T00:00:02Z"}, "own")
    assert {("hall", pk, ("air_t", "state")), ("", "own", ())} == {
        (sensor, each, tuple(names or ()))
        for sensor, each, names in rows(session, "SELECT sensor_id, pk, attributes FROM sensors")
    }
    assert (
        {("air_t", 10**6, pk), ("state", 10**6, pk), ("*", 2 * 10**6, "own")}
        == rows(session, "SELECT attribute, timestamp, pk FROM metadata")
        == rows(session, "SELECT attribute, timestamp, pk FROM metadata_reverse")
    )
    assert ({(pk, 21.5)}, {(pk, "on")}) == (
        rows(session, "SELECT * FROM air_t"),
        rows(session, "SELECT * FROM t__state"),
    )


def test_any_attribute_has_a_table(session: Session) -> None:
    """Names that no table can have, long ones and words of CQL are stored, asked and told as they are."""
    names = ["select", "Wind Speed", "ä", "sensors", "key", "x" * 255, "x" * 254 + "y", 'a"b', "a.b", "*_2"]
    session.insert_into_sensor("s", {name: place for place, name in enumerate(names)})
    session.insert_into_sensor("s", {names[0]: "text", names[5]: "text"})
    assert sorted(names) == session.get_attributes()
    for place, name in enumerate(names):
        texts = ["text"] if place in (0, 5) else []
        assert [float(place), *texts] == session.get_all_values_on(name)
    assert 2 == session.query_per_user(["CNT(select)"], [])
    assert [] == session.check()


def test_cassandra_refuses_what_is_anothers(stores: ClassicStores, session: Session) -> None:
    """The user's role makes tables in its own keyspace, and can neither make, read nor write any in another's."""
    stores.records("bob").close()
    alice, theirs = connection_of(session).session, stores._home("bob")
    for statement in (
        f"SELECT * FROM {theirs}.sensors",
        f"CREATE TABLE {theirs}.more (a int PRIMARY KEY)",
        f"TRUNCATE {theirs}.metadata",
        f"DROP KEYSPACE {stores._home('alice')}",
        f"CREATE TABLE {stores.prefix}.more (a int PRIMARY KEY)",
        f"SELECT * FROM {stores.prefix}.account",
    ):
        with pytest.raises(cassandra.Unauthorized):
            alice.execute(statement)


def test_servers_that_make_a_table_at_once_make_one(session: Session) -> None:
    """Of several that see an attribute first, at once, all store, and all that they stored is there."""
    together(lambda thread: session.insert_into_sensor("s", {"brand_new": thread, "newer": "x"}), 4)
    assert (4, 6.0) == (session.query_per_user(["CNT(newer)"], []), session.query_per_user(["SUM(brand_new)"], []))


@pytest.mark.parametrize("dies_before", ["values", "records", "answer"])
def test_a_post_that_died_shows_nothing_and_is_finished_by_its_repeat(
    session: Session, monkeypatch: pytest.MonkeyPatch, dies_before: str
) -> None:
    """Wherever it dies before the last batch no record is there; the repeat stores each once, as the first post."""
    post = Incoming([{"t": 1, "u": "x"}, {"t": 2}], sensor="s", key="k", path="p", digest=b"d")
    method = {"values": "run_all", "records": "together", "answer": "conditional"}[dies_before]
    real = getattr(Connection, method)

    def dying(self: Connection, *statements: Any) -> Any:
        text = str(statements[0][0] if dies_before != "values" else "INSERT")
        if dies_before == "answer" and "UPDATE key" not in text:
            return real(self, *statements)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(Connection, method, dying)
        with pytest.raises(Crash):
            session.ingest(post)
    assert (2 if dies_before == "answer" else 0) == session.query_per_user(["CNT(*)"], [])
    finished = session.ingest(post)
    assert (2, True) == (finished.accepted, finished.duplicate)
    assert 2 == session.query_per_user(["CNT(*)"], [])
    assert 3.0 == session.query_per_user(["SUM(t)"], [])
    assert [] == session.check()


def test_a_look_leaves_out_what_its_catalog_does_not_know(session: Session) -> None:
    """A record of a new kind of value that is stored while a look is open isn't in it, not even in halves."""
    session.insert_into_sensor("s", {"t": 1, "u": 1})
    always = Request({}, (), np.array([BEGINNING, FOREVER], np.int64))
    with session.store.reading() as reading:
        reading.catalog()
        session.insert_into_sensor("s", {"t": "text", "u": 2})
        found = list(reading.records("s", ["t", "u"], always, Budget()))
        assert [[1.0]] == [block.columns["u"].values(len(block)) for block in found]
    assert 2 == session.query_per_user(["CNT(u)"], [])


def test_a_look_at_the_backlog_drops_old_keys(session: Session) -> None:
    """Nothing is ever sealed, so what servers look at drops the keys, by the time of the posts and not by its own."""
    clock = MicroClock()
    ids = BatchIds(clock)

    def post(key: str) -> bool:
        incoming = Incoming([{"t": 1}], sensor="s", key=key)
        return ingest(session.store, incoming, limits=Limits(), ids=ids, clock=clock).duplicate

    assert (False, True) == (post("first"), post("first"))
    assert [] == session.store.backlog()
    assert post("first")
    clock.now += 9 * 24 * HOUR
    post("second")
    assert [] == session.store.backlog()
    assert {"k:second"} == {name for (name,) in rows(session, "SELECT name FROM key")}


def test_check_tells_what_is_missing(session: Session) -> None:
    """A value, or a row of metadata, that is gone is told with its record."""
    pk = session.insert_into_sensor("s", {"t": 1, "u": 2})
    connection = connection_of(session)
    for statement in (f"DELETE FROM {connection.keyspace}.t WHERE pk = %s",):
        connection.session.execute(statement, (pk,))
    connection.session.execute(f"DELETE FROM {connection.keyspace}.metadata_reverse WHERE attribute = 'u'")
    faults = session.check()
    assert 2 == len(faults)
    assert "no value of 't'" in faults[0]
    assert "metadata_reverse of 'u' 0 times" in faults[1]
    assert all(repr(pk) in fault for fault in faults)


def test_tables_are_bounded(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post whose attributes would make too many tables is refused, with nothing stored and no table made."""
    monkeypatch.setattr(tables, "MOST", 3)
    session.insert_into_sensor("s", {"a": 1, "b": "x"})
    with pytest.raises(LimitError, match=r"3 at most, and these would be 4.*chunked layout"):
        session.insert_into_sensor("s", {"b": 1, "c": 2})
    with pytest.raises(LimitError):
        session.insert_into_sensor("s", {f"d{n}": n for n in range(4)})
    session.insert_into_sensor("s", {"b": "y", "c": 2})
    assert ["a", "b", "c"] == session.get_attributes()


def test_users_keep_the_layout_that_they_were_given(stores: ClassicStores) -> None:
    """The URI's layout is that of new users; one store has users of both."""
    chunked = stores.uri.replace("layout=classic", "layout=chunked")
    for uri, user in ((stores.uri, "alice"), (chunked, "carol")):
        with connect(uri) as database:
            if user not in database.get_users():
                database.register(user, PASSWORD)
    for uri in (stores.uri, chunked):
        with connect(uri) as database:
            for user, seals in (("alice", False), ("carol", True)):
                with database.session_login(user, PASSWORD) as session:
                    session.insert_into_sensor("s", {"t": 1})
                    assert seals is session.store.able.seals
                    session.query_per_user(["CNT(t)"], [])


def test_an_average_asks_once_for_each_record_in_question(session: Session) -> None:
    """Statements of a conjunction: of the first condition one a record, of the others one of those that are left."""
    session.insert_many("s", [{"a": n, "b": n, "c": n} for n in range(20)])
    session.query_per_user(["CNT(*)"], [])
    sent: list[object] = []
    connection_of(session).session.add_request_init_listener(sent.append)
    assert 14.5 == session.query_per_user(["AVG(c)"], [["a", ">=", 10], ["b", "<", 20]])
    assert 20 + 10 + 10 + 3 == len(sent)
