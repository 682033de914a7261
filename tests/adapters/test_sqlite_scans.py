"""Scans in one file under several processes, killed ones among them, and how they lie there."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import apsw
import numpy as np
import pytest

from grafana_sensor.adapters.sqlite.store import SqliteStore
from grafana_sensor.domain.scan import Points, ScanState
from tests.adapters.test_sqlite_processes import integrity
from tests.adapters.workers import TIMEOUT, heard, store_at, worker
from tests.contract.scans import DIODE, NOTES, NOW, floats, shown, started


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file's path."""
    return tmp_path / "a.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """A store with nothing in it."""
    store = store_at(path)
    yield store
    store.close()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """What SQL of the test's own finds in the file."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [tuple(row) for row in connection.execute(query)]
    finally:
        connection.close()


def send_for_ever(pipe: Connection, path: Path, start: int) -> None:
    """Send one point after the other to DIODE, each its own index, and say the length after each."""
    scans = store_at(path).scans()
    at = start
    while True:
        at = scans.send("K", floats(at, float(at)))[DIODE.name]
        pipe.send(at)


def send_when_told(pipe: Connection, path: Path) -> None:
    """Send a point, and stop the scan, when told to."""
    store = store_at(path)
    pipe.send("ready")
    heard(pipe)
    store.scans().send("K", floats(0, 1.0))
    heard(pipe)
    store.scans().advance("K", ScanState.STOPPED, NOW)
    store.close()


def test_what_was_acknowledged_outlives_a_kill(path: Path, store: SqliteStore) -> None:
    """After each of 4 kills in the midst of sending, every acknowledged point is there once, and the stream goes on."""
    scans, length = store.scans(), 0
    started(scans, "K", DIODE)
    for turn in range(4):
        with worker(send_for_ever, path, length) as (process, pipe):
            length = [heard(pipe) for _ in range(20 + 30 * turn)][-1]
            process.kill()
            process.join(TIMEOUT)
        there = scans.load("K").streams[DIODE.name].length
        assert length <= there
        assert (0, [float(at) for at in range(there)]) == shown(scans, "K", DIODE.name)
        length = there
    assert ["ok"] == integrity(path)


def test_a_wait_sees_what_another_process_does(path: Path, store: SqliteStore) -> None:
    """It ends with the point that another process sends, and with its stopping of the scan."""
    scans = store.scans()
    started(scans, "K", DIODE)
    with worker(send_when_told, path) as (_, pipe):
        assert "ready" == heard(pipe)
        pipe.send("send")
        scans.wait(scans.load("K"), TIMEOUT)
        seen = scans.load("K")
        assert 1 == seen.streams[DIODE.name].length
        pipe.send("stop")
        scans.wait(seen, TIMEOUT)
        assert ScanState.STOPPED == scans.load("K").state


def test_points_sent_one_by_one_are_few_rows(path: Path, store: SqliteStore) -> None:
    """3,000 numbers of 8 bytes are rows of 512, full ones packed; as they came they would be 3,000 rows."""
    scans = store.scans()
    started(scans, "K", DIODE)
    for at in range(0, 3_000, 3):
        scans.send("K", floats(at, 1.5, 2.5, 3.5))
    lying = rows(path, "SELECT start, count, is_full, length(blob) < 8 * count FROM scan_points ORDER BY start")
    assert [(at, 513, 1, 1) for at in range(0, 2_565, 513)] + [(2_565, 435, 0, 0)] == lying


def test_a_large_send_is_cut(path: Path, store: SqliteStore) -> None:
    """No row is much larger than 1 MiB of points."""
    scans = store.scans()
    started(scans, "K", DIODE)
    scans.send("K", {DIODE.name: Points(0, np.random.default_rng(1).normal(size=300_000))})
    assert [(131_072,), (131_072,), (37_856,)] == rows(path, "SELECT count FROM scan_points ORDER BY start")


def test_nothing_is_left_of_a_deleted_scan(path: Path, store: SqliteStore) -> None:
    """Its streams and points go too, also those that a deletion which was stopped midway left."""
    scans = store.scans()
    for key in ("K", "L"):
        started(scans, key, DIODE, NOTES)
        scans.send(key, {NOTES.name: Points(0, [{"text": "x" * 5_000}] * 3), **floats(0, 1.0)})
    store._file.write(lambda connection: connection.execute("DELETE FROM scan WHERE key = 'K'").fetchall())
    scans.delete("L")
    assert [(0, 0, 0)] == rows(
        path,
        "SELECT (SELECT count(*) FROM scan), (SELECT count(*) FROM scan_stream), (SELECT count(*) FROM scan_points)",
    )
