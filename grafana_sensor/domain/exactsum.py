"""Exact sums of float64 values, by group, that merge by integer addition.

Law: a sum is a Python integer, the true sum scaled by a power of two, so nothing is ever rounded before the
end, and no order or cut of the data can change the result. Every float64 is a multiple of 2**-1074, so `SCALE`
makes all of them integers; squares need twice that.

The method: each value is m * 2**e with a mantissa of 53 bits, cut into halves of 27 and 26 bits. Values whose
exponents lie within a band of 2**20 are shifted to the band's base and added as int64 by group; only the sums
of the bands become Python integers. math.fsum (Shewchuk 1997) is the oracle of its tests.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grafana_sensor.domain.columns import Floats

SCALE: Final = 1074
"""Sums are scaled by 2**SCALE, sums of squares by 2**(2*SCALE)."""

_BAND: Final = 20
_SPLITTER: Final = 134217729.0
_PIECE: Final = 1 << 15
"""Values added before a Python integer is made: 27 + 20 + 15 bits stay below 63."""


def sums(values: Floats, starts: NDArray[np.intp]) -> list[int]:
    """The exact sum of each group, scaled by 2**SCALE.

    `values`: float64[n], finite; `starts`: ascending offsets of the groups, starts[0] == 0; none is empty.

    >>> total = sums(np.array([1e16, 1.0, -1e16]), np.array([0]))
    >>> rounded(total[0], 1, SCALE)
    1.0
    """
    mantissa, exponent = np.frexp(values)
    return _grouped(mantissa, exponent.astype(np.int64), starts, SCALE)


def squares(values: Floats, starts: NDArray[np.intp]) -> list[int]:
    """The exact sum of the squares of each group, scaled by 2**(2*SCALE).

    The square of a mantissa is p + r exactly, r being its rounding error (Dekker's product, 1971).
    """
    mantissa, exponent = np.frexp(values)
    twice = 2 * exponent.astype(np.int64)
    product = mantissa * mantissa
    big = mantissa * _SPLITTER
    high = big - (big - mantissa)
    low = mantissa - high
    error = ((high * high - product) + 2.0 * high * low) + low * low
    totals = [0] * len(starts)
    for part in (product, error):
        m, e = np.frexp(part)
        for group, total in enumerate(_grouped(m, e + twice, starts, 2 * SCALE)):
            totals[group] += total
    return totals


def rounded(total: int, count: int, scale: int) -> float | None:
    """total / count, unscaled and rounded once to the nearest float64; None where that is beyond float64."""
    try:
        return total / (count << scale)
    except OverflowError:
        return None


def _grouped(mantissa: Floats, exponent: NDArray[np.int64], starts: NDArray[np.intp], scale: int) -> list[int]:
    totals = [0] * len(starts)
    if len(mantissa) > _PIECE:
        for begin in range(0, len(mantissa), _PIECE):
            end = min(begin + _PIECE, len(mantissa))
            first = int(np.searchsorted(starts, begin, "right")) - 1
            last = int(np.searchsorted(starts, end, "left"))
            cut = np.maximum(starts[first:last] - begin, 0)
            for group, total in enumerate(_grouped(mantissa[begin:end], exponent[begin:end], cut, scale), first):
                totals[group] += total
        return totals
    whole = (mantissa * 9007199254740992.0).astype(np.int64)
    # A zero has no exponent of its own: it must not widen the span.
    exponent = np.where(whole == 0, exponent.max(initial=0), exponent) if not whole.all() else exponent
    lowest = int(exponent.min())
    offset = exponent - lowest
    band = offset // _BAND
    shift = offset % _BAND
    high, low = (whole >> 26) << shift, (whole & 0x3FFFFFF) << shift
    top = int(band.max())
    for b in range(top + 1) if top < 4 else np.unique(band).tolist():
        if top:
            here = band == b
            h, w = np.where(here, high, 0), np.where(here, low, 0)
        else:
            h, w = high, low
        places = lowest + b * _BAND - 53 + scale
        for group, (x, y) in enumerate(
            zip(np.add.reduceat(h, starts).tolist(), np.add.reduceat(w, starts).tolist(), strict=True)
        ):
            total = (x << 26) + y
            if total:
                totals[group] += total << places if places >= 0 else total >> -places
    return totals
