"""From answers to what the plugins draw: series, tables and frames.

Law: times are epoch milliseconds, cut to the earlier one; null is a missing value and NaN never occurs. An element
carries the refId of its target. What a reader must know stands in `meta.notices`, and so does what is wrong with a
target, where another one of the request has an answer to hang it on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.conditions import SENSOR
from grafana_sensor.domain.series import ColumnKind, Series, Table, TableColumn
from grafana_sensor.domain.timestamps import MILLISECOND
from grafana_sensor.service.panels import REFUSALS, Found, named
from grafana_sensor.web.contract.targets import Asked

Element = dict[str, Any]

TYPES: Final[dict[ColumnKind, str]] = {"time": "time", "number": "number", "integer": "number", "text": "string"}
"""Grafana's names of the kinds of columns."""


def elements(asked: Sequence[Asked], found: Sequence[Found]) -> list[Element]:
    """What is answered to the targets of a panel."""
    answered: list[Element] = []
    notices: list[Element] = []
    for each, answer in zip(asked, found, strict=True):
        if isinstance(answer, REFUSALS):
            notices.append({"severity": "error", "text": named(each.target, answer)})
        else:
            written = _of_table(answer, frame=each.frame) if isinstance(answer, Table) else _of_series(answer, each)
            name = {"refId": each.target.name} if each.target.name else {}
            answered += [element | name for element in written]
            notices += [] if isinstance(answer, Table) else _emptied(each, answer)
    if notices:
        if not answered:
            answered = [{"fields": []}]
        meta = answered[0].setdefault("meta", {"notices": []})
        meta["notices"] = [*meta["notices"], *notices]
    return answered


def milliseconds(times: Any) -> list[int]:
    """Times (UTC µs) as epoch milliseconds."""
    return (np.asarray(times, np.int64) // MILLISECOND).tolist()  # type: ignore[no-any-return]  # it has no type


def _emptied(asked: Asked, answer: Sequence[Series]) -> list[Element]:
    """What to say where a payload came empty, and sensors answer that a variable of the dashboard leaves out."""
    sensors = {series.tags[SENSOR] for series in answer if SENSOR in series.tags}
    return [
        {
            "severity": "info",
            "text": f"the payload is empty, so all of the data answers: a variable of several values stands in a"
            f' payload without quotes, as in {{"sensor": ${name}}}',
        }
        for name, values in asked.lists.items()
        if sensors & set(values) and sensors - set(values)
    ]


def _of_series(answer: Sequence[Series], asked: Asked) -> Iterable[Element]:
    return (_frame(series) if asked.frame else _timeserie(series) for series in answer)


def _timeserie(series: Series) -> Element:
    """`title` stands there always: without one the legend would show the labels too."""
    return {
        "target": series.name,
        "title": series.title or series.name,
        **({"unit": series.unit} if series.unit else {}),
        "tags": dict(series.tags),
        "datapoints": list(zip(series.values, milliseconds(series.times), strict=True)),
        **_meta(series.notices),
    }


def _frame(series: Series) -> Element:
    config = {"displayNameFromDS": series.title or series.name, **({"unit": series.unit} if series.unit else {})}
    return {
        "name": series.name,
        "fields": [
            {"name": "time", "type": "time", "values": milliseconds(series.times)},
            {
                "name": "value",
                "type": TYPES[series.kind],
                "labels": dict(series.tags),
                "config": config,
                "values": list(series.values),
            },
        ],
        **_meta(series.notices),
    }


def _of_table(table: Table, *, frame: bool) -> list[Element]:
    cells = [_cells(column) for column in table.columns]
    if frame:
        fields = [
            {"name": column.name, "type": TYPES[column.kind], "config": _config(column), "values": values}
            for column, values in zip(table.columns, cells, strict=True)
        ]
        return [{"fields": fields, **_meta(table.notices)}]
    columns = [{"text": column.name, "type": TYPES[column.kind], **_config(column)} for column in table.columns]
    rows = list(zip(*cells, strict=True))
    return [{"type": "table", "columns": columns, "rows": rows, **_meta(table.notices)}]


def _cells(column: TableColumn) -> list[Any]:
    if column.kind != "time":
        return list(column.values)
    if None in column.values:
        return [None if us is None else us // MILLISECOND for us in column.values]
    return milliseconds(column.values)


def _config(column: TableColumn) -> Element:
    """What Grafana takes of a column into the configuration of its field."""
    said = {"unit": column.unit, "displayNameFromDS": column.title}
    return {name: text for name, text in said.items() if text is not None}


def _meta(notices: Sequence[str]) -> Element:
    return {"meta": {"notices": [{"severity": "warning", "text": text} for text in notices]}} if notices else {}
