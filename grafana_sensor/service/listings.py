"""What a user has: sensors, attributes and values, each with its exact count.

Law: counts are those of a pass over all records, at the moment of one look. Times are UTC µs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import TEXT, Column
from grafana_sensor.domain.errors import UnknownAttribute, UnknownSensor
from grafana_sensor.domain.plans import BEGINNING, EVERYTHING, FOREVER, Name, Need, Projection, Query, Request
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.fields import FILTERS, parse_conditions
from grafana_sensor.query.plan import Ask, check_range, resolve
from grafana_sensor.service.source import Source, known_sensors, looking

_ALWAYS: Final = np.array([BEGINNING, FOREVER], np.int64)

Row = dict[str, Any]


def sensors(source: Source, low: int = BEGINNING, high: int = FOREVER) -> list[Row]:
    """The sensors by name: `{"sensor", "attributes": n, "records": n, "first", "last"}`; the times of its records.

    Those that have a record in [low, high), UTC µs. Raises RangeError where that is reversed.
    """
    check_range(low, high)
    with looking(source) as (reading, budget):
        catalog = reading.catalog()
        names = known_sensors(catalog)
        if (low, high) != (BEGINNING, FOREVER):
            names = [name for name in names if _counted(reading, name, low, high, budget)]
        budget.give(len(names))
        return [_sensor(reading, name, len(catalog.sensors[name]), budget) for name in names]


def attributes(source: Source, asked: Sequence[str] | None = None, kind: str | None = None) -> list[Row]:
    """The attributes of the sensors asked, or of all records, by name: `{"attribute", "kind", "records"}`.

    `kind` is `number`, `text` or `mixed`, by the values there; `records` counts those that have it. Where they
    are declared, `unit` and `title` too. With `kind`, `number` or `text`, those that hold any of that. Raises
    UnknownSensor.
    """
    with looking(source) as (reading, budget):
        catalog = reading.catalog()
        if asked is None:
            kinds, names = catalog.kinds(), list(catalog.sensors)
        else:
            names = list(dict.fromkeys(asked))
            for name in names:
                if name not in (known := known_sensors(catalog)):
                    raise UnknownSensor.named(name, known)
            kinds = catalog.kinds_of(names)
        if kind is not None:
            kinds = {name: bits for name, bits in kinds.items() if catalog.kind(bits, name) in (kind, "mixed")}
        budget.give(len(kinds))
        counts = _counts(reading, catalog, names, budget)
        return [_row(catalog, name, bits, counts.get(name, 0)) for name, bits in kinds.items()]


def declared(source: Source, attribute: str) -> Row:
    """One attribute with what is declared of it: `{"attribute", "kind", "records", "unit", "title"}`, None unsaid.

    Raises UnknownAttribute.
    """
    with looking(source) as (reading, budget):
        catalog = reading.catalog()
        bits = _bits(catalog, attribute)
        counts = _counts(reading, catalog, list(catalog.sensors), budget, only=attribute)
        said = catalog.declarations.get(attribute, Declaration())
        row = _row(catalog, attribute, bits, counts.get(attribute, 0))
        return row | {"unit": said.unit, "title": said.title}


def values(
    source: Source,
    attribute: str,
    sensors: Sequence[str] | None = None,
    limit: int | None = None,
    filters: object = None,
) -> list[Row]:
    """The distinct values of an attribute: `{"value", "records"}`, numbers ascending, then texts by code points.

    Of these sensors, or of all records; of the records that meet the conditions `filters` (as query.fields reads
    them); the first `limit` of them. Raises UnknownAttribute, UnknownSensor and their kin, or LimitError where there
    are too many for an answer.
    """
    names = None if sensors is None else tuple(map(Name, sensors))
    query = Query((Projection(attribute, text=attribute),), names, parse_conditions(filters, field=FILTERS))
    with looking(source) as (reading, budget):
        plan = resolve(reading.catalog(), Ask(query, BEGINNING, FOREVER, source.clock()))
        request = Request({}, plan.conditions, np.array([plan.low, plan.high], np.int64))
        numbers: dict[float, int] = {}
        texts: dict[str, int] = {}
        for sensor in plan.sensors:
            if plan.has(sensor, attribute) and plan.answers(sensor):
                _tally(reading, sensor, attribute, request, numbers, texts, budget)
        found = [*sorted(numbers.items()), *sorted(texts.items())][:limit]
        budget.give(len(found))
        return [{"value": value, "records": count} for value, count in found]


def _row(catalog: Catalog, name: str, bits: int, records: int) -> Row:
    said = catalog.declarations.get(name, Declaration())
    row = {"attribute": name, "kind": catalog.kind(bits, name), "records": records}
    return row | {key: text for key, text in (("unit", said.unit), ("title", said.title)) if text is not None}


def _bits(catalog: Catalog, attribute: str) -> int:
    """The bits of the kinds of the attribute's values. Raises UnknownAttribute."""
    kinds = catalog.kinds()
    if attribute not in kinds:
        raise UnknownAttribute.named(attribute, list(kinds))
    return kinds[attribute]


def _sensor(reading: RecordReading, name: str, attributes: int, budget: Budget) -> Row:
    wants: Mapping[str, Need] = {EVERYTHING: Need.COUNT | Need.ENDS}
    (all_of_it,) = reading.summarise(name, Request(wants, (), _ALWAYS), budget)[EVERYTHING]
    first, last = all_of_it.first, all_of_it.last
    return {
        "sensor": name,
        "attributes": attributes,
        "records": all_of_it.numbers,
        "first": None if first is None else first.time,
        "last": None if last is None else last.time,
    }


def _counted(reading: RecordReading, name: str, low: int, high: int, budget: Budget) -> int:
    """How many records a sensor has in [low, high)."""
    request = Request({EVERYTHING: Need.COUNT}, (), np.array([low, high], np.int64))
    (found,) = reading.summarise(name, request, budget)[EVERYTHING]
    return found.numbers


def _counts(
    reading: RecordReading, catalog: Catalog, sensors: Sequence[str], budget: Budget, only: str | None = None
) -> dict[str, int]:
    """How many records of these sensors have each attribute, or `only` this one."""
    counts: dict[str, int] = {}
    for sensor in sensors:
        wants = {name: Need.COUNT for name in catalog.sensors[sensor] if only in (None, name)}
        if wants:
            for name, (one,) in reading.summarise(sensor, Request(wants, (), _ALWAYS), budget).items():
                counts[name] = counts.get(name, 0) + one.numbers + one.texts
    return counts


def _tally(
    reading: RecordReading,
    sensor: str,
    attribute: str,
    request: Request,
    numbers: dict[float, int],
    texts: dict[str, int],
    budget: Budget,
) -> None:
    """Count a sensor's values; what distinct values come to is held."""
    for block in reading.records(sensor, [attribute], request, budget):
        before = len(numbers) + len(texts)
        _count(block.columns.get(attribute, Column(None, None)), numbers, texts)
        budget.hold(len(numbers) + len(texts) - before)


def _count(column: Column, numbers: dict[float, int], texts: dict[str, int]) -> None:
    if column.numbers is not None:
        found, counts = np.unique(column.numbers[~np.isnan(column.numbers)], return_counts=True)
        for number, count in zip(found.tolist(), counts.tolist(), strict=True):
            numbers[number] = numbers.get(number, 0) + count
    if column.kinds & TEXT and column.codes is not None:
        tally = np.bincount(column.codes[column.codes >= 0], minlength=len(column.texts))
        for text, count in zip(column.texts, tally.tolist(), strict=True):
            if count:
                texts[text] = texts.get(text, 0) + count
