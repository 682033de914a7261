"""Idempotency keys and callers' record ids, and the claim to seal: rows that one of many gets.

Law: a key is taken by a conditional insert, unfinished while its post has batches to write; who finds it unfinished
under its own batch id goes on where the first one stopped.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.ports import Key

SHARDS: Final = 16
"""Partitions of one user's keys: conditional writes to one partition wait for each other."""

_FIELDS: Final = ("name", "path", "digest", "batch_id", "received", "answer", "lasting")
KEY: Final = Cql(
    "SELECT name, path, digest, batch_id, received, answer, lasting FROM key WHERE owner = ? AND shard = ? AND name = ?"
)
TAKE: Final = Cql(
    "INSERT INTO key (owner, shard, name, path, digest, batch_id, received, answer, lasting)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
    serial=True,
)
FINISH: Final = Cql("UPDATE key SET answer = ? WHERE owner = ? AND shard = ? AND name = ? IF batch_id = ?", serial=True)
RECEIVED: Final = Cql("SELECT name, received, lasting FROM key WHERE owner = ? AND shard = ?")
FORGET: Final = Cql("DELETE FROM key WHERE owner = ? AND shard = ? AND name = ? IF received = ?", serial=True)
CLAIM: Final = Cql(
    "INSERT INTO key (owner, shard, name, batch_id) VALUES (?, -1, 'seal', ?) IF NOT EXISTS USING TTL 60", serial=True
)
RELEASE: Final = Cql("DELETE FROM key WHERE owner = ? AND shard = -1 AND name = 'seal' IF batch_id = ?", serial=True)


class Keys:
    """The keys of one owner."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner

    def taken(self, key: Key) -> Key | None:
        """The key as it is there; None where it isn't, or is this very post's and unfinished."""
        rows = self._connection.run(KEY, self._owner, _shard(key.name), key.name)
        return _unless_mine(key, _key(*rows[0])) if rows else None

    def take(self, key: Key, *, finished: bool) -> Key | None:
        """Take the key, with its answer where it is finished by that; else as `taken`."""
        answer = key.answer if finished else None
        fields = (key.name, key.path, key.digest, key.batch, key.received, answer, key.lasting)
        stands = self._connection.conditional((TAKE, (self._owner, _shard(key.name), *fields)))
        if stands is None:
            return None
        there = _key_of(stands)
        # It is the same key too where a first try went through unseen.
        if there == Key(*fields):
            return None
        return _unless_mine(key, there)

    def finish(self, key: Key) -> None:
        """Give the key its answer."""
        if key.answer is not None:
            change = FINISH, (key.answer, self._owner, _shard(key.name), key.name, key.batch)
            self._connection.conditional(change)

    def forget(self, before: int) -> None:
        """As BlobStore.forget_keys."""
        for shard in range(SHARDS):
            for name, received, lasting in self._connection.run(RECEIVED, self._owner, shard):
                if not lasting and received < before:
                    self._connection.conditional((FORGET, (self._owner, shard, name, received)))

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        """As BlobStore.sealing; a claim whose holder died ends after a minute."""
        holder = secrets.token_hex(8)
        stands = self._connection.conditional((CLAIM, (self._owner, holder)))
        mine = stands is None or stands["batch_id"] == holder
        try:
            yield mine
        finally:
            if mine:
                self._connection.conditional((RELEASE, (self._owner, holder)))


def _shard(name: str) -> int:
    return zlib.crc32(name.encode()) % SHARDS


def _unless_mine(key: Key, there: Key) -> Key | None:
    return None if there.answer is None and there.batch == key.batch else there


def _key_of(row: Mapping[str, Any]) -> Key:
    return _key(*(row[name] for name in _FIELDS))


def _key(
    name: str, path: str, digest: bytes, batch: str, received: int, answer: bytes | None, lasting: bool | None
) -> Key:
    return Key(name, path, digest, batch, received, answer, bool(lasting))
