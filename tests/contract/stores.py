"""The adapters that the contract is asked of, each with a look behind its back.

A row of ADAPTERS is all that a new adapter adds here; the tests know none by name.
"""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import apsw
from argon2 import PasswordHasher
from cassandra.cluster import Session
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.query import SimpleStatement

from grafana_sensor.adapters.cassandra import CassandraKeyspaces, Place
from grafana_sensor.adapters.cassandra.keyspaces import ACCOUNT
from grafana_sensor.adapters.classic import CLASSIC
from grafana_sensor.adapters.memory import MemoryKeyspaces
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.adapters.sqlite import SqliteKeyspaces
from grafana_sensor.adapters.sqlite.keyspaces import file_name
from grafana_sensor.chunks.grid import LADDER, Ladder
from grafana_sensor.chunks.seal import CHUNK_RECORDS
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.ports import BlobStore, Keyspaces, RecordStore
from tests.cassandra import lent

PASSWORD: Final = "correct horse"
QUICK: Final = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashes that cost nothing, for tests that are about something else."""

MakeStore = Callable[[BlobStore], RecordStore]
Found = set[tuple[Any, ...]]


class Stores(ABC):
    """Users of one adapter and their records."""

    keyspaces: Keyspaces
    share: ClassVar[float] = 1.0
    """Of the usual number of drawn cases, as many as it is asked in the same time."""

    of_processes: ClassVar[bool] = True
    """Whether several processes see the same records at its URI."""

    scans: ClassVar[bool] = True
    """Whether scans can be recorded there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "store"
        self._users = 0

    def records(
        self, user: str = "alice", ladder: Ladder = LADDER, size: int = CHUNK_RECORDS
    ) -> RecordStore:  # where there are epochs
        """The user's records, opened once more; the user is made where there is none.

        Where there are epochs and chunks they are of the `ladder` and `size` records long.
        """
        return self._opened(user)

    def fresh_user(self) -> str:
        """The name of a user who isn't there; whoever it named before may be gone."""
        self._users += 1
        return f"user-{self._users}"

    def close(self) -> None:
        """Close all that was opened."""
        self.keyspaces.close()

    @property
    @abstractmethod
    def uri(self) -> str:
        """The URI of the same store, or of another one that is empty."""

    def _opened(self, user: str) -> RecordStore:
        if user not in self.keyspaces.users():
            self.keyspaces.create(user, PASSWORD)
            self.keyspaces.initialize(user, PASSWORD)
        return self.keyspaces.open(user, PASSWORD)


class BlobStores(Stores):
    """Stores whose records are blobs, with a look at these as they lie there."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._made: list[BlobStore] = []

    def blobs(self, user: str = "alice") -> BlobStore:
        """The user's blobs, opened once more; the user is made where there is none."""
        self._opened(user)
        return self._made[-1]

    def records(self, user: str = "alice", ladder: Ladder = LADDER, size: int = CHUNK_RECORDS) -> RecordStore:
        return ChunkedStore(self.blobs(user), ladder, size)

    def settle(self) -> None:
        """Let the time pass after which what seals have replaced is gone; here it is gone at once."""
        return

    def _make(self, blobs: BlobStore) -> RecordStore:
        self._made.append(blobs)
        return ChunkedStore(blobs)

    def close(self) -> None:
        for blobs in self._made:
            blobs.close()
        super().close()

    @abstractmethod
    def raw_batches(self, user: str = "alice") -> Found:
        """(sensor, epoch, batch id, blob) of each batch kept."""

    @abstractmethod
    def raw_chunks(self, user: str = "alice") -> Found:
        """(sensor, epoch, chunk id, column, blob) of each chunk kept."""

    @abstractmethod
    def raw_rollups(self, user: str = "alice") -> Found:
        """(sensor, epoch, blob) of each rollup kept."""

    @abstractmethod
    def raw_keys(self, user: str = "alice") -> set[str]:
        """The names of the keys kept."""


