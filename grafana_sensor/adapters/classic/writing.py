"""A post as rows of the classic tables.

Law: first the values and the metadata of all records, together and in no order; when they are acknowledged, the rows of
`sensors`, which make the records be there: all of them lie in the user's partition, and go there in one batch that is
applied whole or not at all. A row that is written again is written as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.classic.pks import pk_of
from grafana_sensor.adapters.classic.tables import put
from grafana_sensor.domain.columns import NUMBER, TEXT, Value
from grafana_sensor.domain.errors import LimitError
from grafana_sensor.domain.plans import EVERYTHING
from grafana_sensor.ports import Part

MOST_RECORDS: Final = 20_000
"""Records of one post: what makes them be there is one write, of less than the 16 MiB that Cassandra takes at once."""
LONGEST_TEXT: Final = 65_535
"""Bytes of a text: values are clustering keys, which Cassandra counts by 16 bits."""
_MOST_OCTETS: Final = 8 * 2**20
_AT_ONCE: Final = 4_096
"""Statements that are made ready at once."""

METADATA: Final = Cql("INSERT INTO metadata (attribute, timestamp, pk) VALUES (?, ?, ?)")
REVERSE: Final = Cql("INSERT INTO metadata_reverse (attribute, pk, timestamp) VALUES (?, ?, ?)")
SENSORS: Final = Cql("INSERT INTO sensors (user, sensor_id, pk, attributes) VALUES (?, ?, ?, ?)")

Statement = tuple[Cql, Sequence[object]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of one sensor: pks, times in UTC µs, and by attribute a value or None for each of them."""

    sensor: str
    pks: list[str]
    times: list[int]
    values: dict[str, list[Value | None]]

    @classmethod
    def of(cls, part: Part) -> Rows:
        """The records of a part of a post."""
        block, ids = part.block, part.block.ids
        if ids is None:
            raise TypeError("records without ids can't be stored")
        values = {name: column.values(len(block)) for name, column in block.columns.items()}
        return cls(part.sensor, [pk_of(ids[i]) for i in range(len(block))], block.times.tolist(), values)

    def kinds(self) -> dict[str, int]:
        """By attribute, the bits of the kinds of values that are here."""
        found = {}
        for name, values in self.values.items():
            bits = 0
            for value in values:
                bits |= 0 if value is None else _kind(value)
            if bits:
                found[name] = bits
        return found

    def attributes(self) -> list[list[str]]:
        """Each record's attributes."""
        return [
            [name for name, values in self.values.items() if values[place] is not None]
            for place in range(len(self.pks))
        ]

    def statements(self) -> Iterator[Statement]:
        """What is written before the records are there."""
        for place, names in enumerate(self.attributes()):
            pk, time = self.pks[place], self.times[place]
            for name in names:
                value = self.values[name][place]
                if value is not None:
                    yield put(name, _kind(value)), (pk, value)
            for name in names or (EVERYTHING,):
                yield METADATA, (name, time, pk)
                yield REVERSE, (name, pk, time)


def check(rows: Sequence[Rows]) -> None:
    """Raises LimitError for records that the layout can't keep, or not at once."""
    count = sum(len(each.pks) for each in rows)
    octets = sum(
        len(f"{each.sensor}{pk}{''.join(names)}".encode()) + 4 * len(names)
        for each in rows
        for pk, names in zip(each.pks, each.attributes(), strict=True)
    )
    if count > MOST_RECORDS or octets > _MOST_OCTETS:
        raise LimitError(
            f"the post has {count:,} records, more than the classic layout stores at once, which is up to"
            f" {MOST_RECORDS:,} whose attributes' names come to 8 MiB: send it in smaller posts"
        )
    longest = max(
        (len(v.encode()) for each in rows for values in each.values.values() for v in values if isinstance(v, str)),
        default=0,
    )
    if longest > LONGEST_TEXT:
        raise LimitError(
            f"a text has {longest:,} bytes in UTF-8, more than the {LONGEST_TEXT:,} that the classic layout keeps"
        )


def write(connection: Connection, user: str, rows: Sequence[Rows]) -> None:
    """Write all of it, durably."""
    ready: list[Statement] = []
    for each in rows:
        for statement in each.statements():
            ready.append(statement)
            if len(ready) == _AT_ONCE:
                connection.run_all(ready)
                ready = []
    connection.run_all(ready)
    connection.together(
        *(
            (SENSORS, (user, each.sensor, pk, names))
            for each in rows
            for pk, names in zip(each.pks, each.attributes(), strict=True)
        )
    )


def _kind(value: Value) -> int:
    return TEXT if isinstance(value, str) else NUMBER
