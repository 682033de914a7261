"""Reading the classic tables, as the library that this began with does: pks that are crossed, and values by pk.

Law: the answer is that of a pass over all records. The sensor's pks and attributes come from `sensors`, times from
`metadata`; conditions are met in the client, by one statement for each record that is still in question, and so are
aggregates, from the values, as exactly as anywhere. A record whose values are of a kind that the look's catalog doesn't
know came after the look began, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.adapters.cassandra.catalog import Catalogs
from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.classic.pks import id_of
from grafana_sensor.adapters.classic.tables import get
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import NUMBER, TEXT, Block, Column, Ids, Mask, Value
from grafana_sensor.domain.conditions import TIME, Condition
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from grafana_sensor.domain.summaries import Summary, add_block
from grafana_sensor.ports import RecordReading

MEMBERS: Final = Cql("SELECT pk, attributes FROM sensors WHERE user = ? AND sensor_id = ?")
TIMES: Final = Cql("SELECT pk, timestamp FROM metadata WHERE attribute = ? AND timestamp >= ? AND timestamp < ?")
AT_ONCE: Final = 2_000
"""Records whose values are asked for together: bounded memory, and a look at the clock between."""

Members = Mapping[str, frozenset[str]]
"""The attributes of records, by pk."""
Objects = NDArray[np.object_]


class ClassicReading(RecordReading):
    """A look at a user's records."""

    def __init__(self, connection: Connection, user: str, catalogs: Catalogs) -> None:
        self._connection = connection
        self._user = user
        self._catalogs = catalogs
        self._catalog: Catalog | None = None

    def catalog(self) -> Catalog:
        """See the port."""
        if self._catalog is None:
            self._catalog = self._catalogs.read()
        return self._catalog

    def summarise(self, sensor: str, request: Request, budget: Budget) -> dict[str, list[Summary]]:
        """See the port."""
        edges, wants = request.edges, request.wants
        answer = {name: [Summary() for _ in range(len(edges) - 1)] for name in wants}
        kinds = self.catalog().sensors.get(sensor, {})
        names = [name for name in wants if name in kinds]
        counted = {name for name in names if wants[name] == Need.COUNT and kinds[name] in (NUMBER, TEXT)}
        if not names and EVERYTHING not in wants:
            return answer
        for block in self._blocks(sensor, names, request, budget, None if EVERYTHING in wants else names, counted):
            within = np.diff(np.searchsorted(block.times, edges, "left"))
            group = np.repeat(np.arange(len(within)), within)
            for name in names:
                if Need.VALUES in wants[name]:
                    budget.hold(len(block))
                add_block(answer[name], group, block.columns[name], block, wants[name])
            if EVERYTHING in wants:
                ones = Column(np.zeros(len(block)), None)
                add_block(answer[EVERYTHING], group, ones, Block(block.times, None, {}), Need.ENDS)
        return answer

    def records(
        self, sensor: str, attributes: Sequence[str], request: Request, budget: Budget, *, ids: bool = False
    ) -> Iterator[Block]:
        """See the port."""
        kinds = self.catalog().sensors.get(sensor, {})
        names = [name for name in dict.fromkeys(attributes) if name in kinds]
        for block in self._blocks(sensor, names, request, budget):
            columns = {name: column for name, column in block.columns.items() if name in names and column.kinds}
            yield Block(block.times, block.ids if ids else None, columns)

    def members(self, sensor: str, budget: Budget) -> Members:
        """The sensor's records."""
        found: dict[str, frozenset[str]] = {}
        alike: dict[tuple[str, ...], frozenset[str]] = {}
        for pk, names in self._connection.run(MEMBERS, self._user, sensor):
            found[pk] = alike.setdefault(tuple(names or ()), frozenset(names or ()))
        budget.hold(len(found))
        return found

    def values(self, sensor: str, attribute: str, pks: Sequence[str]) -> list[Value | None]:
        """The values that these records have under an attribute; None where none is of a kind that is known."""
        kinds = self.catalog().sensors[sensor].get(attribute, 0)
        found: list[Value | None] = [None] * len(pks)
        for kind in (NUMBER, TEXT):
            places = [place for place, value in enumerate(found) if value is None] if kinds & kind else []
            statement = get(attribute, kind)
            rows = self._connection.run_all((statement, (pks[place],)) for place in places)
            for place, row in zip(places, rows, strict=True):
                found[place] = row[0][0] if row else None
        return found

    def _blocks(
        self,
        sensor: str,
        names: Sequence[str],
        request: Request,
        budget: Budget,
        either: Sequence[str] | None = None,
        counted: frozenset[str] | set[str] = frozenset(),
    ) -> Iterator[Block]:
        """The passing records in order, with ids and these attributes; `counted` ones are told as being there.

        Where `either` is given, only records that have one of those.
        """
        start, end = int(request.edges[0]), int(request.edges[-1])
        kinds = self.catalog().sensors.get(sensor)
        conditions = [condition for condition in request.conditions if condition.attribute != TIME]
        if start >= end or kinds is None or any(condition.attribute not in kinds for condition in conditions):
            return
        members = self.members(sensor, budget)
        tellers = _tellers(members, [condition.attribute for condition in conditions], either)
        block, pks = self._timed(tellers, start, end, budget)
        for condition in request.conditions:
            if condition.attribute == TIME:
                met = condition.mask_times(block.times)
                block, pks = block.take(met), pks[met]
        for at in range(0, len(block), AT_ONCE):
            budget.tick()
            these = slice(at, at + AT_ONCE)
            part = _Part(self, sensor, block.take(these), pks[these], members)
            for condition in conditions:
                part.meet(condition)
            for name in names:
                part.fetch(name, kinds[name] if name in counted else 0)
            if len(part.block):
                yield part.block

    def _timed(self, tellers: Mapping[str, str], start: int, end: int, budget: Budget) -> tuple[Block, Objects]:
        """The records of [start, end) in order, without attributes, and their pks."""
        times: dict[str, int] = {}
        for attribute in sorted(set(tellers.values())):
            budget.tick()
            rows = self._connection.run(TIMES, attribute, start, end)
            times |= {pk: time for pk, time in rows if tellers.get(pk) == attribute}
        budget.hold(len(times))
        ids = Ids.of(map(id_of, times))
        found = Block(np.array(list(times.values()), np.int64), ids, {})
        order = np.lexsort((ids.position, ids.rank(), found.times))
        return found.take(order), np.array(list(times), np.object_)[order]


