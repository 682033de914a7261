"""What the cheat sheet of blissdata says, asked of the real library and of ours on each store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.scan import ScanState
from tests.scans.beamlines import NAMES, Beamline, beamline_of
from tests.scans.redis import RedisServer

PATIENCE = 30.0
"""Seconds that a test waits for what must come; it never does."""


@pytest.fixture(params=NAMES)
def beamline(request: pytest.FixtureRequest, running_redis: RedisServer, tmp_path: Path) -> Iterator[Beamline]:
    with beamline_of(request.param, running_redis, tmp_path) as made:
        yield made


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    """Calls a function in a thread."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


def as_list(data: Any) -> list[Any]:
    """Points as plain values, however deep."""
    return [each.tolist() if hasattr(each, "tolist") else each for each in data]


def test_no_scan_is_available(beamline: Beamline) -> None:
    """Without a scan there is no last one, and none to come at once or in time."""
    errors = beamline.errors
    with pytest.raises(errors.NoScanAvailable):
        beamline.store.get_last_scan()
    for how in ({"block": False}, {"timeout": 0.01}, {"since": "0-0", "block": False}):
        with pytest.raises(errors.NoScanAvailable):
            beamline.store.get_next_scan(**how)
    assert ("0-0", ("0-0", [])) == (beamline.store.get_last_scan_timetag(), beamline.store.search_existing_scans())


def test_the_last_scan(beamline: Beamline) -> None:
    """The last scan is the newest that wasn't deleted, with the timetag from which newer ones are waited for."""
    first, second = beamline.create(number=1), beamline.create(number=2)
    timetag, key = beamline.store.get_last_scan()
    assert (second.key, timetag) == (key, beamline.store.get_last_scan_timetag())
    third = beamline.create(number=3)
    assert third.key == beamline.store.get_next_scan(since=timetag, timeout=PATIENCE)[1]
    beamline.delete(third.key)
    beamline.delete(second.key)
    assert first.key == beamline.store.get_last_scan()[1]


def test_scans_in_contiguous_sequence(beamline: Beamline) -> None:
    """From each timetag the next scan is found: all of them once, in order, a deleted one aside."""
    made = [beamline.create(number=number).key for number in range(4)]
    beamline.delete(made.pop(2))
    timetag, found = "0-0", []
    for _ in made:
        timetag, key = beamline.store.get_next_scan(since=timetag, timeout=PATIENCE)
        found.append(key)
    assert made == found
    with pytest.raises(beamline.errors.NoScanAvailable):
        beamline.store.get_next_scan(since=timetag, block=False)


def test_waiting_for_the_next_scan(beamline: Beamline, background: Callable[..., Future[Any]]) -> None:
    """Without a timetag the next scan is the first that is created from now on."""
    old = beamline.create().key
    waiting = background(beamline.store.get_next_scan, timeout=PATIENCE)
    made = []
    while not waiting.done():  # nobody tells when it has begun to wait
        made.append(beamline.create().key)
    assert waiting.result()[1] in made
    assert old not in made


def test_searching(beamline: Beamline) -> None:
    """Scans are found by each of their identity's fields, and by a text's begin, midst or end."""
    made = [beamline.create(number=n, dataset=name).key for n, name in enumerate(("abcd", "efgh1", "xefgh2"))]

    def found(**identity: Any) -> list[int]:
        found = [made.index(key) for key in beamline.store.search_existing_scans(**identity)[1]]
        return found if beamline.is_ours else sorted(found)  # the library's are in no order

    assert [0, 1, 2] == found()
    assert ([1], [1, 2], [2]) == (found(dataset="efgh*"), found(dataset="*efgh*"), found(dataset="*fgh2"))
    assert ([1], [0, 1], []) == (found(dataset="EFGH1"), found(dataset="abcd|efgh1"), found(proposal="none"))
    assert ([2], [], [0, 1, 2]) == (found(number=2), found(number=2, dataset="abcd"), found(name="ascan"))
    timetag, _ = beamline.store.search_existing_scans()
    assert beamline.store.get_last_scan()[0] == timetag


