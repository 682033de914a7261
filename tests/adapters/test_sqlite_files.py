from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.adapters.sqlite import SqliteKeyspaces, files
from grafana_sensor.adapters.sqlite.keyspaces import file_name
from grafana_sensor.adapters.sqlite.schema import RECORDS, Schema
from grafana_sensor.adapters.sqlite.store import RecordsFile, SqliteStore
from grafana_sensor.chunks.grid import WEEK
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.columns import NUMBER
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.domain.exactsum import SCALE
from grafana_sensor.domain.plans import Need
from tests.adapters.workers import seal_all, store_at
from tests.chunks import records
from tests.contract.blobs import EVER, batch, post, shown
from tests.contract.stores import QUICK


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """After each test no file of the store is held."""
    assert {} == files._open
    yield
    assert {} == files._open


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty store in a.sqlite3."""
    with closing(store_at(tmp_path / "a.sqlite3")) as made:
        yield made


def connect(path: Path) -> apsw.Connection:
    """A connection of the test's own."""
    return apsw.Connection(str(path))


def test_files_are_for_this_account_alone(tmp_path: Path) -> None:
    """The folder has mode 0700 and all files in it 0600, the log and the shared memory too."""
    keyspaces = SqliteKeyspaces(tmp_path / "deep" / "store", passwords=QUICK)
    keyspaces.create("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as records:
        records.declare("a", Declaration("text"))
        made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deep" / "store").iterdir()}
        assert 0o700 == stat.S_IMODE((tmp_path / "deep" / "store").stat().st_mode)
    keyspaces.close()
    assert {".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".gate"} == {Path(name).suffix for name in made}
    assert {0o600} == set(made.values())


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=64))
def test_file_names_are_safe(user: str) -> None:
    """Any user's file name is short, in lower-case letters, digits and hyphens, and begins with a letter or digit."""
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}-[a-z2-7]{16}\.sqlite3", file_name(user))


def test_file_names_are_readable() -> None:
    """What is plain of a user's name leads the name of the file."""
    found = [file_name(user).rpartition("-")[0] for user in ("alice", "Zoë Müller", "a/b\\c:d", "日本", "x" * 64)]
    assert ["alice", "zoe-muller", "a-b-c-d", "user", "x" * 32] == found


@given(st.sets(st.text(max_size=8), min_size=2, max_size=6))
def test_file_names_differ(users: set[str]) -> None:
    """Two users never have one file."""
    assert len(users) == len({file_name(user) for user in users})


def test_a_file_is_as_it_should_be(store: SqliteStore) -> None:
    """Pages of 8 KiB, a write-ahead log, an fsync with each commit, a wait for other programs, no own checkpoints."""
    with store._file.commits.pool.lend("write") as connection:
        names = ("page_size", "journal_mode", "synchronous", "busy_timeout")
        found = {name: connection.pragma(name) for name in names}
        assert 1 == connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1)
    assert found == {
        "page_size": 8192,
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 5_000,
    }


def test_closing_leaves_one_whole_file(tmp_path: Path) -> None:
    """After the last close the database alone, without its log, has all that was written."""
    store, other = store_at(tmp_path / "a.sqlite3"), store_at(tmp_path / "a.sqlite3")
    store.append(post(batch("b1")))
    store.close()
    assert (tmp_path / "a.sqlite3-wal").stat().st_size > 0
    other.close()
    assert 0 == (tmp_path / "a.sqlite3-wal").stat().st_size
    shutil.copy(tmp_path / "a.sqlite3", tmp_path / "b.sqlite3")
    with closing(store_at(tmp_path / "b.sqlite3")) as copy:
        assert {0: ["b1"]} == shown(copy)["markers"]


def test_a_file_is_open_once(tmp_path: Path) -> None:
    """Two who open a file share its gate, queue and connections, and after the last none is open."""
    one, other = store_at(tmp_path / "a.sqlite3"), store_at(tmp_path / "a.sqlite3")
    file = one._file
    assert file is other._file
    shown(one)
    one.close()
    one.close()
    assert 1 == file.holders
    shown(other)
    other.close()
    pool = file.commits.pool
    assert ({"read": [], "write": []}, set()) == (pool._idle, pool._lent)


def test_a_look_outlives_the_close(tmp_path: Path) -> None:
    """Who is in the midst of a look when the store is closed reads on, and leaves nothing open."""
    store = store_at(tmp_path / "a.sqlite3")
    store.append(post(batch("b1")))
    with store.reading() as reading:
        store.close()
        assert [b"s/0/b1"] == reading.batches("s", 0, ["b1"])
    store.append(post(batch("b2")))
    pool = store._file.commits.pool
    assert ({"read": [], "write": []}, set()) == (pool._idle, pool._lent)
    with closing(store_at(tmp_path / "a.sqlite3")) as again:
        assert {0: ["b1", "b2"]} == shown(again)["markers"]


