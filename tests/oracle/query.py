"""The oracle: answers by a pass over all records, clause by clause of the query language.

Law: brute force over lists. Of the package only the values of a parsed query are used, none of their methods.
Times are UTC µs, ranges half-open. What can't be answered (`refusal`) is not to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_sensor.domain.plans import Every, Projection, Query
from tests.oracle.aggregates import Result, aggregate
from tests.oracle.conditions import meets
from tests.oracle.records import History, Record, Value

BEGINNING, FOREVER = -2_208_988_800_000_000, 7_258_118_400_000_000
"""1900-01-01 and 2200-01-01: a side of a range that lies there is open."""

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_LADDER = [
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * 60 * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * 3600 * _SECOND for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28)),
]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked; `every` wins over the query's. `interval` in µs."""

    query: Query
    start: int
    end: int
    now: int = 0
    every: Every | None = None
    max_points: int = 1000
    interval: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A series before any reduction: its name, labels, and points (time, value)."""

    name: str
    tags: dict[str, str]
    points: list[tuple[int, Result]]


def refusal(history: History, question: Question) -> str | None:
    """The code of the error that the question meets; None where it is answered."""
    query = question.query
    named = [p.attribute for p in query.projections if p.attribute != "*"]
    named += [c.attribute for c in query.conditions if c.attribute not in ("time", "sensor")]
    if not history.attributes().issuperset(named):
        return "unknown_attribute"
    sensors = history.sensors()
    if any(not name.text or name.text not in sensors for name in query.sensors or ()):
        return "unknown_sensor"
    raw = query.projections[0].aggregate is None
    return "projection_error" if raw and (query.every, question.every) != (None, None) else None


def rows(history: History, question: Question) -> list[Row]:
    """The table: raw rows, a row a bucket, or one value over the range, each a sensor's where that applies."""
    asked = _Asked(history, question)
    if asked.raw:
        return asked.raw_rows()
    every = asked.every or "all"
    if every == "all":
        buckets: Sequence[tuple[int, int, int]] = [(question.start, question.start, question.end)]
    else:
        buckets = cut(*asked.closed(), every, question)
    names = _distinct([_column(p) for p in question.query.projections], {"time"} if every != "all" else set(), asked)
    found = []
    for name, start, end in buckets:
        for group in asked.groups():
            row: Row = {}
            if every != "all":
                row["time"] = name
            if asked.apart:
                row["sensor"] = group
            values = (asked.value(p, group, start, end) for p in question.query.projections)
            found.append(row | dict(zip(names, values, strict=True)))
    return found


def series(history: History, question: Question) -> list[Line]:
    """The series, in the order of projections, then of sensors."""
    asked = _Asked(history, question)
    projections = question.query.projections
    if asked.raw:
        return [line for p in asked.expanded() for line in asked.raw_series(p)]
    buckets = cut(*asked.closed(), asked.every or "auto", question)
    return [
        _line(p, group, [(name, asked.value(p, group, start, end)) for name, start, end in buckets])
        for p in projections
        for group in asked.groups()
        if group is None or asked.has(group, p.attribute)
    ]


def scalars(history: History, question: Question) -> list[Result]:
    """One value per aggregate projection, over all the sensors asked."""
    asked = _Asked(history, question)
    return [asked.value(p, None, question.start, question.end) for p in question.query.projections]


