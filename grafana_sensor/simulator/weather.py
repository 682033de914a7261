"""The sun and the clouds over a made-up place, at the hours of UTC.

Law: what is drawn belongs to a day, a stream and the seed, never to the order of the asking, and it is continuous over
midnights. Times are UTC seconds since 1970, in float64; a day is their whole number of 86,400 s.
"""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY: Final = 86_400
LATITUDE: Final = np.deg2rad(47.0)
TILT: Final = np.deg2rad(23.44)
YEAR: Final = 365.2425

_BEFORE_1970: Final = 100_000
"""Days: seeds of NumPy are not negative."""
_SOLSTICE: Final = 171
"""The day of the year, from 0, on which the sun stands highest."""


def drawn(seed: int, day: int, stream: str) -> np.random.Generator:
    """What is drawn of this stream on this day."""
    return np.random.default_rng((seed, day + _BEFORE_1970, zlib.crc32(stream.encode())))


def season(times: Floats) -> Floats:
    """How far the year is: 1 at the summer solstice, -1 at the winter's."""
    turn: Floats = np.cos(2 * np.pi * (times / DAY - _SOLSTICE) / YEAR)
    return turn


def sun(times: Floats) -> Floats:
    """The sine of the sun's height over the horizon, 0 by night; noon is at 12:00."""
    declination = TILT * season(times)
    hour = 2 * np.pi * ((times % DAY) / DAY - 0.5)
    height: Floats = np.sin(LATITUDE) * np.sin(declination) + np.cos(LATITUDE) * np.cos(declination) * np.cos(hour)
    above: Floats = height.clip(min=0.0)
    return above


def wander(seed: int, stream: str, times: Floats, every: int) -> Floats:
    """A line through points drawn from [-1, 1), one in `every` seconds, a divisor of a day."""
    days = range(int(times[0] // DAY), int(times[-1] // DAY) + 2)
    knots = np.concatenate([drawn(seed, day, stream).uniform(-1, 1, DAY // every) for day in days])
    found: Floats = np.interp(times, days[0] * DAY + every * np.arange(len(knots)), knots)
    return found


def clouds(seed: int, times: Floats) -> Floats:
    """How much of the sky is covered, from 0 to 1: bright and dull days, and clouds that pass within the hour."""
    days = wander(seed, "days", times, DAY)
    hours = wander(seed, "hours", times, DAY // 12)
    minutes = wander(seed, "minutes", times, 600)
    return np.clip(0.4 + 0.45 * days + 0.25 * hours + 0.2 * minutes, 0.0, 1.0)


def lagging(values: Floats, steps: float) -> Floats:
    """What follows the values as a body of that time constant, in their steps, follows what heats it.

    It starts at the first value, which is forgotten after some ten time constants.
    """
    weights = np.exp(-np.arange(len(values)) / steps)
    followed: Floats = values[0] + np.convolve(values - values[0], weights / weights.sum())[: len(values)]
    return followed
