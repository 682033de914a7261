from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.exactsum import SCALE, rounded, squares, sums

EXTREMES = (0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1.0, -1.0, 0.1, 1e16, -1e16, 1.7e308, -1.7e308)
NUMBERS = st.one_of(st.sampled_from(EXTREMES), st.floats(allow_nan=False, allow_infinity=False))
LISTS = st.lists(NUMBERS, min_size=1, max_size=60)


def first(found: list[int]) -> int:
    (total,) = found
    return total


def total_of(numbers: list[float]) -> int:
    return first(sums(np.array(numbers), np.array([0])))


@given(numbers=LISTS)
@example(numbers=[1e16, 1.0, -1e16])
@example(numbers=[-0.0])
def test_a_rounded_sum_is_that_of_fsum(numbers: list[float]) -> None:
    """Where math.fsum gives a sum, it is this one, bit for bit."""
    try:
        expected = math.fsum(numbers)
    except OverflowError:
        return
    assert expected.hex() == (rounded(total_of(numbers), 1, SCALE) or 0.0).hex()


@given(numbers=LISTS)
def test_a_sum_is_exact(numbers: list[float]) -> None:
    """The scaled sum is the sum of the fractions, with no rounding at all."""
    assert sum(map(Fraction, numbers)) == Fraction(total_of(numbers), 2**SCALE)


@given(numbers=LISTS)
def test_a_sum_of_squares_is_exact(numbers: list[float]) -> None:
    """The scaled sum of squares is the sum of the fractions' squares, subnormal numbers among them."""
    found = first(squares(np.array(numbers), np.array([0])))
    assert sum(Fraction(number) ** 2 for number in numbers) == Fraction(found, 2 ** (2 * SCALE))


@given(groups=st.lists(LISTS, min_size=1, max_size=8))
def test_groups_are_summed_apart(groups: list[list[float]]) -> None:
    """Each group has the sum, and the sum of squares, that it has alone."""
    values = np.concatenate([np.array(group) for group in groups])
    starts = np.cumsum([0, *map(len, groups[:-1])])
    alone = [np.array(group) for group in groups]
    origin = np.array([0])
    assert [first(sums(group, origin)) for group in alone] == sums(values, starts)
    assert [first(squares(group, origin)) for group in alone] == squares(values, starts)


def test_a_long_sum_is_cut_where_groups_are_not() -> None:
    """More values than are added at once give the sum of their groups, wherever the cuts fall."""
    n = 2 * exactsum._PIECE + 11
    values = np.random.default_rng(3).normal(0, 1, n) * 10.0 ** np.random.default_rng(4).integers(-300, 300, n)
    starts = np.array([0, 5, exactsum._PIECE - 1, exactsum._PIECE, exactsum._PIECE + 7, n - 1])
    expected = [int(sum(map(Fraction, part.tolist())) * 2**SCALE) for part in np.split(values, starts[1:])]
    assert expected == sums(values, starts)


def test_the_largest_pieces_do_not_overflow() -> None:
    """As many numbers of the largest mantissa and the farthest shift as are added at once give their exact sum."""
    for exponent in (0, 19, 20, 39):
        values = np.full(exactsum._PIECE, np.nextafter(1.0, 0.0) * 2.0**exponent)
        values[0] = 0.5
        expected = sum(map(Fraction, values.tolist()))
        assert expected == Fraction(first(sums(values, np.array([0]))), 2**SCALE)


@given(numbers=LISTS)
def test_a_mean_is_rounded_once(numbers: list[float]) -> None:
    """The mean is the nearest float64 to the exact one."""
    expected = float(sum(map(Fraction, numbers)) / len(numbers))
    assert expected == rounded(total_of(numbers), len(numbers), SCALE)


def test_a_sum_beyond_float64_is_none() -> None:
    """A sum that no float64 can hold is None, whatever its parts; one that it can hold is there."""
    assert None is rounded(total_of([1.7e308, 1.7e308]), 1, SCALE)
    assert 1.7e308 == rounded(total_of([1.7e308, 1.7e308, -1.7e308]), 1, SCALE)
