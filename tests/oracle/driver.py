"""Carries a drawn history out, on a store and in the oracle's list at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.plans import Name, Query
from grafana_sensor.ports import RecordReading, RecordStore
from grafana_sensor.query import engine
from grafana_sensor.query.parse import parse_query
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.ingest import Incoming, Receipt, ingest, insert_into
from grafana_sensor.service.session import Session
from tests.oracle import query as oracle
from tests.oracle.aggregates import equal
from tests.oracle.drawn import Own, Repeat, Sealing, Step, World, Written
from tests.oracle.records import History, Record, stored

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(text: str) -> int:
    """The UTC µs of an ISO text."""
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


@dataclass(slots=True)
class Driver:
    """A store and the history that it should hold."""

    store: RecordStore
    history: History = field(default_factory=History)
    posts: list[tuple[Incoming, str]] = field(default_factory=list)
    clock: Iterator[int] = field(default_factory=lambda: iter(range(1_767_225_600_000_000, 2**62, 1_000)))
    ids: BatchIds = field(init=False)

    def __post_init__(self) -> None:
        self.ids = BatchIds(self.now)

    def now(self) -> int:
        """A clock that goes a millisecond on at each look."""
        return next(self.clock)

    def ingest(self, incoming: Incoming) -> Receipt:
        """Store a post."""
        return ingest(self.store, incoming, limits=Limits(), ids=self.ids, clock=self.now)

    def insert_into(self, record: dict[str, Any], pk: str, sensor: str) -> None:
        """Store a record under its caller's id."""
        insert_into(self.store, record, pk, sensor, limits=Limits(), ids=self.ids, clock=self.now)

    def declare(self, world: World) -> None:
        """Declare what the world declares."""
        for attribute, kind in world.declared.items():
            self.store.declare(attribute, Declaration("text" if kind == "text" else "number"))
            self.history.declared[attribute] = kind

    def take(self, step: Step) -> None:
        """Take a step, and check what is acknowledged."""
        match step:
            case Written():
                self._post(step)
            case Repeat() if self.posts:
                incoming, batch = self.posts[step.place % len(self.posts)]
                receipt = self.ingest(incoming)
                assert not callable(incoming.records)
                assert (len(incoming.records), batch, True) == (receipt.accepted, receipt.batch, receipt.duplicate)
            case Own():
                number = len(self.history.records)
                pk = f"{'!' if number % 2 else '~'}{number}"  # before and after the ids of batches
                self.insert_into(step.record, pk, step.sensor)
                self._keep(step.sensor, (pk, -1), step.record)
            case Sealing():
                self.store.seal(self.store.backlog()[:: step.every], self.now())

    def _post(self, step: Written) -> None:
        digest = hashlib.sha256(json.dumps(step.records).encode()).digest()
        incoming = Incoming(
            step.records,
            sensor=step.sensor or None,
            sensor_field="sensor" if step.sensor is None else None,
            key=f"key-{len(self.posts)}" if step.key else None,
            path=f"/records/{step.sensor}",
            digest=digest,
        )
        receipt = self.ingest(incoming)
        assert (len(step.records), False) == (receipt.accepted, receipt.duplicate)
        if step.key:
            self.posts.append((incoming, receipt.batch))
        for place, record in enumerate(step.records):
            sensor = record["sensor"] if step.sensor is None else step.sensor
            self._keep(sensor, (receipt.batch, place), record)

    def _keep(self, sensor: str, identity: tuple[str, int], record: dict[str, Any]) -> None:
        values = {
            name: stored(value, self.history.declared.get(name))
            for name, value in record.items()
            if name not in ("time", "sensor")
        }
        self.history.records.append(Record(sensor, microseconds(record["time"]), identity, values))

    def ask(self, text: str, question: oracle.Question) -> None:
        """Ask the engine and the oracle, as rows, and where it is an aggregate as series and as values."""
        query = parse_query(text)
        assert question.query == query
        with self.store.reading() as reading:
            ask = engine.Ask(
                query, question.start, question.end, question.now, None, question.max_points, question.interval
            )
            refused = oracle.refusal(self.history, question)
            if refused is not None:
                assert refused == _refusal(reading, ask)
                return
            expected = oracle.rows(self.history, question)
            aggregates = [p.aggregate or "" for p in query.projections]
            check_rows(expected, engine.table(reading, ask, Budget()).rows(), aggregates)
            if any(aggregates):
                check_rows(
                    [dict(enumerate(oracle.scalars(self.history, question)))],
                    [dict(enumerate(engine.scalars(reading, ask, Budget())))],
                    aggregates,
                )
                check_series(oracle.series(self.history, question), engine.series(reading, ask, Budget()), aggregates)
            else:
                most = engine.Ask(query, question.start, question.end, question.now, None, 10_000)
                check_series(oracle.series(self.history, question), engine.series(reading, most, Budget()), aggregates)


