"""What ScanWriting promises, asked of every store that is able to keep scans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.errors import (
    ConditionError,
    NoScanAvailable,
    PointConflict,
    ScanExists,
    ScanNotFoundError,
    StateError,
    UnknownStream,
)
from grafana_sensor.domain.scan import Points, ScanState, StreamDefinition
from grafana_sensor.ports import ScanWriting
from tests.contract.blobs import together
from tests.contract.scans import DIODE, IDENTITY, NOTES, NOW, RAGGED, SPECTRUM, STREAMS, created, floats, shown, started
from tests.contract.stores import SCANS, Stores, stores_of


@pytest.fixture(params=sorted(SCANS))
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores of one adapter that is able to keep scans."""
    with stores_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def scans(stores: Stores) -> Iterator[ScanWriting]:
    """Alice's scans, none yet."""
    records = stores.records("alice")
    yield records.scans()
    records.close()


def test_at_first_there_is_no_scan(scans: ScanWriting) -> None:
    """No last one, none created, none found, and none to be loaded, advanced, sent to or deleted."""
    assert ("0-0", [], []) == (scans.last_timetag(), scans.created("0-0", 10), scans.search({}))
    with pytest.raises(NoScanAvailable):
        scans.last()
    for ask in (scans.load, scans.delete, lambda key: scans.advance(key, ScanState.CLOSED, NOW)):
        with pytest.raises(ScanNotFoundError, match="'K'"):
            ask("K")
    with pytest.raises(ScanNotFoundError, match="'K'"):
        scans.points("K", "t", 0, 1)
    with pytest.raises(ScanNotFoundError, match="'K'"):
        scans.send("K", floats(0, 1.0))


def test_a_scan_is_created_once(scans: ScanWriting) -> None:
    """A repeat changes nothing and is told the first timetag; another identity under the key is refused."""
    first = scans.create("K", IDENTITY, {"title": "a", "deep": {"list": [1, None]}}, NOW)
    again = scans.create("K", IDENTITY, {"title": "b"}, NOW + 5_000_000)
    assert (f"{NOW // 1_000}-0", first) == (first, again)
    found = scans.load("K")
    assert ("K", IDENTITY, {"title": "a", "deep": {"list": [1, None]}}) == (found.key, found.identity, found.info)
    assert (ScanState.CREATED, {ScanState.CREATED: NOW}, {}) == (found.state, found.reached, found.streams)
    with pytest.raises(ScanExists, match="'K'"):
        created(scans, "K", number=3)


def test_scans_are_listed_in_the_order_of_their_creation(scans: ScanWriting) -> None:
    """Timetags rise though the clock stands still or goes back; what is listed comes after `since`, up to the limit."""
    tags = [created(scans, key, now) for key, now in (("C", NOW), ("A", NOW), ("B", NOW - 10_000_000))]
    assert sorted(tags) == tags
    listed = list(zip(tags, ["C", "A", "B"], strict=True))
    assert [listed, listed[:2], listed[1:], []] == [
        scans.created("0-0", 9),
        scans.created("0-0", 2),
        scans.created(tags[0], 9),
        scans.created(tags[2], 9),
    ]
    assert (tags[2], listed[2], ["C", "A", "B"]) == (scans.last_timetag(), scans.last(), scans.search({}))


def test_scans_created_at_once_have_timetags_of_their_own(scans: ScanWriting) -> None:
    """Of 8 at one moment each has another timetag, and is listed under it once."""
    tags = together(lambda number: created(scans, f"K{number}"), 8)
    assert (8, sorted(tags)) == (len(set(tags)), [tag for tag, _ in scans.created("0-0", 99)])


