"""The adapters that the contract is asked of, each with a look behind its back.

A row of ADAPTERS is all that a new adapter adds here; the tests know none by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import apsw
from argon2 import PasswordHasher

from grafana_sensor.adapters.memory import MemoryKeyspaces
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.adapters.sqlite import SqliteKeyspaces
from grafana_sensor.adapters.sqlite.keyspaces import file_name
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.ports import BlobStore, Keyspaces, RecordStore

PASSWORD: Final = "correct horse"
QUICK: Final = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashes that cost nothing, for tests that are about something else."""

MakeStore = Callable[[BlobStore], RecordStore]
Found = set[tuple[Any, ...]]


class Stores(ABC):
    """Users of one adapter, their blobs, and what is kept of them as it lies there."""

    keyspaces: Keyspaces

    def __init__(self) -> None:
        self._made: list[BlobStore] = []

    def blobs(self, user: str = "alice") -> BlobStore:
        """The user's blobs, opened once more; the user is made where there is none."""
        if user not in self.keyspaces.users():
            self.keyspaces.create(user, PASSWORD)
            self.keyspaces.initialize(user, PASSWORD)
        self.keyspaces.open_as_administrator(user)
        return self._made[-1]

    def _make(self, blobs: BlobStore) -> RecordStore:
        self._made.append(blobs)
        return ChunkedStore(blobs)

    def close(self) -> None:
        """Close all that was opened."""
        for blobs in self._made:
            blobs.close()
        self.keyspaces.close()

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


class MemoryStores(Stores):
    """Dicts, looked into."""

    def __init__(self, _: Path) -> None:
        super().__init__()
        self.keyspaces = self._keyspaces = MemoryKeyspaces(self._make, passwords=QUICK)

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


class SqliteStores(Stores):
    """Files, read by SQL of the tests' own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder / "store"
        self.keyspaces = SqliteKeyspaces(self._folder, self._make, passwords=QUICK)

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


ADAPTERS: Final[dict[str, Callable[[Path], Stores]]] = {"memory": MemoryStores, "sqlite": SqliteStores}


@contextmanager
def stores_of(name: str, folder: Path) -> Iterator[Stores]:
    """Empty stores of the adapter, closed at the end."""
    stores = ADAPTERS[name](folder)
    try:
        yield stores
    finally:
        stores.close()
