from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_sensor.simulator.fleet import BUFFER, BUNDLE, Fleet, day_of_posts, offline
from grafana_sensor.simulator.weather import DAY

DAY_ONE = 20_560
START = DAY_ONE * DAY

fleets = st.builds(Fleet, seed=st.integers(0, 2**40), size=st.integers(1, 3), every=st.sampled_from((97, 300)))
spans = st.tuples(st.integers(0, 2 * DAY), st.integers(0, 2 * DAY)).map(sorted)


@settings(max_examples=20)
@given(fleets, spans, st.integers(0, 2 * DAY))
def test_posts_come_by_time_wherever_one_begins(fleet: Fleet, span: list[int], cut: int) -> None:
    """The posts of a span are sorted, lie in it, and are those of its two parts."""
    first, last = (START + each for each in span)
    cut = min(max(START + cut, first), last)
    posts = list(fleet.posts(first, last))
    assert posts == sorted(posts, key=lambda post: post.at)
    assert all(first <= post.at < last for post in posts)
    assert posts == [*fleet.posts(first, cut), *fleet.posts(cut, last)]


@settings(max_examples=20)
@given(fleets)
def test_without_an_end_they_go_on(fleet: Fleet) -> None:
    """Posts without an end begin with those of a day, and go on into the next."""
    day = list(fleet.posts(START, START + DAY))
    more = list(islice(fleet.posts(START), len(day) + 1))
    assert day == more[:-1]
    assert more[-1].at >= START + DAY


@settings(max_examples=20)
@given(fleets)
def test_a_reading_is_sent_in_one_post(fleet: Fleet) -> None:
    """No two posts share a key or a reading, and none is sent before it was measured."""
    posts = list(fleet.posts(START, START + 2 * DAY))
    assert 1 == max(Counter(post.key for post in posts).values())
    sent = Counter((post.sensor, reading.time) for post in posts for reading in post.readings)
    assert 1 == max(sent.values())
    assert all(reading.time <= post.at for post in posts for reading in post.readings)


def test_what_was_kept_is_sent_late() -> None:
    """Who was offline sends what fits into its memory, in posts of its size, in each of the three orders."""
    fleet, orders = Fleet(1, 4, 10), set()
    for day in range(DAY_ONE, DAY_ONE + 4):
        for device in fleet.devices:
            gone = offline(device, day)
            own = day_of_posts(device, day)
            late = [reading.time for post in own for reading in post.readings if post.late]
            if gone is None:
                assert [] == late
                continue
            measured = [r.time for r in device.readings(day) if gone.start <= r.time < gone.end]
            assert sorted(late) == measured[-BUFFER:]
            assert all(len(post.readings) <= BUNDLE and post.at >= gone.end for post in own if post.late)
            assert not [post for post in own if not post.late and gone.start <= post.at < gone.end]
            ways = {"oldest first": sorted(late), "newest first": sorted(late)[::-1]}
            assert (late == ways[gone.order]) if gone.order in ways else (late not in ways.values())
            orders.add(gone.order)
    assert {"oldest first", "newest first", "mixed"} == orders


def test_some_are_lost_and_some_are_sent_again() -> None:
    """Of 1,000 posts a few are lost and some ten sent twice; the oracle has all but the lost ones."""
    posts = list(Fleet(1, 3, 10).posts(START, START + 3 * DAY))
    share = {sends: count / len(posts) for sends, count in Counter(post.sends for post in posts).items()}
    assert 0.002 < share[0] < 0.004
    assert 0.008 < share[2] < 0.012
    kept = sum(len(post.readings) for post in posts if post.sends)
    assert kept == sum(1 for _ in Fleet(1, 3, 10).acknowledged(START, START + 3 * DAY))