class _Asked:
    """A question to a history."""

    def __init__(self, history: History, question: Question) -> None:
        query = question.query
        self.history = history
        self.question = question
        self.raw = query.projections[0].aggregate is None
        self.every = query.every if question.every is None else question.every
        self.apart = self.raw or query.by_sensor or query.sensors is not None
        self._attributes = history.sensors()
        self.sensors = sorted(self._attributes if query.sensors is None else {name.text for name in query.sensors})
        self._passing = [r for r in history.records if self._passes(r)]

    def _passes(self, record: Record) -> bool:
        question = self.question
        return (
            record.sensor in self.sensors
            and question.start <= record.time < question.end
            and all(meets(condition, record, question.now) for condition in question.query.conditions)
        )

    def has(self, sensor: str, attribute: str) -> bool:
        return attribute == "*" or attribute in self._attributes[sensor]

    def groups(self) -> list[str | None]:
        """Who answers: each sensor that has one of the attributes, or None: all of them as one."""
        if not self.apart:
            return [None]
        wanted = [p.attribute for p in self.question.query.projections]
        return [sensor for sensor in self.sensors if any(self.has(sensor, attribute) for attribute in wanted)]

    def value(self, projection: Projection, group: str | None, start: int, end: int) -> Result:
        assert projection.aggregate is not None
        texts = self.history.kind(projection.attribute) == "text"
        of = [r for r in self._passing if start <= r.time < end and group in (None, r.sensor)]
        return aggregate(projection.aggregate, projection.attribute, of, texts=texts)

    def closed(self) -> tuple[int, int]:
        """The range, an open side of it ending with the records of the sensors asked."""
        start, end = self.question.start, self.question.end
        if start == end or (start > BEGINNING and end < FOREVER):
            return start, end
        times = [r.time for r in self.history.records if r.sensor in self.sensors and start <= r.time < end]
        if not times:
            place = start if start > BEGINNING else end if end < FOREVER else self.question.now
            return place, place
        return min(times) if start <= BEGINNING else start, max(times) + 1 if end >= FOREVER else end

    def expanded(self) -> list[Projection]:
        """The raw projections, `*` being the attributes of the sensors asked."""
        everything = sorted(set().union(*(self._attributes[sensor] for sensor in self.sensors)))
        found: list[Projection] = []
        for p in self.question.query.projections:
            found += [Projection(name, text=name) for name in everything] if p.attribute == "*" else [p]
        return found

    def raw_rows(self) -> list[Row]:
        projections = self.expanded()
        names = _distinct([_column(p) for p in projections], {"time", "sensor"}, None)
        columns: list[tuple[str, str, type | None]] = []
        taken = {"time", "sensor", *names, *self.history.attributes()}
        for p, name in zip(projections, names, strict=True):
            mixed = self.history.kind(p.attribute) == "mixed"
            columns.append((name, p.attribute, float if mixed else None))
            if mixed:
                text = _free(f"{name}_text", taken)
                taken.add(text)
                columns.append((text, p.attribute, str))
        wanted = {p.attribute for p in projections}
        found = []
        for record in sorted(self._passing, key=lambda r: (r.time, r.sensor, r.id)):
            if wanted.isdisjoint(record.attributes):
                continue
            row: Row = {"time": record.time, "sensor": record.sensor}
            for name, attribute, kind in columns:
                value = record.attributes.get(attribute)
                row[name] = value if kind is None or isinstance(value, kind) else None
            found.append(row)
        return found

    def raw_series(self, p: Projection) -> list[Line]:
        kind = str if self.history.kind(p.attribute) == "text" else float
        lines = []
        for sensor in self.sensors:
            if self.has(sensor, p.attribute):
                of = sorted((r for r in self._passing if r.sensor == sensor), key=lambda r: (r.time, r.id))
                points: list[tuple[int, Value]] = [
                    (r.time, r.attributes[p.attribute]) for r in of if isinstance(r.attributes.get(p.attribute), kind)
                ]
                lines.append(_line(p, sensor, points))
        return lines


def cut(start: int, end: int, every: Every, question: Question) -> list[tuple[int, int, int]]:
    """The buckets of [start, end), each with its name, start and end."""
    if every == "all" or (every == "auto" and question.max_points == 1):
        return [(start, start, end)]
    if every != "auto":
        return _aligned(start, end, every)
    n = 0
    while True:
        step = _LADDER[n] if n < len(_LADDER) else 28 * _DAY * (n - len(_LADDER) + 2)
        n += 1
        if step >= question.interval and -(-end // step) - start // step <= question.max_points:
            return _aligned(start, end, step)


def _aligned(start: int, end: int, step: int) -> list[tuple[int, int, int]]:
    if start == end:
        return []
    names = range(start - start % step, end, step)
    return [(name, max(start, name), min(end, name + step)) for name in names]


def _line(p: Projection, group: str | None, points: Sequence[tuple[int, Result]]) -> Line:
    written = p.alias or p.text or (f"{p.aggregate}({p.attribute})" if p.aggregate else p.attribute)
    tags = {"sensor": group} if group else {}
    return Line(f"{group} {written}" if group else written, tags | {"attribute": p.attribute}, list(points))


def _column(p: Projection) -> str:
    if p.alias is not None:
        return p.alias
    if p.aggregate is None:
        return p.attribute
    prefix = p.aggregate.lower().replace(".", "_")
    return prefix if p.attribute == "*" else f"{prefix}_{p.attribute}"


def _distinct(names: Sequence[str], others: set[str], asked: _Asked | None) -> list[str]:
    """The columns' names, each once: a second one of a name gets the first of `_2`, `_3` … that is nobody's."""
    if asked is not None and asked.apart:
        others = others | {"sensor"}
    given, wanted = set(others), {*names, *others}
    found = []
    for name in names:
        chosen = name if name not in given else _free(f"{name}_2", given | wanted, name, 2)
        given.add(chosen)
        found.append(chosen)
    return found


def _free(name: str, taken: set[str], base: str | None = None, number: int = 1) -> str:
    """The name, or the first of `base_2`, `base_3` … that is not taken."""
    found = name
    while found in taken:
        number += 1
        found = f"{base or name}_{number}"
    return found