def test_a_loaded_scan(beamline: Beamline) -> None:
    """A loaded scan has its identity as attributes, its info, its state, and no streams before it is prepared."""
    made = beamline.create({"title": "a", "n": [1, None]}, name="dmesh", number=7, dataset="d1", path="p")
    scan = beamline.store.load_scan(made.key)
    assert (made.key, "dmesh", 7, "none", "d1", "p") == (
        scan.key, scan.name, scan.number, scan.data_policy, scan.dataset, scan.path,
    )  # fmt: skip
    assert (None, None, None) == (scan.session, scan.proposal, scan.collection)
    assert ({"title": "a", "n": [1, None]}, ScanState.CREATED, {}) == (scan.info, scan.state, scan.streams)


def test_a_scan_that_is_not_there(beamline: Beamline) -> None:
    """A key that no scan has, and one of a deleted scan, raise ScanNotFoundError, also when an open scan is updated."""
    key = beamline.create().key
    loaded = beamline.store.load_scan(key)
    beamline.delete(key)
    with pytest.raises(beamline.errors.ScanNotFoundError):
        loaded.update(timeout=PATIENCE)
    for missing in (key, key[:-4] + "0000"):
        with pytest.raises(beamline.errors.ScanNotFoundError):
            beamline.store.load_scan(missing)


def test_the_states_of_a_scan(beamline: Beamline) -> None:
    """An update tells whether the state changed, and only it brings the new state, info and streams."""
    made = beamline.create({"title": "a"})
    scan = beamline.store.load_scan(made.key)
    assert (False, ScanState.CREATED) == (scan.update(block=False), scan.state)
    made.stream("diode")
    made.prepare(npoints=5)
    assert (ScanState.CREATED, {}, {"title": "a"}) == (scan.state, scan.streams, scan.info)
    assert scan.update(timeout=PATIENCE)
    assert (ScanState.PREPARED, ["diode"]) == (scan.state, list(scan.streams))
    assert {"title": "a", "npoints": 5} == scan.info
    made.start()
    made.stop()
    assert (True, ScanState.STOPPED) == (scan.update(), scan.state)
    made.close(end_reason="SUCCESS")
    assert (True, ScanState.CLOSED, "SUCCESS") == (scan.update(), scan.state, scan.info["end_reason"])
    assert (False, False) == (scan.update(), scan.update(timeout=PATIENCE))
    assert {made.key: ScanState.CLOSED} == beamline.store.get_scans_state([made.key])


def test_states_are_ordered(beamline: Beamline) -> None:
    """States rise, so that one compares: a scan is complete from PREPARED on."""
    made = beamline.create()
    scan = beamline.store.load_scan(made.key)
    assert scan.state < ScanState.PREPARED
    made.prepare()
    scan.update()
    assert ScanState.PREPARED <= scan.state < ScanState.STARTED < ScanState.STOPPED < ScanState.CLOSED


def test_an_update_waits(beamline: Beamline, background: Callable[..., Future[Any]]) -> None:
    """An update that blocks returns when the state changes, while points come, and not before."""
    made = beamline.started()
    scan = beamline.store.load_scan(made.key)
    waiting = background(scan.update, timeout=PATIENCE)
    for value in range(20):
        made.send("diode", [float(value)])
    assert not waiting.done()
    made.stop()
    assert (True, ScanState.STOPPED) == (waiting.result(), scan.state)


