"""Ours on blissdata's Redis against the real library on the same scan, by drawn sequences of what both are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import blissdata
import numpy as np
import pytest
from blissdata.streams import CursorGroup as LibraryGroup
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_sensor import scans as ours
from tests.scans.blissproducer import BlissProducer, defined, send
from tests.scans.redis import RedisServer

STREAMS = ("diode", "spectrum", "ragged", "notes")
NAMES = st.sampled_from(STREAMS)
EDGES = st.one_of(st.none(), st.integers(0, 12))
BOTH = st.booleans()
STEPS = st.one_of(
    st.tuples(st.just("send"), NAMES, st.integers(1, 4)),
    st.tuples(st.just("read"), NAMES, BOTH),
    st.tuples(st.just("group"), BOTH),
    st.tuples(st.just("slice"), NAMES, EDGES, EDGES, st.sampled_from((None, 1, 2, 3))),
    st.tuples(st.just("index"), NAMES, st.integers(0, 8)),
    st.tuples(st.just("about"), NAMES),
    st.tuples(st.just("trim"), st.integers(1, 6)),
    st.just(("stop",)),
)


class Reader:
    """A reader of the scan by one of both; what it is asked it says in plain values, errors by their names."""

    def __init__(self, store: Any, group: Any, key: str) -> None:
        scan = store.load_scan(key)
        self._streams = {name: scan.streams[name] for name in STREAMS}
        self._cursors = {name: stream.cursor() for name, stream in self._streams.items()}
        self._group = group(self._streams)

    def read(self, name: str, last_only: bool) -> Any:
        cursor = self._cursors[name]
        return viewed(cursor.read(block=False, last_only=last_only)), cursor.position

    def group(self, last_only: bool) -> Any:
        views = self._group.read(block=False, last_only=last_only)
        return {stream.name: viewed(view) for stream, view in views.items()}

    def slice(self, name: str, start: int | None, stop: int | None, step: int | None) -> Any:
        data = self._streams[name][start:stop:step]
        # Whether they are alike is told of the points up to `stop` there, of those up to the last one here.
        return plain(list(data) if name == "ragged" and step else data)

    def index(self, name: str, at: int) -> Any:
        return plain([self._streams[name][at]])

    def about(self, name: str) -> Any:
        stream = self._streams[name]
        return len(stream), stream.is_sealed(), stream.kind, stream.dtype, tuple(stream.shape), dict(stream.info)


def plain(data: Any) -> Any:
    """Nothing at all is a list to the library where all was trimmed, to us an array as always."""
    return type(data).__name__ if len(data) else "nothing", [
        each.tolist() if hasattr(each, "tolist") else each for each in data
    ]


def viewed(view: Any) -> Any:
    if view is None:
        return None
    parts = [attempted(view.get_data, *part) for part in ((), (1,), (-1,), (0, 1), (1, 3))]
    return view.index, view.last_index, len(view), parts


def attempted(ask: Callable[..., Any], *how: Any) -> Any:
    try:
        answer = ask(*how)
    except (IndexError, ours.EndOfStream, blissdata.exceptions.EndOfStream) as error:
        return type(error).__name__
    return plain(answer) if isinstance(answer, (np.ndarray, list)) else answer


@pytest.fixture(scope="module")
def producer(running_redis: RedisServer) -> Iterator[BlissProducer]:
    running_redis.clear()
    made = BlissProducer(running_redis.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def stores(running_redis: RedisServer, producer: BlissProducer) -> Iterator[tuple[Any, Any]]:
    assert producer.store.get_last_scan_timetag() == "0-0"
    library = blissdata.DataStore(f"{running_redis.url}?protocol=2")
    with ours.DataStore(running_redis.url) as store:
        yield store, library
    library._redis.connection_pool.disconnect()


class Recording:
    """The scan that both read; points are counted on, so that each is its own."""

    def __init__(self, producer: BlissProducer) -> None:
        self._store = producer.store
        definitions = (
            defined("diode"),
            defined("spectrum", np.int32, (2,)),
            defined("ragged", float, (-1,)),
            defined("notes", "json"),
        )
        self.scan, self._streams = producer.started(*definitions)
        self._sent = 0
        self._sealed = False
        for name in STREAMS:
            self.send(name, 2)
            self.send(name, 1)

    def send(self, name: str, count: int) -> None:
        if self._sealed:
            return
        numbers = np.arange(self._sent, self._sent + count)
        self._sent += count
        if name == "notes":
            for number in numbers:
                send(self._streams[name], {"n": int(number)})
        elif name == "diode":
            send(self._streams[name], numbers.astype(float))
        elif name == "spectrum":
            send(self._streams[name], np.stack([numbers, -numbers], axis=1).astype(np.int32))
        else:
            send(self._streams[name], np.full((count, 1 + self._sent % 2), float(numbers[0])))

    def trim(self, before: int) -> None:
        for stream in self._streams.values():
            self._store._redis.xtrim(stream.key, minid=before, approximate=False)

    def stop(self) -> None:
        if not self._sealed:
            self._sealed = True
            self.scan.stop()


@settings(max_examples=150)
@given(steps=st.lists(STEPS, max_size=25))
def test_ours_says_what_the_library_says(
    producer: BlissProducer, stores: tuple[Any, Any], steps: list[tuple[Any, ...]]
) -> None:
    """Views, positions, points, lengths and errors are the library's, at every moment of a scan."""
    made = Recording(producer)
    readers = [
        Reader(store, group, made.scan.key)
        for store, group in zip(stores, (ours.CursorGroup, LibraryGroup), strict=True)
    ]
    try:
        for number, (what, *how) in enumerate(steps):
            if hasattr(Recording, what):
                getattr(made, what)(*how)
                continue
            mine, theirs = (attempted(getattr(reader, what), *how) for reader in readers)
            assert theirs == mine, (number, what, how)
    finally:
        made.stop()
        made.scan.close()
