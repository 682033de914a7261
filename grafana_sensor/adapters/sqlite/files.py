"""A file of the store as the threads of this process share it.

Law: a file is open once in a process however often it is asked for, and is let go of by the last who has it.
What a process holds of it (connections, the queue of writes, locks) is its own: a fork waits until no write is
under way, and the child starts with none of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import ClassVar, Final, TypeVar

import apsw

from grafana_sensor.adapters.sqlite.commits import Commits
from grafana_sensor.adapters.sqlite.errors import OwnErrors, unavailable
from grafana_sensor.adapters.sqlite.gate import Claim, Gate
from grafana_sensor.adapters.sqlite.schema import Schema

T = TypeVar("T")
F = TypeVar("F", bound="File")

SUFFIX: Final = ".sqlite3"


class File:
    """A file with the tables of `schema`. Made by `opened`, ended by `release`."""

    schema: ClassVar[Schema]

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.errors = OwnErrors(path.name)
        self.holders = 0
        self.claim = Claim(path.with_suffix(".sealing"))
        self.gate = Gate(path.with_suffix(".gate"))
        self.commits = Commits(path, self.gate)
        self._prepared = False

    def prepare(self, *, make: bool) -> None:
        """See that the file is there, with today's tables; it is made where `make` says so.

        Raises Unavailable where it can't be used.
        """
        if self._prepared:
            return
        if not make and not self.path.exists():
            raise unavailable(self.name, "it is missing from the store's folder; put it back")
        with self.errors, self.gate:
            if make:
                _make(self.path)
            with self.commits.pool.lend("write") as connection:
                self.schema.apply(connection, self.name)
        self._prepared = True

    @contextmanager
    def snapshot(self) -> Iterator[apsw.Connection]:
        """A connection in a read transaction of its own, at what is committed when this begins."""
        with ExitStack() as stack:
            with self.errors:
                connection = stack.enter_context(self.commits.pool.lend("read"))
                # The transaction begins with its first look.
                connection.execute("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            yield connection

    def write(self, work: Callable[[apsw.Connection], T]) -> T:
        """See Commits.run."""
        return self.commits.run(work)

    def release(self) -> None:
        """Let go of the file for one of its holders; the last one's going moves its log into the database."""
        with _lock:
            self.holders -= 1
            if self.holders:
                return
            if _open.get(self.path) is self:
                del _open[self.path]
        with suppress(OSError):
            if self._prepared and self.path.with_name(f"{self.name}-wal").stat().st_size:
                self.commits.checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE, 0)
        self.commits.pool.close()

    def before_fork(self) -> None:
        """Wait until no write is under way, and hold what is idle."""
        self.gate.before_fork()
        self.commits.pool.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self.commits.pool.after_fork_in_parent()
        self.gate.after_fork()

    def after_fork_in_child(self) -> None:
        """Begin anew."""
        self.claim.after_fork_in_child()
        self.commits.after_fork_in_child()
        self.commits.pool.after_fork_in_child()
        self.gate.after_fork()


def opened(kind: type[F], path: Path, *, make: bool = False) -> F:
    """The file at `path` with one holder more, who must release it; made where it is missing and `make` says so.

    Raises Unavailable where it can't be used.
    """
    with _lock:
        file = _open.get(path)
        if file is None:
            file = _open[path] = kind(path)
        if not isinstance(file, kind):
            raise TypeError(f"{path.name} is open as {type(file).__name__}")
        file.holders += 1
    try:
        file.prepare(make=make)
    except BaseException:
        file.release()
        raise
    return file


def _make(path: Path) -> None:
    # Before SQLite does, since it would let other accounts read it.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


_lock = Lock()
_open: dict[Path, File] = {}


def _before_fork() -> None:
    _lock.acquire()
    for file in _open.values():
        file.before_fork()


def _after_fork_in_parent() -> None:
    for file in _open.values():
        file.after_fork_in_parent()
    _lock.release()


def _after_fork_in_child() -> None:
    for file in _open.values():
        file.after_fork_in_child()
    _lock.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