def test_streams(beamline: Beamline) -> None:
    """A stream says its name, kind, dtype, shape and info, how long it is, and whether it is sealed."""
    made = beamline.create()
    made.stream("diode:current", np.int16, unit="A")
    made.stream("mca/spectrum", float, (4,))
    made.stream("notes", "json")
    made.prepare()
    made.start()
    streams = beamline.store.load_scan(made.key).streams
    assert {"diode:current", "mca/spectrum", "notes"} == set(streams)
    diode, spectrum, notes = (streams[name] for name in ("diode:current", "mca/spectrum", "notes"))
    assert ("diode:current", "array", np.int16, (), "A") == (
        diode.name, diode.kind, diode.dtype, tuple(diode.shape), diode.info["unit"],
    )  # fmt: skip
    assert ("array", np.float64, (4,)) == (spectrum.kind, spectrum.dtype, tuple(spectrum.shape))
    assert ("json", np.dtype(object), ()) == (notes.kind, notes.dtype, tuple(notes.shape))
    assert (0, False, False) == (len(diode), diode.is_sealed(), diode.wait_seal(0.01))
    made.send("diode:current", [1, 2, 3])
    assert 3 == len(diode)
    made.stop()
    assert (3, True, True) == (len(diode), diode.is_sealed(), diode.wait_seal(PATIENCE))


def test_a_stream_as_an_array(beamline: Beamline) -> None:
    """A point by its index, and slices with and without steps, are those of the array that was sent."""
    made = beamline.started()
    stream = beamline.store.load_scan(made.key).streams["diode"]
    empty = stream[:]
    assert ((0,), np.float64) == (empty.shape, empty.dtype)
    sent = np.arange(250.0) * 1.5
    for begin, end in ((0, 1), (1, 100), (100, 150), (150, 250)):
        made.send("diode", sent[begin:end])
    assert (4.5, np.float64) == (stream[3], stream[3].dtype)
    slices = [slice(100, 200), slice(None), slice(99, 101), slice(0, 250, 7), slice(None, None, 3), slice(240, 900)]
    slices += [slice(300, 400), slice(5, 5), slice(9, 5), slice(200, None), slice(None, 1)]
    for each in slices:
        assert sent[each].tolist() == stream[each].tolist(), each
    assert stream[:].flags.writeable
    made.stop()
    for each in (*slices, slice(-10, None), slice(None, -3), slice(-20, -10), slice(-900, 5)):
        assert sent[each].tolist() == stream[each].tolist(), each
    assert (sent[-1], sent[-250]) == (stream[-1], stream[-250])


def test_indexes_that_are_not_there(beamline: Beamline) -> None:
    """An index beyond a live stream may come, one beyond a sealed stream won't; both are an IndexError."""
    made = beamline.started()
    stream = beamline.store.load_scan(made.key).streams["diode"]
    for _ in range(2):
        with pytest.raises(beamline.errors.IndexNotYetThereError):
            stream[2]
        made.send("diode", [1.0])
    made.stop()
    with pytest.raises(beamline.errors.IndexWontBeThereError):
        stream[2]
    for index in (2, -3):
        with pytest.raises(IndexError):
            stream[index]


def test_the_last_point_of_a_live_stream(beamline: Beamline) -> None:
    """[-1] is the last point so far, as the cheat sheet says; the library has it from a sealed stream only."""
    made = beamline.started()
    stream = beamline.store.load_scan(made.key).streams["diode"]
    with pytest.raises(beamline.errors.IndexNotYetThereError):
        stream[-1]
    made.send("diode", [1.0, 2.0, 3.0])
    if beamline.is_ours:
        assert (3.0, [2.0, 3.0], [3.0, 2.0, 1.0]) == (stream[-1], stream[-2:].tolist(), stream[::-1].tolist())
    else:
        with pytest.raises(beamline.errors.IndexNotYetThereError):
            stream[-1]
    made.stop()
    assert 3.0 == stream[-1]


