"""Scans by the API that blissdata's users know, wherever the scans are kept.

Law: `DataStore(url)` and `session.data_store()` give the same objects, whether the scans lie in blissdata's Redis or in
a user's own keyspace. Where blissdata's own behaviour is a trap, the meaning of its cheat sheet holds: `stream[-1]` is
the last point so far, a deleted scan ends its readers, and a view holds all that came, up to a bound.

>>> with DataStore("memory://") as data_store:
...     data_store.search_existing_scans(dataset="efgh*")
('0-0', [])
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import Final

from grafana_sensor.bootstrap import clock, connect, open_scans
from grafana_sensor.domain.errors import (
    BadRequest,
    EndOfStream,
    IndexNoMoreThereError,
    IndexNotYetThereError,
    IndexWontBeThereError,
    NoScanAvailable,
    ScanInactive,
    ScanNotFoundError,
)
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.service import datastore
from grafana_sensor.service.cursors import Cursor, CursorGroup, View
from grafana_sensor.service.loadedscan import Scan
from grafana_sensor.service.loadedstream import Stream
from grafana_sensor.service.producing import ProducedScan, ProducedStream

__all__ = [
    "Cursor",
    "CursorGroup",
    "DataStore",
    "EndOfStream",
    "IndexNoMoreThereError",
    "IndexNotYetThereError",
    "IndexWontBeThereError",
    "NoScanAvailable",
    "ProducedScan",
    "ProducedStream",
    "Scan",
    "ScanInactive",
    "ScanNotFoundError",
    "ScanState",
    "Stream",
    "View",
]

_REDIS: Final = ("redis", "rediss", "unix")
_NOBODY: Final = "nobody"


class DataStore(datastore.DataStore):
    """The scans at a URL: `redis://HOST:PORT` of blissdata, to be read; or those of `user` in a store as connect takes it.

    memory:// needs no user, and ends with it. `inactive`: seconds after which an open scan that brought nothing counts
    as dead, and ends its readers by ScanInactive, an EndOfStream; None: never. A context manager that closes it.
    Raises BadRequest for another URL or a user too few, WrongCredentials, Unavailable.
    """

    def __init__(
        self, url: str, *, user: str | None = None, password: str | None = None, inactive: float | None = None
    ) -> None:
        self._held = ExitStack()
        with ExitStack() as opened:
            if url.partition(":")[0].lower() in _REDIS:
                if user is not None or password is not None:
                    raise BadRequest("who reads a Redis is named in its URL: redis://USER:PASSWORD@HOST:PORT")
                store, writing = opened.enter_context(closing(open_scans(url))), None
                store.last_timetag()  # so that one that can't be read is told now
            else:
                database = opened.enter_context(connect(url))
                if url.lower().startswith("memory:") and user is None:
                    user = password = _NOBODY
                    database.register(user, password)
                if user is None or password is None:
                    raise BadRequest(
                        "whose scans? DataStore(url, user=…, password=…) reads and records those of one user"
                    )
                store = writing = opened.enter_context(database.session_login(user, password)).store.scans()
            super().__init__(store, writing, clock, inactive=inactive, close=False)
            self._held = opened.pop_all()

    def close(self) -> None:
        """Let go of the store; harmless when done twice."""
        self._held.close()
