"""What the scans' doors ask of whatever keeps scans: a user's keyspace, or a Redis of blissdata."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from grafana_sensor.domain.scan import Points, Scan, ScanState, StreamDefinition


class ScanStore(ABC):
    """The scans that can be read, by key. A `timetag` is a text that orders scans by when they were created."""

    @abstractmethod
    def last_timetag(self) -> str:
        """The timetag of the newest scan, be it deleted by now; one before all others where there was none."""

    @abstractmethod
    def created(self, since: str, limit: int) -> list[tuple[str, str]]:
        """(timetag, key) of scans after `since`, oldest first, the first `limit` of them."""

    @abstractmethod
    def last(self) -> tuple[str, str]:
        """(timetag, key) of the newest scan that is there. Raises NoScanAvailable."""

    @abstractmethod
    def search(self, identity: Mapping[str, str | int]) -> list[str]:
        """The keys of scans whose identity meets all of these, oldest first; all scans where it is empty.

        A text is met whatever its case, `abc*`, `*abc` and `*abc*` by a part of it, `x|y` by either. Raises ConditionError
        for a pattern or a field that can't be.
        """

    @abstractmethod
    def load(self, key: str) -> Scan:
        """The scan as it is now. Raises ScanNotFoundError."""

    @abstractmethod
    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        """Points of [start, end), without those not sent yet or trimmed.

        Raises ScanNotFoundError; UnknownStream; StreamUnreadable where a plugin would be needed.
        """

    @abstractmethod
    def wait(self, seen: Scan, timeout: float) -> None:
        """Return when the scan may be otherwise than `seen`, or after `timeout` seconds; never later."""

    @abstractmethod
    def wait_for_scan(self, since: str, timeout: float) -> None:
        """Return when there may be a scan after the timetag `since`, or after `timeout` seconds; never later."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""


class ScanWriting(ScanStore):
    """Scans that can be recorded too. Every method is idempotent, so that what wasn't answered can be sent again.

    Nothing is trimmed. A timetag is `MILLISECONDS-0` (UTC), later scans having greater ones, as texts too.
    """

    @abstractmethod
    def create(self, key: str, identity: Mapping[str, str | int], info: Mapping[str, Any], now: int) -> str:
        """The timetag of a new scan in the state CREATED at `now` (UTC µs); of one that is there with this identity, its own.

        `info` is JSON. Raises ScanExists where the key is another scan's.
        """

    @abstractmethod
    def advance(
        self,
        key: str,
        state: ScanState,
        now: int,
        info: Mapping[str, Any] = MappingProxyType({}),
        streams: Sequence[StreamDefinition] = (),
    ) -> None:
        """Raise the state to `state` at `now` (UTC µs), add `info` to what is there, and the streams.

        What is allowed: domain/advance.py. Raises ScanNotFoundError, and StateError where it isn't.
        """

    @abstractmethod
    def send(self, key: str, points: Mapping[str, Points]) -> dict[str, int]:
        """Add points by stream, each from index `start` on; durable when it returns the new lengths by stream.

        They are of the stream's dtype and shape. Those of one stream are added as a whole or not at all. Points below the
        length that are there already, and the same, are left; other ones, or a gap, raise PointConflict. Raises
        ScanNotFoundError; UnknownStream; StateError where a stream is sealed or the scan is not STARTED.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Forget the scan and its points; its key is not to be used again. Raises ScanNotFoundError."""