def test_points_of_any_shape(beamline: Beamline) -> None:
    """Points have their stream's shape; those that vary are a list, or an array where they happen to be alike."""
    made = beamline.create()
    made.stream("spectrum", np.int32, (3,))
    made.stream("ragged", float, (-1,))
    made.stream("notes", "json")
    made.prepare()
    made.start()
    streams = beamline.store.load_scan(made.key).streams
    made.send("spectrum", np.arange(6).reshape(2, 3))
    made.send("ragged", np.arange(2.0))
    made.send("ragged", np.arange(4.0).reshape(2, 2))
    assert (2, 3) == streams["spectrum"][:].shape
    assert [3, 4, 5] == streams["spectrum"][1].tolist()
    assert [[0.0, 1.0], [0.0, 1.0], [2.0, 3.0]] == streams["ragged"][:].tolist()
    made.send("ragged", np.arange(1.0))
    assert [[0.0, 1.0], [0.0, 1.0], [2.0, 3.0], [0.0]] == as_list(streams["ragged"][:])
    assert isinstance(streams["ragged"][:], list)
    made.send("notes", [{"a": 1}, [None, "x"]])
    assert ({"a": 1}, [{"a": 1}, [None, "x"]], []) == (streams["notes"][0], streams["notes"][:], streams["notes"][5:])


def test_a_cursor(beamline: Beamline) -> None:
    """A read gives what came since the last one as a view, whose data can be had in parts."""
    made = beamline.started()
    cursor = beamline.store.load_scan(made.key).streams["diode"].cursor()
    assert (None, None, 0) == (cursor.read(block=False), cursor.read(timeout=0.01), cursor.position)
    made.send("diode", np.arange(1.0, 4))
    made.send("diode", np.arange(4.0, 10))
    view = cursor.read()
    assert (0, 8, 9, 9) == (view.index, view.last_index, len(view), cursor.position)
    assert list(range(1, 10)) == view.get_data().tolist() == list(view)
    assert ([2, 3], [8, 9], [], [1]) == tuple(
        as_list(each) for each in (view.get_data(1, 3), view.get_data(-2), view.get_data(20), view.get_data(0, 1))
    )
    assert cursor.read(block=False) is None
    made.send("diode", 10.0)
    assert (9, [10.0]) == ((view := cursor.read(timeout=PATIENCE)).index, view.get_data().tolist())


def test_the_end_of_a_stream(beamline: Beamline) -> None:
    """What was left is read before EndOfStream, which comes again at each read, whether it blocks or not."""
    made = beamline.started()
    stream = beamline.store.load_scan(made.key).streams["diode"]
    cursor, late = stream.cursor(), stream.cursor()
    made.send("diode", [1.0, 2.0])
    cursor.read()
    made.stop()
    for how in ({}, {"block": False}, {"timeout": PATIENCE}, {"last_only": True}):
        with pytest.raises(beamline.errors.EndOfStream):
            cursor.read(**how)
    assert [1.0, 2.0] == late.read().get_data().tolist()
    with pytest.raises(beamline.errors.EndOfStream):
        late.read()


def test_an_empty_stream_ends(beamline: Beamline) -> None:
    """A stream that was sealed without a point ends at the first read."""
    made = beamline.started()
    stream = beamline.store.load_scan(made.key).streams["diode"]
    made.stop()
    assert (0, [], []) == (len(stream), stream[:].tolist(), list(stream))
    for how in ({}, {"last_only": True}):
        with pytest.raises(beamline.errors.EndOfStream):
            stream.cursor().read(**how)


def test_a_cursor_waits(beamline: Beamline, background: Callable[..., Future[Any]]) -> None:
    """A read that blocks returns with the point that is sent next."""
    made = beamline.started()
    cursor = beamline.store.load_scan(made.key).streams["diode"].cursor()
    for value in range(5):
        waiting = background(cursor.read, timeout=PATIENCE)
        made.send("diode", float(value))
        assert [value] == waiting.result().get_data().tolist()
    waiting = background(cursor.read, timeout=PATIENCE)
    made.stop()
    with pytest.raises(beamline.errors.EndOfStream):
        waiting.result()


