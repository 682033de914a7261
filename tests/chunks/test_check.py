"""`check` finds what is damaged or untrue."""

from typing import Any

import msgpack
import numpy as np
import pytest

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.codec import encode_floats, encode_ints
from grafana_sensor.chunks.grid import LADDER
from grafana_sensor.chunks.rollup import Attribute, Rollup
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.domain.summaries import Summary
from grafana_sensor.ports import Seal
from tests.chunks.records import SENSOR, post, seal


@pytest.fixture
def store() -> ChunkedStore:
    """A store with one sealed epoch of three records."""
    made = ChunkedStore(MemoryStore())
    made.append(post("b", [1, 2, 3], t=[1.0, 2.0, 3.0]))
    seal(made)
    return made


def replace(store: ChunkedStore, rollup: Any = None, **columns: Any) -> None:
    """Put another rollup, or other columns of the only chunk, behind the engine's back."""
    with store._blobs.reading() as reading:
        held = reading.rollups(SENSOR, 0, 1)[0].blob
        generation = reading.generation(SENSOR)
    chunk = Rollup.decode(held).chunks[0].id
    blobs = {(chunk, {"times": "#t", "t": "a:t"}[name]): blob for name, blob in columns.items()}
    assert store._blobs.seal(Seal(SENSOR, 0, generation, rollup or held, blobs, [], []))


def decoded(store: ChunkedStore) -> Any:
    """The rollup of the only epoch."""
    with store._blobs.reading() as reading:
        return Rollup.decode(reading.rollups(SENSOR, 0, 1)[0].blob)


def test_a_true_keyspace_has_no_faults(store: ChunkedStore) -> None:
    """Where summaries and data agree, nothing is told."""
    assert [] == list(store.check())


def test_another_value_is_found(store: ChunkedStore) -> None:
    """A value that its summary doesn't know of is a fault, and is named."""
    replace(store, t=bytes(msgpack.packb([encode_floats(np.array([1.0, 2.0, 3.5]))])))
    assert ["the summary of 't' differs from its data"] == [line.split(": ")[-1] for line in store.check()]


def test_a_lost_record_is_found(store: ChunkedStore) -> None:
    """A chunk of fewer records than its rollup says is a fault."""
    replace(store, times=encode_ints(np.array([1, 2])))
    assert ["holds 2 records where the rollup says 3"] == [line.split(": ")[-1] for line in store.check()]


def test_bytes_that_are_no_column_are_found(store: ChunkedStore) -> None:
    """A damaged blob is told as a fault of its chunk, and the check goes on."""
    replace(store, t=b"\xff\xff")
    assert ["can't be read"] == [line.split(": ")[-2] for line in store.check()]


def test_an_untrue_rollup_is_found(store: ChunkedStore) -> None:
    """An epoch's own summary that differs from those of its chunks is a fault, and so are then the nodes above it."""
    rollup = decoded(store)
    entry = rollup.attribute("t").get(0)
    replace(store, rollup=Rollup(rollup.chunks, {"t": Attribute.pack({0: entry})}).encode())
    assert [] == list(store.check())
    packed = msgpack.packb([Entry(Summary(numbers=7)).packed(), [[0, entry.packed()]]])
    replace(store, rollup=Rollup(rollup.chunks, {"t": b"\0" + packed}).encode())
    first, *others = store.check()
    assert "the rollup's summary of 't' differs from its chunks'" == first.split(": ")[-1]
    assert len(LADDER.nodes) == sum("node" in line for line in others) == len(others)
