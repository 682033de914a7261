from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_sensor.simulator.device import KINDS, LOW_BATTERY, UNPLUGGED, Device, Reading
from grafana_sensor.simulator.weather import DAY

SPRING = 20_560
"""2026-04-17, as days since 1970."""
NAMES = ("air_temperature", "air_humidity", "soil_moisture", "light", "battery", "rssi", "status")
STATES = {"ok", "watering", "sensor fault", "low battery"}
BOUNDS = {
    "air_temperature": (-15, 50),
    "air_humidity": (15, 99.9),
    "soil_moisture": (5, 60),
    "light": (0, 80_000),
    "battery": (1, 100),
    "rssi": (-98, -40),
}
"""What each may be, between winter's night and summer's noon."""

devices = st.builds(Device, seed=st.integers(0, 2**40), number=st.integers(1, 50), every=st.sampled_from((60, 97, 300)))
days = st.integers(0, 40_000)


def column(readings: tuple[Reading, ...], name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(reading.attributes.get(name, "nan")) for reading in readings])


@settings(max_examples=30)
@given(devices, days)
def test_a_day_is_drawn_by_its_seed(device: Device, day: int) -> None:
    """Asked again, by another object and after another day, a day has the same readings; another seed draws others."""
    found = device.readings(day)
    again = Device(device.seed, device.number, device.every)
    again.readings(day + 1)
    assert found == again.readings(day)
    assert found != Device(device.seed + 1, device.number, device.every).readings(day)


@settings(max_examples=30)
@given(devices, days)
def test_readings_are_believable(device: Device, day: int) -> None:
    """In any year, every reading of a day lies in it, in time order, within what such a sensor can say."""
    readings = device.readings(day)
    times = [reading.time for reading in readings]
    assert times == sorted(set(times))
    assert day * DAY <= times[0] <= times[-1] < (day + 1) * DAY
    for name, (least, most) in BOUNDS.items():
        values = column(readings, name)
        allowed = (values >= least) & (values <= most) | np.isnan(values)
        allowed |= (name == "air_temperature") & (values == UNPLUGGED)
        assert allowed.all(), name
    assert {reading.attributes["status"] for reading in readings} <= STATES


@settings(max_examples=30)
@given(devices, days)
def test_midnight_is_no_step(device: Device, day: int) -> None:
    """From the last reading of a day to the first of the next nothing jumps that changes slowly."""
    last, first = device.readings(day)[-1].attributes, device.readings(day + 1)[0].attributes
    for name, most in (("air_temperature", 2.5), ("soil_moisture", 1.5), ("battery", 1.5)):
        if UNPLUGGED not in (last[name], first[name]):
            assert abs(float(last[name]) - float(first[name])) <= most, name


def test_a_day_has_its_course() -> None:
    """By night it is dark; it is warmest in the afternoon, after the light; then the air is driest."""
    at = []
    for number in (1, 2, 3):
        for day in range(SPRING, SPRING + 20):
            readings = [r for r in Device(1, number, 300).readings(day) if r.attributes["air_temperature"] != UNPLUGGED]
            hours = np.array([reading.time % DAY / 3_600 for reading in readings])
            light, warm = column(tuple(readings), "light"), column(tuple(readings), "air_temperature")
            assert (light[(hours < 3) | (hours > 21)] == 0).all() or np.isnan(light).any()
            at.append((hours[np.nanargmax(light)], hours[np.argmax(warm)], np.corrcoef(warm, humid(readings))[0, 1]))
    brightest, warmest, together = np.median(np.array(at), axis=0)
    assert 10 < brightest < 14
    assert brightest + 0.5 < warmest < 18
    assert together < -0.8


def humid(readings: list[Reading]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return column(tuple(readings), "air_humidity")


def test_the_soil_dries_until_it_is_watered() -> None:
    """Between waterings moisture falls; on watering it rises by more than five percent within the hour, and is said."""
    device = Device(1, 2, 60)
    free = [
        day for day in range(SPRING, SPRING + 30) if not {"stuck", "dropout"} & {f.kind for f in device.faults(day)}
    ]
    watered = 0
    for day in free:
        readings = device.readings(day)
        moist = column(readings, "soil_moisture")
        wet = np.array([reading.attributes["status"] == "watering" for reading in readings])
        if wet.any():
            watered += 1
            assert moist[wet].max() - moist[wet].min() > 5
        else:
            assert moist[-1] < moist[0]
    assert 0 < watered < len(free)


def test_a_battery_in_the_shade_runs_low() -> None:
    """The third device's does, says so, and then measures more seldom; the first's doesn't."""
    shaded = [r for day in range(SPRING, SPRING + 30) for r in Device(1, 3, 60).readings(day)]
    low = [reading for reading in shaded if reading.attributes["status"] == "low battery"]
    assert low
    assert max(float(reading.attributes["battery"]) for reading in low) < LOW_BATTERY
    assert len(shaded) < 30 * DAY // 60
    sunny = [r for day in range(SPRING, SPRING + 30) for r in Device(1, 1, 60).readings(day)]
    assert 30 * DAY // 60 == len(sunny)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_shows(kind: str) -> None:
    """Over the faults that `faults` tells of, their attribute does what they are named for."""
    device, seen, spikes = Device(1, 1, 60), 0, 0
    for day in range(SPRING, SPRING + 60):
        for fault in (fault for fault in device.faults(day) if fault.kind == kind):
            seen += 1
            during = tuple(r for r in device.readings(day) if fault.start <= r.time < fault.end)
            assert day * DAY <= during[0].time <= during[-1].time < (day + 1) * DAY
            match kind:
                case "stuck":
                    assert 1 == len(set(column(during, "soil_moisture")))
                case "drift":
                    times = np.array([reading.time for reading in device.readings(day)], np.float64)
                    right = device._measured(times, day)["air_humidity"][times < fault.end]
                    assert min(right[-1] + 18.0, 99.9) == pytest.approx(column(during, "air_humidity")[-1])
                case "spikes":
                    spikes += sum(reading.attributes["air_temperature"] == UNPLUGGED for reading in during)
                case "dropout":
                    assert np.isnan(column(during, "light")).all()
                    assert "ok" not in {reading.attributes["status"] for reading in during}
                    assert during[0].record["light"] is None
    assert seen > 3
    assert (kind == "spikes") == (spikes > seen)


def test_a_record_is_what_a_device_writes() -> None:
    """The record nests as devices do; flattened it has the attributes that it was made of."""
    from grafana_sensor.domain.flatten import flatten

    reading = Device(1, 1, 60).readings(SPRING)[700]
    flat = flatten(reading.record)
    assert (reading.time * 1_000_000, set(NAMES)) == (flat.time, set(flat.attributes))
    assert dict(reading.attributes) == dict(flat.attributes)
