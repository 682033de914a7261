"""A reading over a list of plain records: what the port promises, in the plainest way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT, Block, Column, Ids, RecordId, Value
from grafana_sensor.domain.conditions import TIME, Condition
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from grafana_sensor.domain.summaries import End, Summary
from grafana_sensor.ports import RecordReading


@dataclass(frozen=True)
class Record:
    """One reading; `time` in UTC µs."""

    time: int
    sensor: str
    id: RecordId
    attributes: Mapping[str, Value] = field(default_factory=dict)


def meets(condition: Condition, record: Record) -> bool:
    """Whether the record meets a condition on an attribute or on TIME."""
    if condition.attribute == TIME:
        return bool(condition.mask_times(np.array([record.time]))[0])
    value = record.attributes.get(condition.attribute)
    if value is None:
        return False
    return (
        condition.meets_text(value) if isinstance(value, str) else bool(condition.meets_numbers(np.array([value]))[0])
    )


class PlainReading(RecordReading):
    """The records in blocks of `block`; `given` counts the records that `records` gave."""

    def __init__(
        self, records: Sequence[Record], declarations: Mapping[str, Declaration] | None = None, block: int = 3
    ) -> None:
        self.all = sorted(records, key=lambda r: (r.time, r.id))
        self.declarations = declarations or {}
        self.block = block
        self.given = 0
        self.summarised: list[Request] = []

    def catalog(self) -> Catalog:
        sensors: dict[str, dict[str, int]] = {}
        for record in self.all:
            attributes = sensors.setdefault(record.sensor, {})
            for name, value in record.attributes.items():
                attributes[name] = attributes.get(name, 0) | (TEXT if isinstance(value, str) else NUMBER)
        return Catalog(sensors, self.declarations)

    def _passing(self, sensor: str, conditions: Sequence[Condition], start: int, end: int) -> list[Record]:
        return [
            record
            for record in self.all
            if record.sensor == sensor
            and start <= record.time < end
            and all(meets(condition, record) for condition in conditions)
        ]

    def summarise(self, sensor: str, request: Request, budget: Budget) -> dict[str, list[Summary]]:
        self.summarised.append(request)
        edges = request.edges.tolist()
        answer: dict[str, list[Summary]] = {name: [] for name in request.wants}
        for start, end in pairwise(edges):
            records = self._passing(sensor, request.conditions, start, end)
            for name, need in request.wants.items():
                answer[name].append(_summary(records, name, need))
        return answer

    def records(
        self, sensor: str, attributes: Sequence[str], request: Request, budget: Budget, *, ids: bool = False
    ) -> Iterator[Block]:
        found = self._passing(sensor, request.conditions, int(request.edges[0]), int(request.edges[-1]))
        for place in range(0, len(found), self.block):
            part = found[place : place + self.block]
            self.given += len(part)
            columns = {name: Column.of([record.attributes.get(name) for record in part]) for name in attributes}
            yield Block(
                np.array([record.time for record in part], np.int64),
                Ids.of(record.id for record in part) if ids else None,
                {name: column for name, column in columns.items() if column.kinds},
            )


def _summary(records: Sequence[Record], name: str, need: Need) -> Summary:
    summary = Summary()
    for record in records:
        value = 0.0 if name == EVERYTHING else record.attributes.get(name)
        if value is not None:
            summary.add(_of_value(value, End(record.time, record.id, value)))
    if Need.VALUES not in need:
        summary.values = []
    return summary


def _of_value(value: Value, end: End) -> Summary:
    if isinstance(value, str):
        return Summary(texts=1, least_text=value, greatest_text=value, first_text=end, last_text=end)
    scaled = Fraction(value) * 2**exactsum.SCALE
    return Summary(
        numbers=1,
        total=int(scaled),
        squares=int(scaled * scaled),
        minimum=value,
        maximum=value,
        first=end,
        last=end,
        values=[np.array([value])],
    )
