"""The gate before the writers of a file, and the claim to seal it.

Law: one thread of one process at a time is inside. Between processes that is an flock, which belongs to an open
file description; so a description is opened each time, and is shared neither by threads nor with a fork: either
would let a second one in. Between threads of a process it is a lock. The kernel lets go of a killed process's
flock. The files of gates stand beside the database and are empty: opening the database itself would be a fault,
since closing it drops the locks that SQLite holds in this process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from threading import Lock


class Gate:
    """A context that one thread of all processes is in at a time; others wait."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._held: FileIO | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        try:
            self._held = _opened(self._path)
            fcntl.flock(self._held, fcntl.LOCK_EX)
        except BaseException:
            self._let_go()
            raise

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def _let_go(self) -> None:
        if self._held is not None:
            # Unlocked before it is closed: a program that was just started may hold it for a moment yet.
            fcntl.flock(self._held, fcntl.LOCK_UN)
            self._held.close()
            self._held = None
        self._lock.release()

    def before_fork(self) -> None:
        """Keep this process's threads out, so that nothing is held while it forks."""
        self._lock.acquire()

    def after_fork(self) -> None:
        """Let them in again, in the parent and in the child."""
        self._lock.release()


class Claim:
    """What one thread of all processes has at a time; nobody waits for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._held: FileIO | None = None

    @contextmanager
    def claimed(self) -> Iterator[bool]:
        """Whether the claim is had, until the context ends."""
        lock = self._lock
        if not lock.acquire(blocking=False):
            yield False
            return
        try:
            with _opened(self._path) as file:
                self._held = file
                yield _flocked(file)
        finally:
            self._held = None
            lock.release()

    def after_fork_in_child(self) -> None:
        """Nothing is claimed by the child; the parent's claim must not outlive the parent in it."""
        if self._held is not None:
            self._held.close()
        self._held = None
        self._lock = Lock()


def _opened(path: Path) -> FileIO:
    return FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")


def _flocked(file: FileIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
