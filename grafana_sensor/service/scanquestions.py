"""Questions about scans: what is asked of them made one that the engine answers, and answered.

Law: conditions, aggregates, buckets, pages and limits are the engine's. A time is the scan's own; where it has none,
rows go by the index of the point over the whole scan, and there are no series. A table whose first column is `index`
goes by it always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.conditions import TIME
from grafana_sensor.domain.errors import RangeError, StreamUnreadable, UnknownStream
from grafana_sensor.domain.plans import EVERYTHING, Name, Projection
from grafana_sensor.domain.scan import Scan, ScanState, Stream
from grafana_sensor.domain.series import Series, Table, TableColumn
from grafana_sensor.query import engine
from grafana_sensor.query.aggregates import Result
from grafana_sensor.query.plan import Ask
from grafana_sensor.query.scannames import INDEX, reduced
from grafana_sensor.query.scanqueries import about_scans, attributes_of
from grafana_sensor.service.scaninstants import instant_series, instant_table, is_instant
from grafana_sensor.service.scanlooks import ScanLooks, is_spectra, kinds, scan_title, unshown
from grafana_sensor.service.scanpoints import ScanPoints
from grafana_sensor.service.scanspectra import spectra_table

_FAR: Final = 2**53
"""Beyond every index."""


def scan_question(looks: ScanLooks, ask: Ask, catalog: Catalog) -> ScanQuestion | None:
    """What is asked of scans; None where no scan is meant.

    Raises UnknownScan, UnknownStream, StreamUnreadable, ProjectionError and their kin, with the place in the query text.
    """
    query = about_scans(ask.query, catalog)
    if query is None or query.sensors is None:
        return None
    notices: list[str] = []
    scans: dict[str, Scan] = {}
    for name in query.sensors:
        scans.update(looks.scans(name.text, name.position, notices))
    projections = tuple(_expanded(query.projections, scans, notices))
    query = replace(query, sensors=tuple(map(Name, scans)), projections=projections)
    question = ScanQuestion(looks, replace(ask, query=query), scans, notices)
    question.check()
    return question


@dataclass(slots=True, eq=False)
class ScanQuestion:
    """What is asked of `scans`, which are called so in `ask`; `notices` go with every answer."""

    looks: ScanLooks
    ask: Ask
    scans: Mapping[str, Scan]
    notices: Sequence[str]

    def table(
        self, budget: Budget, *, limit: int | None = None, cursor: str | None = None, split_kinds: bool = True
    ) -> Table:
        """The answer in rows; see query.engine.table. Raises as it does, and StreamUnreadable."""
        points, projections = self._points(budget), self.ask.query.projections
        if is_instant(projections, list(self.scans.values())):
            return instant_table(self.ask, points)
        first, raw = projections[0], projections[0].aggregate is None
        rest = projections[1:] if raw and first.attribute == INDEX else projections
        if raw and self._lists(rest):
            return _told(spectra_table(points, self._by_index(), rest), points)
        by_index = (raw and first.attribute == INDEX) or not points.timed()
        reading, ask = points.reading(by_index=by_index), self._by_index() if by_index else self.ask
        if by_index and raw and first.attribute != INDEX:
            ask = replace(ask, query=replace(ask.query, projections=(Projection(INDEX, text=INDEX), *projections)))
        found = engine.table(reading, ask, budget, limit=limit, cursor=cursor, split_kinds=split_kinds)
        if not by_index:
            points.tell_times(ask.start, ask.end)
        return _told(_without_times(found, len(self.scans)) if by_index and raw else found, points)

    def series(self, budget: Budget) -> list[Series]:
        """The answer in series; see query.engine.series. Raises as it does, and StreamUnreadable."""
        points, projections = self._points(budget), self.ask.query.projections
        if is_instant(projections, list(self.scans.values())):
            return instant_series(self.ask, points)
        if self._lists(projections):
            raise StreamUnreadable(
                f"{projections[0].attribute!r} holds a list of numbers a point: ask for a table, which has the latest"
                f" one, or for a number of each: {_of_lists(projections[0].attribute)}"
            )
        if not points.timed():
            raise StreamUnreadable(
                f"no stream tells the times of {self._named()}, which one called epoch, time or elapsed_time would:"
                f" ask for a table, whose rows go by index"
            )
        found = engine.series(points.reading(by_index=False), self.ask, budget)
        points.tell_times(self.ask.start, self.ask.end)
        return [replace(each, notices=(*each.notices, *points.notices)) for each in found]

    def scalars(self, budget: Budget) -> list[Result]:
        """One value per aggregate; see query.engine.scalars."""
        points = self._points(budget)
        timed = points.timed()
        return engine.scalars(points.reading(by_index=not timed), self.ask if timed else self._by_index(), budget)

    def check(self) -> None:
        """Raises UnknownStream or StreamUnreadable for what no scan can answer; one that isn't PREPARED may later."""
        query = self.ask.query
        if is_instant(query.projections, list(self.scans.values())):
            return
        places = {c.attribute: c.position for c in query.conditions}
        places |= {p.attribute: p.position if p.named_at is None else p.named_at for p in query.projections}
        for name in attributes_of(query):
            streams = [found for scan in self.scans.values() if (found := _stream(scan, name)) is not None]
            if any(kinds(scan, name) for scan in self.scans.values()) or any(map(is_spectra, streams)):
                continue
            if streams:
                raise StreamUnreadable(f"{name!r} can't be shown: {unshown(streams[0]) or 'it holds no lists'}")
            if all(scan.state >= ScanState.PREPARED for scan in self.scans.values()):
                known = list(dict.fromkeys(each for scan in self.scans.values() for each in scan.streams))
                error = UnknownStream.named(name, known, places.get(name))
                raise UnknownStream(f"{error.message} in {self._named()}", position=error.position)

    def _points(self, budget: Budget) -> ScanPoints:
        points = ScanPoints(self.looks, self.scans, attributes_of(self.ask.query), budget, list(self.notices))
        for scan in self.scans.values():
            if scan.state < ScanState.PREPARED:
                points.tell(f"{scan_title(scan)} is not prepared yet, and has no streams so far")
        return points

    def _lists(self, projections: Sequence[Projection]) -> bool:
        """Whether the projections are streams of lists. Raises StreamUnreadable where only some are."""
        lists = [
            p for p in projections if any(is_spectra(scan.streams.get(p.attribute)) for scan in self.scans.values())
        ]
        if lists and (len(lists) < len(projections) or lists[0].aggregate is not None):
            name = lists[0].attribute
            raise StreamUnreadable(f"{name!r} holds a list of numbers a point; one number of each is {_of_lists(name)}")
        return bool(lists)

    def _by_index(self) -> Ask:
        """The ask over all indexes. Raises RangeError where it is about times."""
        query = self.ask.query
        for condition in query.conditions:
            if condition.attribute == TIME:
                raise RangeError("rows by index have no time to compare: compare index", position=condition.position)
        if query.every not in (None, "all"):
            raise RangeError(f"buckets are of times, and no stream tells those of {self._named()}")
        return replace(self.ask, start=0, end=_FAR)

    def _named(self) -> str:
        """The scans in words."""
        titles = [scan_title(scan) for scan in self.scans.values()]
        return titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"


