"""What only Cassandra has: roles that it holds apart, crashes between two statements, and the passing of time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import cassandra
import pytest

from grafana_sensor import connect
from grafana_sensor.adapters.cassandra import homes, schema, sealing, store
from grafana_sensor.adapters.cassandra.connections import Connection, Connections
from grafana_sensor.adapters.cassandra.homes import Homes
from grafana_sensor.adapters.cassandra.keyspaces import CassandraKeyspaces
from grafana_sensor.adapters.cassandra.pieces import PART
from grafana_sensor.adapters.cassandra.place import Login, Place
from grafana_sensor.adapters.cassandra.store import CassandraStore
from grafana_sensor.chunks.grid import WEEK
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import LimitError, Unavailable
from grafana_sensor.domain.exactsum import SCALE
from grafana_sensor.domain.plans import Need
from grafana_sensor.ports import BlobStore
from tests.chunks import records
from tests.contract.blobs import EVER, batch, key, post, seal, shown, together
from tests.contract.stores import PASSWORD, QUICK, CassandraStores, SharedCassandraStores

HOUR = 3_600_000_000


class Crash(Exception):
    """The server dies here."""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[CassandraStores]:
    """Empty keyspaces of a real node."""
    with closing(CassandraStores(tmp_path)) as made:
        yield made


@pytest.fixture
def place(stores: CassandraStores) -> Place:
    """Where they are."""
    return Place.read(stores.uri.removeprefix("cassandra:"), {})


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads have no lock in common, as if each were a server's of its own."""
    monkeypatch.setattr(schema, "_turn", nullcontext())


def connection_of(blobs: BlobStore) -> Connection:
    assert isinstance(blobs, CassandraStore)
    return blobs._connection


def test_cassandra_itself_refuses_another_users_keyspace(stores: CassandraStores) -> None:
    """The session that serves one user can neither read nor write what is another's, whatever our code would ask."""
    alice, bob = connection_of(stores.blobs("alice")).session, stores.blobs("bob")
    bob.append(post(batch("b1")))
    theirs, own = stores._home("bob"), stores._home("alice")
    statements = [f"SELECT * FROM {theirs}.{table}" for table in ("seg", "roll", "sensor", "key")]
    statements += [f"DELETE FROM {theirs}.roll WHERE owner = 'bob' AND sensor = 's'"]
    statements += [f"TRUNCATE {theirs}.seg", f"DROP KEYSPACE {theirs}", f"GRANT SELECT ON KEYSPACE {theirs} TO {own}"]
    statements += [f"SELECT * FROM {stores.prefix}.account", "SELECT * FROM system_auth.roles"]
    for statement in statements:
        with pytest.raises(cassandra.Unauthorized):
            alice.execute(statement)
    assert [] == list(alice.execute(f"SELECT * FROM {own}.roll"))
    assert {0: ["b1"]} == shown(bob)["markers"]


def test_users_of_a_shared_keyspace_have_its_role(tmp_path: Path) -> None:
    """With tenancy=shared all users log in as one role, which has no right beyond their keyspace."""
    with closing(SharedCassandraStores(tmp_path)) as stores:
        alice, bob = connection_of(stores.blobs("alice")), connection_of(stores.blobs("bob"))
        assert alice is bob
        with pytest.raises(cassandra.Unauthorized):
            alice.session.execute(f"SELECT * FROM {stores.prefix}.account")


def test_statements_go_to_a_node_that_has_the_data(stores: CassandraStores) -> None:
    """The driver knows the replicas of a user's rows, though it reads no schema."""
    connection = connection_of(stores.blobs())
    assert ["127.0.0.1"] == connection.replicas(store.MARKER, "alice", "s", 0, "b1", 1, 1)


def test_sessions_of_a_user_share_a_login_that_ends_with_the_last(stores: CassandraStores) -> None:
    """Two open stores of a user have one login, which stays open for the second and is shut down by it."""
    stores.blobs()
    first, second = (stores.keyspaces.open("alice", PASSWORD) for _ in range(2))
    one, other = (connection_of(blobs) for blobs in stores._made[-2:])
    assert one is other
    first.close()
    assert not one.session.is_shutdown
    second.close()
    for blobs in stores._made:
        blobs.close()
    assert one.session.is_shutdown
    assert one.cluster.is_shutdown


