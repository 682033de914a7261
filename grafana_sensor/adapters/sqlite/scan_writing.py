"""What changes one user's scans, as work inside a transaction that its caller begins and ends.

Law: each function checks and writes in that one transaction, and raises before it has to take anything back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw

from grafana_sensor.adapters.sqlite import scan_reading as reading
from grafana_sensor.adapters.timetags import following, text
from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.advance import advanced, check_taking, gap, other_points
from grafana_sensor.domain.errors import ScanExists
from grafana_sensor.domain.scan import Points, Scan, ScanState, StreamDefinition

PIECE: Final = 2**20
"""Bytes of points that one row takes at once."""
ROWS_AT_ONCE: Final = 1_000
"""How many rows one transaction deletes, so that none keeps other writers waiting for long."""

SET_TAG = "UPDATE meta SET value = ? WHERE name = 'scan_tag'"
TAG = "SELECT tag, identity FROM scan WHERE key = ?"
ADD_SCAN = "INSERT INTO scan (key, tag, identity, info, state, reached) VALUES (?, ?, ?, ?, 0, ?)"
ADVANCE = "UPDATE scan SET state = ?, info = ?, reached = ? WHERE key = ?"
ADD_STREAM = "INSERT INTO scan_stream (scan, name, kind, dtype, shape, info) VALUES (?, ?, ?, ?, ?, ?)"
LAST_ROW = """
SELECT rowid, start, count, CASE WHEN is_full THEN NULL ELSE blob END
FROM scan_points WHERE stream = ? ORDER BY start DESC LIMIT 1
"""
ADD_ROW = "INSERT INTO scan_points (stream, start, count, is_full, blob) VALUES (?, ?, ?, ?, ?)"
GROW_ROW = "UPDATE scan_points SET count = ?, is_full = ?, blob = ? WHERE rowid = ?"
DROP_SCAN = "DELETE FROM scan WHERE key = ?"
DEAD_STREAMS = "SELECT id FROM scan_stream WHERE scan NOT IN (SELECT id FROM scan) LIMIT 1"
DROP_ROWS = "DELETE FROM scan_points WHERE rowid IN (SELECT rowid FROM scan_points WHERE stream = ? LIMIT ?)"
DROP_STREAM = "DELETE FROM scan_stream WHERE id = ?"

Streams = Mapping[str, tuple[int, StreamDefinition]]
"""The streams of a scan by name: their numbers in the file, and what they are."""


def create(
    connection: apsw.Connection, key: str, identity: Mapping[str, str | int], info: Mapping[str, Any], now: int
) -> str:
    """As ScanWriting.create."""
    rows = reading.select(connection, TAG, (key,))
    if rows:
        if json.loads(rows[0][1]) != dict(identity):
            raise ScanExists(f"the key {key!r} is another scan's")
        return text(rows[0][0])
    tag = following(reading.last_tag(connection), now)
    connection.execute(SET_TAG, (tag,))
    reached = json.dumps({ScanState.CREATED.value: now})
    connection.execute(ADD_SCAN, (key, tag, json.dumps(dict(identity)), json.dumps(dict(info)), reached))
    return text(tag)


def advance(
    connection: apsw.Connection,
    key: str,
    state: ScanState,
    now: int,
    info: Mapping[str, Any],
    streams: Sequence[StreamDefinition],
) -> None:
    """As ScanWriting.advance."""
    number, scan = reading.load(connection, key)
    after = advanced(scan, state, now, info, streams)
    if after is scan:
        return
    reached = json.dumps({each.value: when for each, when in after.reached.items()})
    connection.execute(ADVANCE, (state.value, json.dumps(after.info), reached, key))
    connection.executemany(
        ADD_STREAM,
        (
            (number, each.name, each.kind, each.dtype, json.dumps(each.shape), json.dumps(dict(each.info)))
            for each in streams
        ),
    )


def send(connection: apsw.Connection, scan: Scan, streams: Streams, points: Mapping[str, Points]) -> dict[str, int]:
    """As ScanWriting.send; of `scan` the state and the definitions are what is there now."""
    return {name: _add(connection, check_taking(scan, name), streams[name][0], each) for name, each in points.items()}


def delete(connection: apsw.Connection, key: str) -> None:
    """Forget the scan; what it has is left to `sweep`."""
    reading.head(connection, key)
    connection.execute(DROP_SCAN, (key,))


def sweep(connection: apsw.Connection) -> bool:
    """Delete some of what belongs to no scan any more; whether there may be more of it."""
    rows = reading.select(connection, DEAD_STREAMS)
    if not rows:
        return False
    connection.execute(DROP_ROWS, (rows[0][0], ROWS_AT_ONCE))
    if connection.changes() < ROWS_AT_ONCE:
        connection.execute(DROP_STREAM, rows[0])
    return True


def _add(connection: apsw.Connection, definition: StreamDefinition, stream: int, points: Points) -> int:
    """Add the points to the stream; its length then."""
    rows = reading.select(connection, LAST_ROW, (stream,))
    place, start, count, tail = rows[0] if rows else (None, 0, 0, None)
    length = start + count
    if points.start > length:
        raise gap(definition.name, points.start, length)
    if points.start < length:
        _check_same(connection, stream, definition, points)
    for piece in bytes_of.pieces(definition, points.values[length - points.start :], PIECE):
        raw = bytes_of.encode(definition, piece)
        length += len(piece)
        if tail is None:
            place, start, tail = None, length - len(piece), b""
        tail += raw
        is_full = len(tail) >= bytes_of.FULL
        blob = bytes_of.pack(definition, tail) if is_full else tail
        if place is None:
            connection.execute(ADD_ROW, (stream, start, length - start, is_full, blob))
            place = connection.last_insert_rowid()
        else:
            connection.execute(GROW_ROW, (length - start, is_full, blob, place))
        if is_full:
            tail = None
    return length


def _check_same(connection: apsw.Connection, stream: int, definition: StreamDefinition, points: Points) -> None:
    """Raises PointConflict where some of the points are there otherwise."""
    known = reading.points(connection, stream, definition, points.start, points.start + len(points))
    if bytes_of.encode(definition, known.values) != bytes_of.encode(definition, points.values[: len(known)]):
        raise other_points(definition.name, points.start)
