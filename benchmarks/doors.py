"""The same panel by each door, and twenty targets in one request beside twenty requests.

Law: what the doors answer is compared before it is timed: times and values of every form are those of REST.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.data import ATTRIBUTES, SENSOR, Readings
from benchmarks.server import Client
from benchmarks.timing import Effort, Spread, spread

AGGREGATES: Final = ("CNT", "AVG", "MIN", "MAX", "SUM")
TARGETS: Final = len(AGGREGATES) * len(ATTRIBUTES)
TOGETHER: Final = f"{TARGETS} targets in one request"
APART: Final = f"{TARGETS} requests of one target"

Points = list[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Door:
    """One way to ask the panel, or the targets, over so many records, and the bytes of the answer."""

    name: str
    records: int
    http: Spread
    bytes: int


@dataclass(frozen=True, slots=True)
class _Way:
    """How a door is asked, and how its points of (ms, value) are read."""

    ask: Callable[[], bytes]
    points: Callable[[bytes], Points]


def panel_by_door(client: Client, made: Readings, effort: Effort) -> list[Door]:
    """A panel of 1,000 buckets by each door."""
    found = []
    expected: Points | None = None
    for name, way in _ways(client, made).items():
        answer = way.ask()
        points = way.points(answer)
        expected = points if expected is None else expected
        assert expected == points, f"{name} answers other points than REST"
        found.append(Door(name, len(made), spread(way.ask, effort), len(answer)))
    return found


def targets_together(client: Client, made: Readings, effort: Effort) -> list[Door]:
    """Aggregates of every attribute, 100 buckets each: in one request, and in a request each."""
    targets = [
        {
            "refId": f"{aggregate}{attribute}",
            "target": f"{aggregate}({attribute}) FROM {SENSOR} EVERY {made.bucket * 10}ms",
        }
        for attribute in ATTRIBUTES
        for aggregate in AGGREGATES
    ]
    whole = _body(made, targets)
    parts = [_body(made, [target]) for target in targets]

    def together() -> bytes:
        return client.post("/query", whole)

    def apart() -> list[bytes]:
        return [client.post("/query", part) for part in parts]

    answer, answers = together(), apart()
    assert json.loads(answer) == [element for each in answers for element in json.loads(each)]
    return [
        Door(TOGETHER, len(made), spread(together, effort), len(answer)),
        Door(APART, len(made), spread(apart, effort), sum(map(len, answers))),
    ]


def _ways(client: Client, made: Readings) -> dict[str, _Way]:
    text = f"AVG(temperature) FROM {SENSOR} EVERY {made.bucket}ms"
    start, end = int(made.times[0]) // 1_000, made.end // 1_000

    def rest(form: str) -> Callable[[], bytes]:
        return lambda: client.get("/api/v1/query", {"q": text, "from": start, "to": end, "time": "ms", "format": form})

    def plugin(members: Mapping[str, object]) -> Callable[[], bytes]:
        body = _body(made, [{"refId": "A", "target": text, **members}])
        return lambda: client.post("/query", body)

    return {
        "REST, JSON rows (Infinity)": _Way(rest("json"), _of_rows),
        "REST, CSV (Infinity)": _Way(rest("csv"), _of_csv),
        "plugins, series": _Way(plugin({}), lambda answer: [(t, v) for v, t in json.loads(answer)[0]["datapoints"]]),
        "plugins, table": _Way(plugin({"type": "table"}), lambda a: [(t, v) for t, _, v in json.loads(a)[0]["rows"]]),
        "plugins, frame": _Way(plugin({"payload": {"format": "frame"}}), _of_frame),
    }


def _body(made: Readings, targets: list[dict[str, Any]]) -> bytes:
    span = {"from": int(made.times[0]) // 1_000, "to": made.end // 1_000}
    return json.dumps({"range": span, "maxDataPoints": 2_000, "targets": targets}).encode()


def _of_rows(answer: bytes) -> Points:
    return [(row["time"], row["avg_temperature"]) for row in json.loads(answer)]


def _of_csv(answer: bytes) -> Points:
    rows = csv.DictReader(io.StringIO(answer.decode()))
    return [(int(row["time"]), float(row["avg_temperature"])) for row in rows]


def _of_frame(answer: bytes) -> Points:
    times, values = json.loads(answer)[0]["fields"]
    return list(zip(times["values"], values["values"], strict=True))
