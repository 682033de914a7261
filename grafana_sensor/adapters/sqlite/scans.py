"""One user's scans in the file of their records.

Law: each change is one write of the group commit (commits.py), so what one send carries is there as a whole or not at
all. Who waits looks at the write-ahead log, which every commit of every process changes, and asks the file only then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import apsw

from grafana_sensor.adapters.sqlite import scan_reading as reading
from grafana_sensor.adapters.sqlite import scan_writing as writing
from grafana_sensor.adapters.sqlite.files import File
from grafana_sensor.adapters.timetags import milliseconds, text
from grafana_sensor.domain.errors import NoScanAvailable, ScanNotFoundError
from grafana_sensor.domain.scan import Points, Scan, ScanState, Stream, StreamDefinition
from grafana_sensor.domain.scansearch import search
from grafana_sensor.ports import ScanWriting

POLL: Final = 0.005
"""Seconds between two looks at the log."""
UNASKED: Final = 1.0
"""Seconds after which the file is asked though the log seems unchanged."""
REMEMBERED: Final = 64
"""Scans whose streams are remembered."""

LAST = "SELECT tag, key FROM scan ORDER BY tag DESC LIMIT 1"
CREATED = "SELECT tag, key FROM scan WHERE tag > ? ORDER BY tag LIMIT ?"
ALL = "SELECT key, identity FROM scan ORDER BY tag"


class SqliteScans(ScanWriting):
    """The scans in `file`, which whoever made this holds; closing them closes nothing."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._log_path = file.path.with_name(f"{file.name}-wal")
        # By the numbers of scans, which never come twice; a scan that takes points has all its streams.
        self._streams: dict[int, writing.Streams] = {}

    def last_timetag(self) -> str:
        """See the port."""
        with self._file.snapshot() as connection, self._file.errors:
            return text(reading.last_tag(connection))

    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """See the port."""
        return [(text(tag), key) for tag, key in self._rows(CREATED, milliseconds(since), limit)]

    def last(self) -> tuple[str, str]:
        """See the port."""
        rows = self._rows(LAST)
        if not rows:
            raise NoScanAvailable("there is no scan yet")
        return text(rows[0][0]), rows[0][1]

    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """See the port."""
        meant = search(identity)
        return [key for key, found in self._rows(ALL) if not identity or meant(reading.plain(found))]

    def load(self, key: str) -> Scan:
        """See the port."""
        with self._file.snapshot() as connection, self._file.errors:
            return reading.load(connection, key)[1]

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """See the port."""
        with self._file.snapshot() as connection, self._file.errors:
            scan, _ = reading.head(connection, key)
            found, definition = reading.stream(connection, scan, stream)
            return reading.points(connection, found, definition, start, end)

    def wait(self, seen: Scan, timeout: float) -> None:
        """See the port."""
        before = seen.state, {name: stream.length for name, stream in seen.streams.items()}

        def changed() -> bool:
            with self._file.snapshot() as connection, self._file.errors:
                try:
                    scan, state = reading.head(connection, seen.key)
                except ScanNotFoundError:
                    return True
                return (state, reading.lengths(connection, scan)) != before

        self._wait(changed, timeout)

    def wait_for_scan(self, since: str, timeout: float) -> None:
        """See the port."""
        self._wait(lambda: bool(self.created(since, 1)), timeout)

    def close(self) -> None:
        """See the port."""

    def create(self, key: str, identity: Mapping[str, str | int], info: Mapping[str, Any], now: int) -> str:
        """See the port."""
        return self._file.write(lambda connection: writing.create(connection, key, identity, info, now))

    def advance(
        self,
        key: str,
        state: ScanState,
        now: int,
        info: Mapping[str, Any] = MappingProxyType({}),
        streams: Sequence[StreamDefinition] = (),
    ) -> None:
        """See the port."""
        self._file.write(lambda connection: writing.advance(connection, key, state, now, info, streams))

    def send(self, key: str, points: Mapping[str, Points]) -> dict[str, int]:
        """See the port."""

        def work(connection: apsw.Connection) -> tuple[int, writing.Streams, dict[str, int]]:
            number, state = reading.head(connection, key)
            streams = self._streams.get(number) or reading.streams(connection, number)
            now = {name: Stream(definition) for name, (_, definition) in streams.items()}
            scan = Scan(key, {}, {}, state, {}, now)
            return number, streams, writing.send(connection, scan, streams, points)

        number, streams, lengths = self._file.write(work)
        # Not before it is committed: numbers of what wasn't come again.
        if number not in self._streams:
            if len(self._streams) >= REMEMBERED:
                self._streams.clear()
            self._streams[number] = streams
        return lengths

    def delete(self, key: str) -> None:
        """See the port."""
        self._file.write(lambda connection: writing.delete(connection, key))
        while self._file.write(writing.sweep):
            pass

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._file.snapshot() as connection, self._file.errors:
            return connection.execute(query, values).fetchall()

    def _wait(self, changed: Callable[[], bool], timeout: float) -> None:
        until = time.monotonic() + timeout
        seen, asked, again = self._log(), 0.0, True
        while True:
            log, now = self._log(), time.monotonic()
            # Two commits may leave the log of one size and time: after each change it is asked once more.
            if log != seen or again or now - asked > UNASKED:
                if changed():
                    return
                seen, asked, again = log, now, log != seen
            if (left := until - time.monotonic()) <= 0:
                return
            time.sleep(min(POLL, left))

    def _log(self) -> tuple[int, int]:
        """What the write-ahead log is known by; anything where there is none."""
        try:
            found = self._log_path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_size, found.st_mtime_ns
