"""Recording a scan from Python, by the verbs of blissdata's producers.

Law: info and streams are stored when the scan is prepared, info once more when it is closed; points soon after they are
sent, in their order, all of them before the scan is stopped. A process that dies loses what it had sent no more than
some milliseconds before, unless it joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from grafana_sensor.domain.errors import StateError
from grafana_sensor.domain.scan import Points, ScanState, StreamDefinition
from grafana_sensor.ports import ScanWriting
from grafana_sensor.service import recording
from grafana_sensor.service.outbox import Outbox
from grafana_sensor.service.pointvalues import batch_of
from grafana_sensor.service.recordable import check_info, definition
from grafana_sensor.service.recording import NewScan


class ProducedStream:
    """A stream that is recorded. Its points may be sent by one thread at a time."""

    def __init__(self, scan: ProducedScan, made: StreamDefinition) -> None:
        self._scan = scan
        self._length = 0
        self.definition = made

    def __len__(self) -> int:
        return self._length

    def __repr__(self) -> str:
        return f"<stream {self.name}: {self._length} points>"

    @property
    def name(self) -> str:
        """Its name."""
        return self.definition.name

    def send(self, data: Any) -> None:
        """Send one point, or several: of the stream's dtype exactly, of its shape or (n, *shape); of JSON a list is several.

        It returns at once; `join` waits until they are durable. Raises PointError, LimitError, StateError, and what an
        earlier one failed on.
        """
        values = batch_of(self.definition, data)
        self._scan.take(self.name, Points(self._length, values.copy()))
        self._length += len(values)

    def join(self) -> None:
        """Wait until all that was sent to the scan is durable. Raises what that failed on."""
        self._scan.join()


class ProducedScan:
    """A scan that is recorded to `scans`: made by DataStore.create_scan. `clock`: UTC µs."""

    def __init__(
        self, scans: ScanWriting, identity: Mapping[str, Any], info: Mapping[str, Any], clock: Callable[[], int]
    ) -> None:
        self._scans = scans
        self._clock = clock
        self._streams: dict[str, ProducedStream] = {}
        self._outbox = Outbox(lambda points: scans.send(self.key, points))
        self.key = recording.create(scans, NewScan(identity, info), clock)
        self.info: dict[str, Any] = dict(info)
        self.state = ScanState.CREATED
        self.identity: Mapping[str, Any] = MappingProxyType(dict(identity))

    def __repr__(self) -> str:
        return f"<recording scan {self.key}: {self.identity['name']} {self.identity['number']}, {self.state.name}>"

    @property
    def streams(self) -> Mapping[str, ProducedStream]:
        """Its streams by name, in the order in which they were made."""
        return MappingProxyType(self._streams)

    def create_stream(
        self,
        stream: str | StreamDefinition,
        dtype: Any = "float64",
        shape: Sequence[int] = (),
        info: Mapping[str, Any] | None = None,
    ) -> ProducedStream:
        """A stream of the scan, by a definition or by its parts: see recordable.definition.

        Raises StateError once the scan is prepared, Unprocessable where it has a stream of that name.
        """
        if self.state != ScanState.CREATED:
            raise StateError(f"scan {self.key} is {self.state.name}: streams are made before it is prepared")
        made = stream if isinstance(stream, StreamDefinition) else definition(stream, dtype, shape, info)
        recording.check_streams([*(each.definition for each in self._streams.values()), made])
        found = self._streams[made.name] = ProducedStream(self, made)
        return found

    def prepare(self) -> None:
        """Store the streams and the info. Raises StateError, Unprocessable, LimitError."""
        streams = [each.definition for each in self._streams.values()]
        recording.prepare(self._scans, self.key, self._clock(), self.info, streams)
        self.state = ScanState.PREPARED

    def start(self) -> None:
        """Take points from now on. Raises StateError."""
        self._advance(ScanState.STARTED)

    def stop(self) -> None:
        """Wait until all points are durable, and seal all streams. Raises StateError, and what a write failed on."""
        self._outbox.join()
        self._advance(ScanState.STOPPED)

    def close(self) -> None:
        """Stop it where it is started, and store the info. Raises as `stop`, and StateError where it is closed already."""
        if self.state == ScanState.STARTED:
            self.stop()
        self._scans.advance(self.key, ScanState.CLOSED, self._clock(), check_info(self.info))
        self.state = ScanState.CLOSED

    def take(self, stream: str, points: Points) -> None:
        """Have a stream's points stored. Raises StateError where the scan is not started."""
        if self.state != ScanState.STARTED:
            raise StateError(f"scan {self.key} is {self.state.name}: it takes points when it is STARTED")
        self._outbox.add(stream, points)

    def join(self) -> None:
        """Wait until all that was sent is durable. Raises what that failed on."""
        self._outbox.join()

    def _advance(self, state: ScanState) -> None:
        self._scans.advance(self.key, state, self._clock())
        self.state = state
