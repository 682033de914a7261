"""Points of streams as bytes: rows in JSON, CSV or Arrow, and the lines that a follower reads.

Law: a value is what was sent: numbers in full, lists of them, JSON; what JSON has no number for is null. A follower's line
is an object: of a point it has `index` and `value`, any other line has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
import orjson

from grafana_sensor.domain.scan import Points
from grafana_sensor.domain.series import ColumnKind, Table, TableColumn
from grafana_sensor.query.streamvalues import plain
from grafana_sensor.service.following import Alive, Ended, Event, Sent, Trimmed

NDJSON: Final = "application/x-ndjson"


def json_rows(parts: Iterable[Points]) -> Iterator[bytes]:
    """The points as one JSON array of `{"index", "value"}`."""
    comma = b"["
    for points in parts:
        if len(points):
            yield comma + ",".join(_rows(points, b"")).encode()
            comma = b","
    yield b"[]" if comma == b"[" else b"]"


def table_of(parts: Iterable[Points]) -> Table:
    """The points as columns `index` and `value`; a value that is no single number is its JSON text."""
    index: list[int] = []
    values: list[Any] = []
    kinds: set[ColumnKind] = set()
    for points in parts:
        index += range(points.start, points.start + len(points))
        kind = _kind(points)
        found = plain(points)
        values += _cells(found, kind)
        kinds.add(kind)
    kind = kinds.pop() if len(kinds) == 1 else "text"
    return Table((TableColumn("index", "integer", index), TableColumn("value", kind, values)))


def lines(events: Iterator[Event], *, named: bool) -> Iterator[bytes]:
    """The events as JSON lines, some at a time; `named`: each names its stream."""
    for event in events:
        match event:
            case Sent(stream, points):
                name = b'"stream":' + orjson.dumps(stream) + b"," if named else b""
                yield "".join(f"{row}\n" for row in _rows(points, name)).encode()
            case Trimmed(stream, start, end):
                yield _line({"trimmed": {"from": start, "to": end}}, stream if named else None)
            case Alive(state):
                yield _line({"alive": state.name})
            case Ended(reason, places, None):
                following = dict(places) if named else next(iter(places.values()))
                yield _line({"end": reason, "next": following})
            case Ended(reason, places, stream):
                if named and stream is not None:
                    yield _line({"end": reason, "next": places[stream]}, stream)


def _line(members: dict[str, Any], stream: str | None = None) -> bytes:
    return orjson.dumps(members if stream is None else {"stream": stream, **members}) + b"\n"


def _rows(points: Points, name: bytes) -> Iterator[str]:
    """Each point as a JSON object, with `name` at its head."""
    found = plain(points)
    scalars = isinstance(points.values, np.ndarray) and points.values.ndim == 1 and points.values.dtype.kind != "c"
    values = orjson.dumps(found)[1:-1].decode().split(",") if scalars else (orjson.dumps(v).decode() for v in found)
    head = "{" + name.decode() + '"index":'
    for index, value in enumerate(values, start=points.start):
        yield f'{head}{index},"value":{value}}}'


def _kind(points: Points) -> ColumnKind:
    """What a column of these values is."""
    values = points.values
    if not isinstance(values, np.ndarray) or values.ndim != 1:
        return "text"
    if values.dtype.kind == "f":
        return "number"
    return "integer" if values.dtype.kind in "biu" and values.dtype != np.uint64 else "text"


def _cells(values: list[Any], kind: ColumnKind) -> list[Any]:
    if kind == "number":
        return [value if value - value == 0 else None for value in values]
    if kind == "integer":
        return [int(value) for value in values]
    return [value if isinstance(value, str) else orjson.dumps(value).decode() for value in values]
