"""What is remembered of scans between answers: streams as columns, and rows of scans that are over.

Law: what is remembered is what the store would tell; it is bounded, and all users of a process share the bound.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from grafana_sensor.domain.scan import IDENTITY, Scan, ScanState
from grafana_sensor.query.timeaxis import ended, started
from grafana_sensor.service.scancolumns import StreamColumns

MOST_ROWS: Final = 20_000
"""Rows of scans that are remembered."""


@dataclass(frozen=True, slots=True)
class ScanRow:
    """A scan in a list. Times in UTC µs; `seconds` from start to end; None is not known, or not yet."""

    key: str
    created: int | None
    identity: dict[str, str | int]
    title: str | None
    type: str | None
    state: ScanState
    start: int | None
    end: int | None
    end_reason: str | None
    npoints: int | None
    streams: int

    @property
    def seconds(self) -> float | None:
        """How long the scan took."""
        return None if self.start is None or self.end is None else (self.end - self.start) / 1e6

    @property
    def name(self) -> str:
        """What people call it: its name and number."""
        return f"{self.identity.get('name', self.key)} {self.identity.get('number', '')}".strip()


def row_of(scan: Scan) -> ScanRow:
    """The row of a scan."""
    npoints = scan.info.get("npoints")
    return ScanRow(
        scan.key,
        scan.reached.get(ScanState.CREATED),
        {name: scan.identity[name] for name in IDENTITY if name in scan.identity},
        _text(scan.info.get("title")),
        _text(scan.info.get("type")),
        scan.state,
        started(scan),
        ended(scan),
        _text(scan.info.get("end_reason")),
        npoints if isinstance(npoints, int) and not isinstance(npoints, bool) else None,
        len(scan.streams),
    )


class ScanRows:
    """Rows of closed scans, which change no more; those asked for longest ago go first. Safe for threads."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._lock = Lock()
        self._rows: OrderedDict[tuple[str, str], ScanRow] = OrderedDict()

    def get(self, owner: str, key: str) -> ScanRow | None:
        """The row of a scan of the owner, None where it isn't remembered."""
        with self._lock:
            row = self._rows.get((owner, key))
            if row is not None:
                self._rows.move_to_end((owner, key))
            return row

    def add(self, owner: str, row: ScanRow) -> None:
        """Remember the row of a scan that is closed; of another nothing."""
        if row.state < ScanState.CLOSED:
            return
        with self._lock:
            self._rows[owner, row.key] = row
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)


class ScanMemory:
    """`columns` of at most `limit` bytes, and `rows`."""

    def __init__(self, limit: int) -> None:
        self.columns = StreamColumns(limit)
        self.rows = ScanRows()


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