def _expanded(projections: Sequence[Projection], scans: Mapping[str, Scan], notices: list[str]) -> Iterator[Projection]:
    """The projections, a raw `*` replaced by the streams that have a value a point; the others are told."""
    for p in projections:
        if p.attribute != EVERYTHING or p.aggregate is not None:
            yield p
            continue
        names = dict.fromkeys(name for scan in scans.values() for name in scan.streams)
        left = [name for name in names if not any(kinds(scan, name) for scan in scans.values())]
        if left:
            notices.append(f"left out, for want of a single value a point: {', '.join(left)}")
        for name in names:
            if name not in left:
                yield replace(p, attribute=name, text=name)


def _stream(scan: Scan, attribute: str) -> Stream | None:
    """The stream that an attribute is of."""
    return scan.streams.get(attribute) or scan.streams.get(reduced(attribute)[0])


def _of_lists(name: str) -> str:
    return f"{name}@sum, @mean, @min, @max or @[0]"


def _without_times(table: Table, scans: int) -> Table:
    """Rows by index without what the engine takes for their time, and without the sensor where there is one."""
    _, sensor, index, *others = table.columns
    column = TableColumn(index.name, "integer", [int(value) for value in index.values])
    return replace(table, columns=(column, *([sensor] if scans > 1 else []), *others))


def _told(table: Table, points: ScanPoints) -> Table:
    return replace(table, notices=(*table.notices, *points.notices))
