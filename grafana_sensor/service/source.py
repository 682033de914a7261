"""Where an answer comes from: a user's records, the limits, and the clock.

Law: one answer is made from one look at the records, within one budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import NO_SENSOR, Catalog
from grafana_sensor.ports import RecordReading, RecordStore
from grafana_sensor.ports.scans import ScanStore
from grafana_sensor.service.scanmemory import ScanMemory
from grafana_sensor.settings import Settings


class Source(Protocol):
    """Who answers: a user's records, the limits, and the clock (UTC µs). A Session is one."""

    @property
    def store(self) -> RecordStore:
        """The user's records."""

    @property
    def user(self) -> str:
        """The user's name."""

    def scans(self) -> ScanStore:
        """The scans that the user sees. Raises Unprocessable where the store keeps none."""

    @property
    def memory(self) -> ScanMemory:
        """What is remembered of scans between answers."""

    @property
    def settings(self) -> Settings:
        """The limits of an answer."""

    @property
    def clock(self) -> Callable[[], int]:
        """UTC µs."""


@contextmanager
def looking(source: Source) -> Iterator[tuple[RecordReading, Budget]]:
    """A look at the records, and what the answer may cost."""
    budget = source.settings.budget(time.monotonic)
    with source.store.reading() as reading:
        yield reading, budget


def known_sensors(catalog: Catalog) -> list[str]:
    """The names of the user's sensors, in code point order."""
    return sorted(sensor for sensor in catalog.sensors if sensor != NO_SENSOR)
