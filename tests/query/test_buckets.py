from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import RangeError
from grafana_sensor.query.buckets import LADDER, Buckets, cut

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

times = st.integers(-(10**9), 10**9)
moments = st.integers(-70 * 365 * DAY, 230 * 365 * DAY)


def automatic(start: int, end: int, max_points: int, interval: int = 0) -> Buckets:
    return cut(start, end, "auto", max_points=max_points, interval=interval)


def test_buckets_are_named_by_their_aligned_start() -> None:
    """The first bucket is named by the multiple of the step at or before the range, and begins with the range."""
    buckets = Buckets.aligned(17, 41, 10)
    assert [10, 20, 30, 40] == buckets.names(0, buckets.count).tolist()
    assert [17, 20, 30, 40, 41] == buckets.edges(0, buckets.count).tolist()


def test_buckets_before_1970_are_floored() -> None:
    """Multiples before 1970 lie at or before the range as well."""
    buckets = Buckets.aligned(-11, 1, 10)
    assert [-20, -10, 0] == buckets.names(0, buckets.count).tolist()


def test_a_range_that_ends_on_a_multiple_has_no_bucket_there() -> None:
    """`to` is out of the range, so a bucket that would begin there isn't."""
    assert [0, 10] == Buckets.aligned(0, 20, 10).names(0, Buckets.aligned(0, 20, 10).count).tolist()


@pytest.mark.parametrize("start", [0, 7, -7])
def test_an_empty_range_has_no_buckets(start: int) -> None:
    """Where from equals to there is no bucket, on a multiple or off it."""
    assert 0 == Buckets.aligned(start, start, 10).count


def test_all_is_one_bucket_named_from() -> None:
    """EVERY all gives one bucket of the whole range."""
    buckets = cut(17, 41, "all", max_points=1000, interval=0)
    assert ([17], [17, 41]) == (buckets.names(0, 1).tolist(), buckets.edges(0, 1).tolist())


def test_auto_with_one_point_is_one_bucket_named_from() -> None:
    """With max_points 1 auto is one bucket named by the start, aligned to nothing."""
    assert Buckets.whole(17, 5 * DAY) == automatic(17, 5 * DAY, 1)


def test_the_widest_step_fits_before_1970() -> None:
    """A duration near 2**62 µs gives the one or two buckets around 1970 without overflow."""
    buckets = Buckets.aligned(-5, 5, 2**62 - 1)
    assert [-(2**62) + 1, 0] == buckets.names(0, buckets.count).tolist()
    assert [-5, 0, 5] == buckets.edges(0, buckets.count).tolist()


@pytest.mark.parametrize("step", [0, -1])
def test_a_duration_is_positive(step: int) -> None:
    """A width of nothing, or less, is refused."""
    with pytest.raises(RangeError, match="EVERY"):
        cut(0, 10, step, max_points=10, interval=0)


@pytest.mark.parametrize(
    ("start", "end", "max_points", "interval", "step"),
    [
        (0, 6 * HOUR, 1090, 20 * SECOND, 30 * SECOND),
        (0, 6 * HOUR, 720, 0, 30 * SECOND),
        (1, 6 * HOUR + 1, 720, 0, 60 * SECOND),
        (0, 1000 * SECOND, 1000, 0, SECOND),
        (0, 1000 * SECOND, 1000, 45 * SECOND, 60 * SECOND),
        (0, 28 * DAY * 10, 10, 0, 28 * DAY),
        (0, 28 * DAY * 10, 10, 29 * DAY, 56 * DAY),
        (0, 28 * DAY * 30, 10, 0, 84 * DAY),
        (-DAY, DAY, 2, 0, DAY),
        (-1, 1, 2, 0, SECOND),
        (0, 5 * DAY, 5, 3 * DAY, 7 * DAY),
    ],
)
def test_auto_takes_the_smallest_step_that_fits(
    start: int, end: int, max_points: int, interval: int, step: int
) -> None:
    """Auto is the smallest step of the ladder that is at least the interval and gives few enough buckets."""
    assert step == automatic(start, end, max_points, interval).step


@given(moments, moments, st.integers(2, 2000), st.integers(0, 400 * DAY))
def test_no_smaller_step_would_do(a: int, b: int, max_points: int, interval: int) -> None:
    """The step of auto fits, and the next smaller one does not."""
    start, end = min(a, b), max(a, b)
    buckets = automatic(start, end, max_points, interval)
    assert buckets.count <= max_points
    assert buckets.step >= interval
    rungs = [*LADDER, *(n * 28 * DAY for n in range(2, buckets.step // (28 * DAY) + 1))]
    assert buckets.step in rungs
    smaller = [step for step in rungs if step < buckets.step]
    assert all(step < interval or Buckets.aligned(start, end, step).count > max_points for step in smaller[-1:])


@given(times, st.integers(1, 10**6), st.integers(1, 10**5), st.data())
def test_buckets_tile_the_range(start: int, width: int, step: int, data: st.DataObject) -> None:
    """Each time of the range lies in the one bucket whose name is its multiple of the step."""
    step = max(step, width // 500)
    buckets = Buckets.aligned(start, start + width, step)
    names, edges = buckets.names(0, buckets.count).tolist(), buckets.edges(0, buckets.count).tolist()
    assert (start, start + width) == (edges[0], edges[-1])
    assert edges == sorted(set(edges))
    time = data.draw(st.integers(start, start + width - 1))
    (place,) = [i for i in range(buckets.count) if edges[i] <= time < edges[i + 1]]
    assert time // step * step == names[place]


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 9), st.integers(-60, 60), st.integers(0, 60))
def test_touching_are_the_buckets_that_a_part_meets(start: int, width: int, step: int, low: int, part: int) -> None:
    """`touching` names exactly the buckets that share a time with a part of the range."""
    buckets = Buckets.aligned(start, start + width, step)
    low = min(max(low, start), start + width)
    high = min(low + part, start + width)
    wanted = [
        i
        for i in range(buckets.count)
        if {*range(i * step, i * step + step)} & {*range(low - buckets.first, high - buckets.first)}
    ]
    a, b = buckets.touching(low, high)
    assert wanted == list(range(a, b))


def test_no_bucket_begins_before_the_year_1() -> None:
    """A duration so long that a bucket's name is no date is refused; the longest one that isn't is taken."""
    week = 7 * 86_400_000_000
    start = -20 * 366 * 86_400_000_000
    assert 2 == cut(start, 1, 102_000 * week, max_points=10, interval=0).count
    with pytest.raises(RangeError, match="before the year 1"):
        cut(start, 1, 105_000 * week, max_points=10, interval=0)
