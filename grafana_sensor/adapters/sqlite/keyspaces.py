"""The users and their files in a folder of this machine.

Law: a user is a row of users.sqlite3, written last, so whoever is a user has a file. The password guards the
doors; the files are guarded by the system, which lets only this account into them. The folder is on a disk of
this machine, never on a network file system: SQLite's log needs memory that processes share.
"""

from __future__ import annotations

import os
import re
import unicodedata
from base64 import b32encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

import apsw

from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.adapters.sqlite.errors import OwnErrors, unavailable
from grafana_sensor.adapters.sqlite.files import SUFFIX, File, opened
from grafana_sensor.adapters.sqlite.schema import USERS, Schema
from grafana_sensor.adapters.sqlite.store import RecordsFile, SqliteStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import NotFound, UserExists, WrongCredentials
from grafana_sensor.ports import BlobStore, Keyspaces, RecordStore

USER = "SELECT hash, file FROM user WHERE name = ?"
NAMES = "SELECT name FROM user"
ADD = "INSERT INTO user (name, hash, file) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING"
SET_HASH = "UPDATE user SET hash = ? WHERE name = ?"
RENEW_HASH = "UPDATE user SET hash = ? WHERE name = ? AND hash = ?"
HAS_RECORDS = "SELECT 1 FROM meta WHERE name = 'catalog_state' AND value > 0"


class UsersFile(File):
    """The file of the users."""

    schema: ClassVar[Schema] = USERS


class SqliteKeyspaces(Keyspaces):
    """The users of `folder`, which is made when it is first needed; `make_store` puts the engine over blobs."""

    def __init__(
        self,
        folder: Path,
        make_store: Callable[[BlobStore], RecordStore] = ChunkedStore,
        *,
        passwords: Passwords | None = None,
    ) -> None:
        # Absolute, so that a change of the working directory changes no file.
        self._folder = folder.resolve()
        self._make_store = make_store
        self._passwords = passwords or Passwords()
        # As often as it was opened, by threads that came at once each.
        self._held: list[UsersFile] = []

    def create(self, user: str, password: str) -> None:
        """See the port."""
        if self._row(user) is not None:
            raise _taken(user)
        known, name = self._passwords.hash(password), file_name(user)
        file = opened(RecordsFile, self._folder / name, make=True)
        try:
            with file.snapshot() as connection:
                if connection.execute(HAS_RECORDS).fetchall() and self._row(user) is None:
                    raise unavailable(name, f"it holds records, but there is no user {user!r}; move it away")
        finally:
            file.release()
        if not self._change(ADD, user, known, name):
            raise _taken(user)

    def initialize(self, user: str, password: str) -> None:
        """See the port."""
        opened(RecordsFile, self._authenticate(user, password)).release()

    def open(self, user: str, password: str) -> RecordStore:
        """See the port."""
        return self._open(self._authenticate(user, password))

    def open_as_administrator(self, user: str) -> RecordStore:
        """See the port."""
        if (row := self._row(user)) is None:
            raise _missing(user)
        return self._open(self._folder / row[1])

    def set_password(self, user: str, password: str) -> None:
        """See the port."""
        if not self._change(SET_HASH, self._passwords.hash(password), user):
            raise _missing(user)

    def credential(self, user: str) -> str | None:
        """See the port."""
        row = self._row(user)
        return row[0] if row is not None else None

    def users(self) -> list[str]:
        """See the port."""
        return sorted(name for (name,) in self._select(NAMES))

    def ready(self) -> None:
        """See the port."""
        self._select(NAMES + " LIMIT 1")
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise unavailable(self._folder.name, "this account may not read and write the folder")

    def close(self) -> None:
        """See the port."""
        while self._held:
            self._held.pop().release()

    def _open(self, path: Path) -> RecordStore:
        return self._make_store(SqliteStore(opened(RecordsFile, path)))

    def _authenticate(self, user: str, password: str) -> Path:
        """The user's file. Raises WrongCredentials."""
        known, name = self._row(user) or (None, "")
        if not self._passwords.verify(known, password) or known is None:
            raise WrongCredentials("the user or the password is wrong")
        if self._passwords.is_outdated(known):
            self._change(RENEW_HASH, self._passwords.hash(password), user, known)
        return self._folder / name

    def _users(self) -> UsersFile:
        """The file of the users, held until this is closed; no lock, which a fork could find taken."""
        try:
            return self._held[0]
        except IndexError:
            _make_folder(self._folder)
            file = opened(UsersFile, self._folder / f"users{SUFFIX}", make=True)
            self._held.append(file)
            return file

    def _row(self, user: str) -> tuple[str, str] | None:
        rows = self._select(USER, user)
        return (rows[0][0], rows[0][1]) if rows else None

    def _select(self, query: str, *values: object) -> list[Any]:
        file = self._users()
        with file.snapshot() as connection, file.errors:
            return connection.execute(query, values).fetchall()

    def _change(self, statement: str, *values: object) -> bool:
        """Whether the statement changed a row."""

        def work(connection: apsw.Connection) -> bool:
            connection.execute(statement, values)
            return connection.changes() > 0

        return self._users().write(work)


def file_name(user: str) -> str:
    """The name of the user's file: what is readable of the user's name, then 80 bits of its SHA-256.

    In lower-case ASCII letters, digits and hyphens, so that every file system keeps any two users' apart.
    """
    plain = unicodedata.normalize("NFKD", user).encode("ascii", "ignore").decode("ascii").lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain)[:32].strip("-") or "user"
    digest = b32encode(sha256(user.encode("utf-8", "surrogatepass")).digest()[:10]).decode("ascii").lower()
    return f"{readable}-{digest}{SUFFIX}"


def _make_folder(folder: Path) -> None:
    with OwnErrors(folder.name):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def _taken(user: str) -> UserExists:
    return UserExists(f"user {user!r} exists already; take another name")


def _missing(user: str) -> NotFound:
    return NotFound(f"there is no user {user!r}")
