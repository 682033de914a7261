"""Recording scans in a user's own store: what is taken, and in which order.

Law: the words and the order are blissdata's; what a step needs is checked before it is stored, and a limit that bites is
named. A repeat of a step changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_sensor.domain.errors import (
    LimitError,
    ScanExists,
    ScanNotFoundError,
    StateError,
    Unavailable,
    UnknownStream,
    Unprocessable,
)
from grafana_sensor.domain.scan import Points, Scan, ScanState, StreamDefinition
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports import Key, Post, RecordStore, ScanWriting, StaleDeclarations
from grafana_sensor.service.ingest import other_post
from grafana_sensor.service.pointvalues import values_of
from grafana_sensor.service.recordable import check_identity, check_info
from grafana_sensor.service.ulids import is_ulid, ulid

MOST_STREAMS: Final = 1_000
"""Streams of one scan."""
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class NewScan:
    """A scan to record: what it is known by, and what is known of it. `key`: a ULID of the caller's, None for a new one."""

    identity: Mapping[str, Any]
    info: Mapping[str, Any]
    streams: Sequence[StreamDefinition] = ()
    key: str | None = None


def create(scans: ScanWriting, new: NewScan, clock: Callable[[], int]) -> str:
    """The key of a new scan in the state CREATED; of `new.key` where that scan is there already.

    Raises ScanExists where the key is another scan's, Unprocessable and LimitError for what can't be recorded.
    """
    if new.key is not None and not is_ulid(new.key):
        raise Unprocessable(f"the key {shown(new.key)} is no ULID: 26 characters of 0-9 and A-Z without I, L, O and U")
    now = clock()
    key = new.key or ulid(now)
    scans.create(key, check_identity(new.identity), check_info(new.info), now)
    return key


def prepare(
    scans: ScanWriting, key: str, now: int, info: Mapping[str, Any], streams: Sequence[StreamDefinition]
) -> None:
    """Have the scan PREPARED, with these streams and this info besides what is there.

    Raises ScanNotFoundError, StateError, Unprocessable, LimitError.
    """
    check_streams(streams)
    scans.advance(key, ScanState.PREPARED, now, check_info(info), streams)


def check_streams(streams: Sequence[StreamDefinition]) -> None:
    """Raises Unprocessable where two have one name, LimitError where they are too many or have too much info."""
    if len(streams) > MOST_STREAMS:
        raise LimitError(f"the scan has {len(streams):,} streams, more than the limit of {MOST_STREAMS:,}")
    seen: set[str] = set()
    for each in streams:
        if each.name in seen:
            raise Unprocessable(f"two streams are called {shown(each.name)}: each has a name of its own")
        seen.add(each.name)
    check_info({each.name: dict(each.info) for each in streams}, "the info of all streams")


def begin(scans: ScanWriting, new: NewScan, clock: Callable[[], int]) -> tuple[str, bool]:
    """A new scan that takes points: its key, and whether it was there already, by an earlier call that said the same.

    Raises as `create`, and ScanExists where the scan under the key has other streams.
    """
    known = new.key is not None and _is_there(scans, new.key)
    key = create(scans, new, clock)
    if (scan := scans.load(key)).state < ScanState.PREPARED:
        prepare(scans, key, clock(), {}, new.streams)
        scan = scans.load(key)
    if [each.definition for each in scan.streams.values()] != list(new.streams):
        raise ScanExists(f"the scan {key} is there already, with other streams")
    if scan.state < ScanState.STARTED:
        scans.advance(key, ScanState.STARTED, clock())
    return key, known


def claim(store: RecordStore, name: str, path: str, digest: bytes, now: int) -> str:
    """The key of the scan that the post of this idempotency key begins: a new one, or for a repeat the first post's.

    `path` and `digest` tell a repeat from another post. Raises IdempotencyConflict where the name is another post's.
    """
    key = ulid(now)
    for _ in range(_TRIES):
        claimed = Key(f"k:{name}", path, digest, key, now, b"{}")
        try:
            taken = store.append(Post(key, now, [], store.catalog().version, claimed))
        except StaleDeclarations:
            continue
        if taken is None:
            return key
        if (taken.path, taken.digest) != (path, digest):
            raise other_post(name)
        return taken.batch
    raise Unavailable("the declarations of attributes changed again and again meanwhile: send it once more")


def finish(scans: ScanWriting, key: str, now: int, info: Mapping[str, Any]) -> Scan:
    """The scan, STOPPED where it was STARTED, and CLOSED with this info. Raises ScanNotFoundError, StateError."""
    said = check_info(info)
    if scans.load(key).state == ScanState.STARTED:
        scans.advance(key, ScanState.STOPPED, now)
    scans.advance(key, ScanState.CLOSED, now, said)
    return scans.load(key)


def delete(scans: ScanWriting, key: str, *, force: bool) -> None:
    """Delete a scan that is CLOSED; with `force`, one that is not too. Raises ScanNotFoundError, StateError."""
    state = scans.load(key).state
    if state != ScanState.CLOSED and not force:
        raise StateError(f"scan {key} is {state.name}, not CLOSED: close it first, or force its deletion")
    scans.delete(key)


def append(
    scans: ScanWriting, key: str, points: Mapping[str, tuple[int | None, Any]], most: int | None = None
) -> dict[str, int]:
    """Send points as they came, by stream, from an index on, or where it is None from the stream's end on.

    Each is a list of JSON values, bytes of an array, or an array. Returns the lengths then. Raises as ScanWriting.send,
    PointError, and LimitError beyond `most` points.
    """
    streams = scans.load(key).streams
    ready = {}
    for name, (start, values) in points.items():
        if name not in streams:
            raise UnknownStream.named(name, list(streams))
        stream = streams[name]
        ready[name] = Points(stream.length if start is None else start, values_of(stream.definition, values))
    if most is not None and (count := sum(map(len, ready.values()))) > most:
        raise LimitError(f"the post has {count:,} points, more than the limit of {most:,}: send it in smaller posts")
    return scans.send(key, ready)


def _is_there(scans: ScanWriting, key: str) -> bool:
    try:
        return bool(scans.load(key))
    except ScanNotFoundError:
        return False
