"""From the records of a post to what is stored: a block of columns for each sensor.

Law: a record is flattened by the declared kinds, its id is the batch's id and its 0-based place in the post. What
can't be stored is listed with that place. Work and memory are bounded by the records and values of the post,
also where every record has attributes of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from grafana_sensor.domain.catalog import NO_SENSOR
from grafana_sensor.domain.columns import Block, Ids, Ints, columns_of
from grafana_sensor.domain.errors import LimitError, RecordError, Rejected, RejectedRecords
from grafana_sensor.domain.flatten import Flat, flatten
from grafana_sensor.domain.limits import Limits
from grafana_sensor.ports import Part

MOST_REJECTED: Final = 10_000
"""Bad records that an answer lists; a post with more of them is refused as a whole."""

MOST_CELLS: Final = 2**25
"""Records times attributes, sensor by sensor: no body of 64 MiB that fills its cells has more."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How the records of one post are read.

    `batch` and `received` (UTC µs) are the post's, `kinds` the declared ones. `sensor_field` names the field
    that says the sensor; without it all are of `sensor`.
    """

    batch: str
    received: int
    kinds: Mapping[str, str]
    limits: Limits
    sensor: str = NO_SENSOR
    sensor_field: str | None = None
    time_field: str | None = None

    def flatten(self, record: object) -> Flat:
        """The flat record. Raises RecordError when it can't be stored."""
        return flatten(
            record,
            kinds=self.kinds,
            limits=self.limits,
            time_field=self.time_field,
            sensor_field=self.sensor_field,
            now=self.received,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What of a post can be stored, how many records that is, and what can't be."""

    parts: Sequence[Part]
    accepted: int
    rejected: tuple[Rejected, ...] = ()


class TooManyRejected(RejectedRecords):
    """So many records can't be stored that not all of them are listed; nothing of the post is stored."""

    def __init__(self, rejected: Sequence[Rejected]) -> None:
        super().__init__(rejected)
        self.message = (
            f"{len(rejected):,} records can't be stored, and the rest was not read: nothing of the post is stored;"
            f" record {rejected[0].index}: {rejected[0].message}"
        )
        self.args = (self.message,)


@dataclass(slots=True)
class _Rows:
    """The flat records of one sensor and their places in the post."""

    places: list[int] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    records: list[dict[str, float | str]] = field(default_factory=list)


def of_records(records: Iterable[object], rules: Rules) -> Parts:
    """The parts of records, JSON objects, in the order in which sensors first occur.

    Raises TooManyRejected when MOST_REJECTED records can't be stored, LimitError when there are more than
    MOST_CELLS records times attributes.
    """
    found: dict[str, _Rows] = {}
    rejected: list[Rejected] = []
    for place, record in enumerate(records):
        try:
            flat = rules.flatten(record)
        except RecordError as error:
            rejected.append(Rejected(place, error.message))
            if len(rejected) == MOST_REJECTED:
                raise TooManyRejected(rejected) from None
            continue
        sensor = rules.sensor if flat.sensor is None else flat.sensor
        rows = found.get(sensor)
        if rows is None:
            rows = found[sensor] = _Rows()
        rows.places.append(place)
        rows.times.append(flat.time)
        rows.records.append(flat.attributes)
    _check_cells(found.values())
    parts = [
        Part(
            sensor,
            Block(
                np.array(rows.times, np.int64),
                ids_of(rules.batch, np.array(rows.places, np.int64)),
                columns_of(rows.records),
            ),
        )
        for sensor, rows in found.items()
    ]
    return Parts(parts, sum(len(rows.places) for rows in found.values()), tuple(rejected))


def ids_of(batch: str, places: Ints) -> Ids:
    """The ids of the records at these places of the post."""
    return Ids((batch,), np.zeros(len(places), np.int32), places)


def check_cells(cells: int) -> None:
    """Raises LimitError when there are more than MOST_CELLS."""
    if cells > MOST_CELLS:
        raise LimitError(
            f"the post has {cells:,} records times attributes, more than the limit of {MOST_CELLS:,}: send it in"
            " smaller posts; attributes whose names differ from record to record are better values than names"
        )


def _check_cells(sensors: Iterable[_Rows]) -> None:
    check_cells(sum(len(rows.records) * len(set().union(*rows.records)) for rows in sensors))
