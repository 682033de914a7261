"""One user's scans on Cassandra.

Law: a scan is there when it is listed, and its state is changed on condition of the one before. What one send carries is
there stream by stream. A change that stops midway shows nothing that was acknowledged, and is finished by its repeat.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.cassandra.scan_list import ScanList
from grafana_sensor.adapters.cassandra.scan_points import Placed, Rows
from grafana_sensor.adapters.cassandra.scan_sending import Sending
from grafana_sensor.adapters.timetags import NONE, following, milliseconds, text
from grafana_sensor.domain.advance import advanced
from grafana_sensor.domain.errors import NoScanAvailable, ScanExists, ScanNotFoundError, Unavailable, UnknownStream
from grafana_sensor.domain.scan import Points, Scan, ScanState, Stream, StreamDefinition
from grafana_sensor.domain.scansearch import search
from grafana_sensor.ports import ScanWriting

POLL: Final = 0.02
"""Seconds between two looks of one who waits."""
REMEMBERED: Final = 64
"""Scans whose streams are remembered."""
DELETED: Final = -1
_TRIES: Final = 100

HEAD: Final = Cql("SELECT state, identity, tag, is_listed FROM scan WHERE owner = ? AND key = ? LIMIT 1")
SCAN: Final = Cql("SELECT state, identity, info, reached, streams, name, part FROM scan WHERE owner = ? AND key = ?")
STREAMS: Final = Cql("SELECT state, streams, name, part FROM scan WHERE owner = ? AND key = ?")
BEAT: Final = Cql("SELECT state, beat FROM scan WHERE owner = ? AND key = ? LIMIT 1")
CREATE: Final = Cql(
    "UPDATE scan SET state = 0, identity = ?, info = ?, reached = ?, streams = '[]', tag = ?"
    " WHERE owner = ? AND key = ? IF state = ?",
    serial=True,
)
RETAG: Final = Cql("UPDATE scan SET tag = ? WHERE owner = ? AND key = ? IF tag = ?", serial=True)
SHOW: Final = Cql("UPDATE scan SET is_listed = true WHERE owner = ? AND key = ?")
ADVANCE: Final = Cql(
    "UPDATE scan SET state = ?, info = ?, reached = ?, streams = ?, beat = ? WHERE owner = ? AND key = ? IF state = ?",
    serial=True,
)
STIR: Final = Cql("UPDATE scan SET beat = ? WHERE owner = ? AND key = ?")
DELETE: Final = Cql(
    "UPDATE scan SET state = -1, info = '{}', beat = ? WHERE owner = ? AND key = ? IF state = ?", serial=True
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A scan as it was found, but for the lengths of its streams."""

    scan: Scan
    streams: Mapping[str, Placed]


