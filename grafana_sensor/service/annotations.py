"""Annotations: the records that a query finds, each as an event or a region to draw into a picture.

Law: each record is one annotation, in the order of time. It ends when it begins, unless its column `timeEnd` is a
later time. Columns of the names in COLUMNS (or called so by AS) are what they say; the others are told in the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.conditions import SENSOR, TIME
from grafana_sensor.domain.errors import ProjectionError, RangeError
from grafana_sensor.domain.numbers import value_text
from grafana_sensor.domain.series import Table, TableColumn
from grafana_sensor.domain.timestamps import parse
from grafana_sensor.query import engine
from grafana_sensor.query.plan import written
from grafana_sensor.query.scannames import Listing, Selector, parse_listing
from grafana_sensor.service.answers import Question, asked, moments
from grafana_sensor.service.scanlists import identity_of, rows_of
from grafana_sensor.service.scanlooks import ScanLooks
from grafana_sensor.service.scanquestions import scan_question
from grafana_sensor.service.source import Source, looking

SCANS: Final = "scans"
"""The query that asks for scans instead of records."""

COLUMNS: Final = ("title", "text", "tags", "timeend")
"""Columns with a meaning, by their names in small letters."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One event from `time` to `end` (UTC µs), a point where they are equal."""

    time: int
    end: int
    title: str
    text: str
    tags: tuple[str, ...] = ()


def find_annotations(source: Source, question: Question) -> list[Annotation]:
    """The annotations that a question finds.

    Raises ProjectionError for aggregates, which no record is, and as answers.rows does.
    """
    with looking(source) as (reading, budget):
        listing = None if question.q is None else parse_listing(question.q)
        if listing is not None and listing.word == SCANS:
            return list(_scans(source, listing, question, budget))
        ask = asked(question, reading.catalog(), source.clock())
        first = ask.query.projections[0]
        if first.aggregate is not None:
            raise ProjectionError(
                f"an annotation is a record, and {written(first)} is an aggregate: name attributes, or *",
                position=first.position,
            )
        if scans := scan_question(ScanLooks(source), ask, reading.catalog()):
            return _of(scans.table(budget, split_kinds=False))
        return _of(engine.table(reading, ask, budget, split_kinds=False))


def _scans(source: Source, listing: Listing, question: Question, budget: Budget) -> Iterator[Annotation]:
    """A region for each scan of the range that the search finds, from its start to its end; an open one ends now.

    The oldest first. A scan of which no time is known is left out.
    """
    now = source.clock()
    low, high = moments(question.start, question.end, now)
    looks, identity = ScanLooks(source), identity_of(listing.which)
    if not looks.there:
        return
    keys = looks.keys(Selector(f"scans {listing.which}", identity=identity))
    for count, row in enumerate(rows_of(looks, keys[::-1], budget), start=1):
        start = row.created if row.start is None else row.start
        end = now if row.end is None else row.end
        if start is not None and start < high and max(start, end) >= low:
            budget.give(count)
            tags = (row.type, row.end_reason, row.identity.get("dataset"), row.identity.get("session"))
            text = f"{row.title or row.name}: {row.end_reason or row.state.name}"
            yield Annotation(start, max(start, end), row.name, text, tuple(str(tag) for tag in tags if tag))


def _of(table: Table) -> list[Annotation]:
    """The rows of a table of records as annotations."""
    named = {column.name.lower(): column.values for column in reversed(table.columns) if _meant(column)}
    told = [column for column in table.columns if column.name not in (TIME, SENSOR) and not _meant(column)]
    times, sensors = table.columns[0].values, table.columns[1].values
    nothing: Sequence[Any] = [None] * len(table)
    nameless = ", ".join(column.title or column.name for column in told)
    columns = (named.get(name, nothing) for name in COLUMNS)
    rows = zip(
        times,
        sensors,
        *columns,
        zip(*(column.values for column in told), strict=True) if told else nothing,
        strict=True,
    )
    return [
        Annotation(
            time,
            _end(end, time),
            (sensor or nameless) if title is None else value_text(title),
            _told(told, values or ()) if text is None else value_text(text),
            _tags(tags, sensor),
        )
        for time, sensor, title, text, tags, end, values in rows
    ]


def _meant(column: TableColumn) -> bool:
    return column.name.lower() in COLUMNS


def _end(value: float | str | None, time: int) -> int:
    try:
        end = parse(value)
    except RangeError:
        return time
    return time if end is None else max(time, end)


def _told(columns: Sequence[TableColumn], values: Sequence[Any]) -> str:
    """What the other columns hold, a value each."""
    pairs = zip(columns, values, strict=True)
    return ", ".join(
        f"{column.title or column.name}: {value_text(value)}" for column, value in pairs if value is not None
    )


def _tags(value: float | str | None, sensor: str) -> tuple[str, ...]:
    """The tags of a record: those that it says, else its sensor."""
    if value is None:
        return (sensor,) if sensor else ()
    return tuple(tag.strip() for tag in value_text(value).split(",") if tag.strip())
