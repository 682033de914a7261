from __future__ import annotations

import errno
import os

import apsw
import pytest

from grafana_sensor.adapters.sqlite.errors import DEFECT, MEANINGS, OwnErrors, own
from grafana_sensor.domain.errors import Unavailable

OF_APSW: set[type[apsw.Error]] = {
    found
    for found in vars(apsw).values()
    if isinstance(found, type) and issubclass(found, apsw.Error) and found is not apsw.Error
}


def test_every_exception_of_the_driver_is_in_the_table() -> None:
    """The table has each exception class of apsw, and no other."""
    assert OF_APSW
    assert OF_APSW == set(MEANINGS)


@pytest.mark.parametrize("kind", sorted(OF_APSW, key=str))
def test_each_exception_is_told_or_stays(kind: type[apsw.Error]) -> None:
    """What the surroundings cause is Unavailable and names the file; a defect is raised as it is."""
    error = kind("deep inside")
    if MEANINGS[kind] == DEFECT:
        assert error is own("a.sqlite3", error)
    else:
        told = own("a.sqlite3", error)
        assert isinstance(told, Unavailable)
        assert f"the store's file 'a.sqlite3': {MEANINGS[kind]}" == told.message


def test_the_codes_of_sqlite_that_surroundings_cause_are_told() -> None:
    """For every primary result code that a disk, a lock or a damaged file can cause, there is a message."""
    causes = (
        "BUSY",
        "LOCKED",
        "NOMEM",
        "READONLY",
        "IOERR",
        "CORRUPT",
        "FULL",
        "CANTOPEN",
        "PROTOCOL",
        "PERM",
        "NOTADB",
    )
    codes = [apsw.mapping_result_codes[f"SQLITE_{cause}"] for cause in causes]
    assert [] == [code for code in codes if not isinstance(own("f", apsw.exception_for(code)), Unavailable)]  # type: ignore[arg-type]  # the mapping is of both ways


def test_errors_of_the_file_system_are_told_without_the_folder() -> None:
    """An OSError becomes Unavailable by its number; the path that it holds is not shown."""
    with pytest.raises(Unavailable) as told, OwnErrors("a.sqlite3"):
        raise PermissionError(errno.EACCES, "no", "/secret/folder/a.sqlite3")
    assert f"the store's file 'a.sqlite3': {os.strerror(errno.EACCES)}" == told.value.message


def test_other_exceptions_pass() -> None:
    """What is neither SQLite's nor the file system's is not touched."""
    with pytest.raises(KeyError), OwnErrors("a.sqlite3"):
        raise KeyError
