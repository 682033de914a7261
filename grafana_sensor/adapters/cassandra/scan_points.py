"""The points of streams as rows, which any number of servers add to.

Law: where the next points go is told by a stream's last row alone: into it while it isn't full, else to a new row at its
end. Both are an update on the condition that the row has as many points as were seen, so one of several that send at
once wins, and rows follow each other without gaps. A stream is sealed by closing that same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from grafana_sensor.adapters.cassandra.connections import Connection, Cql, Row
from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.scan import Points, StreamDefinition

PART: Final = 8 * 2**20
"""Bytes of the points of a part."""
PIECE: Final = 2**20
"""Bytes of points that one row takes at once."""
LONG: Final = 64 * 2**10
"""Bytes that a point whose length varies is taken to have."""

PUT: Final = Cql(
    "UPDATE scan_points SET count = ?, is_full = ?, blob = ?"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? AND start = ? IF count = ? AND is_closed = ?",
    serial=True,
)
CLOSE: Final = Cql(
    "UPDATE scan_points SET count = ?, is_closed = true"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? AND start = ? IF count = ?",
    serial=True,
)
LAST: Final = Cql(
    "SELECT start, count, is_full, is_closed FROM scan_points"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? ORDER BY start DESC LIMIT 1"
)
BLOB: Final = Cql(
    "SELECT count, is_full, is_closed, blob FROM scan_points"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? AND start = ?"
)
BEGIN: Final = Cql(
    "SELECT start FROM scan_points"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? AND start <= ? ORDER BY start DESC LIMIT 1"
)
ROWS: Final = Cql(
    "SELECT start, count, is_full, blob FROM scan_points"
    " WHERE owner = ? AND key = ? AND stream = ? AND part = ? AND start >= ? AND start < ?",
    page=16,
)
DROP: Final = Cql("DELETE FROM scan_points WHERE owner = ? AND key = ? AND stream = ? AND part = ?")
HINT: Final = Cql("UPDATE scan SET part = ? WHERE owner = ? AND key = ? AND name = ?")


@dataclass(frozen=True, slots=True)
class Tail:
    """The last row of a stream, or where its first will be. `blob`: what is in it, None where that was not read."""

    start: int = 0
    count: int | None = None
    is_full: bool = False
    is_closed: bool = False
    blob: bytes | None = b""

    @property
    def length(self) -> int:
        """Points of the stream."""
        return self.start + (self.count or 0)

    def open(self) -> Tail:
        """Itself while it takes points, else the row that follows."""
        return Tail(self.length) if self.is_full and not self.is_closed else self


@dataclass(frozen=True, slots=True)
class Placed:
    """A stream, and a part in which its last row is, or before."""

    definition: StreamDefinition
    part: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    @property
    def wide(self) -> int:
        """Points of a part."""
        if bytes_of.varies(self.definition):
            return PART // LONG
        size = np.dtype(self.definition.dtype).itemsize * int(np.prod(self.definition.shape, dtype=np.int64))
        return max(1, PART // max(1, size))


def grown(stream: Placed, tail: Tail, values: bytes_of.Values) -> Tail:
    """The row after `tail`'s last point, with as many of the values (at least one) as it takes at once."""
    tail = tail.open()
    end = (tail.start // stream.wide + 1) * stream.wide
    piece = next(bytes_of.pieces(stream.definition, values[: end - tail.length], PIECE))
    raw = (tail.blob or b"") + bytes_of.encode(stream.definition, piece)
    length = tail.length + len(piece)
    return Tail(tail.start, length - tail.start, len(raw) >= bytes_of.FULL or length == end, False, raw)


class Rows:
    """The points of one owner's scan."""

    def __init__(self, connection: Connection, owner: str, key: str) -> None:
        self._connection = connection
        self._owner = owner
        self._key = key

    def tails(self, streams: Iterable[Placed]) -> dict[str, Tail]:
        """The last row of each stream, without what is in it."""
        found: dict[str, Tail] = {}
        left = list(streams)
        while left:
            rows = self._connection.run_all((LAST, self._at(each, each.part)) for each in left)
            further = []
            for stream, last in zip(left, rows, strict=True):
                if not last:
                    # The part before, if any, ends where this one would begin.
                    begin = stream.part * stream.wide
                    found.setdefault(stream.name, Tail(begin) if stream.part == 0 else Tail(begin, 0, is_full=True))
                    continue
                start, count, is_full, is_closed = last[0]
                tail = found[stream.name] = Tail(start, count or 0, bool(is_full), bool(is_closed), None)
                if not tail.is_closed and tail.length == (stream.part + 1) * stream.wide:
                    further.append(replace(stream, part=stream.part + 1))
            left = further
        return found

    def filled(self, stream: Placed, tail: Tail) -> Tail:
        """The tail with what is in it, which may be more meanwhile."""
        if tail.blob is not None or tail.is_full or tail.is_closed:
            return tail
        rows = self._connection.run(BLOB, *self._at(stream, tail.start // stream.wide), tail.start)
        if not rows:
            return Tail(tail.start)
        count, is_full, is_closed, blob = rows[0]
        return Tail(tail.start, count, bool(is_full), bool(is_closed), None if is_full else blob or b"")

    def points(self, stream: Placed, start: int, end: int) -> Points:
        """The points of [start, end) that are there."""
        definition, wide = stream.definition, stream.wide
        end = min(end, self.tails([stream])[stream.name].length)
        if start >= end:
            return Points(start, bytes_of.none(definition))
        first = self._connection.run(BEGIN, *self._at(stream, start // wide), start)
        begin = first[0][0] if first else start
        rows = self._connection.run_all(
            (ROWS, (*self._at(stream, part), begin, end)) for part in range(start // wide, (end - 1) // wide + 1)
        )
        return bytes_of.joined(definition, self._decoded(definition, rows), start, end)

    def put(self, grown: Mapping[str, tuple[Placed, Tail, Tail]]) -> dict[str, bool]:
        """Have each stream's row grow from one to another; whether it did, by stream."""
        moved = [(stream, after.start // stream.wide) for stream, _, after in grown.values()]
        self._connection.run_all(
            (HINT, (part, self._owner, self._key, stream.name)) for stream, part in moved if part > stream.part
        )
        found = self._connection.run_all(
            (
                PUT,
                (
                    after.count,
                    after.is_full,
                    bytes_of.pack(stream.definition, after.blob or b"") if after.is_full else after.blob,
                    *self._at(stream, after.start // stream.wide),
                    after.start,
                    before.count,
                    None,
                ),
            )
            for stream, before, after in grown.values()
        )
        return {name: bool(rows[0][0]) for name, rows in zip(grown, found, strict=True)}

    def close(self, streams: Sequence[Placed]) -> None:
        """Seal the streams."""
        left = list(streams)
        while left:
            tails = self.tails(left)
            left = [stream for stream in left if not tails[stream.name].is_closed]
            ends = [tails[stream.name].open() for stream in left]
            found = self._connection.run_all(
                (CLOSE, (end.count or 0, *self._at(stream, end.start // stream.wide), end.start, end.count))
                for stream, end in zip(left, ends, strict=True)
            )
            left = [stream for stream, rows in zip(left, found, strict=True) if not rows[0][0]]

    def drop(self, streams: Sequence[Placed]) -> None:
        """Delete all points of the streams."""
        tails = self.tails(streams)
        self._connection.run_all(
            (DROP, self._at(stream, part))
            for stream in streams
            for part in range(tails[stream.name].length // stream.wide + 1)
        )

    def _at(self, stream: Placed, part: int) -> tuple[object, ...]:
        return self._owner, self._key, stream.name, part

    def _decoded(self, definition: StreamDefinition, parts: Iterable[Sequence[Row]]) -> Iterable[Points]:
        for rows in parts:
            for start, count, is_full, blob in rows:
                if count:
                    raw = bytes_of.unpack(definition, blob) if is_full else blob
                    yield Points(start, bytes_of.decode(definition, raw))
