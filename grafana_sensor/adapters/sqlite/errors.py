"""Errors of SQLite and of the file system, in our words.

Law: every exception of apsw stands in one table. What the surroundings can cause (a full disk, a damaged file)
is Unavailable, and names the file without its folder; what only a defect of ours can cause stays as it is.
"""

from __future__ import annotations

import os
from typing import Final

import apsw

from grafana_sensor.domain.errors import Unavailable

DEFECT: Final = ""
"""Stands for an exception that no surroundings can cause."""

MEANINGS: Final[dict[type[apsw.Error], str]] = {
    apsw.AbortError: DEFECT,
    apsw.AuthError: DEFECT,
    apsw.BindingsError: DEFECT,
    apsw.BusyError: "another program keeps it locked; end that program, or try again",
    apsw.CantOpenError: "it can't be opened; is it there, and may this account read and write its folder?",
    apsw.ConnectionClosedError: DEFECT,
    apsw.ConnectionNotClosedError: DEFECT,
    apsw.ConstraintError: DEFECT,
    apsw.CorruptError: "it is damaged; put back a backup",
    apsw.CursorClosedError: DEFECT,
    apsw.EmptyError: "it is damaged; put back a backup",
    apsw.ExecTraceAbort: DEFECT,
    apsw.ExecutionCompleteError: DEFECT,
    apsw.ExtensionLoadingError: DEFECT,
    apsw.ForkingViolationError: DEFECT,
    apsw.FormatError: "it is damaged; put back a backup",
    apsw.FullError: "the disk is full; make room on it",
    apsw.IOError: "the disk fails to read or write it",
    apsw.IncompleteExecutionError: DEFECT,
    apsw.InternalError: DEFECT,
    apsw.InterruptError: DEFECT,
    apsw.InvalidContextError: DEFECT,
    apsw.LockedError: "another program keeps it locked; end that program, or try again",
    apsw.MismatchError: DEFECT,
    apsw.MisuseError: DEFECT,
    apsw.NoFTS5Error: DEFECT,
    apsw.NoLFSError: "the system has no support for files of its size",
    apsw.NoMemError: "there is no memory left",
    apsw.NotADBError: "it is no database of SQLite; put back a backup",
    apsw.NotFoundError: DEFECT,
    apsw.PermissionsError: "this account may not read and write it",
    apsw.ProtocolError: "its locks don't work; is it on a network file system?",
    apsw.RangeError: DEFECT,
    apsw.ReadOnlyError: "it can only be read; may this account write it and its folder?",
    apsw.SQLError: DEFECT,
    apsw.SchemaChangeError: "another program changed its tables; try again",
    apsw.ThreadingViolationError: DEFECT,
    apsw.TooBigError: DEFECT,
    apsw.VFSFileClosedError: DEFECT,
    apsw.VFSNotImplementedError: DEFECT,
}


def own(file: str, error: Exception) -> Exception:
    """The error to raise for `error`, which met the file of that name: Unavailable, or `error` itself."""
    if isinstance(error, OSError):
        return unavailable(file, os.strerror(error.errno) if error.errno else type(error).__name__)
    meaning = MEANINGS.get(type(error), DEFECT) if isinstance(error, apsw.Error) else DEFECT
    return unavailable(file, meaning) if meaning else error


def unavailable(file: str, meaning: str) -> Unavailable:
    """The error that the file can't serve, and why."""
    return Unavailable(f"the store's file {file!r}: {meaning}")


class OwnErrors:
    """A context whose errors are raised as `own` says. It has no state: one serves all the threads of a file."""

    def __init__(self, file: str) -> None:
        self._file = file

    def __enter__(self) -> None:
        """Nothing to begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, (apsw.Error, OSError)) and (known := own(self._file, error)) is not error:
            raise known from error
