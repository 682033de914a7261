"""One user's records in the classic layout.

Law: a post is its key, its attributes' tables, what is new in the catalog, its values and metadata, its records, and the
key's answer, in this order, each acknowledged by a majority before the next. What stops midway shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from grafana_sensor.adapters.cassandra.catalog import Catalogs
from grafana_sensor.adapters.cassandra.connections import Connection
from grafana_sensor.adapters.cassandra.keys import Keys
from grafana_sensor.adapters.cassandra.store import HOUR, Timing
from grafana_sensor.adapters.classic import tables, writing
from grafana_sensor.adapters.classic.check import faults
from grafana_sensor.adapters.classic.reading import ClassicReading
from grafana_sensor.adapters.lease import Lease
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.errors import Unprocessable
from grafana_sensor.ports import Able, Append, Backlog, Key, Post, RecordStore, ScanWriting, Sealed

_KEYS_KEPT: Final = 8 * 24 * HOUR
"""How long idempotency keys are kept: 7 days are promised."""


class ClassicStore(RecordStore):
    """One user's records; holds `connection` until it is closed, and gives it back by `release`."""

    able = Able(records=writing.MOST_RECORDS, text=writing.LONGEST_TEXT, seals=False, scans=False)

    def __init__(self, user: str, connection: Connection, release: Callable[[Connection], None], _: Timing) -> None:
        self._user = user
        self._connection = connection
        self._lease = Lease(partial(release, connection))
        self._catalogs = Catalogs(connection, user)
        self._keys = Keys(connection, user)
        # Receive times (UTC µs): of the latest post, and of that when keys were looked through last.
        self._latest = self._looked = 0

    def append(self, post: Post) -> Key | None:
        """See the port. Raises LimitError for what the layout can't keep."""
        key = post.key
        self._latest = max(self._latest, post.received)
        if key is not None and (taken := self._keys.taken(key)) is not None:
            return taken
        rows = [writing.Rows.of(part) for part in post.parts]
        writing.check(rows)
        seen: dict[str, dict[str, int]] = {}
        for each in rows:
            kinds = seen.setdefault(each.sensor, {})
            for name, bits in each.kinds().items():
                kinds[name] = kinds.get(name, 0) | bits
        self._make(Catalog(seen))
        self._catalogs.see(Append([], seen, post.version))
        records = any(each.pks for each in rows)
        if key is not None and (taken := self._keys.take(key, finished=not records)) is not None:
            return taken
        if records:
            writing.write(self._connection, self._user, rows)
            if key is not None:
                self._keys.finish(key)
        return None

    @contextmanager
    def reading(self) -> Iterator[ClassicReading]:
        """See the port."""
        yield ClassicReading(self._connection, self._user, self._catalogs)

    def catalog(self) -> Catalog:
        """See the port."""
        return self._catalogs.read()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """See the port; makes the table of that kind."""
        if declaration.kind is not None:
            self._make(Catalog({}, {attribute: declaration}))
        return self._catalogs.declare(attribute, declaration)

    def backlog(self) -> list[Backlog]:
        """Nothing, ever; once an hour of what is posted it looks for keys to forget."""
        if self._latest - self._looked >= HOUR:
            self._looked = self._latest
            self._keys.forget(self._latest - _KEYS_KEPT)
        return []

    def seal(self, backlog: Iterable[Backlog], now: int) -> Sealed:
        """Nothing is ever left to seal; forgets expired keys."""
        self._keys.forget(now - _KEYS_KEPT)
        return Sealed()

    def scans(self) -> ScanWriting:
        """Refused: the classic layout has tables for values by their time alone."""
        raise Unprocessable("the classic layout keeps no scans; register the user in a store without layout=classic")

    def check(self) -> Iterator[str]:
        """Verify that a record's rows in all tables say the same: a line for each fault."""
        with self.reading() as reading:
            yield from faults(self._connection, reading)

    def close(self) -> None:
        """See the port."""
        self._lease.end()

    def _make(self, wanted: Catalog) -> None:
        """Make the tables that the kinds of `wanted` need and that aren't there."""
        there = tables.tables_of(self._catalogs.read())
        tables.make(self._connection, there, tables.tables_of(wanted))
