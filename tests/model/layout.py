"""How the width of epochs changes, as a small explicit model: writers, who lay another layout, and readers.

Law: whatever was acknowledged before a reading began is in its answer, once. Times are small numbers; epochs are two
times wide, or from some time on one. As in protocol.py each process is a generator, anything may happen at a yield, and
one that is dropped there has crashed. A post that crashed is sent again, whole, under its batch's name.

The variants are near misses: each leaves out one rule.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

TIMES = 12
Record = tuple[int, int]
"""The number of its batch, and its time."""
Process = Generator[None, None, None]
_ENDED = object()


class Rule(enum.Enum):
    """A rule that a variant leaves out."""

    NONE = "all rules are kept"
    REACH_BEFORE_MARKERS = "a post tells how far it reaches before its markers"
    BEYOND_THE_REACH = "a layout begins beyond the reach, not beyond the data that are there"
    SAME_REACH = "a layout is laid only where the reach is still the one that it was made from"
    SAME_VERSION = "a post is taken only where the layout is the one that it was cut by"


@dataclass(slots=True, eq=False)
class Sensor:
    """What is stored of one sensor. `start`: the time from which epochs are narrow; None where none are yet."""

    without: Rule = Rule.NONE
    start: int | None = None
    version: int = 0
    reach: int = 0
    markers: dict[int, set[int]] = field(default_factory=dict)
    batches: dict[tuple[int, int], frozenset[Record]] = field(default_factory=dict)
    started: set[Record] = field(default_factory=set)
    acknowledged: set[Record] = field(default_factory=set)
    wrong: int = 0
    numbers: Iterator[int] = field(default_factory=count)


def epoch(time: int, start: int | None) -> tuple[int, int]:
    """The epoch of a time, and its end."""
    if start is not None and time >= start:
        return time, time + 1
    return time // 2 * 2, time // 2 * 2 + 2


def writer(sensor: Sensor, random: Random) -> Process:
    """A post of a few times near the newest, tried until it is acknowledged or the writer gives up."""
    batch = next(sensor.numbers)
    newest = min(TIMES - 2, sensor.reach)
    records = {(batch, max(0, newest + random.randint(-2, 1))) for _ in range(random.randint(1, 2))}
    sensor.started |= records
    for last in (False, False, False, True):
        version, start = sensor.version, sensor.start
        yield
        parts: dict[int, set[Record]] = {}
        for record in records:
            parts.setdefault(epoch(record[1], start)[0], set()).add(record)
        reach = max(epoch(time, start)[1] for _, time in records)
        if sensor.without is not Rule.SAME_VERSION and sensor.version != version:
            continue
        if sensor.without is not Rule.REACH_BEFORE_MARKERS:
            sensor.reach = max(sensor.reach, reach)
        yield
        for number in parts:
            sensor.markers.setdefault(number, set()).add(batch)
        yield
        for number, part in parts.items():
            sensor.batches[number, batch] = frozenset(part)
            yield
        sensor.reach = max(sensor.reach, reach)
        if last or random.random() < 0.6:
            sensor.acknowledged |= records
            return


def layer(sensor: Sensor) -> Process:
    """Narrow epochs from beyond all data on."""
    if sensor.start is not None:
        return
    reach = sensor.reach
    if sensor.without is Rule.BEYOND_THE_REACH:
        reach = max((epoch(time, None)[1] for part in sensor.batches.values() for _, time in part), default=0)
    yield
    unchanged = sensor.reach == reach or sensor.without in (Rule.SAME_REACH, Rule.BEYOND_THE_REACH)
    if unchanged and not sensor.version:
        sensor.start = -(-reach // 2) * 2
        sensor.version += 1


def reader(sensor: Sensor) -> Process:
    """An answer over all epochs of the layout, as far as it reaches, and whether it was right."""
    acknowledged = frozenset(sensor.acknowledged)
    start, reach = sensor.start, sensor.reach
    yield
    epochs = sorted({epoch(time, start)[0] for time in range(reach)})
    markers = {number: set(sensor.markers.get(number, ())) for number in epochs}
    yield
    answer: Counter[Record] = Counter()
    for number, batches in markers.items():
        answer.update(frozenset().union(*(sensor.batches.get((number, batch), frozenset()) for batch in batches)))
        yield
    if not acknowledged <= answer.keys() <= sensor.started or max(answer.values(), default=1) > 1:
        sensor.wrong += 1


def run(seed: int, without: Rule = Rule.NONE, steps: int = 90) -> int:
    """How many readings were wrong in one random run, the last one, of a store at rest, among them."""
    random = Random(seed)
    sensor = Sensor(without)
    processes: list[Process] = [writer(sensor, random) for _ in range(2)]
    for _ in range(steps):
        drawn = random.random()
        if drawn < 0.15:
            processes.append(reader(sensor))
        elif drawn < 0.22:
            processes.append(layer(sensor))
        elif drawn < 0.34:
            processes.append(writer(sensor, random))
        if processes:
            process = random.choice(processes)
            crashed = random.random() < 0.02
            if crashed:
                process.close()
            if crashed or next(process, _ENDED) is _ENDED:
                processes.remove(process)
    for process in [*processes, reader(sensor)]:
        for _ in process:
            pass
    return sensor.wrong
