"""What other processes do in tests of the SQLite store: started by `spawn`, steered through pipes.

A worker says "ready" when it is, and begins when it is told "go".
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Any

from grafana_sensor.adapters.sqlite.files import opened
from grafana_sensor.adapters.sqlite.gate import Claim, Gate
from grafana_sensor.adapters.sqlite.store import RecordsFile, SqliteStore
from grafana_sensor.domain.columns import NUMBER
from grafana_sensor.ports import BlobStore
from tests.contract.blobs import EVER, batch, post, seal, shown

TIMEOUT = 60
"""Seconds until a test gives a worker up; none takes as long."""


def store_at(path: Path) -> SqliteStore:
    """The store in that file, made where there is none."""
    return SqliteStore(opened(RecordsFile, path, make=True))


def heard(pipe: Connection) -> Any:
    """The worker's next word. Raises where none comes."""
    if not pipe.poll(TIMEOUT):
        raise TimeoutError("the worker says nothing")
    return pipe.recv()


@contextmanager
def worker(work: Callable[..., None], *values: object) -> Iterator[tuple[BaseProcess, Connection]]:
    """A process that does `work(pipe, *values)`, and the other end of its pipe; it is ended with the context."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(theirs, *values))
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join(TIMEOUT)
        ours.close()


def append_and_seal(pipe: Connection, path: Path, name: str, threads: int, posts: int) -> None:
    """Append from several threads and seal meanwhile; says "done", or what went wrong."""
    store = store_at(path)
    faults: list[str] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001  # whatever it is, the test shows it
            faults.append(traceback.format_exc())

    def append(thread: int) -> None:
        for number in range(posts):
            one = f"{name}-{thread}-{number}"
            store.append(post(batch(one), batch(one, one), seen={"s": {one: NUMBER}, one: {}}))

    def seal_some() -> None:
        for _ in range(posts):
            with store.sealing():
                seal_all(store)

    tasks = [lambda thread=thread: append(thread) for thread in range(threads)]
    running = [Thread(target=guarded, args=(task,)) for task in (*tasks, seal_some)]
    pipe.send("ready")
    heard(pipe)
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(TIMEOUT)
    store.close()
    pipe.send(faults or "done")


def seal_all(store: BlobStore) -> bool:
    """Seal sensor `s`, epoch 0: a chunk for each batch there, named by it; whether the seal was applied."""
    with store.reading() as reading:
        generation = reading.generation("s")
        ids = reading.markers("s", *EVER).get(0, [])
        rollup = b"".join(rollup.blob for rollup in reading.rollups("s", *EVER))
        blobs = reading.batches("s", 0, ids)
    if len(blobs) != len(ids):
        raise AssertionError("a marker without its batch")
    chunks = {(name, "#ts"): blob for name, blob in zip(ids, blobs, strict=True)}
    named = rollup + b"".join(f"{name};".encode() for name in ids)
    return bool(ids) and store.seal(seal(generation, rollup=named, chunks=chunks, covered=ids))


def append_for_ever(pipe: Connection, path: Path, name: str) -> None:
    """Append until killed, saying each batch once it is acknowledged."""
    store = store_at(path)
    for number in count():
        one = f"{name}-{number}"
        store.append(post(batch(one), batch(one, "t"), seen={"s": {one: NUMBER}, "t": {}}))
        pipe.send(one)
        if number % 7 == 6:
            seal_all(store)


def enter(pipe: Connection, path: Path) -> None:
    """Go through the gate; says "in", and stays until told to go, or killed."""
    pipe.send("ready")
    with Gate(path):
        pipe.send("in")
        heard(pipe)
    pipe.send("out")


def claim(pipe: Connection, path: Path) -> None:
    """Claim, say whether it was had, and keep it until told to go, or killed."""
    with Claim(path).claimed() as had:
        pipe.send(had)
        heard(pipe)


def outlive_the_parent(pipe: Connection, path: Path) -> None:
    """Open, fork, and close; the child appends, says "ready" in the midst of a look, and goes on when told: then its fault, or "".

    The process ends when its child does.
    """
    store = store_at(path)
    store.append(post(batch("before")))
    shown(store)
    child = os.fork()
    if child:
        store.close()
        pipe.send("closed")
        os.waitpid(child, 0)
        return
    try:
        pool = store._file.commits.pool
        if any(pool._idle.values()):
            raise AssertionError("the child has connections of its parent")  # noqa: TRY301  # shown by the test
        store.append(post(batch("child")))
        with store.reading() as reading:
            seen = reading.markers("s", *EVER)
            pipe.send("ready")
            heard(pipe)
            shown(store)
            blobs = reading.batches("s", 0, ["before", "child", "ours-0"])
        if (seen, len(blobs)) != ({0: ["before", "child"]}, 2):
            raise AssertionError(f"the look saw {seen} and {len(blobs)} batches")  # noqa: TRY301  # shown by the test
        for number in range(20):
            store.append(post(batch(f"late-{number}")))
        store.close()
        pipe.send("")
    except Exception as error:  # noqa: BLE001  # whatever it is, the test shows it
        pipe.send(f"{type(error).__name__}: {error}")
    os._exit(0)


def fork_after_opening(pipe: Connection, path: Path, look: bool) -> None:
    """Open, fork, and append from both; the child also seals. Says each one's fault, or "" of none.

    `look`: fork in the midst of a look, which the child must not share.
    """
    store = store_at(path)
    store.append(post(batch("before")))
    into_child, from_child = os.pipe(), os.pipe()
    reading = store.reading()
    if look:
        reading.__enter__().catalog()
    child = os.fork()
    if child == 0:
        fault = ""
        try:
            store.append(post(batch("child")))
            os.read(into_child[0], 1)  # the parent has appended beside it
            seal_all(store)
            store.append(post(batch("child-late")))
            store.close()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test shows it
            fault = f"{type(error).__name__}: {error}"
        os.write(from_child[1], (fault or "-").encode())
        os._exit(0)
    store.append(post(batch("parent")))
    os.write(into_child[1], b"p")
    said = os.read(from_child[0], 4_096).decode()
    os.waitpid(child, 0)
    if look:
        reading.__exit__(None, None, None)
    store.append(post(batch("parent-late")))
    store.close()
    pipe.send(said)
