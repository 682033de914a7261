from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.query.downsample import thin_numbers, thin_texts

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.tuples(st.integers(-(10**15), 10**15), finite), max_size=200),
    st.integers(1, 60),
    st.booleans(),
)
def test_numbers_are_thinned_to_some_of_themselves(points: list[tuple[int, float]], most: int, one_time: bool) -> None:
    """At most so many places are left, each once, in order; all of them where they are few enough."""
    points.sort()
    times = np.array([0 if one_time else time for time, _ in points], np.int64)
    places = thin_numbers(times, np.array([value for _, value in points], np.float64), most).tolist()
    assert places == sorted(set(places))
    assert set(places) <= set(range(len(points)))
    assert len(places) <= most
    assert len(points) > most or len(places) == len(points)
    assert not points or places[-1] == len(points) - 1
    assert not points or most == 1 or places[0] == 0


@pytest.mark.parametrize(("most", "expected"), [(1, [99]), (2, [0, 99])])
def test_of_very_few_points_the_ends_stay(most: int, expected: list[int]) -> None:
    """Of one point the last is left, of two the first and the last."""
    assert expected == thin_numbers(np.arange(100), np.zeros(100), most).tolist()


def test_a_peak_is_kept() -> None:
    """The one value that stands out of many is among those left."""
    numbers = np.zeros(10_000)
    numbers[4321] = 7.0
    assert 4321 in thin_numbers(np.arange(10_000), numbers, 100).tolist()


def test_a_gap_does_not_waste_the_points() -> None:
    """Records that lie close together beside a long gap still give most of the points asked for."""
    times = np.concatenate((np.arange(2500), 10**12 + np.arange(2500)))
    numbers = np.random.default_rng(3).normal(size=5000)
    assert 500 < len(thin_numbers(times, numbers, 1000)) <= 1000


def test_texts_are_thinned_to_their_changes() -> None:
    """Where a text changes, and the last point, are left of more points than asked for."""
    codes = np.array([0, 0, 1, 1, 1, 0, 0, 0], np.int32)
    assert [0, 2, 5, 7] == thin_texts(codes, 5).tolist()


@given(st.lists(st.integers(0, 3), max_size=80), st.integers(1, 20))
def test_texts_are_never_more_than_asked(codes: list[int], most: int) -> None:
    """At most so many places are left, each once, in order; all of them where they are few enough."""
    places = thin_texts(np.array(codes, np.int32), most).tolist()
    assert places == sorted(set(places))
    assert len(places) <= most
    assert len(codes) > most or places == list(range(len(codes)))
    assert not codes or places[-1] == len(codes) - 1
