"""How a scan may go on: from state to state, with what becomes known on the way.

Law: one state at a time, but CLOSED from any. Info is added on the way to PREPARED and to CLOSED, streams are made on
the way to PREPARED. Points are taken while the scan is STARTED. From STOPPED on every stream is sealed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from grafana_sensor.domain.errors import PointConflict, StateError, UnknownStream
from grafana_sensor.domain.scan import Scan, ScanState, Stream, StreamDefinition


def advanced(
    scan: Scan, state: ScanState, now: int, info: Mapping[str, Any], streams: Sequence[StreamDefinition]
) -> Scan:
    """The scan in `state`, reached at `now` (UTC µs); the same scan where it is there already, by this very step.

    Raises StateError where the step is not allowed.
    """
    if state == scan.state and _repeats(scan, info, streams):
        return scan
    if state != ScanState.CLOSED and state != scan.state + 1:
        raise StateError(f"scan {scan.key} is {scan.state.name}: it can't be {state.name} next; {_next(scan.state)}")
    if state == scan.state:
        raise StateError(f"scan {scan.key} is CLOSED already, with other info")
    if info and state not in (ScanState.PREPARED, ScanState.CLOSED):
        raise StateError(f"the info of scan {scan.key} is added when it is PREPARED or CLOSED, not {state.name}")
    if streams and state != ScanState.PREPARED:
        raise StateError(f"streams of scan {scan.key} are made when it is PREPARED, not {state.name}")
    made = {each.name: Stream(each) for each in streams} or scan.streams
    return replace(
        scan,
        state=state,
        info={**scan.info, **info},
        reached={**scan.reached, state: now},
        streams={name: replace(stream, sealed=state >= ScanState.STOPPED) for name, stream in made.items()},
    )


def check_taking(scan: Scan, stream: str) -> StreamDefinition:
    """The stream's definition, where it takes points now. Raises UnknownStream, StateError."""
    found = scan.streams.get(stream)
    if found is None:
        raise UnknownStream.named(stream, list(scan.streams))
    if found.sealed or scan.state >= ScanState.STOPPED:
        raise StateError(
            f"scan {scan.key} is {scan.state.name}: its stream {stream!r} is sealed and takes no more points"
        )
    if scan.state != ScanState.STARTED:
        raise StateError(f"scan {scan.key} is {scan.state.name}: it takes points when it is STARTED")
    return found.definition


def gap(stream: str, start: int, length: int) -> PointConflict:
    """The error of points that begin beyond the stream's end."""
    return PointConflict(
        f"points of stream {stream!r} begin at index {start:,}, but there are {length:,}: send those between"
    )


def other_points(stream: str, start: int) -> PointConflict:
    """The error of points that are there otherwise; `start`: an index near which."""
    return PointConflict(
        f"stream {stream!r} has other points than these from index {start:,} on; does another producer send to it?"
    )


def _repeats(scan: Scan, info: Mapping[str, Any], streams: Sequence[StreamDefinition]) -> bool:
    return all(name in scan.info and scan.info[name] == value for name, value in info.items()) and (
        not streams or list(streams) == [stream.definition for stream in scan.streams.values()]
    )


def _next(state: ScanState) -> str:
    if state == ScanState.CLOSED:
        return "nothing is"
    following = ScanState(state + 1).name
    return f"{following} is" if following == "CLOSED" else f"{following} is, or CLOSED"
