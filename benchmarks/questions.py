"""How long an answer takes, over histories of several lengths: by HTTP, in process, and from a plain table.

Law: the three answers are compared before they are timed. Counts, least and greatest must be equal, a sum is
math.fsum's bit for bit, and the table's sums and averages, which it adds up in floating point, are near it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks import rowtable
from benchmarks.data import ATTRIBUTES, SENSOR, Readings, readings
from benchmarks.doors import Door, panel_by_door, targets_together
from benchmarks.rowtable import RowTable, row_table
from benchmarks.server import PASSWORD, USER, Client, folder_bytes, serving
from benchmarks.timing import Effort, Spread, spread
from grafana_sensor import connect
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.session import Session

WHOLE: Final = "five aggregates over the whole history"
CONDITIONS: Final = "the same under two conditions"
PANEL: Final = "a panel of 1,000 buckets"

AGGREGATE: Final = "CNT(temperature), AVG(temperature), MIN(temperature), MAX(temperature), SUM(temperature)"
NAMES: Final = ("cnt_temperature", "avg_temperature", "min_temperature", "max_temperature", "sum_temperature")
_BLOCK: Final = 50_000
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Timed:
    """One question over so many records."""

    name: str
    records: int
    http: Spread
    process: Spread
    table: Spread


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes on disk for each value, times and indexes among them: here, and in a plain table."""

    records: int
    here: float
    table: float


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    q: str
    table: Callable[[RowTable, Readings], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured over one history; `panel` by each door, `targets` in one request and in many."""

    timed: Sequence[Timed]
    kept: Kept
    panel: Sequence[Door]
    targets: Sequence[Door]


def measured(sizes: Sequence[int], effort: Effort) -> list[Measured]:
    """Every question over histories of these lengths, and what they take on disk."""
    found = []
    for size in sizes:
        with TemporaryDirectory() as folder:
            found.append(_measured(Path(folder), readings(size), effort))
    return found


def _measured(folder: Path, made: Readings, effort: Effort) -> Measured:
    store = folder / "store"
    load(f"sqlite://{store}", made)
    with row_table(folder / "rows.sqlite") as table:
        for start in range(0, len(made), _BLOCK):
            table.insert(rowtable.rows(made, start, start + _BLOCK))
        values = len(made) * len(ATTRIBUTES)
        kept = Kept(len(made), folder_bytes(store) / values, table.bytes() / values)
        with (
            serving(f"sqlite://{store}") as server,
            server.client() as client,
            connect(f"sqlite://{store}") as database,
            database.session_login(USER, PASSWORD) as session,
        ):
            return Measured(
                [_timed(each, client, session, table, made, effort) for each in _asked(made)],
                kept,
                panel_by_door(client, made, effort),
                targets_together(client, made, effort),
            )


def load(store: str, made: Readings) -> None:
    """Register the user in a store, post the readings in columns, and seal them."""
    with connect(store) as database:
        database.register(USER, PASSWORD)
    with serving(store) as server, server.client() as client:
        for start in range(0, len(made), _BLOCK):
            body = json.dumps(made.columns(start, start + _BLOCK)).encode()
            client.post(f"/api/v1/sensors/{SENSOR}/records?format=columns", body)
    with connect(store) as database, database.open_as_administrator(USER) as session:
        session.seal()


def _asked(made: Readings) -> list[_Asked]:
    def whole(table: RowTable, made: Readings) -> list[dict[str, Any]]:
        return [dict(zip(NAMES, table.aggregate(made), strict=True))]

    def some(table: RowTable, made: Readings) -> list[dict[str, Any]]:
        found = table.aggregate(made, "AND humidity > 50 AND pressure < 1013")
        return [dict(zip(NAMES, found, strict=True))]

    def panel(table: RowTable, made: Readings) -> list[dict[str, Any]]:
        return [{"avg_temperature": average} for _, average in table.panel(made)]

    where = "WHERE humidity > 50 AND pressure < 1013"
    return [
        _Asked(WHOLE, f"{AGGREGATE} FROM {SENSOR}", whole),
        _Asked(CONDITIONS, f"{AGGREGATE} FROM {SENSOR} {where}", some),
        _Asked(PANEL, f"AVG(temperature) FROM {SENSOR} EVERY {made.bucket}ms", panel),
    ]


def _timed(asked: _Asked, client: Client, session: Session, table: RowTable, made: Readings, effort: Effort) -> Timed:
    start, end = int(made.times[0]), made.end
    parameters = {"q": asked.q, "from": start, "to": end}
    question = Question(asked.q, start=start, end=end)

    def over_http() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(client.get("/api/v1/query", parameters))
        return found

    expected = asked.table(table, made)
    _compare(asked, expected, over_http(), made)
    _compare(asked, expected, answers.rows(session, question).rows(), made)
    return Timed(
        asked.name,
        len(made),
        spread(lambda: client.get("/api/v1/query", parameters), effort),
        spread(lambda: answers.rows(session, question), effort),
        spread(lambda: asked.table(table, made), effort),
    )


def _compare(asked: _Asked, expected: list[dict[str, Any]], actual: list[dict[str, Any]], made: Readings) -> None:
    """Raises AssertionError where an answer is not the table's."""
    assert len(expected) == len(actual), f"{asked.q}: {len(expected)} rows from the table, {len(actual)} here"
    for row, here in zip(expected, actual, strict=True):
        for name, value in row.items():
            added = name.startswith(("avg", "sum"))
            same = math.isclose(value, here[name], rel_tol=_NEAR) if added else value == here[name]
            assert same, f"{asked.q}: {name} is {value!r} from the table, {here[name]!r} here"
    if "WHERE" not in asked.q and "sum_temperature" in actual[0]:
        exact = math.fsum(made.values["temperature"].tolist())
        assert exact == actual[0]["sum_temperature"], f"{asked.q}: the sum is {exact!r}"
