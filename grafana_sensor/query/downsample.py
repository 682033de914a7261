"""Thinning a series of points for a picture.

Law: the points left are points that were there, in their order; never more than asked for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

from grafana_sensor.domain.columns import Codes, Floats, Ints

Places = NDArray[np.intp]

_LEAST: Final = 3
"""Points that MinMaxLTTB leaves at least: the first, the last and one between them."""


def thin_numbers(times: Ints, numbers: Floats, most: int) -> Places:
    """The places of at most `most` (>= 1) points that MinMaxLTTB keeps, ascending.

    `times`: int64[n], ascending; `numbers`: float64[n], finite. Of two points the first and the last stay,
    of one the last. The picture is cut by time; where gaps in time would leave more than half of the points
    unused, it is cut by position.
    """
    if len(times) <= most or most < _LEAST:
        return _even(len(times), most)
    numbers = np.ascontiguousarray(numbers)
    downsampler = MinMaxLTTBDownsampler()  # type: ignore[no-untyped-call]  # it has no annotations
    places = np.unique(downsampler.downsample(np.ascontiguousarray(times), numbers, n_out=most))
    if 2 * len(places) < most:
        places = np.unique(downsampler.downsample(numbers, n_out=most))
    return places.astype(np.intp)


def thin_texts(codes: Codes, most: int) -> Places:
    """The places of at most `most` (>= 1) points: where the text changes, and the last; ascending.

    `codes`: int32[n], equal for equal texts. Where there are more changes than that, evenly chosen ones.
    """
    n = len(codes)
    if n <= most:
        return np.arange(n, dtype=np.intp)
    changes = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    if changes[-1] != n - 1:
        changes = np.append(changes, n - 1)
    return changes[_even(len(changes), most)]


def _even(n: int, most: int) -> Places:
    """At most `most` of n places, evenly spread from the first to the last; of one the last."""
    if n <= most:
        return np.arange(n, dtype=np.intp)
    if most == 1:
        return np.array([n - 1], np.intp)
    return np.arange(most, dtype=np.intp) * (n - 1) // (most - 1)
