"""The options of a dashboard's variable, and of the fields of a query builder.

Law: an option's value is the raw name, which every field and query text takes back as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import TEXT
from grafana_sensor.domain.conditions import SENSOR
from grafana_sensor.domain.errors import (
    BadRequest,
    LimitError,
    Unavailable,
    UnknownAttribute,
    UnknownScan,
    UnknownSensor,
)
from grafana_sensor.domain.numbers import value_text
from grafana_sensor.query.aggregates import AGGREGATES
from grafana_sensor.query.fields import parse_names
from grafana_sensor.query.lexer import plain_name, variable_in
from grafana_sensor.query.scannames import LAST, PREFIX, STATE, Selector
from grafana_sensor.query.variables import FORMS, Variable
from grafana_sensor.query.written import written_name, written_text
from grafana_sensor.service import answers, listings
from grafana_sensor.service.answers import Question
from grafana_sensor.service.scanlists import MOST_LISTED, identity_of, rows_of
from grafana_sensor.service.scanlooks import ScanLooks, channel_text, unshown
from grafana_sensor.service.source import Source, known_sensors

PERCENTILES: Final = ("P50", "P95", "P99")
"""Those that are offered; any other may be written."""

FEW: Final = 50
"""Values of an attribute of which each is offered as a condition."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: its value, and the title that is declared of it, if any."""

    value: str
    title: str | None = None


def options(source: Source, variable: Variable) -> list[Option]:
    """What a variable lists.

    Sensors and attributes go by name, values numbers first. Raises UnknownAttribute, UnknownSensor, UnknownScan,
    BadRequest where an argument is missing or wrong, LimitError where there are too many.
    """
    match variable.word:
        case "sensors":
            return sensors(source, variable.attribute)
        case "attributes":
            return attributes(source, variable.sensor)
        case "numbers":
            return attributes(source, variable.sensor, "number")
        case "texts":
            return attributes(source, variable.sensor, "text")
        case "values":
            return [Option(text) for text in values(source, variable.attribute, variable.sensor)]
        case "aggregates":
            return [Option(name) for name in (*AGGREGATES, *PERCENTILES)]
        case "scans":
            return scans(source, variable.scan)
    return streams(source, variable.scan)


def sensors(source: Source, attribute: object = None, filters: object = None) -> list[Option]:
    """The user's sensors, or those that have one of the attributes, or a record that meets the conditions `filters`."""
    catalog = source.store.catalog()
    names = known_sensors(catalog)
    if filters:
        counted = answers.rows(source, Question(select="CNT(*)", by="sensor", filters=filters))
        names = [row[SENSOR] for row in counted.rows() if row["cnt"] and row[SENSOR]]
    if attribute is not None:
        wanted = set(_attributes(catalog, attribute))
        names = [name for name in names if not wanted.isdisjoint(catalog.sensors[name])]
    return [Option(name) for name in names]


def attributes(source: Source, sensor: object = None, kind: str | None = None) -> list[Option]:
    """The user's attributes, declared ones too, or those that one of the sensors has.

    `kind`, `number` or `text`: those that hold any of that there, or may once they hold something.
    """
    catalog = source.store.catalog()
    kinds: Mapping[str, int] = catalog.kinds()
    if sensor is not None:
        kinds = catalog.kinds_of(named_sensors(catalog, sensor))
    return [
        Option(name, catalog.declarations.get(name, Declaration()).title)
        for name, bits in kinds.items()
        if kind is None or catalog.kind(bits, name) in (kind, "mixed")
    ]


def scans(source: Source, search: object = None) -> list[Option]:
    """The keys of the newest MOST_LISTED scans that a search finds (all where there is none), titled by name and number.

    Before them `last`, which always is the newest one.
    """
    looks, text = ScanLooks(source), None if search is None else _one(search, "scan")
    identity = identity_of(None if text is None else plain_name(text))
    if not looks.there:
        return []
    keys = looks.keys(Selector(f"scans {text}", identity=identity))[:MOST_LISTED]
    budget = source.settings.budget(time.monotonic)
    found = [Option(row.key, row.name) for row in rows_of(looks, keys, budget)]
    return [Option(LAST), *found] if found and search is None else found


