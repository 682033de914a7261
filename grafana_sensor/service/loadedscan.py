"""A scan as blissdata's users know it.

Law: state, info and streams are those of the last update; how far a stream goes is asked each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafana_sensor.domain import scan as domain
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.service.feeds import Feed, Patience, Source
from grafana_sensor.service.loadedstream import Stream


class Scan:
    """A scan that was loaded from `source`."""

    def __init__(self, source: Source, scan: domain.Scan) -> None:
        self._scan = scan
        self._feed = Feed(source, scan)
        self._streams: dict[str, Stream] = {}
        self._renew(scan)

    def __repr__(self) -> str:
        return f"<Scan {self.key}: {self.name} {self.number}, {self.state.name}>"

    @property
    def key(self) -> str:
        """What it is loaded by."""
        return self._scan.key

    @property
    def identity(self) -> Mapping[str, str | int]:
        """What it is searched by."""
        return self._scan.identity

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._scan.identity["name"])

    @property
    def number(self) -> int:
        """Its number."""
        return int(self._scan.identity["number"])

    @property
    def data_policy(self) -> str:
        """Its data policy."""
        return str(self._scan.identity["data_policy"])

    @property
    def session(self) -> str | None:
        """Its session, where it has one."""
        return self._optional("session")

    @property
    def proposal(self) -> str | None:
        """Its proposal, where it has one."""
        return self._optional("proposal")

    @property
    def collection(self) -> str | None:
        """Its collection, where it has one."""
        return self._optional("collection")

    @property
    def dataset(self) -> str | None:
        """Its dataset, where it has one."""
        return self._optional("dataset")

    @property
    def path(self) -> str | None:
        """Its path, where it has one."""
        return self._optional("path")

    @property
    def info(self) -> dict[str, Any]:
        """What its producer said of it; a copy."""
        return dict(self._scan.info)

    @property
    def state(self) -> ScanState:
        """How far it had come at the last update."""
        return self._scan.state

    @property
    def streams(self) -> dict[str, Stream]:
        """Its streams by name, in the order in which they were made, none before PREPARED; a copy."""
        return dict(self._streams)

    def update(self, block: bool = True, timeout: float = 0) -> bool:
        """Wait until its state changed since the last update, and take over what it is then; whether it did.

        Waits `timeout` seconds at most where they aren't 0, and not at all without `block` or when it is CLOSED.
        Raises ScanNotFoundError when it was deleted.
        """
        patience = Patience(self._feed.source, timeout, block=block)
        while True:
            scan = self._feed.now()
            if scan.state != self._scan.state:
                self._renew(scan)
                return True
            if scan.state == ScanState.CLOSED or not patience.wait(self._feed, scan):
                return False

    def _renew(self, scan: domain.Scan) -> None:
        known, source = self._streams, self._feed.source

        def load(key: str) -> Scan:
            return Scan(source, source.store.load(key))

        self._streams = {
            name: known.get(name) or Stream(self._feed, stream.definition, load)
            for name, stream in scan.streams.items()
        }
        self._scan = scan

    def _optional(self, field: str) -> str | None:
        value = self._scan.identity.get(field)
        return None if value is None else str(value)