def test_a_look_is_a_snapshot(store: SqliteStore) -> None:
    """What is appended and sealed after a look began is not in it, from its first question to its last."""
    store.append(post(batch("b1")))
    with store.reading() as reading:
        store.append(post(batch("b2"), seen={"s": {"a": NUMBER}, "new": {}}))
        assert seal_all(store)
        assert ({0: ["b1"]}, [], 0) == (
            reading.markers("s", *EVER),
            reading.rollups("s", *EVER),
            reading.generation("s"),
        )
        assert {"s": {}} == reading.catalog().sensors
    assert {"s": {"a": NUMBER}, "new": {}} == _sensors(store)


def _sensors(store: SqliteStore) -> object:
    with store.reading() as reading:
        return reading.catalog().sensors


def test_a_catalog_is_read_when_it_changed(store: SqliteStore, tmp_path: Path) -> None:
    """While nothing new is seen or declared a look gives the catalog that was read before; else a new one."""
    store.append(post(batch("b1"), seen={"s": {"a": NUMBER}}))
    first = _sensors(store)
    store.append(post(batch("b2"), seen={"s": {"a": NUMBER}}))
    assert first is _sensors(store)
    # As another process would.
    stranger = SqliteStore(RecordsFile(tmp_path / "a.sqlite3"))
    stranger.append(post(batch("b3"), seen={"s": {"b": NUMBER}}))
    stranger._file.commits.pool.close()
    assert {"s": {"a": NUMBER, "b": NUMBER}} == _sensors(store)


def test_connections_are_reused(store: SqliteStore) -> None:
    """Looks one after the other share a connection; one that an exception ended is not used again."""
    pool = store._file.commits.pool
    shown(store)
    (first,) = pool._idle["read"]
    shown(store)
    assert [first] == pool._idle["read"]
    with pytest.raises(ZeroDivisionError), store.reading():
        raise ZeroDivisionError
    assert [] == pool._idle["read"]


@pytest.mark.parametrize(
    "content", [b"no database at all, but long enough to have a header" * 40, b"SQLite format 3\0" + b"\xff" * 8_192]
)
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is Unavailable, by its name without the folder, and stays as it is."""
    path = tmp_path / "a.sqlite3"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match=r"'a\.sqlite3'") as told:
        store_at(path)
    assert str(tmp_path) not in told.value.message
    assert content == path.read_bytes()


@pytest.mark.parametrize("mark", ["CREATE TABLE t (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"])
def test_another_programs_database_is_refused(tmp_path: Path, mark: str) -> None:
    """A database with tables or marks of another program is Unavailable, and stays as it is."""
    path = tmp_path / "a.sqlite3"
    with closing(connect(path)) as connection:
        connection.execute(mark)
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="another program's"):
        store_at(path)
    assert before == path.read_bytes()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """A file with tables of a version yet to come is Unavailable, and says which version it has."""
    path = tmp_path / "a.sqlite3"
    store_at(path).close()
    with closing(connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {RECORDS.version + 1}")
    with pytest.raises(Unavailable, match=f"version {RECORDS.version + 1}, newer than {RECORDS.version}"):
        store_at(path)


def test_an_older_file_gets_todays_tables(tmp_path: Path) -> None:
    """A file of an older version is taken to today's when it is opened, with all that is in it."""
    path = tmp_path / "a.sqlite3"
    with closing(store_at(path)) as store:
        store.append(post(batch("b1")))

    class Later(RecordsFile):
        schema = Schema(RECORDS.application, (*RECORDS.scripts, "CREATE TABLE more (a); INSERT INTO more VALUES (5)"))

    file = files.opened(Later, path)
    with file.snapshot() as connection:
        assert [(5,)] == connection.execute("SELECT a FROM more").fetchall()
        assert RECORDS.version + 1 == connection.pragma("user_version")
    assert {0: ["b1"]} == shown(SqliteStore(file))["markers"]
    file.release()
    with pytest.raises(Unavailable, match="newer"):
        store_at(path)


def test_a_file_without_a_rollup_tree_gets_one(tmp_path: Path) -> None:
    """What was sealed by the first version is in nodes, and reached, after the upgrade; what waits is not lost."""
    path = tmp_path / "a.sqlite3"
    with closing(ChunkedStore(store_at(path))) as store:
        store.append(records.post("b1", [5, 6, WEEK + 5], t=[1.0, 2.0, 3.0]))
        records.seal(store)
        store.append(records.post("b2", [2 * WEEK], t=[4.0]))
    with closing(connect(path)) as connection:
        connection.execute(
            "DROP TABLE scan_points; DROP TABLE scan_stream; DROP TABLE scan; DROP TABLE node; DROP TABLE layout;"
            " DELETE FROM meta WHERE name NOT IN ('catalog_version', 'catalog_state');"
            " ALTER TABLE sensor DROP COLUMN low; ALTER TABLE sensor DROP COLUMN high;"
            " PRAGMA user_version = 1"
        )
    with closing(ChunkedStore(store_at(path))) as store:
        assert [] == list(store.check())
        assert 10 == records.summary(store, records.request(0, 99 * WEEK, Need.SUM)).total >> SCALE


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """Where a script fails, none of the tables it made are there, and the version is the old one."""
    path = tmp_path / "a.sqlite3"
    store_at(path).close()

    class Broken(RecordsFile):
        schema = Schema(RECORDS.application, (*RECORDS.scripts, "CREATE TABLE more (a)", "CREATE TABLE more (a)"))

    with pytest.raises(apsw.SQLError):
        files.opened(Broken, path)
    with closing(connect(path)) as connection:
        assert [] == connection.execute("SELECT name FROM sqlite_schema WHERE name = 'more'").fetchall()
        assert RECORDS.version == connection.pragma("user_version")