def test_scans_are_found_by_their_identity(scans: ScanWriting) -> None:
    """By all conditions together, texts in any case, by a part, and by either of several."""
    for number, dataset in enumerate(("efgh0001", "EFGH0002", "other", "s-efgh")):
        created(scans, f"K{number}", number=number, dataset=dataset)
    scans.create("plain", {"name": "loop", "number": 7, "data_policy": "no"}, {}, NOW)
    cases: list[tuple[dict[str, str | int], list[str]]] = [
        ({"dataset": "efgh*"}, ["K0", "K1"]),
        ({"dataset": "*efgh"}, ["K3"]),
        ({"dataset": "*FGH*"}, ["K0", "K1", "K3"]),
        ({"dataset": "Efgh0002"}, ["K1"]),
        ({"dataset": "efgh000"}, []),
        ({"dataset": "other|*h0001"}, ["K0", "K2"]),
        ({"dataset": "efgh*", "number": 1}, ["K1"]),
        ({"number": 7}, ["plain"]),
        ({"session": "x"}, []),
    ]
    assert [found for _, found in cases] == [scans.search(identity) for identity, _ in cases]
    for wrong in ({"dataset": "a*b"}, {"dataset": "*"}, {"dataset": ""}, {"title": "x"}, {"number": "first"}):
        with pytest.raises(ConditionError):
            scans.search(wrong)


def test_a_scan_goes_from_state_to_state(scans: ScanWriting) -> None:
    """Info comes at PREPARED and at CLOSED, streams at PREPARED in their order; each state has the time of its reaching."""
    scans.create("K", IDENTITY, {"title": "a", "kept": 1}, NOW)
    scans.advance("K", ScanState.PREPARED, NOW + 1, {"title": "b"}, STREAMS)
    prepared = scans.load("K")
    assert ({"title": "b", "kept": 1}, list(STREAMS)) == (
        prepared.info,
        [stream.definition for stream in prepared.streams.values()],
    )
    assert {(0, 0, False)} == {(stream.length, stream.first, stream.sealed) for stream in prepared.streams.values()}
    scans.advance("K", ScanState.STARTED, NOW + 2)
    scans.advance("K", ScanState.STOPPED, NOW + 3)
    assert {True} == {stream.sealed for stream in scans.load("K").streams.values()}
    scans.advance("K", ScanState.CLOSED, NOW + 4, {"end_reason": "SUCCESS"})
    closed = scans.load("K")
    assert (ScanState.CLOSED, "SUCCESS", list(STREAMS)) == (
        closed.state,
        closed.info["end_reason"],
        [stream.definition for stream in closed.streams.values()],
    )
    assert {state: NOW + state for state in ScanState} == closed.reached


def test_a_scan_may_be_closed_from_any_state(scans: ScanWriting) -> None:
    """The states between are not reached."""
    created(scans, "K")
    scans.advance("K", ScanState.CLOSED, NOW + 9, {"end_reason": "FAILURE"})
    found = scans.load("K")
    assert ({ScanState.CREATED: NOW, ScanState.CLOSED: NOW + 9}, {}) == (found.reached, found.streams)


def test_a_step_can_be_repeated(scans: ScanWriting) -> None:
    """The same step again changes nothing; another one to the same state is refused, as are steps back or too far."""
    started(scans, "K")
    before = scans.load("K")
    scans.advance("K", ScanState.STARTED, NOW + 99)
    assert before == scans.load("K")
    scans.advance("K", ScanState.CLOSED, NOW + 1, {"end_reason": "SUCCESS"})
    scans.advance("K", ScanState.CLOSED, NOW + 2, {"end_reason": "SUCCESS"})
    assert NOW + 1 == scans.load("K").reached[ScanState.CLOSED]
    created(scans, "L")
    scans.advance("L", ScanState.PREPARED, NOW, {"a": 1}, [DIODE])
    scans.advance("L", ScanState.PREPARED, NOW, {"a": 1}, [DIODE])
    refused: list[tuple[str, ScanState, dict[str, Any], tuple[StreamDefinition, ...]]] = [
        ("K", ScanState.CLOSED, {"end_reason": "FAILURE"}, ()),
        ("K", ScanState.STARTED, {}, ()),
        ("L", ScanState.PREPARED, {"a": 2}, (DIODE,)),
        ("L", ScanState.PREPARED, {"a": 1}, (NOTES,)),
        ("L", ScanState.STOPPED, {}, ()),
        ("L", ScanState.STARTED, {"a": 3}, ()),
        ("L", ScanState.STARTED, {}, (NOTES,)),
    ]
    for key, state, info, streams in refused:
        with pytest.raises(StateError):
            scans.advance(key, state, NOW, info, streams)


