"""How the page writes what is declared and measured: units, numbers, times, and small pictures.

Law: a unit that isn't known stands as it is declared. Times are UTC µs, written in UTC. Numbers on tiles are rounded to four
digits, whole ones not; tables have them as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from math import floor, log10
from typing import Final

from grafana_sensor.domain.timestamps import to_datetime

SYMBOLS: Final = {
    "acceleration": "m/s²",
    "accMS2": "m/s²",
    "accG": "g",
    "amp": "A",
    "bool": "",
    "celsius": "°C",
    "co2": "CO₂",
    "conmgm3": "mg/m³",
    "conμgm3": "µg/m³",
    "decbytes": "B",
    "degree": "°",
    "dB": "dB",
    "dBm": "dBm",
    "fahrenheit": "°F",
    "hertz": "Hz",
    "humidity": "%",
    "kelvin": "K",
    "kwatth": "kWh",
    "lengthft": "ft",
    "lengthin": "in",
    "lengthkm": "km",
    "lengthm": "m",
    "lengthmi": "mi",
    "lengthmm": "mm",
    "litre": "L",
    "lux": "lx",
    "mvolt": "mV",
    "mamp": "mA",
    "none": "",
    "percent": "%",
    "percentunit": "(0–1)",
    "ppm": "ppm",
    "pressurebar": "bar",
    "pressurehpa": "hPa",
    "pressurekpa": "kPa",
    "pressurembar": "mbar",
    "radian": "rad",
    "rotrpm": "rpm",
    "s": "s",
    "ms": "ms",
    "short": "",
    "velocitykmh": "km/h",
    "velocityknot": "kn",
    "velocitymph": "mph",
    "velocityms": "m/s",
    "volt": "V",
    "watt": "W",
    "watth": "Wh",
    "Wm2": "W/m²",
}
"""What is written for Grafana's names of units."""

WIDTH: Final = 240
HEIGHT: Final = 48
"""The small picture's own measures; the page stretches it."""

DIGITS: Final = 4
"""What a number on a tile keeps, its whole part aside."""

GAP: Final = 6
"""So many points of a small picture that are missing in a row break its line."""

_LARGE: Final = 1e6
_MINUTE: Final = 60
_SECOND: Final = 1_000_000


def symbol(unit: str | None) -> str:
    """What is written after a value of this unit.

    >>> symbol("celsius"), symbol("furlongs"), symbol(None)
    ('°C', 'furlongs', '')
    """
    return "" if unit is None else SYMBOLS.get(unit, unit)


def number(value: float | str | None) -> str:
    """A value as tiles show it; a dash where there is none.

    >>> number(14.960139999), number(-1021.5), number(123456.0), number(1e-9), number("open"), number(None)
    ('14.96', '−1,022', '123,456', '1e-09', 'open', '–')
    """
    if value is None or isinstance(value, str):
        return "–" if value is None else value
    size = abs(value)
    if value == int(value) and size < _LARGE:
        text = f"{value:,.0f}"
    elif 1 / _LARGE < size < _LARGE:
        digits = max(0, DIGITS - 1 - floor(log10(size)))
        text = f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
    else:
        text = f"{value:.{DIGITS}g}"
    return text.replace("-", "\N{MINUS SIGN}", 1) if value < 0 else text


def moment(us: int) -> str:
    """A time to the minute.

    >>> moment(1_767_225_600_000_000)
    '2026-01-01 00:00'
    """
    return to_datetime(us).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def ago(us: int, now: int) -> str:
    """How long ago a time is, in words.

    >>> ago(0, 5_000_000), ago(0, 7_200_000_000), ago(0, 90 * 86_400_000_000)
    ('5 s ago', '2 h ago', '90 days ago')
    """
    seconds = (now - us) // _SECOND
    if seconds < 0:
        return "in the future"
    for unit, length, until in (("s", 1, 2 * _MINUTE), ("min", 60, 7_200), ("h", 3_600, 2 * 86_400)):
        if seconds < until:
            return f"{seconds // length} {unit} ago"
    return f"{seconds // 86_400:,} days ago"


def spark(points: Sequence[float | None]) -> str:
    """The points as the path of an SVG of WIDTH × HEIGHT, broken where GAP are missing; "" where less than two are there.

    >>> spark([1.0, None, 3.0, 2.0])
    'M0.0 45.0L160.0 3.0L240.0 24.0'
    """
    there = [point for point in points if point is not None]
    if len(there) < 2:
        return ""
    low, high = min(there), max(there)
    step = WIDTH / (len(points) - 1)
    path, before = "", -GAP - 1
    for place, point in enumerate(points):
        if point is not None:
            y = 3 + (HEIGHT - 6) * (1 - ((point - low) / (high - low) if high > low else 0.5))
            path += f"{'L' if place - before <= GAP else 'M'}{place * step:.1f} {y:.1f}"
            before = place
    return path
