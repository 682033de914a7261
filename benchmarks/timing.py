"""How long something takes, in a bounded number of tries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np


@dataclass(frozen=True, slots=True)
class Effort:
    """How much time a figure may take: `seconds` for each, and at most so many `tries`, the first one uncounted."""

    seconds: float
    tries: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the median and the 99th percentile of the tries."""

    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.milliseconds(self.p50)} / {self.milliseconds(self.p99)}"

    @staticmethod
    def milliseconds(seconds: float) -> str:
        """The seconds as milliseconds, with three digits or so."""
        return f"{seconds * 1_000:,.{1 if seconds >= 0.01 else 2}f}"


def spread(call: Callable[[], object], effort: Effort) -> Spread:
    """The time of one call, warm; at least two calls are made."""
    call()
    found: list[float] = []
    end = perf_counter() + effort.seconds
    while not found or (len(found) < effort.tries and perf_counter() < end):
        start = perf_counter()
        call()
        found.append(perf_counter() - start)
    return Spread(float(np.percentile(found, 50)), float(np.percentile(found, 99)))
