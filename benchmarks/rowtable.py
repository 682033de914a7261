"""The same data in a plain SQL table: a row for each record, an index on (sensor, time), the same durability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import apsw

from benchmarks.data import ATTRIBUTES, SENSOR, START, Readings

_COLUMNS = ", ".join(ATTRIBUTES)
_TABLE = f"""
    CREATE TABLE records (sensor TEXT NOT NULL, time INTEGER NOT NULL, {", ".join(f"{a} REAL" for a in ATTRIBUTES)});
    CREATE INDEX records_by_time ON records (sensor, time);
"""
_INSERT = f"INSERT INTO records VALUES (?, ?, {', '.join('?' * len(ATTRIBUTES))})"
_RANGE = "FROM records WHERE sensor = ? AND time >= ? AND time < ?"

Row = tuple[Any, ...]


class RowTable:
    """Readings in a SQLite file of their own, in WAL mode with a sync at each commit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = apsw.Connection(str(path))
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_TABLE)

    def insert(self, rows: Sequence[Row]) -> None:
        """Store rows, all or none; on disk when it returns."""
        with self._connection:
            self._connection.executemany(_INSERT, rows)

    def aggregate(self, readings: Readings, where: str = "") -> Row:
        """Count, average, least, greatest and sum of the temperature over the whole range."""
        t = "temperature"
        return self._rows(f"SELECT COUNT({t}), AVG({t}), MIN({t}), MAX({t}), SUM({t}) {_RANGE} {where}", readings)[0]

    def panel(self, readings: Readings) -> list[Row]:
        """The average of each bucket with its number, in order."""
        width = readings.bucket * 1_000
        return self._rows(f"SELECT time / {width} AS bucket, AVG(temperature) {_RANGE} GROUP BY bucket", readings)

    def bytes(self) -> int:
        """The size of the file."""
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        return self._path.stat().st_size

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _rows(self, statement: str, readings: Readings) -> list[Row]:
        return list(self._connection.execute(statement, (SENSOR, START, readings.end)))


@contextmanager
def row_table(path: Path) -> Iterator[RowTable]:
    """A table in a new file."""
    table = RowTable(path)
    try:
        yield table
    finally:
        table.close()


def rows(readings: Readings, start: int, end: int) -> list[Row]:
    """Records start to end as rows."""
    columns = [values[start:end].tolist() for values in readings.values.values()]
    return [(SENSOR, *row) for row in zip(readings.times[start:end].tolist(), *columns, strict=True)]


def rate(path: Path, readings: Readings, size: int, seconds: float) -> float:
    """Records stored in a second, `size` in a transaction, by one thread."""
    block = rows(readings, 0, size)
    with row_table(path) as table:
        begun, posts = perf_counter(), 0
        while (spent := perf_counter() - begun) < seconds or not posts:
            table.insert(block)
            posts += 1
        return posts * size / spent