class MemoryStores(BlobStores):
    """Dicts, looked into."""

    of_processes = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keyspaces = self._keyspaces = MemoryKeyspaces(self._make, passwords=QUICK)

    @property
    def uri(self) -> str:
        return "memory://"

    def raw_batches(self, user: str = "alice") -> Found:
        return {
            (sensor, number, batch.id, batch.blob)
            for sensor, epochs in self._keyspaces.stores[user].epochs.items()
            for number, epoch in epochs.items()
            for batch in epoch.batches.values()
        }

    def raw_chunks(self, user: str = "alice") -> Found:
        return {
            (sensor, number, *name, blob)
            for sensor, epochs in self._keyspaces.stores[user].epochs.items()
            for number, epoch in epochs.items()
            for name, blob in epoch.chunks.items()
        }

    def raw_rollups(self, user: str = "alice") -> Found:
        return {
            (sensor, number, epoch.rollup)
            for sensor, epochs in self._keyspaces.stores[user].epochs.items()
            for number, epoch in epochs.items()
            if epoch.rollup is not None
        }

    def raw_keys(self, user: str = "alice") -> set[str]:
        return set(self._keyspaces.stores[user].keys)


class SqliteStores(BlobStores):
    """Files, read by SQL of the tests' own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keyspaces = SqliteKeyspaces(self._folder, self._make, passwords=QUICK)

    @property
    def uri(self) -> str:
        return f"sqlite:{self._folder}"

    def raw_batches(self, user: str = "alice") -> Found:
        return self._select(
            user,
            "SELECT name, epoch, batch.id, blob FROM batch"
            " JOIN batch_blob ON batch_blob.place = batch.place JOIN sensor ON sensor.id = batch.sensor",
        )

    def raw_chunks(self, user: str = "alice") -> Found:
        return self._select(
            user,
            "SELECT sensor.name, epoch, chunk.id, chunk.name, blob FROM chunk JOIN sensor ON sensor.id = chunk.sensor",
        )

    def raw_rollups(self, user: str = "alice") -> Found:
        return self._select(user, "SELECT name, epoch, blob FROM rollup JOIN sensor ON sensor.id = rollup.sensor")

    def raw_keys(self, user: str = "alice") -> set[str]:
        return {name for (name,) in self._select(user, "SELECT name FROM key")}

    def _select(self, user: str, query: str) -> Found:
        connection = apsw.Connection(str(self._folder / file_name(user)), flags=apsw.SQLITE_OPEN_READONLY)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        try:
            return set(connection.execute(query).fetchall())
        finally:
            connection.close()


class OnCassandra(Stores):
    """Keyspaces of a real node, looked into by CQL of the tests' own.

    They are made once in a process, which takes longer than most tests, and emptied at the end of each.
    """

    prefix: ClassVar[str]
    keyspaces: CassandraKeyspaces

    def fresh_user(self) -> str:
        self._empty("alice")
        return "alice"

    def close(self) -> None:
        for user in self.keyspaces.users():
            self._empty(user)
        super().close()

    def _home(self, user: str) -> str:
        ((_, home),) = self.keyspaces.administrator.run(ACCOUNT, user)
        return str(home)

    def _empty(self, user: str) -> None:
        """Delete all that the user has, and the user."""
        if user not in self.keyspaces.users():
            return
        session = self.keyspaces.administrator.session
        self._delete(session, self._home(user), user)
        session.execute(f"DELETE FROM {self.prefix}.account WHERE name = %s", (user,))

    @abstractmethod
    def _delete(self, session: Session, home: str, user: str) -> None:
        """Delete all that the user has."""


class CassandraStores(OnCassandra, BlobStores):
    """The chunked layout, a keyspace for each user."""

    share = 0.05
    shared: ClassVar[bool] = False
    prefix = f"t{secrets.token_hex(6)}"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._ahead = 0
        place = Place.read(self.uri.removeprefix("cassandra:"), {})
        self.keyspaces = CassandraKeyspaces(
            place, self._make, passwords=QUICK, clock=lambda: time.time_ns() // 1_000 + self._ahead
        )

    @property
    def uri(self) -> str:
        return f"{lent.uri()}?prefix={self.prefix}&tenancy={'shared' if self.shared else 'keyspaces'}"

    def settle(self) -> None:
        self._ahead += 3_000_000_000
        for blobs in self._made:
            blobs.backlog()

    def raw_batches(self, user: str = "alice") -> Found:
        rows = self._select(user, "SELECT owner, sensor, epoch, id, col, blob FROM seg")
        return {row[:-2] + row[-1:] for row in rows if row[-2] == "!"}

    def raw_chunks(self, user: str = "alice") -> Found:
        rows = self._select(user, "SELECT owner, sensor, epoch, id, col, blob FROM seg")
        return {(*row[:-2], row[-2][1:], row[-1]) for row in rows if row[-2].startswith(".")}

    def raw_rollups(self, user: str = "alice") -> Found:
        rows = self._select(user, "SELECT owner, sensor, epoch, blob, kind FROM roll")
        return {row[:-1] for row in rows if row[-1] == "r"}

    def raw_keys(self, user: str = "alice") -> set[str]:
        return {name for name, shard in self._select(user, "SELECT owner, name, shard FROM key") if shard >= 0}

    def _select(self, user: str, query: str) -> Found:
        table = f" FROM {self._home(user)}."
        session = self.keyspaces.administrator.session
        rows = session.execute(SimpleStatement(query.replace(" FROM ", table), fetch_size=100))
        return {row[1:] for row in rows if row[0] == user}

    def _delete(self, session: Session, home: str, user: str) -> None:
        for table, names in PARTITIONS.items():
            rows = session.execute(f"SELECT DISTINCT owner{''.join(names)} FROM {home}.{table}")
            where = "".join(f" AND {name.strip(', ')} = %s" for name in names)
            for row in rows:
                if row[0] == user:
                    session.execute(f"DELETE FROM {home}.{table} WHERE owner = %s{where}", row)


PARTITIONS: Final = {
    "seg": (", sensor", ", epoch"),
    "roll": (", sensor",),
    "sensor": (),
    "key": (", shard",),
    "scan": (", key",),
    "scan_list": (", part",),
    "scan_points": (", key", ", stream", ", part"),
}
"""What names the partitions of a table, after the owner."""


class SharedCassandraStores(CassandraStores):
    """One keyspace for all users."""

    shared = True
    prefix = f"{CassandraStores.prefix}s"


class ClassicStores(OnCassandra):
    """The classic layout, which has no blobs."""

    share = 0.012
    scans = False
    prefix = f"{CassandraStores.prefix}c"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        place = Place.read(self.uri.removeprefix("cassandra:"), {})
        self.keyspaces = CassandraKeyspaces(place, layouts=(CLASSIC,), passwords=QUICK)

    @property
    def uri(self) -> str:
        return f"{lent.uri()}?prefix={self.prefix}&layout=classic"

    def _delete(self, session: Session, home: str, user: str) -> None:
        columns = "SELECT table_name, column_name, kind FROM system_schema.columns WHERE keyspace_name = %s"
        keys: dict[str, list[str]] = {}
        for table, column, kind in session.execute(columns, (home,)):
            if kind == "partition_key":
                keys.setdefault(table, []).append(column)
        for table, names in keys.items():
            rows = session.execute(f'SELECT DISTINCT {", ".join(names)} FROM {home}."{table}"')
            where = " AND ".join(f"{name} = ?" for name in names)
            delete = session.prepare(f'DELETE FROM {home}."{table}" WHERE {where}')
            execute_concurrent_with_args(session, delete, list(rows))


ADAPTERS: Final[dict[str, type[Stores]]] = {
    "cassandra": CassandraStores,
    "cassandra-shared": SharedCassandraStores,
    "classic": ClassicStores,
    "memory": MemoryStores,
    "sqlite": SqliteStores,
}
BLOBS: Final = {name: stores for name, stores in ADAPTERS.items() if issubclass(stores, BlobStores)}
"""Those that keep records as blobs."""

SCANS: Final = {name: stores for name, stores in ADAPTERS.items() if stores.scans}
"""Those that keep scans."""


@contextmanager
def stores_of(name: str, folder: Path) -> Iterator[Stores]:
    """Empty stores of the adapter, closed at the end."""
    with closing(ADAPTERS[name](folder)) as stores:
        yield stores


@contextmanager
def blobs_of(name: str, folder: Path) -> Iterator[BlobStores]:
    """The same of one that keeps blobs."""
    with closing(BLOBS[name](folder)) as stores:
        yield stores
