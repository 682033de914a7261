from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import apsw
import pytest

from grafana_sensor.adapters.sqlite import commits
from grafana_sensor.adapters.sqlite.commits import Commits
from grafana_sensor.adapters.sqlite.files import opened
from grafana_sensor.adapters.sqlite.store import RecordsFile, SqliteStore
from grafana_sensor.domain.errors import Unavailable
from tests.adapters.workers import TIMEOUT
from tests.contract.blobs import batch, post, shown

Work = Callable[[apsw.Connection], Any]


class Queue(list[Any]):
    """A queue that tells when something is put into it."""

    def __init__(self) -> None:
        super().__init__()
        self.put = Semaphore(0)

    def append(self, task: Any) -> None:
        super().append(task)
        self.put.release()


@pytest.fixture
def file(tmp_path: Path) -> Iterator[RecordsFile]:
    """An empty file, open."""
    made = opened(RecordsFile, tmp_path / "a.sqlite3", make=True)
    yield made
    made.release()


def add(name: str) -> Work:
    """Work that adds a row."""
    return lambda connection: connection.execute("INSERT INTO meta VALUES (?, 1)", (name,)).fetchall()


def added(file: RecordsFile) -> set[str]:
    """The rows that were added."""
    with file.snapshot() as connection:
        rows: list[Any] = connection.execute(
            "SELECT name FROM meta WHERE name NOT LIKE 'catalog%' AND name != 'scan_tag'"
        ).fetchall()
    return {name for (name,) in rows}


@contextmanager
def queued(on: Commits, *works: Work) -> Iterator[list[Future[Any]]]:
    """The works, queued up behind one that leads and doesn't end until the context does."""
    leading, go = Event(), Event()

    def lead(_: apsw.Connection) -> None:
        leading.set()
        assert go.wait(TIMEOUT)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(on.run, lead)
        assert leading.wait(TIMEOUT)
        on._queue = queue = Queue()
        futures = [pool.submit(on.run, work) for work in works]
        try:
            for _ in works:
                assert queue.put.acquire(timeout=TIMEOUT)
            yield futures
        finally:
            go.set()
        first.result(TIMEOUT)


def test_what_waits_is_committed_at_once(file: RecordsFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five writes that queue up behind a commit take one commit together."""
    seen: list[int] = []
    monkeypatch.setattr(file.commits.pool, "_on_commit", seen.append)
    with queued(file.commits, *(add(f"w{number}") for number in range(5))) as futures:
        pass
    for future in futures:
        future.result(TIMEOUT)
    assert {f"w{number}" for number in range(5)} == added(file)
    assert 1 == len(seen)


def test_a_failing_write_fails_alone(file: RecordsFile) -> None:
    """A write that raises leaves nothing of itself, and the others of its group are there."""

    def fail(connection: apsw.Connection) -> None:
        add("half")(connection)
        raise KeyError("half")

    with queued(file.commits, add("first"), fail, add("last")) as futures:
        pass
    futures[0].result(TIMEOUT)
    with pytest.raises(KeyError, match="half"):
        futures[1].result(TIMEOUT)
    futures[2].result(TIMEOUT)
    assert {"first", "last"} == added(file)


def test_what_ends_the_transaction_fails_all(file: RecordsFile) -> None:
    """Where SQLite gives the transaction up, no write of the group is told that it was done; the next one is."""

    def give_up(connection: apsw.Connection) -> None:
        connection.execute("ROLLBACK")
        raise apsw.IOError("made up")

    with queued(file.commits, add("first"), give_up, add("last")) as futures:
        pass
    for future in futures:
        with pytest.raises(Unavailable, match=r"'a\.sqlite3': the disk fails"):
            future.result(TIMEOUT)
    assert set() == added(file)
    file.write(add("next"))
    assert {"next"} == added(file)


def test_a_full_disk_is_told_and_stores_nothing(file: RecordsFile) -> None:
    """A post that the disk has no room for is Unavailable and leaves nothing; with room it goes through."""
    store = SqliteStore(file)
    with file.gate, file.commits.pool.lend("write") as connection:
        pages = connection.pragma("page_count")
        connection.pragma("max_page_count", pages)
    large = [batch(f"b{number}") for number in range(2_000)]
    with pytest.raises(Unavailable, match="disk is full"):
        store.append(post(*large))
    assert {} == shown(store)["markers"]
    with file.gate, file.commits.pool.lend("write") as connection:
        connection.pragma("max_page_count", 1_000_000)
    store.append(post(*large))
    assert 2_000 == len(shown(store)["markers"][0])


def test_an_interrupted_leader_hands_on(file: RecordsFile) -> None:
    """Who is interrupted while leading fails its group, and later writes find another leader."""

    def interrupt(_: apsw.Connection) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file.write(interrupt)
    file.write(add("next"))
    with queued(file.commits, interrupt, add("beside")) as futures:
        pass
    with pytest.raises(KeyboardInterrupt):
        futures[0].result(TIMEOUT)
    with pytest.raises(Unavailable, match="interrupted"):
        futures[1].result(TIMEOUT)
    file.write(add("last"))
    assert {"next", "last"} == added(file)


def test_a_leader_without_a_gate_fails_its_group(file: RecordsFile) -> None:
    """Where the folder is gone, those who wait are told so too, and nobody waits for ever."""
    with queued(file.commits, add("a"), add("b")) as futures:
        folder = file.path.parent
        away = folder.rename(folder.with_name("away"))
    for future in futures:
        with pytest.raises(Unavailable, match=r"a\.sqlite3"):
            future.result(TIMEOUT)
    away.rename(folder)
    file.write(add("c"))
    assert {"c"} == added(file)


@pytest.fixture
def short_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints come after few pages."""
    monkeypatch.setattr(commits, "SHORT", 10)
    monkeypatch.setattr(commits, "LONG", 40)
    monkeypatch.setattr(commits, "PATIENCE", 1)


def log_pages(file: RecordsFile) -> int:
    """The pages that the write-ahead log has room taken for."""
    return file.path.with_name("a.sqlite3-wal").stat().st_size // 8192


@pytest.mark.usefixtures("short_log")
def test_the_log_starts_anew(file: RecordsFile) -> None:
    """However much is written, the log stays near the pages after which a checkpoint is due."""
    store = SqliteStore(file)
    made = log_pages(file)  # by the tables, in one transaction
    for number in range(200):
        store.append(post(batch(f"b{number}")))
    assert log_pages(file) <= made + commits.SHORT


@pytest.mark.usefixtures("short_log")
def test_a_look_holds_no_writer_up(file: RecordsFile) -> None:
    """While a look keeps the log from starting anew, writes go on; when it has ended, the log starts anew."""
    store = SqliteStore(file)
    with store.reading() as reading:
        for number in range(100):
            store.append(post(batch(f"b{number}")))
        assert {} == reading.markers("s", 0, 1)
        grown = log_pages(file)
        assert grown > 100
    for number in range(100, 200):
        store.append(post(batch(f"b{number}")))
    assert 200 == len(shown(store)["markers"][0])
    assert log_pages(file) < grown