def test_a_file_that_goes_is_missed(tmp_path: Path) -> None:
    """Where the file is removed or replaced while it is open, nothing more is taken or told from the old one."""
    path = tmp_path / "a.sqlite3"
    with closing(store_at(path)) as store:
        path.rename(tmp_path / "gone")
        for ask in (lambda: store.append(post(batch("b1"))), lambda: shown(store)):
            with pytest.raises(Unavailable, match="missing"):
                ask()
        path.touch()
        with pytest.raises(Unavailable, match="replaced"):
            store.append(post(batch("b1")))
        path.unlink()
        (tmp_path / "gone").rename(path)
        store.append(post(batch("b1")))


def test_a_missing_users_file_is_told(tmp_path: Path) -> None:
    """A user whose file is gone is told so; no empty one takes its place."""
    keyspaces = SqliteKeyspaces(tmp_path, passwords=QUICK)
    keyspaces.create("alice", "secret")
    (tmp_path / file_name("alice")).unlink()
    for ask in (keyspaces.open, keyspaces.initialize):
        with pytest.raises(Unavailable, match="missing"):
            ask("alice", "secret")
    assert not (tmp_path / file_name("alice")).exists()
    keyspaces.close()


def test_records_without_a_user_are_nobodys(tmp_path: Path) -> None:
    """A file with records whose user isn't there is not given to whoever takes the name."""
    keyspaces = SqliteKeyspaces(tmp_path, passwords=QUICK)
    with closing(store_at(tmp_path / file_name("alice"))) as store:
        store.append(post(batch("b1")))
    with pytest.raises(Unavailable, match="no user 'alice'"):
        keyspaces.create("alice", "secret")
    assert [] == keyspaces.users()
    keyspaces.close()


def test_an_interrupted_create_can_be_done_again(tmp_path: Path) -> None:
    """An empty file without a user, as a crash leaves one, is in nobody's way."""
    store_at(tmp_path / file_name("alice")).close()
    keyspaces = SqliteKeyspaces(tmp_path, passwords=QUICK)
    keyspaces.create("alice", "secret")
    keyspaces.open("alice", "secret").close()
    assert ["alice"] == keyspaces.users()
    keyspaces.close()


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    """Where the folder can't be made every door is Unavailable, ready too, and no path is shown."""
    (tmp_path / "file").touch()
    keyspaces = SqliteKeyspaces(tmp_path / "file" / "store", passwords=QUICK)
    for ask in (keyspaces.ready, keyspaces.users, lambda: keyspaces.create("alice", "secret")):
        with pytest.raises(Unavailable) as told:
            ask()
        assert str(tmp_path) not in told.value.message
    keyspaces.close()


def test_a_folder_that_goes_is_missed(tmp_path: Path) -> None:
    """Where the folder is removed while it is in use, ready says so."""
    keyspaces = SqliteKeyspaces(tmp_path / "store", passwords=QUICK)
    keyspaces.ready()
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(Unavailable, match="missing"):
        keyspaces.ready()
    keyspaces.close()


def test_a_folder_that_may_not_be_written_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this account may not write the folder, ready says so."""
    keyspaces = SqliteKeyspaces(tmp_path, passwords=QUICK)
    keyspaces.ready()
    monkeypatch.setattr(os, "access", lambda _, mode: mode & os.W_OK == 0)
    with pytest.raises(Unavailable, match="may not"):
        keyspaces.ready()
    keyspaces.close()


def test_a_login_renews_an_outdated_hash(tmp_path: Path) -> None:
    """With other parameters than the hash's, a login makes a new hash, and the password stays."""
    old = SqliteKeyspaces(tmp_path, passwords=QUICK)
    old.create("alice", "secret")
    before = old.credential("alice")
    new = SqliteKeyspaces(tmp_path, passwords=Passwords(PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)))
    new.open("alice", "secret").close()
    after = old.credential("alice")
    assert before != after
    new.open("alice", "secret").close()
    assert after == new.credential("alice")
    new.close()
    old.close()


def test_a_change_elsewhere_is_seen_at_once(tmp_path: Path) -> None:
    """A password set by one process's keyspaces is another's from then on, though both are open."""
    one, other = SqliteKeyspaces(tmp_path, passwords=QUICK), SqliteKeyspaces(tmp_path, passwords=QUICK)
    one.create("alice", "secret")
    before = other.credential("alice")
    one.set_password("alice", "new")
    assert before != other.credential("alice")
    assert one.credential("alice") == other.credential("alice")
    one.close()
    other.close()
