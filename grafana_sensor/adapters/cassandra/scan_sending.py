"""Sends to one scan, by what was seen of its streams' ends.

Law: what is remembered is only what the store held, so at worst it is behind: then the store refuses what is built on it,
and the end is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from grafana_sensor.adapters.cassandra.scan_points import Placed, Rows, Tail, grown
from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.advance import check_taking, gap, other_points
from grafana_sensor.domain.errors import StateError, Unavailable
from grafana_sensor.domain.scan import Points, Scan

_TRIES: Final = 1_000


class Sending:
    """The ends of a scan's streams. `scan`: its state and streams when it was read."""

    def __init__(self, rows: Rows, scan: Scan, streams: Mapping[str, Placed]) -> None:
        self._rows = rows
        self._scan = scan
        self._streams = dict(streams)
        self._tails: dict[str, Tail] = {}

    def send(self, points: Mapping[str, Points]) -> dict[str, int]:
        """As ScanWriting.send."""
        for name, each in points.items():
            check_taking(self._scan, name)
            # Points that don't fit what is remembered may fit what others have sent since.
            if name in self._tails and self._tails[name].length != each.start:
                del self._tails[name]
        lengths: dict[str, int] = {}
        left = dict(points)
        known = {name: each.start for name, each in points.items()}
        for _ in range(_TRIES):
            steps = {}
            for name, tail in self._ends(left).items():
                self._check(name, tail, left[name], known[name])
                if tail.length >= left[name].start + len(left[name]):
                    lengths[name] = tail.length
                    del left[name]
                    continue
                stream, fresh = self._streams[name], left[name].values[tail.length - left[name].start :]
                steps[name] = (stream, tail.open(), grown(stream, tail, fresh))
            if not left:
                return lengths
            for name, went in self._rows.put(steps).items():
                stream, _, after = steps[name]
                if went:
                    self._streams[name] = replace(stream, part=after.start // stream.wide)
                    self._tails[name] = replace(after, blob=None) if after.is_full else after
                    known[name] = after.length
                else:
                    self._tails.pop(name, None)
        raise Unavailable("others send to the same streams again and again: send once more")

    def _ends(self, names: Mapping[str, Points]) -> dict[str, Tail]:
        """The last row of each of the streams."""
        unknown = [self._streams[name] for name in names if name not in self._tails]
        for name, tail in self._rows.tails(unknown).items() if unknown else ():
            self._tails[name] = self._rows.filled(self._streams[name], tail)
        return {name: self._tails[name] for name in names}

    def _check(self, name: str, tail: Tail, points: Points, known: int) -> None:
        """Whether the points may follow what is there; `known`: an index up to which they are what is there."""
        end = min(tail.length, points.start + len(points))
        if points.start > tail.length:
            raise gap(name, points.start, tail.length)
        if tail.is_closed:
            raise StateError(f"stream {name!r} of scan {self._scan.key} is sealed and takes no more points")
        if known >= end:
            return
        definition = self._streams[name].definition
        there = self._rows.points(self._streams[name], known, end)
        mine = points.values[known - points.start : end - points.start]
        if bytes_of.encode(definition, there.values) != bytes_of.encode(definition, mine):
            raise other_points(name, known)