class LibraryDriver(Driver):
    """The same through the functions of the library."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.store)
        self.session = session

    def ingest(self, incoming: Incoming) -> Receipt:
        """Store a post."""
        return self.session.ingest(incoming)

    def insert_into(self, record: dict[str, Any], pk: str, sensor: str) -> None:
        """Store a record under its caller's id."""
        self.session.insert_into(record, pk, sensor)

    def ask(self, text: str, question: oracle.Question) -> None:
        """Ask the library as rows, and aggregates over the range as values."""
        start = None if question.start == oracle.BEGINNING else _EPOCH + timedelta(microseconds=question.start)
        finish = None if question.end == oracle.FOREVER else _EPOCH + timedelta(microseconds=question.end)
        question = replace(question, now=self.session.clock(), max_points=1000, interval=0)
        query = question.query
        if oracle.refusal(self.history, question) is not None or _looks_at_the_clock(query):
            return
        aggregates = [p.aggregate or "" for p in query.projections]
        expected = oracle.rows(self.history, question)
        if not any(aggregates) or query.every not in (None, "all"):
            expected = [row | {"time": _EPOCH + timedelta(microseconds=row["time"])} for row in expected]
        check_rows(expected, self.session.query(text, start, finish), aggregates)
        texts = [p.text for p in query.projections]
        if not any(aggregates) or len(set(texts)) < len(texts):
            return
        conditions = [[c.attribute, c.operator, _written(c)] for c in query.conditions]
        whole = replace(question, query=replace(query, sensors=None, by_sensor=False, every=None))
        values = dict(zip(texts, oracle.scalars(self.history, whole), strict=True))
        found = self.session.range_query_per_user(texts, conditions, start, finish)
        check_rows([values], [found if len(texts) > 1 else {texts[0]: found}], aggregates)
        for sensor in sorted({name.text for name in query.sensors or ()}):
            one = replace(whole, query=replace(whole.query, sensors=(Name(sensor),)))
            values = dict(zip(texts, oracle.scalars(self.history, one), strict=True))
            found = self.session.range_query_per_sensor(sensor, texts, conditions, start, finish)
            check_rows([values], [found if len(texts) > 1 else {texts[0]: found}], aggregates)


def _written(condition: Condition) -> Any:
    return list(condition.values) if condition.operator == "IN" else "".join(condition.values)


def _looks_at_the_clock(query: Query) -> bool:
    return any(c.attribute == "time" and any(value.startswith("now") for value in c.values) for c in query.conditions)


def _refusal(reading: RecordReading, ask: engine.Ask) -> str:
    try:
        engine.table(reading, ask, Budget())
    except BadRequest as error:
        return error.code
    return "none"


def check_rows(expected: list[Any], actual: list[Any], aggregates: list[str]) -> None:
    """That rows are the expected ones, in order, column by column; the last columns are of these aggregates."""
    assert len(expected) == len(actual), f"rows\n  {expected}\nexpected, not\n  {actual}"
    for place, (wanted, got) in enumerate(zip(expected, actual, strict=True)):
        assert list(wanted) == list(got), f"columns {list(wanted)} expected, not {list(got)}"
        names = [""] * (len(wanted) - len(aggregates)) + aggregates
        for name, column in zip(names, wanted, strict=True):
            same = equal(wanted[column], got[column], name)
            assert same, f"in column {column!r} of row {place}\n  {wanted}\nexpected, not\n  {got}"


def check_series(expected: list[oracle.Line], actual: list[Any], aggregates: list[str]) -> None:
    """That series are the expected ones, in order, point by point."""
    names = [(line.name, line.tags) for line in expected], [(s.name, dict(s.tags)) for s in actual]
    assert names[0] == names[1], f"series {names[0]} expected, not {names[1]}"
    loose = "STDDEV" if "STDDEV" in aggregates else ""
    for line, found in zip(expected, actual, strict=True):
        points = list(zip(found.times.tolist(), found.values, strict=True))
        same = [time for time, _ in line.points] == [time for time, _ in points] and all(
            equal(wanted, got, loose) for (_, wanted), (_, got) in zip(line.points, points, strict=True)
        )
        assert same, f"in series {line.name!r}\n  {line.points}\nexpected, not\n  {points}"
