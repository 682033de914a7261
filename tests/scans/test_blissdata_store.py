"""The adapter of blissdata as the port's words have it, on a real Redis with the real producer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import redis_om.model.model

from grafana_sensor.adapters.blissdata import BlissdataScans, Place
from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    NoScanAvailable,
    ScanNotFoundError,
    StreamUnreadable,
    UnknownStream,
)
from grafana_sensor.domain.scan import ScanState
from tests.scans.blissproducer import BlissProducer, defined, send
from tests.scans.redis import RedisServer


@pytest.fixture
def scans(redis_server: RedisServer) -> Iterator[BlissdataScans]:
    store = BlissdataScans(Place.read(redis_server.url))
    yield store
    store.close()


def test_an_empty_redis_has_no_scan(scans: BlissdataScans) -> None:
    """Where nothing was recorded there is no last scan, and every timetag is after the one given."""
    assert ("0-0", [], []) == (scans.last_timetag(), scans.created("0-0", 10), scans.search({}))
    with pytest.raises(NoScanAvailable, match="no scan in the Redis 127"):
        scans.last()


def test_a_scan_is_seen_in_each_of_its_states(scans: BlissdataScans, producer: BlissProducer) -> None:
    """State, times, identity, info and streams are those of the moment at which the scan is loaded."""
    made = producer.create({"title": "first"}, session="s1")
    scan = scans.load(made.key)
    assert (ScanState.CREATED, {"title": "first"}, {}) == (scan.state, scan.info, scan.streams)
    assert {"name": "ascan", "number": 1, "data_policy": "none", "session": "s1"} == scan.identity
    for name in ("zebra", "diode:current", "apple"):
        made.create_stream(defined(name, unit="A"))
    made.info["npoints"] = 3
    made.prepare()
    scan = scans.load(made.key)
    assert (ScanState.PREPARED, 3) == (scan.state, scan.info["npoints"])
    assert ["zebra", "diode:current", "apple"] == list(scan.streams)
    diode = scan.streams["diode:current"].definition
    assert ("array", "float64", (), "A") == (diode.kind, diode.dtype, diode.shape, diode.info["unit"])
    made.start()
    made.stop()
    made.close()
    scan = scans.load(made.key)
    assert list(ScanState) == list(scan.reached)
    assert sorted(scan.reached.values()) == list(scan.reached.values())
    assert all(stream.sealed for stream in scan.streams.values())


def test_points_by_index(scans: BlissdataScans, producer: BlissProducer) -> None:
    """Points come back as they were sent, whatever batches they came in, as far as they go."""
    made, streams = producer.started(defined("diode", np.int32), defined("spectrum", float, (3,)))
    diode, spectrum = streams["diode"], streams["spectrum"]
    for begin, end in ((0, 1), (1, 5), (5, 105), (105, 106)):
        send(diode, np.arange(begin, end, dtype=np.int32))
    send(spectrum, np.arange(12.0).reshape(4, 3))
    for start, end in ((0, 106), (0, 1), (3, 7), (50, 60), (104, 106), (105, 1_000), (106, 110), (7, 7)):
        points = scans.points(made.key, "diode", start, end)
        assert np.arange(start, min(end, 106)).tolist() == np.asarray(points.values).tolist()
        assert points.start == start or not len(points)
        assert np.int32 == np.asarray(points.values).dtype
    assert [[3, 4, 5], [6, 7, 8]] == np.asarray(scans.points(made.key, "spectrum", 1, 3).values).tolist()
    assert (0, 3) == np.asarray(scans.points(made.key, "spectrum", 4, 9).values).shape
    assert [106, 4] == [stream.length for stream in scans.load(made.key).streams.values()]


def test_more_batches_than_a_request_takes(scans: BlissdataScans, producer: BlissProducer) -> None:
    """A stream of thousands of batches is read whole, though each request is for some of them."""
    made, streams = producer.started()
    for value in range(2_500):
        streams["diode"].send(float(value))
    streams["diode"].join()
    assert list(range(2_500)) == np.asarray(scans.points(made.key, "diode", 0, 2_500).values).tolist()
    assert list(range(150, 2_499)) == np.asarray(scans.points(made.key, "diode", 150, 2_499).values).tolist()


def test_every_kind_of_points(scans: BlissdataScans, producer: BlissProducer) -> None:
    """Bytes in the other order become this machine's, varying shapes and JSON lists, sub-scans their keys."""
    from blissdata.streams.scan_sequence import ScanStream

    made, streams = producer.started(
        defined("big", ">f8"),
        defined("ragged", np.uint8, (-1,)),
        defined("notes", "json"),
        ScanStream.make_definition("subs"),
    )
    send(streams["big"], np.array([1.5, 2.5], ">f8"))
    send(streams["ragged"], np.array([1, 2], np.uint8))
    send(streams["ragged"], np.array([3], np.uint8))
    send(streams["notes"], {"a": [1, None]})
    send(streams["subs"], {"key": made.key})
    found = {name: scans.points(made.key, name, 0, 9).values for name in streams}
    assert np.dtype("=f8") == np.asarray(found["big"]).dtype
    assert [1.5, 2.5] == np.asarray(found["big"]).tolist()
    assert [[1, 2], [3]] == [each.tolist() for each in found["ragged"]]
    assert ([{"a": [1, None]}], [made.key]) == (found["notes"], found["subs"])
    kinds = [stream.definition.kind for stream in scans.load(made.key).streams.values()]
    assert ["array", "array", "json", "scan"] == kinds


