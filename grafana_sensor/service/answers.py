"""What doors ask: from a question as it came to an answer in values; and what a user has (listings.py).

Law: a field wins over the query text, part by part. A text that is, as a whole, the name of one of the user's
attributes is that attribute. One answer is made from one look at the records, and no answer is unbounded.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypedDict

from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.errors import BadRequest, ProjectionError, QuerySyntaxError
from grafana_sensor.domain.plans import BEGINNING, FOREVER, Projection, Query
from grafana_sensor.domain.series import Series, Table
from grafana_sensor.domain.shown import shown
from grafana_sensor.domain.timestamps import parse_moment
from grafana_sensor.query import engine
from grafana_sensor.query.aggregates import KNOWN, Result, canonical
from grafana_sensor.query.engine import Ask
from grafana_sensor.query.fields import (
    FILTERS,
    parse_conditions,
    parse_every,
    parse_names,
    parse_projections,
    parse_sensors,
)
from grafana_sensor.query.lexer import plain_name
from grafana_sensor.query.parse import parse_query
from grafana_sensor.query.scannames import Listing, is_scan, parse_listing
from grafana_sensor.service.listings import attributes, sensors, values
from grafana_sensor.service.scanlists import listed
from grafana_sensor.service.scanlooks import ScanLooks
from grafana_sensor.service.scanquestions import scan_question
from grafana_sensor.service.source import Source, known_sensors, looking

__all__ = [
    "Question",
    "asked",
    "attributes",
    "known_sensors",
    "listing_of",
    "moments",
    "query_of",
    "results",
    "rows",
    "sensors",
    "series",
    "values",
]

_BY: Final = "sensor"
_CLAUSE: Final = re.compile(r"\s(?:FROM|WHERE|BY|EVERY|AS)\s", re.IGNORECASE)
"""What a text has that is a query more likely than the name of a stream."""


class Page(TypedDict):
    """Which rows of a table are wanted, and how."""

    limit: int | None
    cursor: str | None
    split_kinds: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, as it came: a query text `q`, or fields, which win over its parts.

    `select`, `sensor`, `where`, `by` and `every` are texts or JSON lists as query.fields reads them; None is not
    given. `aggregate`, one or several, is put in the place of the projections' own. `filters` are conditions that
    are added to all others. `start` is in, `end` is out: a time, an epoch or `now-6h`; None is the beginning and
    the end of times. `max_points` and `interval` (µs) guide `auto`; `limit` and `cursor` page a table. `plain`:
    the conditions come from a program, so that `$x` in them is a text like others.
    """

    q: str | None = None
    select: object = None
    sensor: object = None
    where: object = None
    by: object = None
    every: object = None
    start: object = None
    end: object = None
    max_points: int = 1000
    interval: int = 0
    limit: int | None = None
    cursor: str | None = None
    aggregate: object = None
    filters: object = None
    plain: bool = False


def rows(source: Source, question: Question, *, split_kinds: bool = True) -> Table:
    """The answer as a table; see query.engine.table.

    Raises BadRequest and its kin where the question is wrong, LimitError where the answer is too large.
    """
    with looking(source) as (reading, budget):
        page: Page = {"limit": question.limit, "cursor": question.cursor, "split_kinds": split_kinds}
        if listing := listing_of(question, reading.catalog()):
            return listed(ScanLooks(source), listing, budget, limit=question.limit, cursor=question.cursor)
        ask = asked(question, reading.catalog(), source.clock())
        if scans := scan_question(ScanLooks(source), ask, reading.catalog()):
            return scans.table(budget, **page)
        return engine.table(reading, ask, budget, **page)


def series(source: Source, question: Question) -> list[Series]:
    """The answer as series; see query.engine.series. Raises as `rows` does."""
    with looking(source) as (reading, budget):
        ask = asked(question, reading.catalog(), source.clock())
        if scans := scan_question(ScanLooks(source), ask, reading.catalog()):
            return scans.series(budget)
        return engine.series(reading, ask, budget)


