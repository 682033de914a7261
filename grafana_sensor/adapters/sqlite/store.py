"""One user's blobs in one file of SQLite.

Law: an append is one write of the group commit (commits.py), and its markers are the rows of its batches, so
there is never a marker without its data. A seal reads nothing under the gate but the generation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from grafana_sensor.adapters.lease import Lease
from grafana_sensor.adapters.sqlite import writing
from grafana_sensor.adapters.sqlite.files import File
from grafana_sensor.adapters.sqlite.reading import Remembered, SqliteReading
from grafana_sensor.adapters.sqlite.scans import SqliteScans
from grafana_sensor.adapters.sqlite.schema import RECORDS, Schema
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.layout import Layout, Reach, Widths
from grafana_sensor.ports import Append, Backlog, BlobReading, BlobStore, Key, ScanWriting, Seal

BACKLOG = """
SELECT name, epoch, count(*), sum(records), min(received)
FROM batch JOIN sensor ON sensor.id = batch.sensor
GROUP BY sensor, epoch
"""
ANY_OLD_KEY = "SELECT 1 FROM key WHERE NOT lasting AND received < ? LIMIT 1"


class RecordsFile(File):
    """A user's file, and what this process remembers of it: all of it committed, and only growing."""

    schema: ClassVar[Schema] = RECORDS

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.remembered = Remembered()
        self.seen: dict[str, dict[str, int]] = {}
        self.reached: dict[str, Layout] = {}


class SqliteStore(BlobStore):
    """One user's blobs; holds `file` until it is closed. Used after that, it still works, keeping nothing open."""

    def __init__(self, file: RecordsFile) -> None:
        self._file = file
        self._lease = Lease(file.release)
        self._scans = SqliteScans(file)

    def append(self, append: Append) -> Key | None:
        """See the port."""
        news = self._news(append)
        reaches = {sensor: reach for sensor, reach in append.reach.items() if self._grows(sensor, reach)}
        taken = self._file.write(lambda connection: writing.append(connection, append, news, reaches))
        if taken is None:
            for sensor, reach in reaches.items():
                self._file.reached[sensor] = self._file.reached.get(sensor, Layout()).reaching(reach)
            for sensor, kinds in news.items():
                known = self._file.seen.setdefault(sensor, {})
                for attribute, bits in kinds.items():
                    known[attribute] = known.get(attribute, 0) | bits
        return taken

    def _grows(self, sensor: str, reach: Reach) -> bool:
        """Whether that is further than this process has seen committed."""
        known = self._file.reached.get(sensor, Layout())
        return known.reaching(reach) != known

    def _news(self, append: Append) -> dict[str, dict[str, int]]:
        """The sensors, and the kinds of their attributes, that this process hasn't seen committed."""
        news: dict[str, dict[str, int]] = {}
        for sensor in (*append.seen, *(batch.sensor for batch in append.batches)):
            known = self._file.seen.get(sensor)
            kinds = append.seen.get(sensor, {})
            fresh = {name: bits for name, bits in kinds.items() if known is None or bits & ~known.get(name, 0)}
            if fresh or known is None:
                news[sensor] = fresh
        return news

    @contextmanager
    def reading(self) -> Iterator[BlobReading]:
        """See the port."""
        with self._file.snapshot() as connection:
            yield SqliteReading(connection, self._file.errors, self._file.remembered)

    def seal(self, seal: Seal) -> bool:
        """See the port."""
        return self._file.write(lambda connection: writing.seal(connection, seal))

    def sealing(self) -> AbstractContextManager[bool]:
        """See the port."""
        return self._file.claim.claimed()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """See the port."""
        return self._file.write(lambda connection: writing.declare(connection, attribute, declaration))

    def lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        """See the port."""
        return self._file.write(lambda connection: writing.lay(connection, changes))

    def backlog(self) -> list[Backlog]:
        """See the port."""
        with self._file.snapshot() as connection, self._file.errors:
            rows: list[Any] = connection.execute(BACKLOG).fetchall()
        return [Backlog(*row) for row in rows]

    def scans(self) -> ScanWriting:
        """See the port."""
        return self._scans

    def forget_keys(self, before: int) -> None:
        """See the port."""
        with self._file.snapshot() as connection, self._file.errors:
            more = bool(connection.execute(ANY_OLD_KEY, (before,)).fetchall())
        while more:
            more = self._file.write(lambda connection: writing.forget_keys(connection, before))

    def close(self) -> None:
        """See the port."""
        self._lease.end()