class CassandraScans(ScanWriting):
    """The scans of one owner; closing them closes nothing."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner
        self._list = ScanList(connection, owner)
        self._sendings: dict[str, Sending] = {}

    def last_timetag(self) -> str:
        """See the port."""
        greatest = self._list.head().greatest
        return text(greatest) if greatest else NONE

    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """See the port."""
        return [(text(tag), key) for tag, key in self._list.after(milliseconds(since), limit)]

    def last(self) -> tuple[str, str]:
        """See the port."""
        newest = self._list.newest()
        if newest is None:
            raise NoScanAvailable("there is no scan yet")
        return text(newest[0]), newest[1]

    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """See the port."""
        meant = search(identity)
        return [key for key, found in self._list.all() if meant(json.loads(found))]

    def load(self, key: str) -> Scan:
        """See the port."""
        found = self._found(key)
        tails = Rows(self._connection, self._owner, key).tails(found.streams.values())
        streams = {
            name: Stream(placed.definition, tails[name].length, sealed=tails[name].is_closed)
            for name, placed in found.streams.items()
        }
        return replace(found.scan, streams=streams)

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """See the port."""
        _, streams = self._streams(key)
        if stream not in streams:
            raise UnknownStream.named(stream, list(streams))
        return Rows(self._connection, self._owner, key).points(streams[stream], start, end)

    def wait(self, seen: Scan, timeout: float) -> None:
        """See the port."""
        until = time.monotonic() + timeout
        heard: object = self
        while True:
            beat = self._connection.run(BEAT, self._owner, seen.key)
            if beat != heard:
                heard = beat
                try:
                    now = self.load(seen.key)
                except ScanNotFoundError:
                    return
                if (now.state, now.streams) != (seen.state, seen.streams):
                    return
            if not _paused(until):
                return

    def wait_for_scan(self, since: str, timeout: float) -> None:
        """See the port."""
        until = time.monotonic() + timeout
        while not self.created(since, 1) and _paused(until):
            pass

    def close(self) -> None:
        """See the port."""

    def create(self, key: str, identity: Mapping[str, str | int], info: Mapping[str, Any], now: int) -> str:
        """See the port."""
        tag = following(self._list.head().greatest, now)
        fields = json.dumps(dict(identity)), json.dumps(dict(info)), json.dumps({0: now})
        self._connection.conditional((CREATE, (*fields, tag, self._owner, key, None)))
        for _ in range(_TRIES):
            ((state, found, tag, is_listed),) = self._connection.run(HEAD, self._owner, key)
            if state == DELETED or json.loads(found) != dict(identity):
                raise ScanExists(f"the key {key!r} is another scan's{', deleted by now' * (state == DELETED)}")
            if is_listed:
                return text(tag)
            head = self._list.head()
            if tag <= head.greatest and not self._list.has(tag, key):
                self._connection.conditional((RETAG, (following(head.greatest, now), self._owner, key, tag)))
            elif tag <= head.greatest or self._list.add(head, tag, key, found):
                self._connection.run(SHOW, self._owner, key)
        raise Unavailable("scans are created again and again meanwhile: create the scan once more")

    def advance(
        self,
        key: str,
        state: ScanState,
        now: int,
        info: Mapping[str, Any] = MappingProxyType({}),
        streams: Sequence[StreamDefinition] = (),
    ) -> None:
        """See the port."""
        for _ in range(_TRIES):
            found = self._found(key)
            after = advanced(found.scan, state, now, info, streams)
            if after is found.scan:
                return
            if state >= ScanState.STOPPED:
                Rows(self._connection, self._owner, key).close(list(found.streams.values()))
            fields = (
                json.dumps(after.info),
                json.dumps({each.value: when for each, when in after.reached.items()}),
                json.dumps([_plain(stream.definition) for stream in after.streams.values()]),
            )
            change = ADVANCE, (state.value, *fields, _beat(), self._owner, key, found.scan.state.value)
            if self._connection.conditional(change) is None:
                return
        raise Unavailable("the scan changes again and again meanwhile: try once more")

    def send(self, key: str, points: Mapping[str, Points]) -> dict[str, int]:
        """See the port."""
        sending = self._sendings.get(key)
        if sending is None:
            state, streams = self._streams(key)
            scan = Scan(key, {}, {}, state, {}, _lengthless(streams))
            sending = Sending(Rows(self._connection, self._owner, key), scan, streams)
        try:
            lengths = sending.send(points)
        except Exception:
            # Whatever it was, what is remembered may be wrong by now.
            self._sendings.pop(key, None)
            self._streams(key)
            raise
        if key not in self._sendings:
            if len(self._sendings) >= REMEMBERED:
                self._sendings.clear()
            self._sendings[key] = sending
        self._stir(key)
        return lengths

    def delete(self, key: str) -> None:
        """See the port."""
        for _ in range(_TRIES):
            rows = self._connection.run(HEAD, self._owner, key)
            state = rows[0][0] if rows else None
            if state is None:
                raise _missing(key)
            gone = self._connection.conditional((DELETE, (_beat(), self._owner, key, state))) is None
            if gone:
                break
        self._list.drop(rows[0][2])
        streams = _placed(self._connection.run(STREAMS, self._owner, key))
        Rows(self._connection, self._owner, key).drop(list(streams.values()))
        if state == DELETED:
            raise _missing(key)

    def _stir(self, key: str) -> None:
        """Wake who waits. Raises ScanNotFoundError, with nothing left, where the scan was deleted meanwhile."""
        _, rows = self._connection.run_all([(STIR, (_beat(), self._owner, key)), (STREAMS, (self._owner, key))])
        if rows[0][0] == DELETED:
            self._sendings.pop(key, None)
            Rows(self._connection, self._owner, key).drop(list(_placed(rows).values()))
            raise _missing(key)

    def _found(self, key: str) -> _Found:
        rows = self._connection.run(SCAN, self._owner, key)
        if not rows or rows[0][0] in (None, DELETED):
            raise _missing(key)
        state, identity, info, reached = rows[0][:4]
        streams = _placed([(row[0], *row[4:]) for row in rows])
        times = {ScanState(int(each)): when for each, when in json.loads(reached).items()}
        scan = Scan(key, json.loads(identity), json.loads(info), ScanState(state), times, _lengthless(streams))
        return _Found(scan, streams)

    def _streams(self, key: str) -> tuple[ScanState, dict[str, Placed]]:
        """The scan's state and streams. Raises ScanNotFoundError."""
        rows = self._connection.run(STREAMS, self._owner, key)
        if not rows or rows[0][0] in (None, DELETED):
            raise _missing(key)
        return ScanState(rows[0][0]), _placed(rows)


def _placed(rows: Sequence[Any]) -> dict[str, Placed]:
    """The streams of a scan, from rows of (state, streams, name, part)."""
    parts = {name: part for _, _, name, part in rows if name is not None}
    plain = json.loads(rows[0][1] or "[]")
    made = (StreamDefinition(name, kind, dtype, tuple(shape), info) for name, kind, dtype, shape, info in plain)
    return {each.name: Placed(each, parts.get(each.name) or 0) for each in made}


def _plain(definition: StreamDefinition) -> list[Any]:
    return [definition.name, definition.kind, definition.dtype, list(definition.shape), dict(definition.info)]


def _lengthless(streams: Mapping[str, Placed]) -> dict[str, Stream]:
    return {name: Stream(placed.definition) for name, placed in streams.items()}


def _beat() -> str:
    return secrets.token_hex(4)


def _paused(until: float) -> bool:
    """False where the time is over; else True, after a while."""
    left = until - time.monotonic()
    if left > 0:
        time.sleep(min(POLL, left))
    return left > 0


def _missing(key: str) -> ScanNotFoundError:
    return ScanNotFoundError(f"there is no scan {key!r}")