def test_a_stream_of_a_plugin_that_is_missing(scans: BlissdataScans, producer: BlissProducer) -> None:
    """Its name, shape and length are known, the other streams are read, and its points are refused by a clear error."""
    image = defined("image", "json")
    made = producer.create()
    diode = made.create_stream(defined("diode"))
    image_stream = made.create_stream(image)
    send(image_stream, {"frame": 1})
    model = made._model.data_streams["image"]
    model.info.update(plugin="lima2", shape=[64, 64])
    made.prepare()
    made.start()
    send(diode, np.arange(2.0))
    streams = scans.load(made.key).streams
    assert [("array", 2), ("missing", 1)] == [(each.definition.kind, each.length) for each in streams.values()]
    assert (64, 64) == streams["image"].definition.shape
    assert 2 == len(scans.points(made.key, "diode", 0, 9))
    with pytest.raises(StreamUnreadable, match="'image' is read by the plugin 'lima2'"):
        scans.points(made.key, "image", 0, 9)


def test_trimmed_points(scans: BlissdataScans, producer: BlissProducer, redis_server: RedisServer) -> None:
    """What was trimmed is left out, and where the rest begins is told."""
    made, streams = producer.started()
    for begin in (0, 50, 100, 150):
        send(streams["diode"], np.arange(begin, begin + 50.0))
    with redis_server.client() as client:
        client.xtrim(streams["diode"].key, minid=100, approximate=False)
    stream = scans.load(made.key).streams["diode"]
    assert (100, 200) == (stream.first, stream.length)
    for start, end, first, count in ((0, 200, 100, 100), (50, 120, 100, 20), (110, 120, 110, 10), (0, 50, 0, 0)):
        points = scans.points(made.key, "diode", start, end)
        assert (first, count) == (points.start, len(points))
    made.stop()
    with redis_server.client() as client:
        client.xtrim(streams["diode"].key, maxlen=1, approximate=False)
    stream = scans.load(made.key).streams["diode"]
    assert (200, 200, True) == (stream.first, stream.length, stream.sealed)
    assert 0 == len(scans.points(made.key, "diode", 0, 200))


