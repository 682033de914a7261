"""Following, with waits that are told and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import Busy, ScanNotFoundError, Unavailable, UnknownStream
from grafana_sensor.domain.scan import Points, Scan
from grafana_sensor.service.following import HEARTBEAT, Alive, Ended, Followers, Patience, Sent, Trimmed, follow
from tests.service.fakes import Clock
from tests.service.scans import CountedScans, Recorder, definition


@pytest.fixture
def store() -> CountedScans:
    return CountedScans()


def following(
    store: CountedScans,
    *streams: str,
    start: int = 0,
    clock: Clock | None = None,
    stopping: Callable[[], bool] | None = None,
) -> Iterator[Any]:
    """The events, each in plain words; `waiting` of the store is called in place of each wait."""
    patience = Patience(clock or Clock(), 60.0, 3_600.0, stopping or (lambda: False))
    for event in follow(store, "K1", streams or ("a",), start, patience):
        match event:
            case Sent(stream, points):
                yield stream, points.start, list(points.values)
            case Trimmed(stream, first, end):
                yield "trimmed", stream, first, end
            case Alive(state):
                yield state.name
            case Ended(reason, places, stream):
                yield reason, stream, places


def in_turn(store: CountedScans, *steps: Callable[[], object]) -> None:
    """Each wait is for the next of the steps."""
    coming = iter(steps)

    def step() -> None:
        next(coming)()

    store.waiting = step


def test_replay_and_live_are_one(store: CountedScans) -> None:
    """What was there, then what comes, from the index asked for; at last that the stream was sealed."""
    recorder = Recorder(store).start(definition("a")).send(a=[0.0, 1.0, 2.0])
    in_turn(store, lambda: recorder.send(a=[3.0]), lambda: None, lambda: recorder.send(a=[4.0, 5.0]).end())
    assert [
        ("a", 1, [1.0, 2.0]),
        ("a", 3, [3.0]),
        ("a", 4, [4.0, 5.0]),
        ("sealed", "a", {"a": 6}),
        ("sealed", None, {"a": 6}),
    ] == list(following(store, start=1))


def test_a_start_beyond_what_was_sent_is_waited_for(store: CountedScans) -> None:
    """Points before it are not given, though they come while it is followed."""
    recorder = Recorder(store).start(definition("a"))
    in_turn(store, lambda: recorder.send(a=[0.0, 1.0]), lambda: recorder.send(a=[2.0]).end())
    assert [("a", 2, [2.0]), ("sealed", "a", {"a": 3}), ("sealed", None, {"a": 3})] == list(following(store, start=2))


def test_a_scan_is_followed_before_it_has_streams(store: CountedScans) -> None:
    """Until PREPARED the streams aren't known: they are waited for."""
    recorder = Recorder(store)
    in_turn(store, lambda: recorder.start(definition("a")), lambda: recorder.send(a=[1.0]).end())
    assert [("a", 0, [1.0]), ("sealed", "a", {"a": 1}), ("sealed", None, {"a": 1})] == list(following(store))


def test_several_streams_end_together(store: CountedScans) -> None:
    """Each stream's points are in order, and each has an end of its own before the end of all."""
    recorder = Recorder(store).start(definition("a"), definition("b")).send(a=[1.0])
    in_turn(store, lambda: recorder.send(b=[2.0]).end())
    assert [
        ("a", 0, [1.0]),
        ("b", 0, [2.0]),
        ("sealed", "a", {"a": 1}),
        ("sealed", "b", {"b": 1}),
        ("sealed", None, {"a": 1, "b": 1}),
    ] == list(following(store, "a", "b"))


def test_a_deleted_scan_ends_it(store: CountedScans) -> None:
    """Whether it goes while it is waited for or while it is read."""
    recorder = Recorder(store).start(definition("a")).send(a=[1.0])
    in_turn(store, lambda: store.delete("K1"))
    assert [("a", 0, [1.0]), ("deleted", None, {"a": 1})] == list(following(store))
    recorder = Recorder(store, "K1").start(definition("a")).send(a=np.arange(3.0))
    store.waiting = lambda: None
    events = following(store)
    assert ("a", 0, [0.0, 1.0, 2.0]) == next(events)
    recorder.send(a=[3.0])
    store.delete("K1")
    assert [("deleted", None, {"a": 3})] == list(events)


def test_a_silent_scan_is_left_and_said_alive_meanwhile(store: CountedScans) -> None:
    """Heartbeats while nothing comes, and the end after the time without news; news begin it anew."""
    clock, recorder = Clock(), Recorder(store).start(definition("a"))

    def pass_time(seconds: float) -> Callable[[], None]:
        return lambda: setattr(clock, "now", clock.now + seconds)

    in_turn(store, pass_time(HEARTBEAT), lambda: recorder.send(a=[1.0]), pass_time(59), pass_time(1))
    assert ["STARTED", ("a", 0, [1.0]), "STARTED", ("inactive", None, {"a": 1})] == list(following(store, clock=clock))


