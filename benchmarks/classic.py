"""`python -m benchmarks.classic`: the classic layout beside the chunked one, on one node of Cassandra.

Law: the same records, the same functions of the library, in process, one after the other on a node that is started for
it; what is asked is answered equal by both before it is timed. Statements are those that the driver sends.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from benchmarks.data import ATTRIBUTES, SENSOR, Readings, readings
from benchmarks.timing import Effort, Spread, spread
from grafana_sensor import connect
from grafana_sensor.service.session import Session
from tests.cassandra.node import Node, Options

LAYOUTS: Final = ("classic", "chunked")
ONE_BY_ONE: Final = 200
"""Records that are stored one a post; the others go by hundreds."""
_POST: Final = 100
_USER, _PASSWORD = "bench", "bench"

CONJUNCTIVE: Final = "conjunctive AVG"
UNCONDITIONAL: Final = "unconditional AVG"
_QUESTIONS: Final[dict[str, list[list[str]]]] = {
    CONJUNCTIVE: [["humidity", ">", "55"], ["pressure", ">", "1000"]],
    UNCONDITIONAL: [],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How long an answer takes, and how many statements it is."""

    time: Spread
    statements: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One layout at one size: records stored in a second, one and a hundred a post; answers; bytes on disk a value."""

    layout: str
    records: int
    one_by_one: float
    by_hundreds: float
    asked: dict[str, Asked]
    octets: float


def measured(node: Node, sizes: Sequence[int], effort: Effort) -> list[Measured]:
    """Each layout at each size."""
    found = []
    for size in sizes:
        made, answers = readings(size), []
        for layout in LAYOUTS:
            uri = f"{node.uri}?prefix={layout}{size}&layout={layout}"
            with connect(uri, seal_records=2**30, seal_seconds=3_600, seal_batches=2**30) as database:
                database.register(_USER, _PASSWORD)
                with database.session_login(_USER, _PASSWORD) as session:
                    rates = _store(session, made)
                    session.seal()
                    answers.append([_answer(session, conditions) for conditions in _QUESTIONS.values()])
                    asked = {name: _asked(session, conditions, effort) for name, conditions in _QUESTIONS.items()}
                keyspace = f"{layout}{size}_u_{_USER}"
            if answers[0] != answers[-1]:
                raise AssertionError(f"the layouts answer {answers[0]} and {answers[-1]}")
            found.append(Measured(layout, size, *rates, asked, _octets(node, keyspace) / (size * len(ATTRIBUTES))))
            print(f"{layout}, {size:,} records: done", file=sys.stderr)
    return found


def _store(session: Session, made: Readings) -> tuple[float, float]:
    """Store it; records in a second one by one, and by hundreds. What is made once, tables above all, isn't timed."""
    session.insert_many(SENSOR, made.records(0, 1))
    alone = min(ONE_BY_ONE, len(made) // 2)
    begun = perf_counter()
    for record in made.records(1, alone):
        session.insert_into_sensor(SENSOR, record)
    middle = perf_counter()
    for start in range(alone, len(made), _POST):
        session.insert_many(SENSOR, made.records(start, min(start + _POST, len(made))))
    return (alone - 1) / (middle - begun), (len(made) - alone) / (perf_counter() - middle)


def _answer(session: Session, conditions: list[list[str]]) -> Any:
    return session.query_per_user(["AVG(temperature)"], conditions)


def _asked(session: Session, conditions: list[list[str]], effort: Effort) -> Asked:
    with counting(session) as count:
        _answer(session, conditions)
        statements = count()
    return Asked(spread(lambda: _answer(session, conditions), effort), statements)


@contextmanager
def counting(session: Session) -> Iterator[Callable[[], int]]:
    """Tells how many statements the session's login has sent since."""
    store: Any = session.store
    driver = getattr(store, "_blobs", store)._connection.session  # noqa: SLF001  # to count behind its back
    sent: list[object] = []
    driver.add_request_init_listener(sent.append)
    try:
        yield lambda: len(sent)
    finally:
        driver.remove_request_init_listener(sent.append)


def _octets(node: Node, keyspace: str) -> int:
    """Bytes of the keyspace's tables on disk."""
    if node.nodetool("flush", keyspace):
        raise RuntimeError("nodetool flush failed")
    folder = node.folder / "data" / keyspace
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def markdown(found: Sequence[Measured]) -> str:
    """The figures as tables."""
    head = "| records | layout | stored one by one | stored by hundreds"
    head += "".join(f" | {name}, ms | statements" for name in _QUESTIONS) + " | bytes a value |"
    lines = [head, "| --: | :-- | --: | --: | --: | --: | --: | --: | --: |"]
    for each in found:
        asked = [f"{each.asked[name].time} | {each.asked[name].statements:,}" for name in _QUESTIONS]
        rates = f"{each.one_by_one:,.0f} | {each.by_hundreds:,.0f}"
        lines.append(f"| {each.records:,} | {each.layout} | {rates} | {' | '.join(asked)} | {each.octets:,.1f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classic", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="see in seconds that everything runs; the figures are none"
    )
    given = parser.parse_args(arguments)
    sizes, effort = ((40, 80), Effort(0.05, 3)) if given.quick else ((1_000, 10_000), Effort(10.0, 20))
    with TemporaryDirectory(prefix="grafana-sensor-bench-") as folder:
        node = Node(Path(folder))
        node.start(Options(port=0, storage_port=0))
        try:
            print(markdown(measured(node, sizes, effort)))
        finally:
            node.stop(kill=True)


if __name__ == "__main__":
    main()
