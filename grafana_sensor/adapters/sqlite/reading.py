"""A look at one user's blobs: one read transaction.

Law: all of it is one snapshot, so what was seen stays readable and nothing that is sealed meanwhile is seen. The
sensors' numbers never change, so they are remembered from look to look; so is the catalog, while its state holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import apsw

from grafana_sensor.adapters.sqlite.errors import OwnErrors
from grafana_sensor.domain.catalog import Catalog, Declaration, Kind
from grafana_sensor.domain.layout import Layout
from grafana_sensor.ports import BlobReading, Rollup

STATE = "SELECT value FROM meta WHERE name = 'catalog_state'"
VERSION = "SELECT value FROM meta WHERE name = 'catalog_version'"
SENSORS = "SELECT id, name, low, high FROM sensor ORDER BY name"
LAYOUTS = "SELECT sensor, start, width FROM layout ORDER BY sensor, start"
ATTRIBUTES = "SELECT sensor, name, kinds FROM attribute"
DECLARATIONS = "SELECT attribute, kind, unit, title FROM declaration"
SENSOR = "SELECT id FROM sensor WHERE name = ?"
GENERATION = "SELECT generation FROM sensor WHERE name = ?"
MARKERS = "SELECT epoch, id FROM batch WHERE sensor = ? AND epoch >= ? AND epoch < ?"
ROLLUPS = "SELECT epoch, blob FROM rollup WHERE sensor = ? AND epoch >= ? AND epoch < ? ORDER BY epoch"
NODE = "SELECT blob FROM node WHERE sensor = ? AND start = ? AND width = ?"
BATCH = """
SELECT blob FROM batch JOIN batch_blob USING (place) WHERE sensor = ? AND epoch = ? AND id = ?
"""
CHUNK = "SELECT blob FROM chunk WHERE sensor = ? AND epoch = ? AND id = ? AND name = ?"


@dataclass(slots=True)
class Remembered:
    """What the looks of a process share; each is committed, and holds for ever or until `state` changes."""

    sensors: dict[str, int] = field(default_factory=dict)
    catalog: tuple[int, Catalog, Mapping[str, Layout]] | None = None


class SqliteReading(BlobReading):
    """A look through `connection`, which is in a transaction; its errors are told by `errors`."""

    def __init__(self, connection: apsw.Connection, errors: OwnErrors, remembered: Remembered) -> None:
        self._connection = connection
        self._errors = errors
        self._remembered = remembered

    def catalog(self) -> Catalog:
        """See the port."""
        return self._known()[0]

    def layouts(self) -> Mapping[str, Layout]:
        """See the port."""
        return self._known()[1]

    def _known(self) -> tuple[Catalog, Mapping[str, Layout]]:
        state = cast(int, self._value(STATE))
        if (known := self._remembered.catalog) is not None and known[0] == state:
            return known[1:]
        rows = self._rows(SENSORS)
        names: dict[int, str] = {number: name for number, name, _, _ in rows}
        widths: dict[int, list[tuple[int, int]]] = {}
        for sensor, start, width in self._rows(LAYOUTS):
            widths.setdefault(sensor, []).append((start, width))
        layouts = {
            name: Layout(tuple(widths.get(number, ())), None if low is None else (low, high))
            for number, name, low, high in rows
        }
        sensors: dict[str, dict[str, int]] = {name: {} for name in names.values()}
        for sensor, attribute, kinds in self._rows(ATTRIBUTES):
            sensors[names[sensor]][attribute] = kinds
        catalog = Catalog(sensors, self._declarations(), cast(int, self._value(VERSION)))
        self._remembered.catalog = (state, catalog, layouts)
        return catalog, layouts

    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """See the port."""
        found: dict[int, list[str]] = {}
        for epoch, batch in self._rows(MARKERS, self._sensor(sensor), start, end):
            found.setdefault(epoch, []).append(batch)
        return found

    def rollups(self, sensor: str, start: int, end: int, only: Sequence[int] | None = None) -> list[Rollup]:
        """See the port."""
        number = self._sensor(sensor)
        ranges = [(start, end)] if only is None else [(epoch, epoch + 1) for epoch in only if start <= epoch < end]
        return [Rollup(epoch, blob) for each in ranges for epoch, blob in self._rows(ROLLUPS, number, *each)]

    def nodes(self, sensor: str, spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See the port."""
        number = self._sensor(sensor)
        return {span: blob for span in spans for (blob,) in self._rows(NODE, number, *span)}

    def generation(self, sensor: str) -> int:
        """See the port."""
        return cast(int, self._value(GENERATION, sensor) or 0)

    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """See the port."""
        number = self._sensor(sensor)
        return [blob for batch in ids for (blob,) in self._rows(BATCH, number, epoch, batch)]

    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """See the port."""
        number = self._sensor(sensor)
        return {name: blob for name in wanted for (blob,) in self._rows(CHUNK, number, epoch, *name)}

    def _declarations(self) -> dict[str, Declaration]:
        return {
            attribute: Declaration(cast("Kind | None", kind), unit, title)
            for attribute, kind, unit, title in self._rows(DECLARATIONS)
        }

    def _sensor(self, name: str) -> int | None:
        """The sensor's number; None, which no row has, for an unknown one."""
        if (number := self._remembered.sensors.get(name)) is None:
            number = cast("int | None", self._value(SENSOR, name))
            if number is not None:
                self._remembered.sensors[name] = number
        return number

    def _value(self, query: str, *values: object) -> object:
        rows = self._rows(query, *values)
        return rows[0][0] if rows else None

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._errors:
            return self._connection.execute(query, values).fetchall()
