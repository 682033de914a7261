"""Streams of lists as a table: the latest one of each scan, element by element.

Law: the point that is shown is the last one that passes the conditions, the same for all streams of the table. The first
column is the axis that the scan names, else the index of the element; shorter lists end with None.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.conditions import SENSOR
from grafana_sensor.domain.plans import Projection
from grafana_sensor.domain.scan import Scan
from grafana_sensor.domain.series import Table, TableColumn
from grafana_sensor.query import engine
from grafana_sensor.query.plan import Ask
from grafana_sensor.query.scannames import INDEX
from grafana_sensor.service.scanlooks import channel_text, is_spectra
from grafana_sensor.service.scanpoints import ScanPoints

_LATEST: Final = Projection(INDEX, "LAST")


def spectra_table(points: ScanPoints, ask: Ask, projections: Sequence[Projection]) -> Table:
    """The latest lists of the projected streams as columns; `ask` is by index, with the conditions."""
    names = [p.attribute for p in projections]
    sensors: list[str] = []
    elements: list[list[Any]] = [[] for _ in range(1 + len(names))]
    axes: set[tuple[str, str | None]] = set()
    for sensor, scan in points.scans.items():
        place = _latest(points, ask, sensor, scan, names)
        lists = [_list(points, scan, name, place) for name in names]
        longest = max(map(len, lists), default=0)
        axis_name, axis_unit, axis = _axis(points, scan, names, place, longest)
        axes.add((axis_name, axis_unit))
        for column, values in zip(elements, [axis, *lists], strict=True):
            column.extend(values + [None] * (longest - len(values)))
        sensors += [sensor] * longest
        points.budget.give(len(sensors))
    scans = list(points.scans.values())
    axis_name, axis_unit = axes.pop() if len(axes) == 1 else ("x", None)
    columns = [TableColumn(axis_name, "integer" if axis_name == INDEX else "number", elements[0], axis_unit)]
    if len(scans) > 1:
        columns.append(TableColumn(SENSOR, "text", sensors))
    for p, values in zip(projections, elements[1:], strict=True):
        said = {
            key: next((t for s in scans if (t := channel_text(s, p.attribute, key))), None)
            for key in ("unit", "display_name")
        }
        columns.append(
            TableColumn(
                p.alias or p.attribute, "number", values, said["unit"], None if p.alias else said["display_name"]
            )
        )
    return Table(tuple(columns))


def _latest(points: ScanPoints, ask: Ask, sensor: str, scan: Scan, names: Sequence[str]) -> int | None:
    """The index of the last point that passes the conditions and that all of the streams have."""
    streams = [scan.streams[name] for name in names if name in scan.streams]
    end = min((stream.length for stream in streams), default=0)
    if not ask.query.conditions:
        return end - 1 if end else None
    reading = points.reading(by_index=True)
    sensors = tuple(name for name in ask.query.sensors or () if name.text == sensor)
    query = replace(ask.query, projections=(_LATEST,), sensors=sensors, by_sensor=False, every=None)
    (found,) = engine.scalars(reading, replace(ask, query=query, end=end), points.budget)
    return None if found is None else int(found)


def _list(points: ScanPoints, scan: Scan, name: str, place: int | None) -> list[float | None]:
    """A point of a stream of lists; empty where it isn't there."""
    if place is None or not is_spectra(scan.streams.get(name)):
        return []
    found = points.looks.store.points(scan.key, name, place, place + 1)
    if not len(found):
        return []
    values = np.asarray(found.values[0], np.float64)
    return [value if value - value == 0 else None for value in values.tolist()]


def _axis(
    points: ScanPoints, scan: Scan, names: Sequence[str], place: int | None, n: int
) -> tuple[str, str | None, list[Any]]:
    """The name, the unit and the values of what the elements are drawn over: a channel or an array of the device."""
    for device in _devices(scan):
        channels = device.get("channels")
        if not isinstance(channels, (list, tuple)) or names[0] not in channels:
            continue
        channel = device.get("xaxis_channel")
        if (
            isinstance(channel, str)
            and channel in scan.streams
            and len(values := _list(points, scan, channel, place)) == n
        ):
            return channel, channel_text(scan, channel, "unit"), list(values)
        array = device.get("xaxis_array")
        if isinstance(array, (list, tuple)) and len(array) == n and all(isinstance(x, (int, float)) for x in array):
            label, unit = device.get("xaxis_array_label"), device.get("xaxis_array_unit")
            return (
                label if isinstance(label, str) and label else "x",
                unit if isinstance(unit, str) else None,
                list(map(float, array)),
            )
    return INDEX, None, list(range(n))


def _devices(scan: Scan) -> list[Mapping[str, Any]]:
    devices = scan.info.get("devices")
    found = devices.values() if isinstance(devices, Mapping) else ()
    return [device for device in found if isinstance(device, Mapping)]
