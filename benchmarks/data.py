"""Made-up readings of one sensor, the same ones each time.

Law: record i is i * 600 ms after the start, so that 100,000 and 1,000,000 records make 1,000 buckets of 1 and of 10
minutes. Values move as a sensor's do, and have the digits that a sensor gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

SENSOR: Final = "roof"
START: Final = 1_704_067_200_000_000
"""2024-01-01 in UTC µs."""
STEP: Final = 600_000
"""µs from one record to the next."""
BUCKETS: Final = 1_000

ATTRIBUTES: Final = ("temperature", "humidity", "pressure", "battery")


@dataclass(frozen=True, slots=True)
class Readings:
    """`times`: UTC µs; `values`: float64[n] by attribute."""

    times: NDArray[np.int64]
    values: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.times)

    @property
    def end(self) -> int:
        """The first time after all of them, UTC µs."""
        return START + len(self) * STEP

    @property
    def bucket(self) -> int:
        """The width, in ms, of a thousandth of their range."""
        return len(self) * STEP // BUCKETS // 1_000

    def columns(self, start: int, end: int) -> dict[str, list[float]]:
        """Records start to end in columns, the times as epochs in ms."""
        found: dict[str, list[float]] = {"time": (self.times[start:end] // 1_000).tolist()}
        return found | {name: values[start:end].tolist() for name, values in self.values.items()}

    def records(self, start: int, end: int) -> list[dict[str, float]]:
        """Records start to end as a device posts them."""
        columns = self.columns(start, end)
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def readings(count: int) -> Readings:
    """The first `count` readings."""
    chance = np.random.default_rng(7)
    hours = np.arange(count) * (STEP / 3.6e9)
    noise = {name: np.cumsum(chance.normal(0, 0.01, count)) for name in ATTRIBUTES}
    values = {
        "temperature": np.round(12 + 8 * np.sin(hours * 0.26) + noise["temperature"], 2),
        "humidity": np.round(np.clip(60 - 20 * np.sin(hours * 0.26) + 2 * noise["humidity"], 0, 100), 1),
        "pressure": np.round(1_013 + 10 * np.sin(hours * 0.02) + noise["pressure"], 1),
        "battery": np.round(4.2 - hours * 0.001 + chance.normal(0, 0.004, count), 3),
    }
    return Readings(START + np.arange(count, dtype=np.int64) * STEP, values)
