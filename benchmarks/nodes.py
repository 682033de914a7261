"""The same store on one node of Cassandra: how long an aggregate takes in process, by how many statements.

Law: answers are compared with numpy's and math.fsum's before they are timed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np
from cassandra.cluster import Session as Driver

from benchmarks.data import ATTRIBUTES, SENSOR, Readings, readings
from benchmarks.questions import AGGREGATE, CONDITIONS, NAMES, WHOLE, load
from benchmarks.server import PASSWORD, USER, folder_bytes
from benchmarks.timing import Effort, Spread, spread
from grafana_sensor import connect
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.session import Session
from tests.cassandra.node import Missing, Node, Options, install, java

CUT: Final = "the same from one moment in it to another"
_WHERE: Final = "WHERE humidity > 50 AND pressure < 1013"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question over so many records: seconds, and the statements of one answer."""

    name: str
    records: int
    process: Spread
    statements: int


@dataclass(frozen=True, slots=True)
class Stored:
    """So many records: how many were stored and sealed in a second, and bytes on disk for each value.

    What seals replaced is among the bytes: it is deleted a minute and a half later.
    """

    records: int
    rate: float
    bytes: float


def measured(sizes: Sequence[int], effort: Effort) -> tuple[list[Asked], list[Stored]]:
    """Every question over histories of these lengths, and what it takes to keep them; none where Java is missing."""
    if not sizes:
        return [], []
    try:
        java()
        install()
    except Missing as missing:
        print(f"nothing on Cassandra: {missing}", file=sys.stderr)
        return [], []
    asked: list[Asked] = []
    stored: list[Stored] = []
    with TemporaryDirectory() as folder, _node(Path(folder)) as node:
        for size in sizes:
            made, prefix = readings(size), f"n{size}"
            found, rate = measured_at(f"{node.uri}?prefix={prefix}", made, effort)
            asked += found
            stored.append(Stored(size, rate, _kept(node, prefix) / (size * len(ATTRIBUTES))))
    return asked, stored


def measured_at(store: str, made: Readings, effort: Effort) -> tuple[list[Asked], float]:
    """Every question over a history in an empty store, and how many of its records were stored in a second."""
    since = perf_counter()
    load(store, made)
    rate = len(made) / (perf_counter() - since)
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        return [_asked(each, session, made, effort) for each in (WHOLE, CUT, CONDITIONS)], rate


@contextmanager
def _node(folder: Path) -> Iterator[Node]:
    node = Node(folder / "node")
    try:
        node.start(Options(port=0, storage_port=0, throwaway=True, auth_cache_ms=2_000))
        yield node
    finally:
        node.stop(kill=True)


def _asked(name: str, session: Session, made: Readings, effort: Effort) -> Asked:
    start, end = int(made.times[0]), made.end
    if name == CUT:
        start, end = int(made.times[len(made) // 10 + 17]), int(made.times[len(made) // 10 * 9 + 17])
    question = Question(f"{AGGREGATE} FROM {SENSOR} {_WHERE if name == CONDITIONS else ''}", start=start, end=end)

    def answer() -> dict[str, Any]:
        return answers.rows(session, question).rows()[0]

    with _counted() as statements:
        found = answer()
    _compare(found, made, start, end, conditions=name == CONDITIONS)
    return Asked(name, len(made), spread(answer, effort), len(statements))


@contextmanager
def _counted() -> Iterator[list[None]]:
    """An element for each statement that is sent meanwhile."""
    found: list[None] = []
    real = Driver.execute_async

    def counting(self: Driver, *arguments: Any, **named: Any) -> Any:
        found.append(None)
        return real(self, *arguments, **named)

    Driver.execute_async = counting
    try:
        yield found
    finally:
        Driver.execute_async = real


def _compare(row: dict[str, Any], made: Readings, start: int, end: int, *, conditions: bool) -> None:
    """Raises AssertionError where the answer isn't that of a pass over all records."""
    kept = (made.times >= start) & (made.times < end)
    if conditions:
        kept &= (made.values["humidity"] > 50) & (made.values["pressure"] < 1013)
    numbers = made.values["temperature"][kept]
    exact = math.fsum(numbers.tolist())
    expected = [len(numbers), exact / len(numbers), float(np.min(numbers)), float(np.max(numbers)), exact]
    found = [row[name] for name in NAMES]
    # The average is rounded once here, and twice there.
    same = expected[0] == found[0] and expected[2:] == found[2:] and math.isclose(expected[1], found[1], rel_tol=1e-15)
    assert same, f"{expected} by a pass over all, {found} here"


def _kept(node: Node, prefix: str) -> int:
    """The bytes of the keyspaces' files, when all is written there and what was replaced is gone."""
    node.nodetool("flush")
    return sum(folder_bytes(each) for each in (node.folder / "data").glob(f"{prefix}*"))
