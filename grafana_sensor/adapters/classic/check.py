"""Verifying a classic keyspace: that the tables say the same of each record.

Law: what `sensors` lists is there in all the other tables, once. What they hold of other records was never there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.classic.reading import AT_ONCE, ClassicReading
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.plans import EVERYTHING

TABLES: Final = {
    "metadata": Cql("SELECT pk, timestamp FROM metadata WHERE attribute = ?"),
    "metadata_reverse": Cql("SELECT pk, timestamp FROM metadata_reverse WHERE attribute = ?"),
}
_ALL: Final = 2**62


def faults(connection: Connection, reading: ClassicReading) -> Iterator[str]:
    """A line for each fault."""
    budget = Budget(values=_ALL)
    for sensor, kinds in sorted(reading.catalog().sensors.items()):
        members = reading.members(sensor, budget)
        times: dict[str, set[int]] = {pk: set() for pk in members}
        for name in sorted({*kinds, EVERYTHING, *(name for names in set(members.values()) for name in names)}):
            pks = [pk for pk, names in members.items() if name in names or (name == EVERYTHING and not names)]
            for fault in _of_attribute(connection, reading, sensor, name, pks, times):
                yield f"sensor {sensor!r}: {fault}"
        for pk, found in times.items():
            if len(found) > 1:
                yield f"sensor {sensor!r}: record {pk!r} has {len(found)} times"


def _of_attribute(
    connection: Connection,
    reading: ClassicReading,
    sensor: str,
    name: str,
    pks: Sequence[str],
    times: dict[str, set[int]],
) -> Iterator[str]:
    """The faults of an attribute of these records, whose times are added to `times`."""
    for table, statement in TABLES.items():
        counts = dict.fromkeys(pks, 0)
        for pk, time in connection.run(statement, name) if counts else ():
            if pk in counts:
                counts[pk] += 1
                times[pk].add(time)
        for pk, count in counts.items():
            if count != 1:
                yield f"record {pk!r} is in {table} of {name!r} {count} times, not once"
    if name == EVERYTHING:
        return
    for at in range(0, len(pks), AT_ONCE):
        some = pks[at : at + AT_ONCE]
        for pk, value in zip(some, reading.values(sensor, name, some), strict=True):
            if value is None:
                yield f"record {pk!r} has no value of {name!r}"