def test_what_is_not_there(scans: BlissdataScans, producer: BlissProducer) -> None:
    """A key without a scan, another key altogether, a deleted scan and an unknown stream are told apart from defects."""
    made, _ = producer.started()
    for key in ("esrf:scan:01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "*", "", "a b", "_SCAN_HISTORY_"):
        with pytest.raises(ScanNotFoundError, match="there is no scan"):
            scans.load(key)
    with pytest.raises(UnknownStream, match=r"did you mean 'diode'\?"):
        scans.points(made.key, "diod", 0, 1)
    assert made.key == scans.load(made.key.removeprefix("esrf:scan:")).key
    producer.store.delete_scan(made.key, force=True)
    with pytest.raises(ScanNotFoundError, match="may have been deleted"):
        scans.load(made.key)
    assert ([], []) == (scans.search({}), scans.created("0-0", 10))


def test_scans_in_the_order_in_which_they_were_made(scans: BlissdataScans, producer: BlissProducer) -> None:
    """Timetags lead from scan to scan; a search and the last scan keep the same order."""
    keys = [producer.create(number=number).key for number in range(5)]
    found = scans.created("0-0", 3)
    assert keys[:3] == [key for _, key in found]
    assert keys[3:] == [key for _, key in scans.created(found[-1][0], 10)]
    assert keys == scans.search({})
    assert (scans.last_timetag(), keys[-1]) == scans.last()
    producer.store.delete_scan(keys[-1], force=True)
    assert keys[-2] == scans.last()[1]
    with pytest.raises(BadRequest, match="'yesterday' is no timetag"):
        scans.created("yesterday", 1)


@pytest.mark.parametrize(
    ("identity", "numbers"),
    [
        ({}, [0, 1, 2, 3]),
        ({"dataset": "efgh*"}, [1, 2]),
        ({"dataset": "*0001"}, [1]),
        ({"dataset": "*gh00*"}, [1, 2]),
        ({"dataset": "EFGH0001"}, [1]),
        ({"dataset": "e*"}, [1, 2]),
        ({"dataset": "efgh0001|a b-c"}, [1, 3]),
        ({"dataset": "a b-c"}, [3]),
        ({"dataset": "é*"}, []),
        ({"number": 2}, [2]),
        ({"number": 2, "dataset": "efgh*"}, [2]),
        ({"number": 2, "dataset": "abcd"}, []),
        ({"proposal": "none"}, []),
    ],
)
def test_a_search(scans: BlissdataScans, producer: BlissProducer, identity: dict[str, Any], numbers: list[int]) -> None:
    """Scans are found by what they are, also where the Redis' index alone would not find them."""
    for number, dataset in enumerate(("abcd", "efgh0001", "EFGH0002", "a b-c")):
        producer.create(number=number, dataset=dataset)
    assert numbers == [scans.load(key).identity["number"] for key in scans.search(identity)]


@pytest.mark.parametrize("identity", [{"dataset": "a*b"}, {"dataset": "*"}, {"colour": "red"}, {"number": "x"}])
def test_a_search_that_can_not_be(scans: BlissdataScans, identity: dict[str, Any]) -> None:
    """A pattern that the index has no answer to is refused, not answered by nothing."""
    with pytest.raises(ConditionError):
        scans.search(identity)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://localhost", "redis://HOST:PORT"),
        ("redis://localhost/1", "in its database 0"),
        ("redis://localhost?db=2", "db=0 only"),
        ("redis://localhost?protocol=3", "protocol=2 only"),
        ("redis://localhost?decode_responses=true", "decode_responses=false only"),
        ("redis://localhost?socket_timeout=0", "socket_timeout"),
        ("redis://localhost:port", "can't be read"),
    ],
)
def test_a_url_that_would_not_do(url: str, message: str) -> None:
    """What blissdata can't read by is refused before anything is connected to."""
    with pytest.raises(BadRequest, match=message):
        Place.read(url)


def test_scans_of_one_millisecond(
    scans: BlissdataScans, producer: BlissProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scans that were made in the same millisecond are found in the order in which they were made all the same."""
    numbers = itertools.count(9_999, -1)
    monkeypatch.setattr(redis_om.model.model, "ULID", lambda: f"01K0000000{next(numbers):016d}")
    keys = [producer.create(number=number).key for number in range(5)]
    assert sorted(keys, reverse=True) == keys == scans.search({}) == scans.search({"name": "a*"})
