"""What one device measures: a day's readings, with its faults in them.

Law: a day of a device is a function of its seed, number, interval and of the day. Faults are known by `faults`, so
that whoever looks for them can be told whether they were found; none crosses midnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.simulator.weather import DAY, Floats, clouds, drawn, lagging, season, sun, wander

Kind = Literal["stuck", "drift", "spikes", "dropout"]

KINDS: Final[tuple[Kind, ...]] = ("stuck", "drift", "spikes", "dropout")
LOW_BATTERY: Final = 20.0
"""Percent, below which a device says so and measures more seldom."""
SELDOM: Final = 6
"""One of so many readings is taken on a low battery."""
UNPLUGGED: Final = 85.0
"""Degrees Celsius: what a thermometer of the kind DS18B20 says when its power was gone for a moment."""

_STEP: Final = 300
_HISTORY: Final = 10 * DAY
"""How long before a day its slow measures begin: ten time constants of the slowest."""
_WATERED: Final = 6.5 * 3_600
_WATERING: Final = 1_200


@dataclass(frozen=True, slots=True)
class Fault:
    """A sensor that does wrong over [start, end), in UTC seconds."""

    kind: Kind
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device measured at a time, in UTC seconds: nested as it writes its JSON, and as attributes.

    An attribute that a fault keeps away is null in the JSON, and none of `attributes`.
    """

    time: int
    attributes: Mapping[str, float | str]

    @property
    def record(self) -> dict[str, Any]:
        """The record that is posted."""
        found = self.attributes
        return {
            "time": self.time,
            "air": {"temperature": found["air_temperature"], "humidity": found["air_humidity"]},
            "soil": {"moisture": found["soil_moisture"]},
            "light": found.get("light"),
            "battery": found["battery"],
            "rssi": found["rssi"],
            "status": found["status"],
        }


