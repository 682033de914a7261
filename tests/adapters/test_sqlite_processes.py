"""One file of SQLite under several processes, killed ones and forked ones among them."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import apsw
import pytest

from grafana_sensor.ports import BlobStore
from tests.adapters.workers import (
    TIMEOUT,
    append_and_seal,
    append_for_ever,
    fork_after_opening,
    heard,
    outlive_the_parent,
    store_at,
    worker,
)
from tests.contract.blobs import EVER, batch, post

PROCESSES, THREADS, POSTS = 3, 3, 15


def kept(store: BlobStore) -> list[str]:
    """The ids of all batches of sensor `s`, be they sealed; each as often as it is there."""
    with store.reading() as reading:
        unsealed = [name for ids in reading.markers("s", *EVER).values() for name in ids]
        sealed = [name for rollup in reading.rollups("s", *EVER) for name in rollup.blob.decode().split(";") if name]
        found = reading.chunks("s", 0, [(name, "#ts") for name in sealed])
    assert {(name, "#ts"): f"s/0/{name}".encode() for name in sealed} == found
    return sorted(unsealed + sealed)


def integrity(path: Path) -> list[str]:
    """What SQLite itself finds wrong in the file: one word where it is nothing."""
    connection = apsw.Connection(str(path))
    try:
        return [
            str(line) for (line,) in connection.execute("PRAGMA integrity_check; PRAGMA foreign_key_check").fetchall()
        ]
    finally:
        connection.close()


def test_processes_share_a_file(tmp_path: Path) -> None:
    """What 3 processes of 3 threads append while all seal is there, each batch once, and nobody meets an error."""
    path = tmp_path / "a.sqlite3"
    with ExitStack() as stack:
        pipes = [
            stack.enter_context(worker(append_and_seal, path, f"p{number}", THREADS, POSTS))[1]
            for number in range(PROCESSES)
        ]
        assert ["ready"] * PROCESSES == [heard(pipe) for pipe in pipes]
        for pipe in pipes:
            pipe.send("go")
        assert ["done"] * PROCESSES == [heard(pipe) for pipe in pipes]
    names = sorted(f"p{p}-{t}-{n}" for p in range(PROCESSES) for t in range(THREADS) for n in range(POSTS))
    store = store_at(path)
    assert names == kept(store)
    with store.reading() as reading:
        assert {"s", *names} == set(reading.catalog().sensors)
        assert set(names) == set(reading.catalog().sensors["s"])
        assert [{0: [name]} for name in names] == [reading.markers(name, *EVER) for name in names]
    store.close()
    assert ["ok"] == integrity(path)


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    """After each of 5 kills in the midst of appending and sealing, every acknowledged batch is there once."""
    path = tmp_path / "a.sqlite3"
    acknowledged: set[str] = set()
    for turn in range(5):
        with worker(append_for_ever, path, f"k{turn}") as (process, pipe):
            acknowledged |= {heard(pipe) for _ in range(10 + 9 * turn)}
            process.kill()
            process.join(TIMEOUT)
            while pipe.poll():
                try:
                    acknowledged.add(pipe.recv())
                except EOFError:
                    break
        store = store_at(path)
        found = kept(store)
        with store.reading() as reading:
            beside = [name for ids in reading.markers("t", *EVER).values() for name in ids]
            assert set(found) == set(reading.catalog().sensors["s"])
        store.close()
        assert len(set(found)) == len(found)
        assert set() == acknowledged - set(found)
        assert found == sorted(beside)
    assert ["ok"] == integrity(path)


def test_a_fork_after_opening_works(tmp_path: Path) -> None:
    """A child forked from a process that has the store open appends and seals beside its parent."""
    path = tmp_path / "a.sqlite3"
    with worker(fork_after_opening, path, False) as (_, pipe):
        assert "-" == heard(pipe)
    store = store_at(path)
    assert ["before", "child", "child-late", "parent", "parent-late"] == kept(store)
    store.close()
    assert ["ok"] == integrity(path)


def test_a_forked_child_outlives_its_parents_close(tmp_path: Path) -> None:
    """What a child appends after its parent closed the file, and a stranger beside it, is all there."""
    path = tmp_path / "a.sqlite3"
    with worker(outlive_the_parent, path) as (_, pipe):
        assert {"closed", "ready"} == {heard(pipe), heard(pipe)}
        store = store_at(path)
        ours = [f"ours-{number}" for number in range(20)]
        for name in ours:
            store.append(post(batch(name)))
        pipe.send("go")
        assert "" == heard(pipe)
    theirs = [f"late-{number}" for number in range(20)]
    assert sorted(["before", "child", *ours, *theirs]) == kept(store)
    store.close()
    assert ["ok"] == integrity(path)


def test_a_fork_in_the_midst_of_a_look_is_refused_the_file(tmp_path: Path) -> None:
    """A child that would share its parent's look is told to open the file itself; the parent goes on."""
    path = tmp_path / "a.sqlite3"
    with worker(fork_after_opening, path, True) as (_, pipe):
        assert "Unavailable: the store's file 'a.sqlite3': it was in use while this process forked" in heard(pipe)
    store = store_at(path)
    assert ["before", "parent", "parent-late"] == kept(store)
    store.close()
    assert ["ok"] == integrity(path)


@pytest.mark.parametrize("turn", range(3))
def test_a_new_file_is_made_once(tmp_path: Path, turn: int) -> None:
    """Processes that all make the file at once get one file with the tables in it."""
    path = tmp_path / f"{turn}.sqlite3"
    with ExitStack() as stack:
        pipes = [stack.enter_context(worker(append_and_seal, path, f"p{number}", 1, 1))[1] for number in range(2)]
        assert ["ready", "ready"] == [heard(pipe) for pipe in pipes]
        for pipe in pipes:
            pipe.send("go")
        assert ["done", "done"] == [heard(pipe) for pipe in pipes]
    store = store_at(path)
    assert ["p0-0-0", "p1-0-0"] == kept(store)
    store.close()
