"""The protocol of docs/design/storage.md as a small explicit model: writers, sealers and readers of one sensor.

Law: whatever was acknowledged before a reading began is in its answer, once; what nobody has begun to write is
not. Each process is a generator; what stands between two of its yields happens at once, anything may happen at a
yield, and a process that is dropped there has crashed. Records stand for themselves: their content never changes.

The variants are near misses: each leaves out one of the protocol's rules.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

EPOCHS = (0, 1)
Record = tuple[int, int]
"""The number of its batch, and the position in it."""
Process = Generator[None, None, None]
_ENDED = object()


class Rule(enum.Enum):
    """A rule of the protocol that a variant leaves out."""

    NONE = "all rules are kept"
    EXACT_DELETION = "a seal deletes only markers that it has seen"
    SEEN_DATA = "a seal deletes only markers whose data it has seen"
    COMPARE_AND_SET = "a seal counts only where the generation is still the one it read"
    MARKERS_BEFORE_ROLLUPS = "a reading asks for markers before rollups"
    ROLLUP_BEFORE_MARKERS = "a seal's rollup is seen by all before any of its markers is gone"
    MARKERS_BEFORE_DATA = "a reading asks for markers and rollups before data"
    ONE_GENERATION = "a seal rewrites the levels above its epoch under the sensor's one generation"
    LATE_DELETION = "what a seal replaces is deleted only when all readings that it may serve have ended"


@dataclass(slots=True, eq=False)
class Reading:
    """One reading: what was acknowledged before it, and what it answered."""

    acknowledged: frozenset[Record]
    answer: Counter[Record] | None = None


@dataclass(slots=True, eq=False)
class Sensor:
    """What is stored of one sensor, and what has happened to it. `without`: the rule that is left out.

    `rollups` names the chunks of an epoch; `parent` is the level above: the records of all epochs, None where
    it is not known. `doomed`: batches and chunks to delete, and the readings that must end before.
    """

    without: Rule = Rule.NONE
    markers: dict[int, set[int]] = field(default_factory=lambda: {epoch: set() for epoch in EPOCHS})
    batches: dict[tuple[int, int], frozenset[Record]] = field(default_factory=dict)
    chunks: dict[int, frozenset[Record]] = field(default_factory=dict)
    rollups: dict[int, frozenset[int]] = field(default_factory=dict)
    parent: Counter[Record] | None = None
    generation: int = 0
    parent_generation: int = 0
    started: set[Record] = field(default_factory=set)
    acknowledged: set[Record] = field(default_factory=set)
    open: set[Reading] = field(default_factory=set)
    doomed: list[tuple[set[Reading], list[tuple[int, int]], list[int]]] = field(default_factory=list)
    wrong: int = 0
    numbers: Iterator[int] = field(default_factory=count)


def writer(sensor: Sensor, random: Random) -> Process:
    """A post: the markers of all its epochs, then its batches, then the acknowledgement; retried after a crash."""
    batch = next(sensor.numbers)
    epochs = random.sample(EPOCHS, random.randint(1, 2))
    parts = {epoch: frozenset((batch, 2 * epoch + i) for i in range(random.randint(1, 2))) for epoch in epochs}
    sensor.started.update(*parts.values())
    for last in (False, False, True):
        for epoch in epochs:
            sensor.markers[epoch].add(batch)
        yield
        for epoch in epochs:
            sensor.batches[epoch, batch] = parts[epoch]
            yield
        if last or random.random() < 0.7:
            break
    sensor.acknowledged.update(*parts.values())


def reader(sensor: Sensor) -> Process:
    """An answer over all epochs, and whether it was right."""
    reading = Reading(frozenset(sensor.acknowledged))
    sensor.open.add(reading)
    try:
        match sensor.without:
            case Rule.MARKERS_BEFORE_DATA:
                yield from _read_data_first(sensor, reading)
            case _:
                yield from _read(sensor, reading)
    finally:
        sensor.open.discard(reading)
    answer = reading.answer
    if (
        answer is None
        or not reading.acknowledged <= answer.keys() <= sensor.started
        or max(answer.values(), default=1) > 1
    ):
        sensor.wrong += 1


def _read(sensor: Sensor, reading: Reading) -> Process:
    """Markers page by page, then the level above or the rollups, then the data of marked epochs."""
    markers: dict[int, list[int]] = {}
    rollups: dict[int, frozenset[int]] = {}
    parent = None
    if sensor.without is Rule.MARKERS_BEFORE_ROLLUPS:
        rollups, parent = dict(sensor.rollups), sensor.parent
        yield
    for epoch in EPOCHS:
        markers[epoch] = sorted(sensor.markers[epoch])
        yield
    if sensor.without is not Rule.MARKERS_BEFORE_ROLLUPS:
        if not any(markers.values()):
            parent = sensor.parent
            yield
        for epoch in EPOCHS:
            rollups[epoch] = sensor.rollups.get(epoch, frozenset())
            yield
    if parent is not None and not any(markers.values()):
        reading.answer = parent
        return
    answer: Counter[Record] = Counter()
    for epoch in EPOCHS:
        chunks = []
        for chunk in rollups.get(epoch, ()):
            chunks.append(sensor.chunks.get(chunk, frozenset()))
            yield
        batches = []
        for batch in markers[epoch]:
            batches.append(sensor.batches.get((epoch, batch), frozenset()))
            yield
        if batches:  # records of a marked epoch are united by their ids
            answer.update(frozenset().union(*chunks, *batches))
        else:  # the others' summaries add up
            for records in chunks:
                answer.update(records)
    reading.answer = answer


def _read_data_first(sensor: Sensor, reading: Reading) -> Process:
    """All data that is there, and then what markers and rollups say of it."""
    batches, chunks = dict(sensor.batches), dict(sensor.chunks)
    yield
    markers = {epoch: set(sensor.markers[epoch]) for epoch in EPOCHS}
    yield
    rollups = dict(sensor.rollups)
    yield
    found: set[Record] = set()
    for epoch in EPOCHS:
        found.update(*(chunks.get(chunk, ()) for chunk in rollups.get(epoch, ())))
        found.update(*(batches.get((epoch, batch), ()) for batch in markers[epoch]))
    reading.answer = Counter(found)


def sealer(sensor: Sensor, random: Random) -> Process:
    """A seal of one epoch: generation, markers and rollups, then data, new chunks, the compare-and-set, the markers."""
    epoch = random.choice(EPOCHS)
    generation = sensor.generation
    markers = set(sensor.markers[epoch])
    yield
    rollups = dict(sensor.rollups)
    old = sorted(rollups.get(epoch, frozenset()))
    yield
    seen = {batch: sensor.batches[epoch, batch] for batch in markers if (epoch, batch) in sensor.batches}
    yield
    if not seen:
        return
    records = frozenset().union(*seen.values())
    kept = {chunk for chunk in old if not sensor.chunks.get(chunk, frozenset()) & records and random.random() < 0.5}
    dropped = [chunk for chunk in old if chunk not in kept]
    written = next(sensor.numbers)
    sensor.chunks[written] = records.union(*(sensor.chunks.get(chunk, frozenset()) for chunk in dropped))
    yield
    rollups[epoch] = frozenset({*kept, written})
    above = Counter(r for names in rollups.values() for name in names for r in sensor.chunks.get(name, ()))
    yield
    if sensor.generation != generation and sensor.without is not Rule.COMPARE_AND_SET:
        return
    covered = set(seen)
    if sensor.without is Rule.SEEN_DATA:
        covered = markers
    if sensor.without is Rule.EXACT_DELETION:
        covered = set(sensor.markers[epoch])
    sensor.generation += 1
    if sensor.without is Rule.ROLLUP_BEFORE_MARKERS:
        sensor.markers[epoch] -= covered
        yield
    sensor.rollups[epoch] = rollups[epoch]
    sensor.parent = None if sensor.without is Rule.ONE_GENERATION else above
    waits = set() if sensor.without is Rule.LATE_DELETION else set(sensor.open)
    sensor.doomed.append((waits, [(epoch, batch) for batch in sorted(seen)], dropped))
    for batch in sorted(covered):  # at once or later: a sealer may die in between
        if random.random() < 0.5:
            yield
        sensor.markers[epoch].discard(batch)


def parent_sealer(sensor: Sensor) -> Process:
    """The near miss of a generation for each node: the level above is rewritten by itself."""
    generation, rollups = sensor.parent_generation, dict(sensor.rollups)
    yield
    above = Counter(r for names in rollups.values() for name in names for r in sensor.chunks.get(name, ()))
    yield
    if len(rollups) == len(EPOCHS) and sensor.parent_generation == generation:
        sensor.parent, sensor.parent_generation = above, generation + 1


def sweep(sensor: Sensor) -> None:
    """Delete what the seals replaced, as far as no reading that began before may need it."""
    waiting = []
    for waits, batches, chunks in sensor.doomed:
        if waits & sensor.open:
            waiting.append((waits, batches, chunks))
            continue
        for key in batches:
            sensor.batches.pop(key, None)
        for chunk in chunks:
            sensor.chunks.pop(chunk, None)
    sensor.doomed = waiting


def run(seed: int, without: Rule = Rule.NONE, steps: int = 120) -> int:
    """How many readings were wrong in one random run, the last one, of a store at rest, among them."""
    random = Random(seed)
    sensor = Sensor(without)
    processes: list[Process] = [writer(sensor, random) for _ in range(3)] + [sealer(sensor, random)]
    for _ in range(steps):
        start = random.random()
        if start < 0.12:
            processes.append(reader(sensor))
        elif start < 0.22:
            processes.append(sealer(sensor, random))
        elif start < 0.30:
            processes.append(writer(sensor, random))
        elif start < 0.34 and without is Rule.ONE_GENERATION:
            processes.append(parent_sealer(sensor))
        elif start < 0.40:
            sweep(sensor)
        if processes:
            process = random.choice(processes)
            crashed = random.random() < 0.01
            if crashed:
                process.close()
            if crashed or next(process, _ENDED) is _ENDED:
                processes.remove(process)
    for process in [*processes, sealer(sensor, random), reader(sensor)]:
        for _ in process:
            pass
    return sensor.wrong
