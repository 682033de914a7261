"""Instant metrics of a scan: what holds now, whatever the range.

Law: one value a scan, at the end of the range or now, whichever is earlier. `@state` is the name of its state, `@points`
how many its longest stream has, and `NAME@last` the last value of a stream, None where it has none yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from grafana_sensor.domain.conditions import SENSOR, TIME
from grafana_sensor.domain.errors import ProjectionError, StreamUnreadable, UnknownStream
from grafana_sensor.domain.plans import Projection
from grafana_sensor.domain.scan import Scan
from grafana_sensor.domain.series import ColumnKind, Series, Table, TableColumn
from grafana_sensor.query.plan import Ask
from grafana_sensor.query.scannames import POINTS, STATE, latest
from grafana_sensor.service.scanlooks import channel_text, kinds, scan_title
from grafana_sensor.service.scanpoints import ScanPoints

Instant = float | int | str | None


def is_instant(projections: Sequence[Projection], scans: Sequence[Scan]) -> bool:
    """Whether instant metrics are asked. Raises ProjectionError where they mix with others or have an aggregate."""
    found = [p for p in projections if _is_instant(p.attribute, scans)]
    wrong = [p for p in projections if p not in found or p.aggregate is not None]
    if found and wrong:
        name = found[0].attribute
        raise ProjectionError(
            f"{name} is one value, of now: ask it without aggregates and streams", position=wrong[0].position
        )
    return bool(found)


def instant_series(ask: Ask, points: ScanPoints) -> list[Series]:
    """A series of one point for each projection and scan."""
    times = np.array([_now(ask)], np.int64)
    single = len(points.scans) == 1
    return [
        Series(
            f"{name} {_called(p)}",
            times,
            [value],
            {SENSOR: name, "attribute": p.attribute},
            tuple(points.notices),
            kind,
            unit,
            shown if single else f"{scan_title(points.scans[name])} {shown}",
        )
        for p in ask.query.projections
        for name, (kind, value, unit, shown) in _values(points, p)
    ]


def instant_table(ask: Ask, points: ScanPoints) -> Table:
    """A row for each scan: time, sensor, then the projections."""
    names = list(points.scans)
    columns = [TableColumn(TIME, "time", [_now(ask)] * len(names)), TableColumn(SENSOR, "text", names)]
    for p in ask.query.projections:
        found = dict(_values(points, p))
        kind, _, unit, _ = next(iter(found.values()))
        columns.append(
            TableColumn(_called(p), kind, [found[name][1] if name in found else None for name in names], unit)
        )
    return Table(tuple(columns), notices=tuple(points.notices))


def _is_instant(name: str, scans: Sequence[Scan]) -> bool:
    if any(name in scan.streams for scan in scans):
        return False
    return name in (STATE, POINTS) or latest(name) is not None


def _called(projection: Projection) -> str:
    return projection.attribute if projection.alias is None else projection.alias


def _now(ask: Ask) -> int:
    return max(ask.start, min(ask.now, ask.end - 1))


def _values(points: ScanPoints, p: Projection) -> Iterator[tuple[str, tuple[ColumnKind, Instant, str | None, str]]]:
    """By scan, the kind, the value, the unit and the shown name. Raises UnknownStream, StreamUnreadable."""
    stream = latest(p.attribute)
    for name, scan in points.scans.items():
        if p.attribute == STATE:
            yield name, ("text", scan.state.name, None, _called(p))
        elif p.attribute == POINTS:
            yield name, ("integer", max((s.length for s in scan.streams.values()), default=0), None, _called(p))
        elif stream is not None and stream in scan.streams:
            yield name, _last_value(points, scan, stream, p)
    if stream is not None and not any(stream in scan.streams for scan in points.scans.values()):
        known = list(dict.fromkeys(each for scan in points.scans.values() for each in scan.streams))
        raise UnknownStream.named(stream, known, p.position)


def _last_value(
    points: ScanPoints, scan: Scan, stream: str, p: Projection
) -> tuple[ColumnKind, Instant, str | None, str]:
    if not kinds(scan, stream):
        raise StreamUnreadable(f"{stream!r} has no single value a point, so no last one")
    kind: ColumnKind = "text" if scan.streams[stream].definition.kind == "json" else "number"
    value = points.last(scan, stream)
    shown = p.alias or channel_text(scan, stream, "display_name") or stream
    return kind, value, channel_text(scan, stream, "unit"), shown
