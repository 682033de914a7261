"""One user's scans as they are in the file, through a connection that is in a transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import apsw

from grafana_sensor.chunks import points as bytes_of
from grafana_sensor.domain.errors import ScanNotFoundError, UnknownStream
from grafana_sensor.domain.scan import Points, Scan, ScanState, Stream, StreamDefinition

LAST_TAG = "SELECT value FROM meta WHERE name = 'scan_tag'"
HEAD = "SELECT id, state FROM scan WHERE key = ?"
SCAN = "SELECT id, identity, info, state, reached FROM scan WHERE key = ?"
# Where a stream has no rows yet the inner query is NULL.
STREAMS = """
SELECT id, name, kind, dtype, shape, info,
    coalesce((SELECT start + count FROM scan_points WHERE stream = scan_stream.id ORDER BY start DESC LIMIT 1), 0)
FROM scan_stream WHERE scan = ? ORDER BY id
"""
LENGTHS = """
SELECT name, coalesce((SELECT start + count FROM scan_points WHERE stream = scan_stream.id ORDER BY start DESC LIMIT 1), 0)
FROM scan_stream WHERE scan = ?
"""
STREAM = "SELECT id, name, kind, dtype, shape, info FROM scan_stream WHERE scan = ? AND name = ?"
NAMES = "SELECT name FROM scan_stream WHERE scan = ? ORDER BY id"
ROWS = """
SELECT start, is_full, blob FROM scan_points
WHERE stream = ?1 AND start < ?3
    AND start >= coalesce((SELECT max(start) FROM scan_points WHERE stream = ?1 AND start <= ?2), 0)
ORDER BY start
"""


def select(connection: apsw.Connection, query: str, values: tuple[object, ...] = ()) -> list[Any]:
    """The rows of a query."""
    return connection.execute(query, values).fetchall()


def last_tag(connection: apsw.Connection) -> int:
    """The greatest timetag that was given, 0 where none was."""
    tag: int = select(connection, LAST_TAG)[0][0]
    return tag


def head(connection: apsw.Connection, key: str) -> tuple[int, ScanState]:
    """The scan's number in the file, and its state. Raises ScanNotFoundError."""
    rows = select(connection, HEAD, (key,))
    if not rows:
        raise _missing(key)
    return rows[0][0], ScanState(rows[0][1])


def load(connection: apsw.Connection, key: str) -> tuple[int, Scan]:
    """The scan, and its number in the file. Raises ScanNotFoundError."""
    rows = select(connection, SCAN, (key,))
    if not rows:
        raise _missing(key)
    number, identity, info, state, reached = rows[0]
    streams = {}
    for row in select(connection, STREAMS, (number,)):
        definition = _definition(row[1:6])
        streams[definition.name] = Stream(definition, row[6], sealed=state >= ScanState.STOPPED)
    times = {ScanState(int(each)): when for each, when in json.loads(reached).items()}
    return number, Scan(key, json.loads(identity), json.loads(info), ScanState(state), times, streams)


def lengths(connection: apsw.Connection, number: int) -> Mapping[str, int]:
    """How many points each stream of the scan has."""
    return dict(select(connection, LENGTHS, (number,)))


def streams(connection: apsw.Connection, number: int) -> dict[str, tuple[int, StreamDefinition]]:
    """The scan's streams by name, each with its number in the file."""
    rows = select(connection, STREAMS, (number,))
    return {row[1]: (row[0], _definition(row[1:6])) for row in rows}


def stream(connection: apsw.Connection, number: int, name: str) -> tuple[int, StreamDefinition]:
    """The scan's stream of that name, with its number in the file. Raises UnknownStream."""
    rows = select(connection, STREAM, (number, name))
    if not rows:
        raise UnknownStream.named(name, [known for (known,) in select(connection, NAMES, (number,))])
    return rows[0][0], _definition(rows[0][1:])


def points(connection: apsw.Connection, stream: int, definition: StreamDefinition, start: int, end: int) -> Points:
    """The stream's points of [start, end) that are there."""

    def rows() -> Iterator[Points]:
        found = select(connection, ROWS, (stream, start, end))
        for begin, is_full, blob in found:
            raw = bytes_of.unpack(definition, blob) if is_full else blob
            yield Points(begin, bytes_of.decode(definition, raw))

    return bytes_of.joined(definition, rows(), start, end)


def plain(text: str) -> Any:
    """The value of a JSON text as it is kept here."""
    return json.loads(text)


def _definition(row: Any) -> StreamDefinition:
    name, kind, dtype, shape, info = row
    return StreamDefinition(name, kind, dtype, tuple(json.loads(shape)), json.loads(info))


def _missing(key: str) -> ScanNotFoundError:
    return ScanNotFoundError(f"there is no scan {key!r}")
