"""What the devices send, and when: at once, late after an hour offline, twice, or never.

Law: posts are a function of seed, number of devices and interval, and come by the time of sending; what a server has
to have in the end is `acknowledged`. A post is sent on the day on which its readings were taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import Final

import numpy as np

from grafana_sensor.simulator.device import Device, Reading, days
from grafana_sensor.simulator.weather import DAY, drawn

BUFFER: Final = 600
"""Readings that an offline device keeps; when there are more, the oldest are gone."""
BUNDLE: Final = 100
"""Readings of one post of what was kept."""

_LOST: Final = 0.003
_UNHEARD: Final = 0.01
_OFFLINE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Post:
    """Readings that a device sends together at `at`, in UTC seconds, under a key of their own.

    `sends`: 0 where it is lost on its way, 2 where the device doesn't hear the answer and sends it again.
    `late`: they were kept while the device was offline.
    """

    at: float
    sensor: str
    key: str
    readings: tuple[Reading, ...]
    sends: int
    late: bool


@dataclass(frozen=True, slots=True)
class Offline:
    """No network over [start, end), in UTC seconds; then what was kept is sent in this order."""

    start: float
    end: float
    order: str


@dataclass(frozen=True)
class Fleet:
    """So many devices, each of which measures every `every` seconds."""

    seed: int = 1
    size: int = 3
    every: int = 10

    @property
    def devices(self) -> tuple[Device, ...]:
        """They, by number."""
        return tuple(Device(self.seed, number, self.every) for number in range(1, self.size + 1))

    def posts(self, start: int, end: int | None = None) -> Iterator[Post]:
        """What is sent in [start, end), by time; without an end it goes on."""
        for day in days(start, end):
            for post in merge(*(day_of_posts(device, day) for device in self.devices), key=lambda post: post.at):
                if post.at >= start and (end is None or post.at < end):
                    yield post

    def acknowledged(self, start: int, end: int) -> Iterator[tuple[str, Reading]]:
        """The sensor's name and the reading, of all that reaches the server in [start, end)."""
        for post in self.posts(start, end):
            if post.sends:
                yield from ((post.sensor, reading) for reading in post.readings)


def offline(device: Device, day: int) -> Offline | None:
    """When the device is offline on a day, if it is."""
    draw = drawn(device.seed, day, f"{device.number} offline")
    if draw.random() >= _OFFLINE:
        return None
    start = day * DAY + draw.integers(0, 20 * 3_600)
    end = start + draw.integers(600, 3 * 3_600)
    return Offline(float(start), float(end), str(draw.choice(["oldest first", "newest first", "mixed"])))


def day_of_posts(device: Device, day: int) -> list[Post]:
    """What a device sends on a day, by time."""
    gone = offline(device, day)
    draw = drawn(device.seed, day, f"{device.number} sends")
    posts, kept = [], []
    for reading in device.readings(day):
        luck = draw.random()
        if gone is not None and gone.start <= reading.time < gone.end:
            kept.append(reading)
        else:
            sends = 0 if luck < _LOST else 2 if luck < _LOST + _UNHEARD else 1
            posts.append(Post(float(reading.time), device.sensor, _key(device, reading.time), (reading,), sends, False))
    if gone is not None and kept:
        posts += _kept(device, gone, kept[-BUFFER:], draw)
    return sorted(posts, key=lambda post: post.at)


def _kept(device: Device, gone: Offline, kept: list[Reading], draw: np.random.Generator) -> Iterator[Post]:
    """The posts of what was kept, two seconds from one to the next."""
    if gone.order == "newest first":
        kept = sorted(kept, key=lambda reading: -reading.time)
    elif gone.order == "mixed":
        kept = [kept[place] for place in draw.permutation(len(kept))]
    for number, place in enumerate(range(0, len(kept), BUNDLE)):
        sends = 2 if draw.random() < 0.2 else 1
        bundle = tuple(kept[place : place + BUNDLE])
        yield Post(
            gone.end + 2 * number, device.sensor, _key(device, f"{gone.end:.0f}-{number}"), bundle, sends, late=True
        )


def _key(device: Device, name: object) -> str:
    return f"simulator-{device.seed}-{device.every}-{device.sensor}-{name}"
