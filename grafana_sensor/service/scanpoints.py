"""The scans of one question as the query engine reads them: by their own times, or by index.

Law: what the reader of an answer must know of the times is told: that they are approximate, were not in order, that
there is none, or that all points lie outside the range.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER
from grafana_sensor.domain.scan import Scan
from grafana_sensor.query.scannames import INDEX, reduced
from grafana_sensor.query.timeaxis import TimeAxis, is_unix, time_axes, to_micros
from grafana_sensor.service.scancolumns import StreamColumn
from grafana_sensor.service.scanlooks import ScanLooks, channel_text, kinds, last_value, scan_title
from grafana_sensor.service.scanreading import Moments, ScanReading, ScanTable

Axes = Mapping[str, TimeAxis | None]
"""By attribute of a scan, the axis of its times; None where no stream tells them."""


@dataclass(slots=True, eq=False)
class ScanPoints:
    """`scans` by the name under which they answer; `attributes`: those asked for. `notices` grow as points are read."""

    looks: ScanLooks
    scans: Mapping[str, Scan]
    attributes: Sequence[str]
    budget: Budget
    notices: list[str]
    _axes: dict[str, Axes] = field(default_factory=dict)
    _tables: dict[str, ScanTable] = field(default_factory=dict)

    def column(self, scan: Scan, attribute: str) -> StreamColumn:
        """A stream of a scan as a column of numbers or texts, by its name or with a reduction."""
        base, reduction = (attribute, None) if attribute in scan.streams else reduced(attribute)
        source, stream = self.looks.source, scan.streams[base]
        return source.memory.columns.column(source.user, self.looks.store, scan, stream, reduction, self.budget)

    def last(self, scan: Scan, stream: str) -> float | str | None:
        """The last value of a stream that has one a point, None where it has none yet."""
        return last_value(self.looks.store, scan, stream)

    def timed(self) -> bool:
        """Whether a scan tells the time of one of the attributes, or may later: it has no streams yet."""
        for scan in self.scans.values():
            axes = self._axes_of(scan)
            asked = [name for name in self.attributes if name in axes] or list(axes)
            if not axes or any(axes[name] for name in asked):
                return True
        return False

    def reading(self, *, by_index: bool) -> ScanReading:
        """The scans as the engine reads them; with notices of what their times are worth."""
        sensors: dict[str, dict[str, int]] = {}
        for name, scan in self.scans.items():
            axes = self._axes_of(scan)
            told = {each: None if by_index else axis for each, axis in axes.items() if by_index or axis is not None}
            self._tell_axes(scan, axes, by_index=by_index)
            self._tables[name] = ScanTable(told, partial(self.column, scan), partial(self._moments, scan))
            sensors[name] = {each: kinds(scan, each) for each in told} | ({INDEX: NUMBER} if told else {})
        # A legend of one scan stays the same when the next one begins.
        titles = {name: "" if len(self.scans) == 1 else scan_title(scan) for name, scan in self.scans.items()}
        return ScanReading(self._tables, Catalog(sensors, self._declarations(), titles=titles))

    def tell_times(self, start: int, end: int) -> None:
        """Add notices of what was read by time: scans that lie outside of [start, end), and times out of order."""
        for name, table in self._tables.items():
            title = scan_title(self.scans[name])
            times = table.block(self.attributes).times
            if len(times) and (times[-1] < start or times[0] >= end):
                self.tell(f"all points of {title} lie {'before' if times[-1] < start else 'after'} the range")
            for stream in sorted(table.disorder):
                self.tell(f"the times in {stream} of {title} don't ascend everywhere: points are sorted by them")

    def tell(self, notice: str) -> None:
        """Add a notice, once."""
        if notice not in self.notices:
            self.notices.append(notice)

    def _moments(self, scan: Scan, axis: TimeAxis) -> Moments:
        """The times of an axis, found once for all targets of an answer."""
        times, place = self.looks.moments, (scan.key, axis)
        if place not in times:
            column = self.column(scan, axis.stream)
            times[place] = (column.first, *to_micros(np.asarray(column.values, np.float64), axis))
        return times[place]

    def _axes_of(self, scan: Scan) -> Axes:
        if scan.key not in self._axes:
            streams = time_axes(scan)
            chosen: dict[int, TimeAxis | None] = {}
            found: dict[str, TimeAxis | None] = {}
            for name in dict.fromkeys((*scan.streams, *self.attributes)):
                base = name if name in streams else reduced(name)[0]
                if base in streams and kinds(scan, name):
                    axes = streams[base]
                    if id(axes) not in chosen:
                        chosen[id(axes)] = next((axis for axis in axes if self._tells(scan, axis)), None)
                    found[name] = chosen[id(axes)]
            self._axes[scan.key] = found
        return self._axes[scan.key]

    def _tells(self, scan: Scan, axis: TimeAxis) -> bool:
        """Whether a stream that may hold times does."""
        if axis.origin is not None:
            return True
        values = self.column(scan, axis.stream).values
        return not isinstance(values, list) and is_unix(values)

    def _tell_axes(self, scan: Scan, axes: Axes, *, by_index: bool) -> None:
        asked = [name for name in self.attributes if name in axes] or list(axes)
        title, lost = scan_title(scan), [name for name in asked if axes[name] is None]
        if by_index:
            if asked and len(lost) == len(asked):
                self.tell(f"no stream tells the times of {title}: all of its points answer, by index")
            return
        if lost:
            self.tell(f"no stream of {title} tells the times of {', '.join(lost)}")
        if any((axis := axes[name]) is not None and axis.origin is not None for name in asked):
            self.tell(f"times of {title} are approximate: its start and its elapsed_time")
        if len({axes[name] for name in asked} - {None}) > 1:
            self.tell(f"streams of {title} have times of their own: {', '.join(asked)} are not of one record")

    def _declarations(self) -> dict[str, Declaration]:
        """Units and names of the attributes, as the scans say them; a unit only where they agree."""
        found: dict[str, Declaration] = {}
        for name in self.attributes:
            of_stream = any(name in scan.streams for scan in self.scans.values())
            base, reduction = (name, None) if of_stream else reduced(name)
            said = [scan for scan in self.scans.values() if base in scan.streams]
            units = {channel_text(scan, base, "unit") for scan in said}
            title = next((t for scan in said if (t := channel_text(scan, base, "display_name"))), None)
            if title is not None and reduction is not None:
                title = f"{title}@{reduction}"
            found[name] = Declaration(unit=units.pop() if len(units) == 1 else None, title=title)
        return found
