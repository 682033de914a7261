"""Moving all records of a user from one store into another, and seeing that they are there.

Law: a record keeps its id, its time, its sensor and its values. What is stored at once is a post whose id and key follow
from what it holds, so a move that died is begun again and stores nothing twice. A record under a caller's own pk goes by
itself, under the key by which that pk is taken, so it is taken there too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import check_declaration
from grafana_sensor.domain.columns import Block, RecordId, Value, concatenate
from grafana_sensor.domain.errors import Conflict, Unavailable
from grafana_sensor.domain.plans import BEGINNING, EVERYTHING, FOREVER, Need, Request
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports import Key, Part, Post, RecordReading, RecordStore, StaleDeclarations

AT_ONCE: Final = 10_000
"""Records of one post."""

_PATH: Final = "move"
_TRIES: Final = 8
_ALWAYS: Final = np.array([BEGINNING, FOREVER], np.int64)
_ALL: Final = 2**62

Advance = Callable[[int], None]
"""Is told how many records are done by now."""
Record = tuple[int, RecordId, dict[str, Value]]
"""The time in UTC µs, the id, and the attributes."""


@dataclass(slots=True)
class Moved:
    """Records that were stored now, and those that an earlier run had stored."""

    stored: int = 0
    before: int = 0


def count(store: RecordStore) -> int:
    """How many records there are."""
    request = Request({EVERYTHING: Need.COUNT}, (), _ALWAYS)
    with store.reading() as reading:
        sensors = list(reading.catalog().sensors)
        return sum(reading.summarise(sensor, request, _budget())[EVERYTHING][0].numbers for sensor in sensors)


def move(source: RecordStore, target: RecordStore, clock: Callable[[], int], advance: Advance) -> Moved:
    """Store in `target` what is in `source`: what is declared, and then all records. `clock`: UTC µs.

    Raises DeclarationError or Conflict where what is in the target contradicts it.
    """
    moved = Moved()
    most = min(AT_ONCE, target.able.records or AT_ONCE)
    with source.reading() as reading:
        for attribute, declaration in reading.catalog().declarations.items():
            target.declare(attribute, declaration)
        for sensor, kinds in sorted(reading.catalog().sensors.items()):
            for block in _posts(reading, sensor, list(kinds), most):
                for post in _divided(sensor, block):
                    stored = _store(target, sensor, post, kinds, clock)
                    moved.stored += stored * len(post)
                    moved.before += (not stored) * len(post)
                advance(moved.stored + moved.before)
    return moved


def differences(source: RecordStore, target: RecordStore, advance: Advance) -> Iterator[str]:
    """Compare record by record: a line for each of `source` that is missing in `target`, or another there."""
    done = 0
    with source.reading() as ours, target.reading() as theirs:
        for sensor, kinds in sorted(ours.catalog().sensors.items()):
            names = sorted({*kinds, *theirs.catalog().sensors.get(sensor, {})})
            others = _records(theirs, sensor, names)
            other = next(others, None)
            for record in _records(ours, sensor, names):
                while other is not None and other[:2] < record[:2]:
                    other = next(others, None)
                if other is None or other[:2] != record[:2]:
                    yield f"sensor {sensor!r}: record {record[1]} is missing"
                elif repr(other[2]) != repr(record[2]):
                    yield f"sensor {sensor!r}: record {record[1]} is {other[2]}, not {record[2]}"
                done += 1
                if done % AT_ONCE == 0:
                    advance(done)
    advance(done)


def _budget() -> Budget:
    return Budget(values=_ALL)


def _posts(reading: RecordReading, sensor: str, names: Sequence[str], most: int) -> Iterator[Block]:
    """The sensor's records in order, up to `most` at once: cut alike each time."""
    waiting: list[Block] = []
    for block in reading.records(sensor, names, Request({}, (), _ALWAYS), _budget(), ids=True):
        waiting.append(block)
        while sum(map(len, waiting)) >= most:
            joined = concatenate(waiting)
            yield joined.take(slice(0, most))
            waiting = [joined.take(slice(most, None))]
    if sum(map(len, waiting)):
        yield concatenate(waiting)


def _divided(sensor: str, block: Block) -> Iterator[Block]:
    """The records whose ids are the server's, together, and each of the others."""
    ids = block.ids
    if ids is None:
        raise TypeError(f"the records of {sensor!r} come without ids")
    own = ids.position < 0
    if not own.all():
        yield block.take(~own)
    for place in np.flatnonzero(own).tolist():
        yield block.take(slice(place, place + 1))


def _store(target: RecordStore, sensor: str, block: Block, kinds: Mapping[str, int], clock: Callable[[], int]) -> bool:
    """Whether the block is stored now; False where it was before."""
    key = _key(sensor, block, clock())
    for _ in range(_TRIES):
        catalog = target.catalog()
        for name, kind in catalog.declared_kinds().items():
            check_declaration(name, kind, kinds.get(name, 0))
        try:
            taken = target.append(Post(key.batch, key.received, [Part(sensor, block)], catalog.version, key))
        except StaleDeclarations:
            continue
        if taken is not None and taken.digest != key.digest:
            raise Conflict(f"there is another record {shown(key.name[2:])} already")
        return taken is None
    raise Unavailable("the declarations of attributes changed again and again meanwhile: begin once more")


def _key(sensor: str, block: Block, received: int) -> Key:
    """The key of a post, with its id: both follow from what it holds."""
    values = {name: column.values(len(block)) for name, column in sorted(block.columns.items())}
    ids = [] if block.ids is None else [block.ids[place] for place in range(len(block))]
    said = json.dumps([sensor, block.times.tolist(), ids, values], separators=(",", ":")).encode()
    digest = hashlib.sha256(said)
    batch = digest.hexdigest()[:32]
    if ids and ids[0][1] < 0:
        # As insert_into takes it.
        record = [sensor, sorted((name, value) for name, (value,) in values.items() if value is not None)]
        own = hashlib.sha256(json.dumps(record, separators=(",", ":")).encode()).digest()
        return Key(f"p:{ids[0][0]}", "", own, batch, received, b"{}", lasting=True)
    return Key(f"m:{digest.hexdigest()}", _PATH, digest.digest(), batch, received, b"{}")


def _records(reading: RecordReading, sensor: str, names: Sequence[str]) -> Iterator[Record]:
    for block in reading.records(sensor, names, Request({}, (), _ALWAYS), _budget(), ids=True):
        ids, n = block.ids, len(block)
        values = {name: block.columns[name].values(n) for name in names if name in block.columns}
        for place, time in enumerate(block.times.tolist()):
            record = {name: value for name, column in values.items() if (value := column[place]) is not None}
            yield time, ("", -1) if ids is None else ids[place], record