def test_points_come_back_as_they_were_sent(scans: ScanWriting) -> None:
    """Of each kind of stream, from any index to any other, by what was sent and not trimmed; the scan tells the lengths."""
    started(scans, "K")
    sent = {
        DIODE.name: Points(0, np.array([1.5, np.nan, -0.0, np.inf, 5e-324])),
        SPECTRUM.name: Points(0, np.arange(6, dtype=np.int32).reshape(2, 3)),
        RAGGED.name: Points(0, [np.array([1, 2], np.uint16), np.array([], np.uint16)]),
        NOTES.name: Points(0, [{"a": [1, "ä\n", None]}, 7, "x", 2**70]),
    }
    assert {DIODE.name: 5, SPECTRUM.name: 2, RAGGED.name: 2, NOTES.name: 4} == scans.send("K", sent)
    diode = scans.points("K", DIODE.name, 0, 99)
    assert (0, sent[DIODE.name].values.tobytes()) == (diode.start, diode.values.tobytes())  # type: ignore[union-attr]  # an array
    assert [(1, [[3, 4, 5]]), (0, [[1, 2], []]), (2, ["x", 2**70]), (0, [{"a": [1, "ä\n", None]}])] == [
        shown(scans, "K", SPECTRUM.name, 1, 2),
        shown(scans, "K", RAGGED.name),
        shown(scans, "K", NOTES.name, 2),
        shown(scans, "K", NOTES.name, 0, 1),
    ]
    for name in (SPECTRUM.name, RAGGED.name):
        values = scans.points("K", name, 0, 99).values
        assert ("int32" if name == SPECTRUM.name else "uint16") == str(np.asarray(values[0]).dtype)
    assert [5, 2, 2, 4] == [stream.length for stream in scans.load("K").streams.values()]
    with pytest.raises(UnknownStream, match="did you mean 'notes'"):
        scans.points("K", "note", 0, 1)


def test_of_what_is_not_there_no_points_come(scans: ScanWriting) -> None:
    """Of a range that is empty, reversed or beyond the end there are none, in the stream's dtype and shape."""
    started(scans, "K")
    empty = scans.points("K", SPECTRUM.name, 0, 9).values
    assert isinstance(empty, np.ndarray)
    assert ((0, 3), np.dtype("int32")) == (empty.shape, empty.dtype)
    scans.send("K", floats(0, 1.0, 2.0))
    for start, end in ((2, 9), (1, 1), (2, 1), (7, 8)):
        assert (start, []) == shown(scans, "K", DIODE.name, start, end)


def test_points_can_be_changed_by_whoever_reads_them(scans: ScanWriting) -> None:
    """What was read and changed comes as it was sent the next time; what was sent may be changed afterwards too."""
    started(scans, "K")
    mine = np.array([1.0, 2.0])
    scans.send("K", {DIODE.name: Points(0, mine)})
    mine[0] = 9
    found = scans.points("K", DIODE.name, 0, 2)
    found.values[1] = 9
    assert (0, [1.0, 2.0]) == shown(scans, "K", DIODE.name)