def results(source: Source, question: Question) -> Table | list[Result]:
    """A table of raw projections, each with one column, or the value of each aggregate. Raises as `rows` does."""
    with looking(source) as (reading, budget):
        ask = asked(question, reading.catalog(), source.clock())
        scalar = ask.query.projections[0].aggregate is not None
        if scans := scan_question(ScanLooks(source), ask, reading.catalog()):
            return scans.scalars(budget) if scalar else scans.table(budget, split_kinds=False)
        return engine.scalars(reading, ask, budget) if scalar else engine.table(reading, ask, budget, split_kinds=False)


def listing_of(question: Question, catalog: Catalog) -> Listing | None:
    """The table of scans, streams or positioners that is asked for, None where records or points are.

    An attribute of the user that is called so goes first.
    """
    fields = (question.select, question.sensor, question.where, question.aggregate, question.by, question.every)
    if question.q is None or question.q.strip() in catalog.kinds() or any(field is not None for field in fields):
        return None
    return parse_listing(question.q)


def query_of(question: Question, catalog: Catalog) -> Query:
    """The query that is asked of a user who has `catalog`. Raises BadRequest and its kin where it is wrong."""
    kinds = catalog.kinds()
    query = _text_query(question.q, kinds)
    if question.select is not None:
        projections = parse_projections(question.select, kinds)
    elif query is not None:
        projections = query.projections
    else:
        raise BadRequest("nothing is asked: give a query text, or what to select")
    query = replace(query or Query(()), projections=projections)
    if question.aggregate is not None:
        query = replace(query, projections=_aggregated(query.projections, question.aggregate))
    if question.sensor is not None:
        query = replace(query, sensors=parse_sensors(question.sensor, known_sensors(catalog)))
    if question.where is not None:
        query = replace(query, conditions=parse_conditions(question.where, plain=question.plain))
    if question.filters is not None:
        query = replace(
            query, conditions=query.conditions + parse_conditions(question.filters, plain=question.plain, field=FILTERS)
        )
    if question.by is not None:
        query = replace(query, by_sensor=_by_sensor(question.by))
    if question.every is not None:
        query = replace(query, every=parse_every(question.every))
    return query


def moments(start: object, end: object, now: int) -> tuple[int, int]:
    """[start, end) in UTC µs; None is the beginning and the end of times. Raises RangeError for what is no time."""
    return (
        BEGINNING if start is None else parse_moment(start, now),
        FOREVER if end is None else parse_moment(end, now),
    )


def asked(question: Question, catalog: Catalog, now: int) -> Ask:
    """What the engine is asked of a user who has `catalog`. Raises BadRequest and its kin where it is wrong."""
    start, end = moments(question.start, question.end, now)
    query = query_of(question, catalog)
    return Ask(query, start, end, now, max_points=question.max_points, interval=question.interval)


def _text_query(text: str | None, known: Collection[str]) -> Query | None:
    """The query of a text; one that is an attribute's name, whatever characters it has, is that attribute."""
    if text is None:
        return None
    at = len(text) - len(text.lstrip())
    for name, place in ((text, 0), (text.strip(), at), (plain_name(text.strip()), at)):
        if name in known:
            return Query((Projection(name, text=name, position=place, named_at=place),))
    try:
        return parse_query(text)
    except (QuerySyntaxError, ProjectionError):
        name = plain_name(text.strip())
        if not is_scan(name) or _CLAUSE.search(name):
            raise
        return Query((Projection(name, text=name, position=at, named_at=at),))


def _aggregated(projections: Sequence[Projection], wanted: object) -> tuple[Projection, ...]:
    """The projections, each under each of the aggregates; those of an attribute's name alone."""
    named = parse_names(wanted, "aggregate")
    found = []
    for projection in projections:
        for name in named:
            aggregate = canonical(name)
            if aggregate is None:
                raise ProjectionError(f"unknown aggregate {shown(name)}; known are {KNOWN}")
            alias = projection.alias if len(named) == 1 else None
            text = f"{aggregate}({projection.attribute})"
            found.append(Projection(projection.attribute, aggregate, alias, text, projection.position))
    return tuple(found)


def _by_sensor(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        value = ",".join(map(str, value))
    if isinstance(value, str) and value.strip().lower() in (_BY, ""):
        return bool(value.strip())
    raise BadRequest(f"by: {shown(value)} is none; answers are split by 'sensor', or not at all")
