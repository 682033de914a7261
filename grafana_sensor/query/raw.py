"""Raw answers: the records' own values, as a table's rows or as series of points.

Law: a row is one record, a point one value of one; a table is never thinned, a series only with a notice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Block, Column, Ints, Value
from grafana_sensor.domain.conditions import SENSOR, TIME
from grafana_sensor.domain.series import ColumnKind, Series, Table, TableColumn
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.aggregates import column_name, unique_names
from grafana_sensor.query.downsample import thin_numbers, thin_texts
from grafana_sensor.query.labels import mixed_notice, series_name, shown_title, tags, unit
from grafana_sensor.query.paging import Page
from grafana_sensor.query.plan import Plan
from grafana_sensor.query.rows import Rows, of_sensor, read_all, read_page


def table(reading: RecordReading, plan: Plan, page: Page, budget: Budget, *, split_kinds: bool) -> Table:
    """The rows as a table: time, sensor, then the projections.

    `split_kinds`: an attribute that holds numbers and texts gives a column of each, else one of both.
    Raises LimitError beyond the budget.
    """
    if page.limit is None:
        rows, following = read_all(reading, plan, page.after, budget), None
    else:
        rows, following = read_page(reading, plan, page, page.limit, budget), None
        if len(rows) > page.limit:
            following = page.token(plan, rows.place(page.limit - 1))
            rows = rows.take(slice(page.limit))
    columns = [
        TableColumn(TIME, "time", rows.times.tolist()),
        TableColumn(SENSOR, "text", _sensors(rows)),
        *_value_columns(plan, rows, split_kinds),
    ]
    return Table(tuple(columns), following)


def series(reading: RecordReading, plan: Plan, max_points: int, budget: Budget) -> list[list[Series]]:
    """For each projection, in the order asked, a series of each sensor that has the attribute, by name.

    Beyond `max_points` it is reduced, with a notice. Raises LimitError beyond the budget.
    """
    points: dict[tuple[str, str], tuple[Ints, list[Value], tuple[str, ...]]] = {}
    given = 0
    for sensor in plan.sensors:
        attributes = plan.attributes(sensor)
        if not attributes:
            continue
        block = of_sensor(reading, plan, sensor, budget)
        for attribute in attributes:
            points[sensor, attribute] = _points(plan, block, attribute, max_points)
            given += len(points[sensor, attribute][0]) * sum(p.attribute == attribute for p in plan.projections)
            budget.give(given)
    return [
        [
            Series(
                series_name(projection, sensor),
                *points[sensor, projection.attribute][:2],
                tags(projection, sensor),
                points[sensor, projection.attribute][2],
                "text" if plan.only_texts(projection.attribute) else "number",
                unit(plan, projection),
                shown_title(plan, projection, sensor),
            )
            for sensor in plan.sensors
            if (sensor, projection.attribute) in points
        ]
        for projection in plan.projections
    ]


def _sensors(rows: Rows) -> list[str]:
    """The name of each row's sensor."""
    if len(rows.names) == 1:
        return list(rows.names) * len(rows)
    return list(np.array([*rows.names, ""], object)[rows.sensors].tolist())


def _value_columns(plan: Plan, rows: Rows, split_kinds: bool) -> list[TableColumn]:
    names = unique_names([column_name(p) for p in plan.projections], (TIME, SENSOR))
    taken = {TIME, SENSOR, *plan.kinds, *names}
    found: list[TableColumn] = []
    for projection, name in zip(plan.projections, names, strict=True):
        column = rows.columns.get(projection.attribute, Column(None, None))
        kind: ColumnKind = "text" if plan.only_texts(projection.attribute) else "number"
        told = unit(plan, projection), shown_title(plan, projection)
        if not plan.mixed(projection.attribute):
            found.append(TableColumn(name, kind, _values(column, kind, len(rows)), *told))
        elif split_kinds:
            of_texts = _free(f"{name}_text", taken)
            found.append(TableColumn(name, "number", _values(column, "number", len(rows)), *told))
            found.append(TableColumn(of_texts, "text", _values(column, "text", len(rows))))
        else:
            found.append(TableColumn(name, kind, column.values(len(rows)), *told))
    return found


def _free(name: str, taken: set[str]) -> str:
    """The name, or the first of `_2`, `_3`, … that is free."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _values(column: Column, kind: ColumnKind, n: int) -> Sequence[Value | None]:
    """The n values of one kind as plain objects, None where the record has none of it."""
    if kind == "number" and column.numbers is not None:
        missing = np.isnan(column.numbers)
        if not missing.any():
            return list(column.numbers.tolist())
        values = column.numbers.astype(object)
        values[missing] = None
        return list(values.tolist())
    if kind == "text" and column.codes is not None:
        return list(np.array([*column.texts, None], object)[column.codes].tolist())
    return [None] * n


def _points(plan: Plan, block: Block, attribute: str, max_points: int) -> tuple[Ints, list[Value], tuple[str, ...]]:
    """The points of an attribute, at most `max_points`, and the notices to go with them."""
    column = block.columns.get(attribute, Column(None, None))
    notices = mixed_notice(plan, attribute)
    if plan.only_texts(attribute):
        if column.codes is None:
            return block.times[:0], [], notices
        here = column.codes >= 0
        times, codes = block.times[here], column.codes[here]
        places = thin_texts(codes, max_points)
        values: list[Value] = np.array([*column.texts, None], object)[codes[places]].tolist()
        method = "where the text changes"
    else:
        if column.numbers is None:
            return block.times[:0], [], notices
        here = ~np.isnan(column.numbers)
        times, numbers = block.times[here], column.numbers[here]
        places = thin_numbers(times, numbers, max_points)
        values = numbers[places].tolist()
        method = "MinMaxLTTB"
    if len(places) < len(times):
        reduced = f"{len(times):,} points are reduced to {len(places):,} of them ({method})"
        notices = (*notices, f"{reduced}: narrow the range, or ask an aggregate")
    return times[places], values, notices
