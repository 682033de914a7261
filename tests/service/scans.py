"""Scans to ask about, recorded through the port; and a store that tells what was read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.domain.scan import Kind, Points, Scan, ScanState, StreamDefinition
from grafana_sensor.ports import ScanWriting
from tests.service.fakes import NOW

SECOND: Final = 1_000_000
START: Final = NOW // SECOND
"""2026-01-01, in seconds."""

CHAIN: Final = {
    "start_time": "2026-01-01T00:00:00+00:00",
    "channels": {
        "diode:current": {"dim": 0, "unit": "A", "display_name": "current"},
        "mca:spec": {"dim": 1, "unit": "counts"},
        "mot:x": {"dim": 0, "unit": "mm"},
    },
    "devices": {
        "mca": {"name": "mca", "channels": ["mca:spec"], "xaxis_array": [1.0, 2.0, 4.0], "xaxis_array_unit": "keV"}
    },
}


def definition(
    name: str, dtype: str = "float64", shape: tuple[int, ...] = (), kind: Kind = "array"
) -> StreamDefinition:
    """A stream to be made."""
    return StreamDefinition(name, kind, dtype if kind == "array" else "", shape, {})


class Recorder:
    """Records one scan into a store."""

    def __init__(
        self,
        store: ScanWriting,
        key: str = "K1",
        number: int = 1,
        info: Mapping[str, Any] | None = None,
        now: int = NOW,
        **identity: str,
    ) -> None:
        self.store, self.key = store, key
        self.info: Mapping[str, Any] = CHAIN if info is None else info
        store.create(key, {"name": "ascan", "number": number, "data_policy": "no", **identity}, {}, now)
        self.now = now

    def start(self, *streams: StreamDefinition) -> Recorder:
        """PREPARED with these streams, then STARTED."""
        self.store.advance(self.key, ScanState.PREPARED, self.now, self.info, streams)
        self.store.advance(self.key, ScanState.STARTED, self.now)
        return self

    def send(self, **points: Any) -> Recorder:
        """Points of streams behind those that are there, `__` in a name being `:`."""
        scan = self.store.load(self.key)
        for name, values in ((given.replace("__", ":"), values) for given, values in points.items()):
            stream = scan.streams[name]
            array = stream.definition.kind == "array" and -1 not in stream.definition.shape
            made = np.array(values, stream.definition.dtype) if array else list(values)
            self.store.send(self.key, {name: Points(stream.length, made)})
        return self

    def end(self, reason: str = "SUCCESS", after: float = 60.0) -> Recorder:
        """STOPPED and CLOSED, so many seconds after it began."""
        now = self.now + round(after * SECOND)
        self.store.advance(self.key, ScanState.STOPPED, now)
        self.store.advance(self.key, ScanState.CLOSED, now, {"end_reason": reason})
        return self


class CountedScans(MemoryScans):
    """Scans in memory; `read` counts the points that were given, by stream. `waiting` is called in place of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[str, int] = {}
        self.loads = 0
        self.waiting: Callable[[], None] = lambda: None

    def load(self, key: str) -> Scan:
        self.loads += 1
        return super().load(key)

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        found = super().points(key, stream, start, end)
        self.read[stream] = self.read.get(stream, 0) + len(found)
        return found

    def wait(self, seen: Scan, timeout: float) -> None:
        self.waiting()


def ascan(store: ScanWriting, key: str = "K1", number: int = 1, **identity: str) -> Recorder:
    """A scan of five points a second apart, begun, with a motor, a diode, a spectrum, a state and an image."""
    recorder = Recorder(store, key, number, CHAIN, NOW, **identity).start(
        definition("timer:epoch"),
        definition("mot:x"),
        definition("diode:current"),
        definition("mca:spec", "int32", (3,)),
        definition("shutter", kind="json"),
        definition("cam:image", "uint16", (2, 2)),
    )
    return recorder.send(
        timer__epoch=[START + second for second in range(5)],
        mot__x=[0.0, 1.0, 2.0, 3.0, 4.0],
        diode__current=[10.0, 11.0, float("nan"), 13.0, 14.0],
        mca__spec=[[n, n + 1, n + 2] for n in range(5)],
        shutter=["open", "open", "closed", {"at": 1}, "open"],
        cam__image=np.zeros((5, 2, 2)),
    )
