"""The connections of this process to one file of SQLite.

Law: a connection is lent to one thread at a time and comes back at rest, or is closed. None outlives a fork: a
process that is about to fork closes those that are not lent, since SQLite keeps its locks per file and process
in memory, and a child that inherits that memory would trust locks that only its parent holds. Where one is lent
even so, the child is refused the file. No connection checkpoints by itself, at its close neither. A file that
was removed or replaced while it was open is refused: what is written to the old one would be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final, Literal

import apsw

from grafana_sensor.adapters.sqlite.errors import unavailable

Role = Literal["read", "write"]

KEPT: Final[dict[Role, int]] = {"read": 8, "write": 1}
"""How many connections of each role stay open while nobody uses them."""
BUSY_TIMEOUT: Final = 5_000
"""For how long SQLite waits for a program that doesn't know of the gate, in ms."""
WAL_BYTES: Final = 64 << 20
"""To what size a longer write-ahead log is cut when it starts anew."""

PRAGMAS: Final = f"""
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -8192;
PRAGMA temp_store = MEMORY;
PRAGMA journal_size_limit = {WAL_BYTES};
"""


class Pool:
    """Connections to the file at `path`; `on_commit` is told the pages in the write-ahead log after each commit."""

    def __init__(self, path: Path, on_commit: Callable[[int], None]) -> None:
        self._path = path
        self._on_commit = on_commit
        self._lock = Lock()
        self._kept: dict[Role, int] = dict(KEPT)
        self._idle: dict[Role, list[apsw.Connection]] = {"read": [], "write": []}
        self._lent: set[apsw.Connection] = set()
        self._inherited: set[apsw.Connection] = set()
        self._identity: tuple[int, int] | None = None

    @contextmanager
    def lend(self, role: Role) -> Iterator[apsw.Connection]:
        """A connection for one thread until the context ends. Raises what SQLite raises, and Unavailable."""
        connection = self._take(role)
        try:
            yield connection
        except BaseException:
            self._give_back(connection, None)
            raise
        self._give_back(connection, role)

    def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back. Lending goes on, without keeping."""
        with self._lock:
            self._kept = {"read": 0, "write": 0}
            self._close_idle()

    def before_fork(self) -> None:
        """Close what is idle, and let nobody take a connection."""
        self._lock.acquire()
        self._close_idle()

    def after_fork_in_parent(self) -> None:
        """Lend again."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Lend again; the parent's connections are never touched here, not even by the garbage collector."""
        self._inherited |= self._lent
        self._lent = set()
        self._lock.release()

    def _take(self, role: Role) -> apsw.Connection:
        if self._inherited:
            raise unavailable(self._path.name, "it was in use while this process forked; open it after the fork")
        self._check_identity()
        with self._lock:
            idle = self._idle[role]
            connection = idle.pop() if idle else self._connect()
            self._lent.add(connection)
        return connection

    def _check_identity(self) -> None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            raise unavailable(self._path.name, "it is missing from the store's folder; put it back") from None
        identity = (status.st_dev, status.st_ino)
        if self._identity is None:
            self._identity = identity
        elif self._identity != identity:
            raise unavailable(self._path.name, "it was replaced while it was open; restart this program")

    def _connect(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE)
        connection.set_busy_timeout(BUSY_TIMEOUT)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.wal_autocheckpoint(0)
        connection.set_wal_hook(self._committed)
        connection.execute(PRAGMAS)
        return connection

    def _committed(self, _: apsw.Connection, __: str, pages: int) -> int:
        self._on_commit(pages)
        return apsw.SQLITE_OK

    def _give_back(self, connection: apsw.Connection, role: Role | None) -> None:
        with self._lock:
            if connection not in self._lent:
                return  # it was lent before a fork, and is the parent's
            self._lent.remove(connection)
            if role is not None and len(self._idle[role]) < self._kept[role] and _at_rest(connection):
                self._idle[role].append(connection)
                return
        _close(connection)

    def _close_idle(self) -> None:
        for idle in self._idle.values():
            while idle:
                _close(idle.pop())


def _at_rest(connection: apsw.Connection) -> bool:
    """Whether the connection could end its transaction."""
    if connection.in_transaction:
        with suppress(apsw.Error):
            connection.execute("ROLLBACK")
    return connection.txn_state() == apsw.SQLITE_TXN_NONE


def _close(connection: apsw.Connection) -> None:
    # What a close can still fail on is what made it be closed.
    with suppress(apsw.Error):
        connection.close(force=True)