@dataclass(frozen=True)
class Device:
    """A device by its number, from 1; it measures every `every` seconds, at an offset of its own."""

    seed: int
    number: int
    every: int

    @property
    def sensor(self) -> str:
        """Its name."""
        return f"greenhouse-{self.number}"

    def faults(self, day: int) -> tuple[Fault, ...]:
        """The faults of a day, by their start; none or one on most."""
        draw = drawn(self.seed, day, f"{self.number} faults")
        found = []
        for kind in KINDS:
            if draw.random() < 0.2:
                start = day * DAY + draw.integers(0, DAY * 3 // 4)
                found.append(Fault(kind, float(start), float(start + draw.integers(1_200, DAY // 4))))
        return tuple(sorted(found, key=lambda fault: fault.start))

    def readings(self, day: int) -> tuple[Reading, ...]:
        """What it measures on a day, in time order."""
        offset = int(drawn(self.seed, 0, f"{self.number} offset").integers(0, self.every))
        times = day * DAY + np.arange(offset, DAY, self.every)
        measured = self._measured(times.astype(np.float64), day)
        faults = self.faults(day)
        status = self._status(measured["battery"], times, faults)
        _spoil(measured, times, faults, drawn(self.seed, day, f"{self.number} spoilt"))
        awake = (measured["battery"] >= LOW_BATTERY) | (np.arange(len(times)) % SELDOM == 0)
        columns = {name: values[awake].tolist() for name, values in measured.items()}
        columns["status"] = status[awake].tolist()
        return tuple(
            Reading(time, {n: v for n, v in zip(columns, values, strict=True) if v == v})
            for time, *values in zip(times[awake].tolist(), *columns.values(), strict=True)
        )

    def _measured(self, times: Floats, day: int) -> dict[str, NDArray[Any]]:
        """The measures at these times of a day without a fault, rounded as the device does."""
        grid = np.arange(day * DAY - _HISTORY, (day + 1) * DAY + _STEP, _STEP, dtype=np.float64)
        bright = sun(grid) * (1 - 0.8 * clouds(self.seed, grid))
        noise = drawn(self.seed, day, f"{self.number} noise")

        def at(values: Floats, spread: float, digits: int) -> Floats:
            return np.round(np.interp(times, grid, values) + noise.normal(0, spread, len(times)), digits)

        warm = 13 + 5 * season(grid) + 22 * lagging(bright, 7_200 / _STEP) + self._own("air", grid, 2.0, 4)
        damp = 84 - 2.0 * (warm - 14) + self._own("damp", grid, 5.0, 6)
        near = -52 - 5 * self.number + self._own("radio", grid, 4.0, 144) - 0.08 * damp
        glass = 70_000 * (1 - 0.08 * (self.number % 4))
        lux = sun(times) * (1 - 0.8 * clouds(self.seed, times)) * glass
        return {
            "air_temperature": at(warm, 0.06, 2),
            "air_humidity": np.clip(at(damp, 0.3, 1), 15.0, 99.9),
            "soil_moisture": np.clip(at(self._soil(grid), 0.08, 1), 0.0, 60.0),
            "light": np.round(lux * noise.normal(1, 0.01, len(times))),
            "battery": np.clip(at(self._battery(grid, bright), 0.05, 1), 1.0, 100.0),
            "rssi": np.clip(at(near, 1.5, 0), -98.0, -40.0),
        }

    def _own(self, stream: str, times: Floats, most: float, knots: int) -> Floats:
        """What differs from device to device: a line through so many points a day."""
        return most * wander(self.seed, f"{self.number} {stream}", times, DAY // knots)

    @property
    def _pause(self) -> int:
        """Days from one watering to the next."""
        return 2 + self.number % 2

    def _soil(self, times: Floats) -> Floats:
        """The soil's moisture in percent: watered at half past six on its days, and drying until then."""
        since = (times - _WATERED - (self.number % self._pause) * DAY) % (self._pause * DAY)
        rate = 1 / (DAY * (1.6 + 0.3 * (self.number % 4)))
        wet, dry = 43.0, 12.0
        lowest = dry + (wet - dry) * np.exp(-(self._pause * DAY - _WATERING) * rate)
        drying = dry + (wet - dry) * np.exp(-(since - _WATERING) * rate)
        return np.where(since < _WATERING, lowest + (wet - lowest) * since / _WATERING, drying)

    def _battery(self, times: Floats, bright: Floats) -> Floats:
        """Percent: drained all the time and charged by the sun, by a panel made for the season.

        That of every third device lies in the shade.
        """
        clear = np.convolve(sun(times), np.full(DAY // _STEP, _STEP / DAY), mode="same")
        panel = 34.0 if self.number % 3 == 0 else 90.0 - 6 * (self.number % 3)
        level: Floats = (panel / np.median(clear) * lagging(bright, DAY / _STEP)).clip(3.0, 100.0)
        return level

    def _status(self, battery: Floats, times: NDArray[np.int64], faults: tuple[Fault, ...]) -> NDArray[np.str_]:
        """What it says of itself. Only a dropout is a fault that a device can know of."""
        status = np.full(len(times), "ok", dtype="<U12")
        since = (times - _WATERED - (self.number % self._pause) * DAY) % (self._pause * DAY)
        status[since < _WATERING] = "watering"
        for fault in faults:
            if fault.kind == "dropout":
                status[(times >= fault.start) & (times < fault.end)] = "sensor fault"
        status[battery < LOW_BATTERY] = "low battery"
        return status


def _spoil(
    measured: dict[str, NDArray[Any]], times: NDArray[np.int64], faults: tuple[Fault, ...], draw: np.random.Generator
) -> None:
    """Let the faults come over what was measured."""
    for fault in faults:
        (during,) = np.nonzero((times >= fault.start) & (times < fault.end))
        if not len(during):
            continue
        match fault.kind:
            case "stuck":
                measured["soil_moisture"][during] = measured["soil_moisture"][during[0]]
            case "drift":
                slope = np.linspace(0.0, 18.0, len(during)).round(1)
                measured["air_humidity"][during] = (measured["air_humidity"][during] + slope).clip(max=99.9).round(1)
            case "spikes":
                hit = during[draw.random(len(during)) < 0.02]
                measured["air_temperature"][hit] = UNPLUGGED
            case "dropout":
                measured["light"][during] = np.nan


def days(start: int, end: int | None) -> Iterator[int]:
    """The days that the half-open range of UTC seconds touches; without an end they go on."""
    day = start // DAY
    while end is None or day * DAY < end:
        yield day
        day += 1
