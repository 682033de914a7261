"""The query engine: a question in values, an answer in values.

Law: the answer is that of a pass over all records of the reading, whatever the store beneath. Nothing is read
that the answer does not need, and a limit bites before what is beyond it is built.
"""

from __future__ import annotations

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import ProjectionError
from grafana_sensor.domain.series import Series, Table
from grafana_sensor.ports import RecordReading
from grafana_sensor.query import aggregated, raw
from grafana_sensor.query.aggregates import Result
from grafana_sensor.query.buckets import cut
from grafana_sensor.query.history import closed
from grafana_sensor.query.paging import open_page
from grafana_sensor.query.plan import Ask, resolve, written

__all__ = ["Ask", "scalars", "series", "series_by_projection", "table"]


def table(
    reading: RecordReading,
    ask: Ask,
    budget: Budget,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    split_kinds: bool = True,
) -> Table:
    """The answer in rows, in the order of time; aggregates without EVERY are one value over the range.

    `limit`: at most so many rows, and `next` where more follow; `cursor`: the `next` of the page before.
    `split_kinds`: an attribute that holds numbers and texts gives a column of each, else one of both.
    Raises LimitError beyond the budget, BadRequest (and its kin) where the question is wrong.
    """
    ask, page = open_page(ask, limit, cursor, split_kinds=split_kinds)
    plan = resolve(reading.catalog(), ask)
    if plan.raw:
        return raw.table(reading, plan, page, budget, split_kinds=split_kinds)
    every = plan.every or "all"
    if every != "all":
        plan = closed(reading, plan, ask.now, budget)
    buckets = cut(plan.start, plan.end, every, max_points=ask.max_points, interval=ask.interval)
    return aggregated.table(reading, plan, buckets, page, budget, timed=every != "all")


def series(reading: RecordReading, ask: Ask, budget: Budget) -> list[Series]:
    """The answer in series, one per projection and sensor (or all); aggregates without EVERY are cut by `auto`.

    Raises LimitError beyond the budget, BadRequest (and its kin) where the question is wrong.
    """
    return [each for found in series_by_projection(reading, ask, budget) for each in found]


def series_by_projection(reading: RecordReading, ask: Ask, budget: Budget) -> list[list[Series]]:
    """As `series`, the series of each projection apart; a raw `*` is as many projections as it stands for."""
    plan = resolve(reading.catalog(), ask)
    if plan.raw:
        return raw.series(reading, plan, ask.max_points, budget)
    plan = closed(reading, plan, ask.now, budget)
    buckets = cut(plan.start, plan.end, plan.every or "auto", max_points=ask.max_points, interval=ask.interval)
    return aggregated.series(reading, plan, buckets, budget)


def scalars(reading: RecordReading, ask: Ask, budget: Budget) -> list[Result]:
    """One value per aggregate projection, over the range and all the sensors asked; EVERY is left aside.

    Raises ProjectionError where the projections are raw, and as `table` does.
    """
    plan = resolve(reading.catalog(), ask)
    if plan.raw:
        raise ProjectionError(f"{written(ask.query.projections[0])} is raw; a single value needs an aggregate")
    return aggregated.scalars(reading, plan, budget)
