"""The colours of lines: told apart from the ground and from each other, whatever colours the reader sees."""

from __future__ import annotations

import itertools
import math
import re
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pytest

CSS = (files("grafana_sensor.web") / "static" / "page.css").read_text()

FROM_LINEAR_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
EYES = {
    "all colours": np.eye(3),
    "no green": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    "no red": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
}
"""What an eye makes of linear RGB, after Viénot, Brettel and Mollon (1999)."""
THEMES = {"light": 0, "dark": 1}
APART = 15.0
"""The least distance in CIELAB; 2.3 can just be told apart side by side."""

Triple = npt.NDArray[np.float64]


def colour(name: str, theme: str) -> Triple:
    """A colour of the theme in linear RGB; dark ones stand twice in the file, the same."""
    found = re.findall(rf"--{name}: #([0-9a-f]+);", CSS)
    assert found[1:] == [found[1]] * 2
    digits = found[THEMES[theme]]
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = np.array([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear: Triple = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear


def lab(linear: Triple) -> Triple:
    """CIELAB of linear RGB."""
    ratio = FROM_LINEAR_TO_XYZ @ np.clip(linear, 0, None) / WHITE
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stand_out_from_the_ground(theme: str) -> None:
    """Every line has the contrast of 3 that WCAG wants of graphics."""
    ground = FROM_LINEAR_TO_XYZ[1] @ colour("card", theme)
    for place in range(1, 9):
        luminance = FROM_LINEAR_TO_XYZ[1] @ colour(f"s{place}", theme)
        low, high = sorted((ground, luminance))
        assert (high + 0.05) / (low + 0.05) >= 3, place


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("theme", THEMES)
def test_lines_are_told_apart(theme: str, eye: str) -> None:
    """Any two of the eight colours are far apart, also for who sees no red or no green."""
    seen = [lab(EYES[eye] @ colour(f"s{place}", theme)) for place in range(1, 9)]
    pairs = itertools.combinations(enumerate(seen, start=1), 2)
    near = [(one, other) for (one, a), (other, b) in pairs if math.dist(a, b) < APART]
    assert [] == near
