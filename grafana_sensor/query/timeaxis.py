"""Where a scan's points get their time from: a stream of the scan, and nothing else.

Law: a point is paired with its time by its absolute index. Streams of one entry of the acquisition chain share a time,
others don't. A time that no stream tells is never invented: such points have an index only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.columns import Floats, Ints, Mask
from grafana_sensor.domain.errors import RangeError
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.domain.scan import Scan, ScanState, Stream
from grafana_sensor.domain.timestamps import parse

UNIX: Final = ("epoch", "time")
"""The last parts of names of streams that hold Unix times, the first first."""
ELAPSED: Final = "elapsed_time"
"""That of the one that counts seconds from the first point."""

_FEW: Final = 100
"""Values that are looked at before all of them are."""
_OLDEST: Final = 1e8
"""Seconds: a stream called `time` that begins below it, before 1973, counts from something else."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """`stream` holds Unix times, or seconds since `origin` (UTC µs), where that is known: approximate then."""

    stream: str
    origin: int | None = None


def time_axes(scan: Scan) -> dict[str, list[TimeAxis]]:
    """By stream, the axes that its points may have, the best first; none where the scan tells no time of it.

    A Unix one only counts where `is_unix` says so of its first points.
    """
    found: dict[str, list[TimeAxis]] = {}
    for group in _groups(scan):
        axes = list(_axes(scan, group))
        found |= {name: axes for name in group if name not in found}
    return found


def is_scalar(stream: Stream) -> bool:
    """Whether its points are real numbers, one each."""
    return is_numeric(stream) and stream.definition.shape == ()


def is_numeric(stream: Stream) -> bool:
    """Whether its points are made of real numbers."""
    return stream.definition.kind == "array" and np.dtype(stream.definition.dtype).kind in "biuf"


def started(scan: Scan) -> int | None:
    """When the scan began, in UTC µs: as it says where it says a zone too, else when it was STARTED; None if unknown."""
    return _said(scan.info.get("start_time")) or scan.reached.get(ScanState.STARTED)


def ended(scan: Scan) -> int | None:
    """When the scan ended, in UTC µs, told as its beginning is; None while it is open or where nothing tells."""
    if scan.state < ScanState.STOPPED:
        return None
    reached = scan.reached.get(ScanState.STOPPED, scan.reached.get(ScanState.CLOSED))
    return _said(scan.info.get("end_time")) or reached


def is_unix(values: Floats) -> bool:
    """Whether the values of a stream begin as Unix times do; a stream of none may."""
    for part in (values[:_FEW], values[_FEW:]):
        first = part[~np.isnan(part)][:1]
        if len(first):
            return bool(first[0] >= _OLDEST)
    return True


def to_micros(values: Floats, axis: TimeAxis) -> tuple[Ints, Mask]:
    """The times of the values in UTC µs, and where there is one: neither NaN nor beyond the years 1900 to 2199.

    Unix times are told apart by their size, s, ms, µs or ns, as everywhere.
    """
    size = np.abs(values)
    if axis.origin is not None:
        exact = values * 1e6 + axis.origin
    elif len(values) and np.nanmax(size, initial=0.0) < 1e11:
        exact = values * 1e6
    else:
        scale = np.select([size < 1e11, size < 1e14, size < 1e17], [1e6, 1e3, 1.0], 1e-3)
        exact = values * scale
    with np.errstate(invalid="ignore"):
        here = (exact >= BEGINNING) & (exact < FOREVER)
        return np.where(here, np.rint(exact), 0).astype(np.int64), here


def _axes(scan: Scan, group: Iterable[str]) -> Iterator[TimeAxis]:
    """The axes of one group of streams, the best first."""
    names = [name for name in group if is_scalar(scan.streams[name])]
    for leaf in UNIX:
        yield from (TimeAxis(name) for name in names if _leaf(name) == leaf)
    origin = started(scan)
    if origin is not None:
        yield from (TimeAxis(name, origin) for name in names if _leaf(name) == ELAPSED)


def _leaf(name: str) -> str:
    return name.rpartition(":")[2]


def _groups(scan: Scan) -> list[list[str]]:
    """The streams that share a time: those of each top master, then those of none; all, where there is only one."""
    chains = _mapping(scan.info.get("acquisition_chain")).values()
    named = [names for chain in chains if (names := _channels(scan, _mapping(chain)) & set(scan.streams))]
    if len(named) < 2:
        return [list(scan.streams)]
    others = set(scan.streams) - set().union(*named)
    return [[name for name in scan.streams if name in names] for names in (*named, others)]


def _channels(scan: Scan, chain: Mapping[str, Any]) -> set[str]:
    """The channels of an entry of the acquisition chain: those that it names, and those of its devices."""
    found: set[str] = set()
    for part in (chain, _mapping(chain.get("master"))):
        for kind in ("scalars", "spectra", "images"):
            found.update(_texts(part.get(kind)))
    devices = _mapping(scan.info.get("devices"))
    asked = [*_texts(chain.get("devices")), *_texts([chain.get("top_master")])]
    seen: set[str] = set()
    while asked:
        device = asked.pop()
        if device not in seen:
            seen.add(device)
            said = _mapping(devices.get(device))
            found.update(_texts(said.get("channels")))
            asked += _texts(said.get("triggered_devices"))
    return found


def _said(value: object) -> int | None:
    """A time with a zone, in UTC µs; None of anything else."""
    if not isinstance(value, str) or not (value.endswith(("Z", "z")) or _has_offset(value)):
        return None
    try:
        return parse(value)
    except RangeError:
        return None


def _has_offset(text: str) -> bool:
    return any(sign in text[16:] for sign in "+-")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, (list, tuple)) else []
