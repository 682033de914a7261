"""An overview of a user's sensors: of each one the last values, and one attribute's course as a small picture.

Law: all that is told of the shown sensors' values is of one look at the records. Times are UTC µs. What can't be asked (a
name that looks like a variable of Grafana's) is left empty, and nothing else with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import Value
from grafana_sensor.domain.series import Series, Table
from grafana_sensor.domain.timestamps import to_datetime
from grafana_sensor.query.written import written_name
from grafana_sensor.service import listings
from grafana_sensor.service.answers import Question
from grafana_sensor.service.panels import REFUSALS, Found, Target, panel
from grafana_sensor.service.source import Source, known_sensors

PAGE: Final = 12
"""Sensors that are shown at once."""
MOST_VALUES: Final = 30
"""Attributes of a sensor that are shown."""
POINTS: Final = 60
"""Points of a small picture, at most."""


@dataclass(frozen=True, slots=True)
class Latest:
    """An attribute's last value: `kind` is number, text or mixed, `title` and `unit` what is declared, else None."""

    attribute: str
    kind: str
    value: Value | int | None = None
    title: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Tile:
    """One sensor: how many records and attributes it has, the times of its first and last record, and its values.

    `latest` has MOST_VALUES of the attributes at most, and begins with what is drawn, where anything can be: `points` are that attribute's means from `first` to
    `last`, None in a gap.
    """

    sensor: str
    records: int
    attributes: int
    first: int | None
    last: int | None
    latest: tuple[Latest, ...] = ()
    points: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The tiles of a page, how many sensors were `found` on all pages, and how many there are."""

    tiles: tuple[Tile, ...]
    found: int
    all: int


def overview(source: Source, find: str = "", page: int = 0) -> Overview:
    """The tiles of one page of the sensors whose names hold the text `find`, in any case, by name; `page` from 0.

    What it costs goes with the sensors of the page, not with those of the user. Raises LimitError.
    """
    known = known_sensors(source.store.catalog())
    found = [name for name in known if find.casefold() in name.casefold()]
    rows = listings.sensors(source, only=found[page * PAGE : (page + 1) * PAGE])
    return Overview(tuple(_filled(source, [Tile(**row) for row in rows])), len(found), len(known))


def _filled(source: Source, tiles: Sequence[Tile]) -> list[Tile]:
    """The tiles with their values."""
    catalog = source.store.catalog()
    latest = [_latest(catalog, tile.sensor) for tile in tiles]
    targets = [
        target
        for tile, each in zip(tiles, latest, strict=True)
        for target in (_values(tile, each), _course(tile, each))
    ]
    try:
        found: Sequence[Found] = panel(source, targets)
    except REFUSALS as error:
        found = [error] * len(targets)
    return [
        replace(tile, latest=_valued(each, values), points=_points(course))
        for tile, each, values, course in zip(tiles, latest, found[::2], found[1::2], strict=True)
    ]


def _latest(catalog: Catalog, sensor: str) -> list[Latest]:
    """The sensor's first attributes, without their values: numbers first, of these a temperature, then those with a title."""
    found = []
    for name, bits in catalog.sensors.get(sensor, {}).items():
        said = catalog.declarations.get(name, Declaration())
        found.append(Latest(name, catalog.kind(bits, name), None, said.title, said.unit))
    order = {"number": 0, "mixed": 1, "text": 2}

    def rank(each: Latest) -> tuple[int, bool, bool, str]:
        warm = "temp" in each.attribute.casefold()
        return order[each.kind], not warm, each.title is None, each.title or each.attribute

    return sorted(found, key=rank)[:MOST_VALUES]


def _values(tile: Tile, latest: Sequence[Latest]) -> Target:
    select = [f"LAST({written_name(each.attribute)})" for each in latest] or ["CNT(*)"]
    return Target(tile.sensor, Question(select=select, sensor=[tile.sensor], every="all"), "table")


def _course(tile: Tile, latest: Sequence[Latest]) -> Target:
    drawn = latest[0] if latest and latest[0].kind != "text" else None
    select = [f"AVG({written_name(drawn.attribute)})" if drawn else "CNT(*)"]
    first, last = (tile.first or 0), (tile.last or 0)
    question = Question(
        select=select, sensor=[tile.sensor], start=to_datetime(first), end=to_datetime(last + 1), max_points=POINTS
    )
    return Target(tile.sensor, question)


def _valued(latest: Sequence[Latest], found: Found) -> tuple[Latest, ...]:
    if not isinstance(found, Table) or not len(found) or not latest:
        return tuple(latest)
    values = [column.values[0] for column in found.columns[-len(latest) :]]
    return tuple(replace(each, value=value) for each, value in zip(latest, values, strict=True))


def _points(found: Found) -> tuple[float | None, ...]:
    if not isinstance(found, Sequence) or not found:
        return ()
    series: Series = found[0]
    return tuple(value if isinstance(value, float) else None for value in series.values)