def test_points_can_be_sent_again(scans: ScanWriting) -> None:
    """What is there is left, what isn't is added; other values, or a gap, are refused and change nothing."""
    started(scans, "K")
    scans.send("K", floats(0, 1.0, 2.0, 3.0))
    assert [{DIODE.name: length} for length in (3, 3, 5, 5, 5)] == [
        scans.send("K", points)
        for points in (
            floats(0, 1.0, 2.0, 3.0),
            floats(1, 2.0),
            floats(1, 2.0, 3.0, 4.0, 5.0),
            floats(3),
            floats(5),
        )
    ]
    for points in (floats(0, 9.0), floats(4, 5.5, 6.0), floats(6, 7.0), floats(6)):
        with pytest.raises(PointConflict, match=DIODE.name):
            scans.send("K", points)
    assert (0, [1.0, 2.0, 3.0, 4.0, 5.0]) == shown(scans, "K", DIODE.name)


def test_points_are_taken_while_the_scan_is_started(scans: ScanWriting) -> None:
    """Before that, and once it is stopped or closed, they are refused; an unknown stream is named."""
    created(scans, "K")
    scans.advance("K", ScanState.PREPARED, NOW, {}, STREAMS)
    with pytest.raises(StateError, match="is PREPARED: it takes points when it is STARTED"):
        scans.send("K", floats(0, 1.0))
    scans.advance("K", ScanState.STARTED, NOW)
    with pytest.raises(UnknownStream, match="'diode'"):
        scans.send("K", {"diode": Points(0, np.array([1.0]))})
    scans.send("K", floats(0, 1.0))
    for state in (ScanState.STOPPED, ScanState.CLOSED):
        scans.advance("K", state, NOW)
        with pytest.raises(StateError, match="sealed"):
            scans.send("K", floats(1, 1.0))
    assert (0, [1.0]) == shown(scans, "K", DIODE.name)


def test_a_long_stream_of_short_sends(scans: ScanWriting) -> None:
    """What is sent point by point, in small and in large batches comes whole, and by any part."""
    started(scans, "K", DIODE)
    rng, sent = np.random.default_rng(1), np.empty(0)
    for count in [1] * 40 + [700] * 3 + [1] * 40 + [3, 60_000, 1, 511, 1, 2]:
        fresh = rng.normal(size=count)
        scans.send("K", {DIODE.name: Points(len(sent), fresh)})
        sent = np.concatenate([sent, fresh])
    for start, end in ((0, 10**9), (0, 1), (39, 41), (500, 3_000), (2_100, 62_000), (len(sent) - 3, len(sent))):
        found = scans.points("K", DIODE.name, start, end)
        assert (start, sent[start:end].tobytes()) == (found.start, np.asarray(found.values).tobytes())


def test_several_who_send_the_same_send_it_once(scans: ScanWriting) -> None:
    """Of 4 that send the same points at once, in batches of other sizes, all succeed, and each point is there once."""
    started(scans, "K", DIODE)
    values = np.arange(60.0)

    def send(number: int) -> dict[str, int]:
        size = 5 + number
        return [scans.send("K", {DIODE.name: Points(at, values[at : at + size])}) for at in range(0, 60, size)][-1]

    assert [{DIODE.name: 60}] * 4 == together(send, 4)
    assert (0, values.tolist()) == shown(scans, "K", DIODE.name)


def test_several_producers_take_turns(stores: Stores, scans: ScanWriting) -> None:
    """Each goes on where the other one stopped, whatever it knew before."""
    started(scans, "K", DIODE, NOTES)
    records = stores.records("alice")
    both = scans, records.scans()
    for at in range(6):
        assert {DIODE.name: at + 1} == both[at % 2].send("K", floats(at, float(at)))
    both[0].send("K", {NOTES.name: Points(0, ["a"])})
    both[1].send("K", {NOTES.name: Points(0, ["a", "b"]), **floats(6)})
    assert (0, ["a", "b"]) == shown(both[0], "K", NOTES.name)
    records.close()


