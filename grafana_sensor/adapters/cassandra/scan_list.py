"""The list of one owner's scans, in the order in which they can be seen.

Law: a scan's timetag is greater than all that were listed before, which the part that it is listed in decides on
condition; so who has read up to a timetag misses nothing that comes later. A part that is full never changes but for
scans that are deleted, and the next one begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql, Row

FULL: Final = 4_096
"""Scans of a part."""
AHEAD: Final = 8
"""Parts whose heads are asked for at once."""

HEAD: Final = Cql("SELECT last, listed FROM scan_list WHERE owner = ? AND part = ? LIMIT 1")
LIST: Final = Cql("UPDATE scan_list SET last = ?, listed = ? WHERE owner = ? AND part = ? IF last = ?", serial=True)
LISTED: Final = Cql("INSERT INTO scan_list (owner, part, tag, key, identity) VALUES (?, ?, ?, ?, ?)")
AT: Final = Cql("SELECT key FROM scan_list WHERE owner = ? AND part = ? AND tag = ?")
AFTER: Final = Cql("SELECT tag, key FROM scan_list WHERE owner = ? AND part = ? AND tag > ? LIMIT ?")
NEWEST: Final = Cql("SELECT tag, key FROM scan_list WHERE owner = ? AND part = ? ORDER BY tag DESC LIMIT 1")
ALL: Final = Cql("SELECT key, identity FROM scan_list WHERE owner = ? AND part = ?")
DROP: Final = Cql("DELETE FROM scan_list WHERE owner = ? AND part = ? AND tag = ?")


@dataclass(frozen=True, slots=True)
class Head:
    """How far a part has come. `last`: its greatest timetag, None where it has none yet; `before`: of earlier parts."""

    part: int = 0
    last: int | None = None
    listed: int = 0
    before: int = 0

    @property
    def greatest(self) -> int:
        """The greatest timetag of all."""
        return self.last or self.before


class ScanList:
    """The list of one owner."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner
        # Parts that are known to be full: their greatest timetags.
        self._full: list[int] = []

    def head(self) -> Head:
        """The part in which the next scan is listed."""
        while True:
            full = list(self._full)
            begin = len(full)
            ahead = AHEAD if full else 1
            rows = self._connection.run_all((HEAD, (self._owner, part)) for part in range(begin, begin + ahead))
            for part, found in enumerate(rows, begin):
                last, listed = found[0] if found else (None, 0)
                if (listed or 0) < FULL:
                    self._full = full
                    return Head(part, last, listed or 0, full[-1] if full else 0)
                full.append(last)
            self._full = full

    def add(self, head: Head, tag: int, key: str, identity: str) -> bool:
        """List a scan under a timetag greater than all; False where another one was listed since `head`."""
        stands = self._connection.conditional(
            (LIST, (tag, head.listed + 1, self._owner, head.part, head.last)),
            (LISTED, (self._owner, head.part, tag, key, identity)),
        )
        return stands is None

    def has(self, tag: int, key: str) -> bool:
        """Whether the scan is listed under that timetag."""
        return any(found and found[0][0] == key for found in self._of_all(AT, tag))

    def after(self, tag: int, limit: int) -> list[tuple[int, str]]:
        """Timetag and key of those with greater timetags, in their order, the first `limit` of them."""
        found: list[tuple[int, str]] = []
        for part in self._parts(tag):
            if len(found) >= limit:
                break
            found += [(at, key) for at, key in self._connection.run(AFTER, self._owner, part, tag, limit - len(found))]
        return found

    def newest(self) -> tuple[int, str] | None:
        """Timetag and key of the newest one that is there."""
        for part in reversed(list(self._parts(0))):
            for tag, key in self._connection.run(NEWEST, self._owner, part):
                if tag is not None:
                    return tag, key
        return None

    def all(self) -> list[Row]:
        """Key and identity of all, in order."""
        return [row for found in self._of_all(ALL) for row in found if row[0] is not None]

    def drop(self, tag: int) -> None:
        """Take the scan of that timetag off the list."""
        self._of_all(DROP, tag)

    def _of_all(self, statement: Cql, *values: object) -> list[list[Row]]:
        return self._connection.run_all((statement, (self._owner, part, *values)) for part in self._parts(0))

    def _parts(self, tag: int) -> Iterator[int]:
        """The parts that may have scans with greater timetags."""
        head = self.head()
        for part in range(head.part + 1):
            if part == head.part or self._full[part] > tag:
                yield part
