"""Group commit: one fsync for all the writes that wait.

Law: a write is durable when `run` returns. Threads queue; one of them leads: it takes the gate, then what
queued up until then, applies it in one transaction, commits, hands the lead to the first of the next group, and
wakes its own. Nobody waits for the clock. Each write has a savepoint of its own, so one that fails leaves
nothing and fails alone; what fails the transaction fails them all.

Checkpoints run here too, under the gate, after the group was woken. They never wait for readers, save once for
every LONG pages by which a write-ahead log grew because readers never left it alone, and then briefly.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import apsw

from grafana_sensor.adapters.sqlite.connections import BUSY_TIMEOUT, Pool
from grafana_sensor.adapters.sqlite.errors import own, unavailable
from grafana_sensor.adapters.sqlite.gate import Gate
from grafana_sensor.domain.errors import Unavailable

T = TypeVar("T")

SHORT: Final = 2_000
"""Pages by which the write-ahead log grows from one checkpoint to the next."""
LONG: Final = 16 * SHORT
"""Pages of a log that is kept from starting anew, so that it is worth a wait."""
PATIENCE: Final = 100
"""How long that wait may be, in ms."""

_log = logging.getLogger(__name__)


class _Task(Generic[T]):
    """A write in the queue, with its outcome once `woken` can be had."""

    def __init__(self, work: Callable[[apsw.Connection], T]) -> None:
        self.work = work
        self.result: T | None = None
        self.error: BaseException | None = None
        self.leads = False
        self.woken = Lock()
        self.woken.acquire()


class Commits:
    """The writes of this process to one file."""

    def __init__(self, path: Path, gate: Gate) -> None:
        self._path = path
        self._gate = gate
        self.pool = Pool(path, self._committed)
        self._pages = 0
        self._due = SHORT
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Nobody waits and nobody leads: those were threads of the parent."""
        self._lock = Lock()
        self._led = False
        self._queue: list[_Task[Any]] = []

    def run(self, work: Callable[[apsw.Connection], T]) -> T:
        """What `work` returns, once what it wrote is durable.

        `work` runs inside a transaction, in whatever thread leads. What it raises is raised here, and then
        it has written nothing. Raises Unavailable where the file can't be written.
        """
        task = _Task(work)
        with self._lock:
            self._queue.append(task)
            task.leads = not self._led
            self._led = True
        if not task.leads:
            self._wait(task)
        if task.leads:
            self._lead()
            self._checkpoint_if_due()
        if task.error is not None:
            raise task.error
        return task.result  # type: ignore[return-value]  # no error: `work` has returned it

    def checkpoint(self, mode: int, patience: int) -> None:
        """Move the log's pages to the database, waiting for readers `patience` ms. A lost try is tried again later."""
        try:
            with self._gate, self.pool.lend("write") as connection:
                connection.set_busy_timeout(patience)
                with suppress(apsw.BusyError):
                    connection.wal_checkpoint(mode=mode)
                connection.set_busy_timeout(BUSY_TIMEOUT)
        except (apsw.Error, OSError) as error:
            # What was committed is safe in the log.
            _log.warning("no checkpoint of %s: %s", self._path.name, error)

    def _wait(self, task: _Task[Any]) -> None:
        try:
            task.woken.acquire()
        except BaseException:
            with self._lock:
                if task in self._queue:
                    self._queue.remove(task)
            if task.leads:
                self._hand_on()
            raise

    def _lead(self) -> None:
        group: list[_Task[Any]] = []
        try:
            with self._gate, self.pool.lend("write") as connection:
                group = self._take()
                self._commit(connection, group)
        except BaseException as error:
            group = group or self._take()
            for task in group:
                task.error = self._own(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._hand_on()
            for task in group:
                task.woken.release()

    def _commit(self, connection: apsw.Connection, group: list[_Task[Any]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for task in group:
                self._attempt(connection, task)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(apsw.Error):
                connection.execute("ROLLBACK")
            raise

    def _attempt(self, connection: apsw.Connection, task: _Task[Any]) -> None:
        connection.execute("SAVEPOINT task")
        try:
            task.result = task.work(connection)
        except Exception as error:
            if not connection.in_transaction:
                raise  # SQLite has given the whole transaction up
            connection.execute("ROLLBACK TO task")
            task.error = self._own(error)
        connection.execute("RELEASE task")

    def _own(self, error: BaseException) -> BaseException:
        """The error as one thread of several may raise it: ours, and an instance of its own where it can be shared."""
        if isinstance(error, Unavailable):
            return Unavailable(error.message)
        if not isinstance(error, Exception):
            return unavailable(self._path.name, "the write was interrupted; try again")
        known = own(self._path.name, error)
        if known is not error:
            known.__cause__ = error
        return known

    def _take(self) -> list[_Task[Any]]:
        with self._lock:
            group, self._queue = self._queue, []
        return group

    def _hand_on(self) -> None:
        with self._lock:
            self._led = bool(self._queue)
            if self._queue:
                self._queue[0].leads = True
                self._queue[0].woken.release()

    def _committed(self, pages: int) -> None:
        if pages < self._pages:
            self._due = SHORT
        self._pages = pages

    def _checkpoint_if_due(self) -> None:
        if self._pages < self._due:
            return
        kept_long = self._pages >= LONG
        self._due = self._pages + (LONG if kept_long else SHORT)
        if kept_long:
            self.checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE, PATIENCE)
        else:
            self.checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE, 0)