def test_a_follower_lasts_no_longer_than_it_may(store: CountedScans) -> None:
    """Though points come all the time; `next` is where to go on."""
    clock, recorder = Clock(), Recorder(store).start(definition("a"))

    def send() -> None:
        clock.now += 50
        recorder.send(a=[clock.now])

    store.waiting = send
    *events, last = following(store, clock=clock)
    assert ("limit", None, {"a": 72}) == last
    assert list(range(72)) == [event[1] for event in events if event[0] == "a"]


def test_a_server_that_stops_says_so(store: CountedScans) -> None:
    """At the next look."""
    Recorder(store).start(definition("a"))
    stop = Event()
    store.waiting = stop.set
    assert [("stopping", None, {"a": 0})] == list(following(store, stopping=stop.is_set))


def test_a_store_that_is_away_ends_it(store: CountedScans) -> None:
    """With the place from which to go on."""

    def away() -> None:
        raise Unavailable("away")

    Recorder(store).start(definition("a")).send(a=[1.0])
    store.waiting = away
    assert [("a", 0, [1.0]), ("unavailable", None, {"a": 1})] == list(following(store))


class Torn(CountedScans):
    """A store whose looks may be torn: `ahead` streams are told sealed with an older length; `first` points are gone."""

    ahead: Scan | None = None
    first = 0
    never_sealed = False

    def load(self, key: str) -> Scan:
        found, self.ahead = self.ahead or super().load(key), None
        return replace(
            found,
            streams={
                name: replace(s, first=min(self.first, s.length), sealed=s.sealed and not self.never_sealed)
                for name, s in found.streams.items()
            },
        )

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        return super().points(key, stream, max(start, self.first), end)


def test_an_end_seen_before_its_last_points_loses_none() -> None:
    """A look that tells a stream sealed with a length of a moment before is not believed."""
    store = Torn()
    recorder = Recorder(store).start(definition("a")).send(a=[1.0])

    def end() -> None:
        before = store.load("K1")
        recorder.send(a=[2.0]).end()
        store.ahead = replace(before, streams={"a": replace(before.streams["a"], sealed=True)})

    in_turn(store, end)
    assert [("a", 0, [1.0]), ("a", 1, [2.0]), ("sealed", "a", {"a": 2}), ("sealed", None, {"a": 2})] == list(
        following(store)
    )


def test_a_stream_that_is_never_sealed_ends_with_its_scan() -> None:
    """Its producer died, and somebody closed the scan."""
    store = Torn()
    store.never_sealed = True
    Recorder(store).start(definition("a")).send(a=[1.0]).end("DELETION")
    assert [("a", 0, [1.0]), ("closed", "a", {"a": 1}), ("closed", None, {"a": 1})] == list(following(store))


def test_trimmed_points_are_told() -> None:
    """A follower who is late hears which points are gone, and goes on behind them; also where none is left."""
    store = Torn()
    Recorder(store).start(definition("a")).send(a=[0.0, 1.0, 2.0, 3.0]).end()
    store.first = 2
    assert [("trimmed", "a", 0, 2), ("a", 2, [2.0, 3.0])] == list(following(store))[:2]
    store.first = 4
    assert [("trimmed", "a", 1, 4), ("sealed", "a", {"a": 4})] == list(following(store, start=1))[:2]


def test_what_can_t_be_followed_is_refused_at_once(store: CountedScans) -> None:
    """Before the first event."""
    patience = Patience(Clock(), 1.0, 1.0)
    with pytest.raises(ScanNotFoundError):
        follow(store, "K1", ["a"], 0, patience)
    Recorder(store).start(definition("a"))
    with pytest.raises(UnknownStream):
        follow(store, "K1", ["a", "c"], 0, patience)


def test_followers_are_bounded() -> None:
    """The one too many is refused, until another leaves."""
    followers = Followers(2)
    followers.enter()
    followers.enter()
    with pytest.raises(Busy, match="2 followers"):
        followers.enter()
    followers.leave()
    followers.enter()
    assert 2 == len(followers)


STEPS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 3)), max_size=12)


@given(before=STEPS, live=STEPS, start=st.integers(0, 9), seal=st.booleans())
def test_followed_is_what_was_sent(
    before: list[tuple[str, int]], live: list[tuple[str, int]], start: int, seal: bool
) -> None:
    """However sends and looks interleave, each point from the start on comes once, in order, with its own index."""
    store = CountedScans()
    recorder, sent = Recorder(store).start(definition("a"), definition("b")), {"a": 0, "b": 0}

    def send(name: str, n: int) -> None:
        if n:
            recorder.send(**{name: np.arange(sent[name], sent[name] + n)})
            sent[name] += n

    for step in before:
        send(*step)
    steps = iter(live)

    def wait() -> None:
        step = next(steps, None)
        if step is not None:
            send(*step)
        elif seal:
            recorder.end()
        else:
            store.delete("K1")

    store.waiting = wait
    got: dict[str, list[tuple[int, float]]] = {"a": [], "b": []}
    last: Any = None
    for last in following(store, "a", "b", start=start):
        if last[0] in got:
            name, first, values = last
            got[name] += list(enumerate(values, start=first))
    assert {name: [(i, float(i)) for i in range(start, n)] for name, n in sent.items()} == got
    assert ("sealed" if seal else "deleted", None) == last[:2]