def streams(source: Source, scan: object) -> list[Option]:
    """The streams of a scan that can be shown: those of one value a point, and those of lists, titled by their channel.

    Raises UnknownScan.
    """
    if scan is None:
        raise BadRequest(f"streams of which scan? Write {FORMS['streams']}, as streams(last)")
    found = ScanLooks(source).newest(plain_name(_one(scan, "scan")))
    return [
        Option(name, channel_text(found, name, "display_name"))
        for name, stream in found.streams.items()
        if unshown(stream) is None
    ]


def scan_metrics(source: Source) -> list[Option]:
    """The metrics of the last scan: `scan:last/STREAM`, and its state; none where there is no scan to be seen.

    The list goes without them where scans are kept elsewhere and that doesn't answer.
    """
    if not ScanLooks(source).there:
        return []
    try:
        return [
            *(Option(f"{PREFIX}{LAST}/{each.value}", each.title) for each in streams(source, LAST)),
            Option(f"{PREFIX}{LAST}/{STATE}"),
        ]
    except (UnknownScan, Unavailable):
        return []


def values(source: Source, attribute: object, sensor: object = None, filters: object = None) -> list[str]:
    """The distinct values of the attributes as texts: numbers ascending, as JSON prints them, then texts.

    `sensor`: those of these sensors alone. `filters`: those of the records that meet these conditions.
    """
    catalog = source.store.catalog()
    if attribute is None:
        raise BadRequest(f"values of which attribute? Write {FORMS['values']}")
    wanted = _attributes(catalog, attribute)
    asked = None if sensor is None else named_sensors(catalog, sensor)
    found: set[float | str] = set()
    for name in wanted:
        found |= {row["value"] for row in listings.values(source, name, asked, filters=filters)}
    ordered = sorted(found, key=lambda value: (isinstance(value, str), value))
    return list(dict.fromkeys(map(value_text, ordered)))


def conditions(source: Source, attribute: object = None) -> list[Option]:
    """Conditions to choose from: the texts of text attributes, where they are few, and what is there at all.

    Of the attributes of those sensors that have the attribute, else of all; what no query text can write is left out.
    """
    asked = None if attribute is None else [option.value for option in sensors(source, attribute)] or None
    catalog = source.store.catalog()
    kinds = catalog.kinds()
    found: list[str] = []
    for option in attributes(source, asked):
        name = written_name(option.value)
        texts = _few(source, option.value, asked) if kinds[option.value] & TEXT else []
        found += [*(f"{name} = {written_text(text)}" for text in texts), f"{name} EXISTS"]
    return [Option(condition) for condition in found if not variable_in(condition)]


def _few(source: Source, attribute: str, sensors: Sequence[str] | None) -> list[str]:
    """The distinct values of an attribute that has few, else none."""
    try:
        rows = listings.values(source, attribute, sensors, FEW + 1)
    except LimitError:
        return []
    return [value_text(row["value"]) for row in rows] if len(rows) <= FEW else []


def _one(value: object, field: str) -> str:
    """The text of a field that names one thing. Raises BadRequest where it names several."""
    if isinstance(value, str):
        return value
    names = parse_names(value, field)
    if len(names) != 1:
        raise BadRequest(f"{field}: {len(names)} are named where one should be")
    return names[0]


def _attributes(catalog: Catalog, value: object) -> list[str]:
    """The attributes of a field. Raises UnknownAttribute."""
    known = catalog.kinds()
    names = parse_names(value, "attribute", known)
    for name in names:
        if name not in known:
            raise UnknownAttribute.named(name, list(known))
    return names


def named_sensors(catalog: Catalog, value: object) -> list[str]:
    """The sensors of a field. Raises UnknownSensor."""
    known = known_sensors(catalog)
    found: list[str] = []
    for name in parse_names(value, "sensor", known):
        sensors = catalog.sensors_named(name)
        if sensors is None:
            raise UnknownSensor.named(name, known)
        found += sensors
    return found
