"""Aggregate answers: summaries of each bucket, finished to values, as a table's rows, series or scalars.

Law: every bucket of the range is there; of no record the value is None (CNT: 0). Each sensor answers for
itself, or the union of all sensors does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.conditions import SENSOR, TIME
from grafana_sensor.domain.plans import Need, Projection, Request
from grafana_sensor.domain.series import ColumnKind, Series, Table, TableColumn
from grafana_sensor.domain.summaries import Summary
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.aggregates import Result, column_name, finish, needs, unique_names
from grafana_sensor.query.buckets import Buckets
from grafana_sensor.query.labels import mixed_notice, series_name, shown_title, tags, unit
from grafana_sensor.query.paging import Page, Place
from grafana_sensor.query.plan import Plan

Answers = dict[str, list[Summary]]

_SEES_TEXTS = ("MIN", "MAX", "FIRST", "LAST")


def table(reading: RecordReading, plan: Plan, buckets: Buckets, page: Page, budget: Budget, *, timed: bool) -> Table:
    """A row for each bucket and each that answers: time where `timed`, sensor, then the projections.

    Rows go by time, then sensor. Raises LimitError, before anything is read, beyond the budget.
    """
    groups = _groups(plan)
    first, total = _first_row(groups, buckets, page.after), len(groups) * buckets.count
    stop = total if page.limit is None else min(total, first + page.limit)
    budget.give(stop - first)
    given = range(first, max(first, stop))
    names = [TIME] * timed + [SENSOR] * plan.apart
    unique = unique_names([column_name(p) for p in plan.projections], names)
    a, b = (first // len(groups), -(-stop // len(groups))) if given else (0, 0)
    shown = slice(given.start - a * len(groups), given.stop - a * len(groups))
    times = np.repeat(buckets.names(a, b), len(groups))[shown].tolist()
    sensors = (list(groups) * (b - a))[shown]
    results = [_results(reading, plan, group, buckets, a, b, budget) for group in groups] if given else []
    columns = [TableColumn(TIME, "time", times)] if TIME in names else []
    columns += [TableColumn(SENSOR, "text", sensors)] if SENSOR in names else []
    for place, (projection, name) in enumerate(zip(plan.projections, unique, strict=True)):
        by_bucket = zip(*(result[place] for result in results), strict=True)
        values = [value for bucket in by_bucket for value in bucket][shown]
        columns.append(
            TableColumn(name, _kind(plan, projection), values, unit(plan, projection), shown_title(plan, projection))
        )
    following = None
    if given and stop < total:
        following = page.token(plan, Place(times[-1], sensors[-1] or ""))
    return Table(tuple(columns), following)


def series(reading: RecordReading, plan: Plan, buckets: Buckets, budget: Budget) -> list[list[Series]]:
    """For each projection, in the order asked, a series over all sensors or of each that has it, by name.

    Raises LimitError, before anything is read, beyond the budget.
    """
    groups = _groups(plan)
    wanted = [
        [group for group in groups if group is None or plan.has(group, projection.attribute)]
        for projection in plan.projections
    ]
    budget.give(sum(map(len, wanted)) * buckets.count)
    times = buckets.names(0, buckets.count)
    results = {group: _results(reading, plan, group, buckets, 0, buckets.count, budget) for group in groups}
    return [
        [
            Series(
                series_name(projection, group),
                times,
                results[group][place],
                tags(projection, group),
                () if projection.aggregate == "CNT" else mixed_notice(plan, projection.attribute),
                _kind(plan, projection),
                unit(plan, projection),
                shown_title(plan, projection, group),
            )
            for group in answering
        ]
        for place, (projection, answering) in enumerate(zip(plan.projections, wanted, strict=True))
    ]


def scalars(reading: RecordReading, plan: Plan, budget: Budget) -> list[Result]:
    """The value of each projection over the union of the sensors asked."""
    whole = Buckets.whole(plan.start, plan.end)
    return [values[0] for values in _results(reading, plan, None, whole, 0, 1, budget)]


def _groups(plan: Plan) -> Sequence[str | None]:
    """Who answers: each sensor that has one of the attributes, or None: all of them together."""
    return [sensor for sensor in plan.sensors if plan.attributes(sensor)] if plan.apart else [None]


def _first_row(groups: Sequence[str | None], buckets: Buckets, after: Place | None) -> int:
    """The number of the first row after the place."""
    if after is None:
        return 0
    behind = max(0, after.time - buckets.first)
    bucket = -(-behind // buckets.step)
    if behind % buckets.step:
        return bucket * len(groups)
    return bucket * len(groups) + bisect_right([group or "" for group in groups], after.sensor)


def _kind(plan: Plan, projection: Projection) -> ColumnKind:
    if projection.aggregate == "CNT":
        return "integer"
    return "text" if projection.aggregate in _SEES_TEXTS and plan.only_texts(projection.attribute) else "number"


def _results(
    reading: RecordReading, plan: Plan, group: str | None, buckets: Buckets, a: int, b: int, budget: Budget
) -> list[list[Result]]:
    """For each projection the values of buckets [a, b)."""
    budget.hold((b - a) * len(plan.projections))
    if group is None:
        answers = _united(reading, plan, buckets, a, b, budget)
    else:
        answers = _of_sensor(reading, plan, group, buckets, a, b, budget)
    results: list[list[Result]] = []
    for p in plan.projections:
        only_texts = plan.only_texts(p.attribute)
        results.append([finish(_aggregate(p), summary, only_texts) for summary in answers[p.attribute]])
    return results


def _aggregate(projection: Projection) -> str:
    if projection.aggregate is None:
        raise TypeError(f"{projection.attribute!r} is a raw projection")
    return projection.aggregate


def _united(reading: RecordReading, plan: Plan, buckets: Buckets, a: int, b: int, budget: Budget) -> Answers:
    """The summaries of buckets [a, b) over all the sensors asked."""
    answering = [sensor for sensor in plan.sensors if plan.answers(sensor) and plan.attributes(sensor)]
    if len(answering) == 1:
        return _of_sensor(reading, plan, answering[0], buckets, a, b, budget)
    total = {p.attribute: [Summary() for _ in range(a, b)] for p in plan.projections}
    for sensor in answering:
        for attribute, summaries in _of_sensor(reading, plan, sensor, buckets, a, b, budget).items():
            for into, summary in zip(total[attribute], summaries, strict=True):
                if summary.numbers or summary.texts:
                    into.add(summary)
    return total


def _of_sensor(
    reading: RecordReading, plan: Plan, sensor: str, buckets: Buckets, a: int, b: int, budget: Budget
) -> Answers:
    """The summaries of buckets [a, b) of one sensor; only those that conditions on time leave are asked for."""
    nothing = Summary()
    answers = {p.attribute: [nothing] * (b - a) for p in plan.projections}
    wants: dict[str, Need] = {}
    for p in plan.projections:
        if plan.has(sensor, p.attribute):
            need = needs(_aggregate(p), plan.only_texts(p.attribute))
            wants[p.attribute] = wants.get(p.attribute, need) | need
    low, high = buckets.touching(plan.low, plan.high)
    low, high = max(low, a), min(high, b)
    if wants and low < high and plan.answers(sensor):
        edges = buckets.edges(low, high).clip(plan.low, plan.high)
        found = reading.summarise(sensor, Request(wants, plan.conditions, edges), budget)
        for attribute in wants:
            answers[attribute][low - a : high - a] = found[attribute]
    return answers