class _Part:
    """Some of the records in question: fewer with each condition."""

    def __init__(self, reading: ClassicReading, sensor: str, block: Block, pks: Objects, members: Members) -> None:
        self._reading = reading
        self._sensor = sensor
        self.block = block
        self._pks = pks
        self._members = members

    def meet(self, condition: Condition) -> None:
        """Leave those that meet the condition."""
        self.fetch(condition.attribute)
        self._keep(condition.mask(self.block.columns[condition.attribute], len(self.block)))

    def fetch(self, attribute: str, counted: int = 0) -> None:
        """Have the attribute in the block; where `counted` says its one kind, as any value of that kind."""
        if attribute in self.block.columns:
            return
        here = np.array([attribute in self._members[pk] for pk in self._pks], np.bool_)
        if counted == NUMBER:
            column = Column(np.where(here, 0.0, np.nan), None)
        elif counted == TEXT:
            column = Column(None, np.where(here, 0, -1).astype(np.int32), ("",))
        else:
            values: list[Any] = [None] * len(here)
            asked = np.flatnonzero(here).tolist()
            found = self._reading.values(self._sensor, attribute, [self._pks[place] for place in asked])
            for place, value in zip(asked, found, strict=True):
                values[place] = value
            column = Column.of(values)
        columns = {**self.block.columns, attribute: column}
        self.block = Block(self.block.times, self.block.ids, columns)
        self._keep(~here | column.present(len(here)))

    def _keep(self, met: Mask) -> None:
        if not met.all():
            self.block, self._pks = self.block.take(met), self._pks[met]


def _tellers(members: Members, needed: Sequence[str], either: Sequence[str] | None) -> dict[str, str]:
    """By pk, the attribute under which the record's time is looked up; without those that can't be in the answer."""
    told: dict[frozenset[str], str | None] = {}
    for names in set(members.values()):
        if needed:
            told[names] = needed[0] if names.issuperset(needed) else None
        elif either is not None:
            told[names] = next((name for name in either if name in names), None)
        else:
            told[names] = min(names, default=EVERYTHING)
    return {pk: teller for pk, names in members.items() if (teller := told[names]) is not None}