def test_closing_leaves_no_threads(stores: CassandraStores) -> None:
    """However many logins were opened and closed, no thread of theirs is left."""
    stores.blobs()
    for blobs in stores._made:
        blobs.close()
    before = threading.active_count()
    for _ in range(5):
        stores.keyspaces.open("alice", PASSWORD).close()
    assert before == threading.active_count()


def test_a_forked_child_opens_its_own(stores: CassandraStores) -> None:
    """A child of a process that has sessions open logs in anew, and the parent's go on."""
    stores.blobs()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            with closing(stores.keyspaces.open("alice", PASSWORD)) as opened:
                os.write(writing, repr(opened.catalog().sensors).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        assert "{}" == answer.read()
    os.waitpid(child, 0)
    assert {} == shown(stores.blobs())["markers"]


@pytest.mark.usefixtures("servers")
def test_alike_names_at_once_get_homes_apart(place: Place) -> None:
    """Servers that register users whose names read alike, at once, give each a keyspace of its own."""
    users = [f"ann{' ' * n}" for n in range(4)]

    def claim(_: int) -> dict[str, str]:
        own = Homes(place, Connections(place))
        with closing(own):
            return {user: own.of(user).name for user in users}

    found = together(claim, 3)
    assert [found[0]] * 3 == found
    assert 4 == len(set(found[0].values()))


@pytest.mark.usefixtures("servers")
def test_servers_that_start_at_once_make_the_tables_once(place: Place) -> None:
    """Of several that find nothing there, all serve, and the schema is today's."""
    fresh = Place(place.hosts, place.login, prefix=f"{place.prefix}f")

    def start(_: int) -> list[str]:
        with closing(CassandraKeyspaces(fresh, passwords=QUICK)) as keyspaces:
            keyspaces.ready()
            return keyspaces.users()

    assert [[]] * 4 == together(start, 4)


@pytest.mark.usefixtures("servers")
def test_an_older_keyspace_is_upgraded(stores: CassandraStores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this program has a further script, a keyspace gets it when it is opened next, once, whoever comes first."""
    stores.blobs()
    today = schema.RECORDS
    newer = schema.Schema((*today.scripts, "CREATE TABLE KEYSPACE.new (a int PRIMARY KEY);"))
    monkeypatch.setattr(schema, "RECORDS", newer)
    administrator = stores.keyspaces.administrator
    home = stores._home("alice")
    together(lambda _: stores.keyspaces.open("alice", PASSWORD).close(), 4)
    assert [] == administrator.define(f"SELECT * FROM {home}.new")
    ((_, _, version, _),) = administrator.run(homes.HOME, home)
    assert newer.version == version
    administrator.define(f"DROP TABLE {home}.new")
    administrator.conditional((homes.RAISE, (today.version, home)))


def test_a_keyspace_without_a_rollup_tree_gets_one(stores: CassandraStores) -> None:
    """What was sealed by the first version is in nodes, and reached, after the upgrade; what waits is not lost."""
    with closing(ChunkedStore(stores.blobs())) as store:
        store.append(records.post("b1", [5, 6, WEEK + 5], t=[1.0, 2.0, 3.0]))
        records.seal(store)
        store.append(records.post("b2", [2 * WEEK], t=[4.0]))
    administrator, home = stores.keyspaces.administrator, stores._home("alice")
    for name in ("low", "high", "laid"):
        administrator.define(f"ALTER TABLE {home}.sensor DROP {name}")
    administrator.define(f"DELETE FROM {home}.roll WHERE owner = 'alice' AND sensor = 'roof' AND kind = 't'")
    administrator.conditional((homes.RAISE, (1, home)))
    with closing(ChunkedStore(stores.blobs())) as store:
        assert [] == list(store.check())
        assert 10 == records.summary(store, records.request(0, 99 * WEEK, Need.SUM)).total >> SCALE


def test_a_newer_keyspace_is_refused(stores: CassandraStores) -> None:
    """A keyspace whose tables are newer than this program is not touched."""
    stores.blobs()
    administrator, home = stores.keyspaces.administrator, stores._home("alice")
    administrator.conditional((homes.RAISE, (9, home)))
    try:
        with pytest.raises(Unavailable, match=f"version 9, newer than {schema.RECORDS.version}"):
            stores.keyspaces.open("alice", PASSWORD)
    finally:
        administrator.conditional((homes.RAISE, (schema.RECORDS.version, home)))


def test_further_users_are_sent_to_the_shared_keyspace(stores: CassandraStores) -> None:
    """Beyond max_user_keyspaces a user is refused with the way out, and the way out is one."""
    with connect(stores.uri, max_user_keyspaces=2) as database:
        for user in ("alice", "bob"):
            database.register(user, "secret")
        with pytest.raises(LimitError, match=r"2 users .*max_user_keyspaces.*tenancy=shared"):
            database.register("carol", "secret")
        assert ["alice", "bob"] == database.get_users()
    with connect(stores.uri.replace("keyspaces", "shared"), max_user_keyspaces=2) as database:
        database.register("carol", "secret")
        for user in ("alice", "carol"):
            with database.session_login(user, "secret") as session:
                session.insert_into_sensor(f"of {user}", {"t": 1})
                assert [f"of {user}"] == session.get_sensors()


def test_a_registration_that_died_is_gone_through_again(
    stores: CassandraStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a server died after it had made the keyspace, nobody is there, and the next one registers the user."""

    def crash(self: Connection, *statements: Any) -> Any:
        if statements[0][0].text.startswith("INSERT INTO account"):
            raise Crash
        return real(self, *statements)

    real = Connection.conditional
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "conditional", crash)
        with pytest.raises(Crash):
            stores.keyspaces.create("alice", "other")
    assert [] == stores.keyspaces.users()
    assert {} == shown(stores.blobs("alice"))["markers"]


def dying(text: str) -> Callable[..., Any]:
    """`run_all` of a server that dies before the first statement that begins so."""
    real = Connection.run_all

    def run_all(self: Connection, statements: Any) -> Any:
        wanted = list(statements)
        if any(statement.text.startswith(text) for statement, _ in wanted):
            raise Crash
        return real(self, wanted)

    return run_all


def test_a_post_that_died_is_finished_by_its_repeat(stores: CassandraStores, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the markers and the data: nothing is seen, the key is told unfinished, and the repeat finishes it."""
    blobs, mine = stores.blobs(), key(batch="b1")
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "run_all", dying("INSERT INTO seg"))
        with pytest.raises(Crash):
            blobs.append(post(batch("b1"), key=mine))
    assert ({0: ["b1"]}, {0: []}) == (shown(blobs)["markers"], shown(blobs)["batches"])
    told = blobs.append(post(batch("b2"), key=key(batch="b2")))
    assert told is not None
    assert ("b1", None) == (told.batch, told.answer)
    assert None is blobs.append(post(batch("b1"), key=mine))
    assert {0: [b"s/0/b1"]} == shown(blobs)["batches"]
    assert mine == blobs.append(post(batch("b2"), key=key(batch="b2")))


def test_a_seal_that_died_before_the_markers_is_sealed_again(
    stores: CassandraStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the rollup and the markers: both are seen, so nothing is missing, and the next seal takes the markers."""
    blobs = stores.blobs()
    blobs.append(post(batch("b1")))
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "run_all", dying("DELETE FROM roll"))
        with pytest.raises(Crash):
            blobs.seal(seal(0, rollup=b"r1", chunks={("c1", "#ts"): b"1"}, covered=["b1"]))
    found = shown(blobs)
    assert ({0: ["b1"]}, [(0, b"r1")], 1) == (found["markers"], found["rollups"], found["generation"])
    assert blobs.seal(seal(1, rollup=b"r2", chunks={("c2", "#ts"): b"2"}, dropped=["c1"], covered=["b1"]))
    assert {} == shown(blobs)["markers"]
    stores.settle()
    assert ({("s", 0, "c2", "#ts", b"2")}, set()) == (stores.raw_chunks(), stores.raw_batches())


def test_what_is_replaced_is_kept_a_while(stores: CassandraStores) -> None:
    """A minute and a half after a seal what it replaced is deleted, part by part, and not before."""
    blobs = stores.blobs()
    blobs.append(post(batch("b1")))
    blobs.seal(seal(0, chunks={("c1", "#ts"): bytes(2 * PART + 1)}))
    blobs.seal(seal(1, chunks={("c2", "#ts"): b"2"}, dropped=["c1"], covered=["b1"]))
    stores._ahead += 80_000_000
    blobs.backlog()
    assert (1, 4) == (len(stores.raw_batches()), len(stores.raw_chunks()) + 1)
    stores._ahead += 20_000_000
    blobs.backlog()
    assert (set(), {("s", 0, "c2", "#ts", b"2")}) == (stores.raw_batches(), stores.raw_chunks())
    rows = stores.keyspaces.administrator.session.execute(f"SELECT owner, kind FROM {stores._home('alice')}.roll")
    assert {"r"} == {kind for owner, kind in rows if owner == "alice"}


def test_a_marker_whose_batch_never_came_is_dropped_in_time(
    stores: CassandraStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It isn't in the backlog once no writer may send its data, and is gone an hour after it was written."""
    blobs = stores.blobs()
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "run_all", dying("INSERT INTO seg"))
        with pytest.raises(Crash):
            blobs.append(post(batch("b1")))
    assert 1 == len(blobs.backlog())
    stores._ahead += 2 * sealing.LATE
    assert [] == blobs.backlog()
    assert {0: ["b1"]} == shown(blobs)["markers"]
    stores._ahead += HOUR
    assert [] == blobs.backlog()
    assert {} == shown(blobs)["markers"]
    assert None is blobs.append(post(batch("b1")))
    assert ({0: ["b1"]}, 1) == (shown(blobs)["markers"], len(blobs.backlog()))


def test_markers_last(stores: CassandraStores) -> None:
    """No row of a marker, a rollup, a batch or a chunk ends by itself."""
    blobs = stores.blobs()
    blobs.append(post(batch("b1")))
    blobs.seal(seal(0, chunks={("c1", "#ts"): b"1"}, dropped=["c0"]))
    home, session = stores._home("alice"), stores.keyspaces.administrator.session
    rows = [*session.execute(f"SELECT ttl(records), ttl(blob), ttl(received) FROM {home}.roll")]
    rows += [*session.execute(f"SELECT ttl(blob), ttl(parts) FROM {home}.seg")]
    assert {None} == {ttl for row in rows for ttl in row}


def test_data_that_comes_too_long_after_its_marker_is_refused(
    stores: CassandraStores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that was held up between markers and data doesn't send the data: its markers may be gone."""
    blobs = stores.blobs()
    monkeypatch.setattr(store, "PROMPT", -1.0)
    with pytest.raises(Unavailable, match="took too long"):
        blobs.append(post(batch("b1")))
    assert set() == stores.raw_batches()


def test_a_look_that_outlives_what_it_needs_is_refused(place: Place, stores: CassandraStores) -> None:
    """Where what a look names may have been deleted since, it is Unavailable, never an answer without it."""
    stores.blobs("alice").append(post(batch("b1")))
    with closing(CassandraKeyspaces(place, stores._make, keep=-1.0)) as keyspaces:
        keyspaces.open_as_administrator("alice")
        with stores._made[-1].reading() as reading:
            reading.markers("s", *EVER)
            assert [b"s/0/b1"] == reading.batches("s", 0, ["b1"])
            with pytest.raises(Unavailable, match="took longer"):
                reading.batches("s", 0, ["b1", "never"])


def test_a_cluster_that_is_away_is_unavailable(place: Place) -> None:
    """A server can be made while no node is up; what it is asked is Unavailable until one is."""
    away, before = Place((("127.0.0.1", 1),), place.login), threading.active_count()
    with closing(CassandraKeyspaces(away)) as keyspaces:
        with pytest.raises(Unavailable, match="none of its nodes"):
            keyspaces.ready()
        with pytest.raises(Unavailable):
            keyspaces.open("alice", PASSWORD)
    assert before == threading.active_count()


def test_a_wrong_administrator_is_told(place: Place) -> None:
    """Where Cassandra refuses the server's own login, the message says so, without the password."""
    wrong = Place(place.hosts, Login("nobody", "hush"))
    with closing(CassandraKeyspaces(wrong)) as keyspaces, pytest.raises(Unavailable, match="refuses") as caught:
        keyspaces.ready()
    assert "hush" not in str(caught.value)
