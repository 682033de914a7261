"""Scans in few words."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grafana_sensor.domain.scan import Points, ScanState, StreamDefinition
from grafana_sensor.ports import ScanWriting

NOW: Final = 1_767_225_600_000_000
IDENTITY: Final[dict[str, str | int]] = {"name": "ascan", "number": 2, "data_policy": "ESRF", "dataset": "Efgh1"}
DIODE: Final = StreamDefinition("diode:current", "array", "float64", (), {"unit": "A"})
SPECTRUM: Final = StreamDefinition("mca/spectrum", "array", "int32", (3,), {})
RAGGED: Final = StreamDefinition("ragged", "array", "uint16", (-1,), {})
NOTES: Final = StreamDefinition("notes", "json", "", (), {})
STREAMS: Final = (DIODE, SPECTRUM, RAGGED, NOTES)


def created(scans: ScanWriting, key: str, now: int = NOW, **identity: str | int) -> str:
    """The timetag of a new scan."""
    return scans.create(key, {**IDENTITY, **identity}, {}, now)


def started(scans: ScanWriting, key: str, *streams: StreamDefinition) -> str:
    """The key of a new scan that takes points."""
    created(scans, key)
    scans.advance(key, ScanState.PREPARED, NOW, {}, streams or STREAMS)
    scans.advance(key, ScanState.STARTED, NOW)
    return key


def floats(start: int, *values: float) -> dict[str, Points]:
    """Points of DIODE."""
    return {DIODE.name: Points(start, np.array(values))}


def shown(scans: ScanWriting, key: str, stream: str, start: int = 0, end: int = 2**40) -> tuple[int, list[Any]]:
    """The first index and the values of a stream's points, as lists."""
    points = scans.points(key, stream, start, end)
    plain = [each.tolist() if isinstance(each, (np.ndarray, np.generic)) else each for each in points.values]
    return points.start, plain
