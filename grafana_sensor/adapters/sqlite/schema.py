"""The tables of a file, and how an older file gets today's.

Law: a file says in its header whose it is (application_id) and which version of the tables it has (user_version,
0 for an empty file). The script at place n of a schema takes a file from version n to n + 1; all that are wanted
run in one transaction, under the gate. A file of a newer version, or of another program, is refused untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final

import apsw

from grafana_sensor.adapters.sqlite.errors import unavailable
from grafana_sensor.adapters.sqlite.upgrade import make_nodes

PAGE_SIZE: Final = 8192


@dataclass(frozen=True, slots=True)
class Schema:
    """`application`: the mark of the files that have these tables; `scripts`: see above.

    `steps`: by the place of a script, what is done after it.
    """

    application: int
    scripts: tuple[str, ...]
    steps: Mapping[int, Callable[[apsw.Connection], None]] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Today's version."""
        return len(self.scripts)

    def apply(self, connection: apsw.Connection, file: str) -> None:
        """Give the file today's tables; to be called under its gate. `file` is its name, for errors.

        Raises Unavailable where the file is another program's, is newer than these tables, or lies where
        processes can't share memory.
        """
        version = self._version(connection, file)
        if version == self.version:
            return
        if version == 0:
            _make_shareable(connection, file)
        connection.execute("BEGIN IMMEDIATE")
        for place in range(version, self.version):
            connection.execute(self.scripts[place])
            if place in self.steps:
                self.steps[place](connection)
        connection.execute(f"PRAGMA application_id = {self.application}; PRAGMA user_version = {self.version}; COMMIT")

    def _version(self, connection: apsw.Connection, file: str) -> int:
        application: int = connection.pragma("application_id")
        version: int = connection.pragma("user_version")
        if application != self.application and (application or version or _has_tables(connection)):
            raise unavailable(file, "it is another program's; move it out of the store's folder")
        if version > self.version:
            raise unavailable(
                file, f"its tables are of version {version}, newer than {self.version}; upgrade this program"
            )
        return version


def _has_tables(connection: apsw.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall())


def _make_shareable(connection: apsw.Connection, file: str) -> None:
    connection.pragma("page_size", PAGE_SIZE)
    if connection.pragma("journal_mode", "wal") != "wal":
        raise unavailable(file, "it can't have a write-ahead log; is it on a network file system?")


def _script(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


RECORDS: Final = Schema(0x67727300, (_script("schema.sql"), _script("tree.sql"), _script("scans.sql")), {1: make_nodes})
USERS: Final = Schema(0x67727301, (_script("users.sql"),))
