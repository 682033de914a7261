"""All scans of a store, as blissdata's users know them.

Law: who waits for scans from a timetag on misses none and gets none twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from grafana_sensor.domain.errors import Forbidden, NoScanAvailable, NotFound, StateError
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.ports.scans import ScanStore, ScanWriting
from grafana_sensor.service.feeds import Patience, Source
from grafana_sensor.service.loadedscan import Scan
from grafana_sensor.service.producing import ProducedScan


class DataStore:
    """The scans of `store`, recorded to `writing` where they can be; `clock`: UTC µs. A context manager that closes it.

    With `close` closing it closes the store. `inactive`: seconds after which an open scan that brought nothing ends its readers by ScanInactive, an EndOfStream.
    """

    def __init__(
        self,
        store: ScanStore,
        writing: ScanWriting | None,
        clock: Callable[[], int],
        *,
        inactive: float | None = None,
        close: bool = True,
    ) -> None:
        self._source = Source(store, inactive)
        self._writing = writing
        self._clock = clock
        self._close = close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def get_last_scan(self) -> tuple[str, str]:
        """(timetag, key) of the newest scan. Raises NoScanAvailable."""
        return self._source.store.last()

    def get_last_scan_timetag(self) -> str:
        """Where get_next_scan is to begin for scans that aren't there yet."""
        return self._source.store.last_timetag()

    def get_next_scan(self, since: str | None = None, block: bool = True, timeout: float = 0) -> tuple[str, str]:
        """(timetag, key) of the first scan after the timetag `since`, or that is created from now on; "0-0" is before all.

        It is waited for: until `timeout` seconds are over, for ever where they are 0, not at all without `block`.
        Raises NoScanAvailable.
        """
        store = self._source.store
        patience = Patience(self._source, timeout, block=block)
        since = store.last_timetag() if since is None else since
        while True:
            if found := store.created(since, 1):
                return found[0]
            if (left := patience.left()) <= 0:
                raise NoScanAvailable("no new scan has come" if block else "there is no newer scan yet")
            store.wait_for_scan(since, left)

    def search_existing_scans(self, **identity: str | int | None) -> tuple[str, list[str]]:
        """(timetag, keys) of the scans that meet all of `identity`, oldest first; None asks nothing.

        The timetag is from before the search: get_next_scan since then misses nothing. Raises ConditionError.
        """
        timetag = self._source.store.last_timetag()
        given = {name: value for name, value in identity.items() if value is not None}
        return timetag, self._source.store.search(given)

    def load_scan(self, key: str) -> Scan:
        """The scan. Raises ScanNotFoundError."""
        return Scan(self._source, self._source.store.load(key))

    def get_scans_state(self, keys: Sequence[str]) -> dict[str, ScanState]:
        """The states of scans by key. Raises ScanNotFoundError where one isn't there."""
        return {key: self._source.store.load(key).state for key in keys}

    def create_scan(self, identity: Mapping[str, Any], info: Mapping[str, Any] | None = None) -> ProducedScan:
        """A new scan to record, CREATED: at least `name`, `number` and `data_policy` in its identity.

        Raises Unprocessable and LimitError for what can't be recorded, Forbidden where scans are only read.
        """
        return ProducedScan(self._written("recorded"), identity, info or {}, self._clock)

    def delete_scan(self, key: str, force: bool = False) -> None:
        """Delete a closed scan, with `force` an open one too; nothing where it isn't there.

        Raises StateError where it is open, Forbidden where scans are only read.
        """
        writing = self._written("deleted")
        try:
            state = writing.load(key).state
        except NotFound:
            return
        if state != ScanState.CLOSED and not force:
            raise StateError(f"scan {key} is {state.name}, not CLOSED; delete it with force=True all the same")
        writing.delete(key)

    def close(self) -> None:
        """Let go of the store; harmless when done twice."""
        if self._close:
            self._source.store.close()

    def _written(self, done: str) -> ScanWriting:
        if self._writing is None:
            raise Forbidden(f"scans are only read here: they are {done} by blissdata itself")
        return self._writing