def test_iterating_a_stream(beamline: Beamline, background: Callable[..., Future[Any]]) -> None:
    """A loop over a stream gives each point, as it comes, until the end."""
    made = beamline.started()
    waiting = background(list, beamline.store.load_scan(made.key).streams["diode"])
    try:
        for value in range(30):
            made.send("diode", float(value))
    finally:
        made.stop()
    assert list(range(30)) == waiting.result()


def test_monitoring(beamline: Beamline) -> None:
    """With last_only a read gives the last point alone, by its absolute index, and the next one only a newer one."""
    made = beamline.started()
    cursor = beamline.store.load_scan(made.key).streams["diode"].cursor()
    assert cursor.read(block=False, last_only=True) is None
    made.send("diode", np.arange(9.0))
    view = cursor.read(last_only=True)
    assert (8, 1, [8.0], 9) == (view.index, len(view), view.get_data().tolist(), cursor.position)
    assert cursor.read(timeout=0.01, last_only=True) is None
    made.send("diode", np.arange(9.0, 12))
    assert (11, [11.0]) == ((view := cursor.read(last_only=True)).index, view.get_data().tolist())
    made.send("diode", [12.0])
    made.stop()
    assert [12.0] == cursor.read(last_only=True).get_data().tolist()
    with pytest.raises(beamline.errors.EndOfStream):
        cursor.read(last_only=True)


def test_parallel_reading(beamline: Beamline, background: Callable[..., Future[Any]]) -> None:
    """A group reads all streams of a scan at once, each point once and in order, until all have ended."""
    made = beamline.started(a=float, b=np.int32, c=float)
    group = beamline.group(beamline.store.load_scan(made.key).streams)
    assert {} == group.read(block=False) == group.read(timeout=0.01)
    made.send("a", [1.0])
    made.send("b", [1, 2])
    views = group.read()
    assert {"a": (0, [1.0]), "b": (0, [1, 2])} == {
        stream.name: (view.index, view.get_data().tolist()) for stream, view in views.items()
    }
    assert {"a": 1, "b": 2, "c": 0} == {stream.name: position for stream, position in group.position.items()}
    found: dict[str, list[float]] = {"a": [], "b": [], "c": []}

    def follow() -> None:
        while True:
            try:
                views = group.read(timeout=PATIENCE)
            except beamline.errors.EndOfStream:
                return
            for stream, view in views.items():
                found[stream.name] += view.get_data().tolist()

    following = background(follow)
    for value in range(20):
        made.send("c", [float(value)])
        made.send("b", [value] * 2)
    made.stop()
    following.result()
    assert {"a": [], "b": [each for each in range(20) for _ in range(2)], "c": list(range(20))} == found
    with pytest.raises(beamline.errors.EndOfStream):
        group.read(block=False)


def test_monitoring_in_parallel(beamline: Beamline) -> None:
    """With last_only a group gives the last point of each stream that has a new one."""
    made = beamline.started(a=float, b=float)
    streams = beamline.store.load_scan(made.key).streams
    group = beamline.group([streams["b"], streams["a"]])
    made.send("a", [1.0, 2.0])
    made.send("b", [3.0])

    def read() -> dict[str, tuple[int, list[float]]]:
        views = group.read(block=False, last_only=True)
        return {stream.name: (view.index, view.get_data().tolist()) for stream, view in views.items()}

    assert {"a": (1, [2.0]), "b": (0, [3.0])} == read()
    made.send("b", [4.0, 5.0])
    assert {"b": (2, [5.0])} == read()
    assert {} == read()
    made.stop()
    with pytest.raises(beamline.errors.EndOfStream):
        group.read(last_only=True)


def test_a_group_of_nothing(beamline: Beamline) -> None:
    """A group without streams has ended already."""
    with pytest.raises(beamline.errors.EndOfStream):
        beamline.group([]).read()