def test_of_two_who_send_others_one_is_refused(scans: ScanWriting) -> None:
    """Each index has one of the values sent, whoever came first; the other learns of it."""
    started(scans, "K", DIODE)

    def send(number: int) -> int:
        for at in range(20):
            try:
                scans.send("K", floats(at, float(number)))
            except PointConflict:
                return at
        return 20

    ends = together(send, 2)
    found = shown(scans, "K", DIODE.name)[1]
    assert (20, 1) == (max(ends), len(set(found)))
    assert 20 == len(found)


def test_a_deleted_scan_is_gone(scans: ScanWriting) -> None:
    """It isn't listed, found, loaded, read or sent to; others stay."""
    started(scans, "K")
    scans.send("K", floats(0, 1.0))
    started(scans, "L")
    scans.send("L", floats(0, 2.0))
    scans.delete("K")
    assert ("L", ["L"], ["L"]) == (scans.last()[1], [key for _, key in scans.created("0-0", 9)], scans.search({}))
    for ask in (scans.load, scans.delete, lambda key: scans.send(key, floats(1, 1.0))):
        with pytest.raises(ScanNotFoundError):
            ask("K")
    with pytest.raises(ScanNotFoundError):
        scans.points("K", DIODE.name, 0, 1)
    assert (0, [2.0]) == shown(scans, "L", DIODE.name)


def test_timetags_rise_though_scans_are_deleted(scans: ScanWriting) -> None:
    """Who asks for scans after the newest one, which is deleted then, gets the next one; none to be waited for is told."""
    created(scans, "K")
    tag = scans.last_timetag()
    scans.delete("K")
    scans.wait_for_scan("0-0", 0.0)
    assert tag == scans.last_timetag()
    with pytest.raises(NoScanAvailable):
        scans.last()
    created(scans, "L")
    assert ["L"] == [key for _, key in scans.created(tag, 9)]


def test_another_users_scans_are_not_seen(stores: Stores, scans: ScanWriting) -> None:
    """Scans of one key in two users' keyspaces have nothing to do with each other."""
    bob = stores.records("bob")
    started(bob.scans(), "K", DIODE)
    bob.scans().send("K", floats(0, 5.0))
    assert ([], "0-0") == (scans.search({}), scans.last_timetag())
    started(scans, "K", DIODE)
    assert [0, 1] == [each.load("K").streams[DIODE.name].length for each in (scans, bob.scans())]
    scans.delete("K")
    assert (0, [5.0]) == shown(bob.scans(), "K", DIODE.name)
    bob.close()


def test_a_wait_ends_with_a_change(scans: ScanWriting) -> None:
    """It ends when points, another state, or the end of the scan come, at once where they came before; else in time."""
    started(scans, "K", DIODE)
    changes = [
        lambda: scans.send("K", floats(0, 1.0)),
        lambda: scans.advance("K", ScanState.STOPPED, NOW),
        lambda: scans.delete("K"),
    ]
    for change in changes:
        seen, waits = scans.load("K"), Event()
        scans.wait(seen, 0.0)

        def wait(number: int, seen: Any = seen, waits: Event = waits, change: Any = change) -> bool:
            if number:
                waits.wait(30)
                change()
                return True
            waits.set()
            scans.wait(seen, 30)
            return True

        assert [True, True] == together(wait, 2)
        scans.wait(seen, 30)
    scans.wait(replace(seen, state=ScanState.CLOSED), 30)


def test_a_wait_for_a_scan_ends_with_one(scans: ScanWriting) -> None:
    """At once where there is one after the timetag; else when one comes, or in time."""
    scans.wait_for_scan("0-0", 0.0)
    ready = Event()

    def wait(number: int) -> str:
        if number:
            ready.wait(30)
            return created(scans, "K")
        ready.set()
        scans.wait_for_scan("0-0", 30)
        return scans.last_timetag()

    tags = together(wait, 2)
    assert 1 == len(set(tags))
    scans.wait_for_scan("0-0", 30)
    scans.wait_for_scan(tags[0], 0.0)
