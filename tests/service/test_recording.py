"""Recording scans by the use cases."""

from __future__ import annotations

from typing import Any

import pytest

from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.domain.errors import (
    LimitError,
    ScanExists,
    ScanNotFoundError,
    StateError,
    UnknownStream,
    Unprocessable,
)
from grafana_sensor.domain.scan import ScanState
from grafana_sensor.service import recording
from grafana_sensor.service.recordable import definition
from grafana_sensor.service.recording import NewScan
from grafana_sensor.service.ulids import is_ulid, ulid
from tests.contract.scans import shown
from tests.service.fakes import NOW, MicroClock

KEY = ulid(NOW, 5)
T = definition("t", "float64")
U = definition("u", "json")


@pytest.fixture
def scans() -> MemoryScans:
    """No scans yet."""
    return MemoryScans()


def new(**more: Any) -> NewScan:
    """A scan of one stream."""
    given = {"identity": {"name": "ascan", "number": 1, "data_policy": "none"}, "info": {"title": "x"}, "streams": [T]}
    return NewScan(**{**given, **more})


def test_a_scan_is_begun_at_once(scans: MemoryScans) -> None:
    """It is STARTED with its streams, under a new key; one under a key of the caller's own is begun once."""
    key, known = recording.begin(scans, new(), MicroClock())
    found = scans.load(key)
    assert (True, False, ScanState.STARTED, ["t"]) == (is_ulid(key), known, found.state, list(found.streams))
    assert [(KEY, False), (KEY, True)] == [recording.begin(scans, new(key=KEY), MicroClock()) for _ in range(2)]
    assert 2 == len(scans.search({}))


def test_what_stopped_midway_is_begun_by_the_repeat(scans: MemoryScans) -> None:
    """Whatever state it had come to; other streams under the key are refused, and so is what is no key."""
    recording.create(scans, new(key=KEY), MicroClock())
    assert (KEY, True) == recording.begin(scans, new(key=KEY), MicroClock())
    assert ScanState.STARTED == scans.load(KEY).state
    with pytest.raises(ScanExists, match="with other streams"):
        recording.begin(scans, new(key=KEY, streams=[T, U]), MicroClock())
    with pytest.raises(Unprocessable, match="'first' is no ULID"):
        recording.begin(scans, new(key="first"), MicroClock())


def test_streams_have_names_of_their_own_and_limits(scans: MemoryScans) -> None:
    """Two of a name, too many, and too much info are refused."""
    cases = [
        ([T, T], "two streams are called 't'"),
        ([definition(f"t{at}", "int8") for at in range(1_001)], "1,001 streams, more than the limit of 1,000"),
        ([definition(f"t{at}", "int8", (), {"a": "x" * 600_000}) for at in (1, 2)], "info of all streams has"),
    ]
    for streams, message in cases:
        with pytest.raises((Unprocessable, LimitError), match=message):
            recording.begin(scans, new(streams=streams), MicroClock())


def test_points_are_appended_or_sent_by_index(scans: MemoryScans) -> None:
    """Without an index at the end; with one they can be repeated. An unknown stream is named."""
    key, _ = recording.begin(scans, new(streams=[T, U]), MicroClock())
    assert {"t": 2, "u": 1} == recording.append(scans, key, {"t": (None, [1, 2]), "u": (0, [{"a": None}])})
    assert {"t": 3} == recording.append(scans, key, {"t": (None, [3])})
    assert {"t": 4} == recording.append(scans, key, {"t": (2, [3, 4])})
    assert (0, [1.0, 2.0, 3.0, 4.0]) == shown(scans, key, "t")
    with pytest.raises(UnknownStream, match="'v'"):
        recording.append(scans, key, {"v": (None, [1])})
    with pytest.raises(ScanNotFoundError):
        recording.append(scans, KEY, {"t": (None, [1])})


def test_a_scan_is_finished_once(scans: MemoryScans) -> None:
    """It is stopped and closed with its info; the same again changes nothing, other info is refused."""
    key, _ = recording.begin(scans, new(), MicroClock())
    first = recording.finish(scans, key, NOW + 5, {"end_reason": "SUCCESS"})
    assert (ScanState.CLOSED, {"title": "x", "end_reason": "SUCCESS"}) == (first.state, first.info)
    assert {*ScanState} == set(first.reached)
    assert first == recording.finish(scans, key, NOW + 9, {"end_reason": "SUCCESS"})
    with pytest.raises(StateError):
        recording.finish(scans, key, NOW, {"end_reason": "FAILURE"})


def test_an_open_scan_is_deleted_by_force_alone(scans: MemoryScans) -> None:
    """A closed one is without; the message says what to do."""
    one, other = (recording.begin(scans, new(), MicroClock())[0] for _ in range(2))
    with pytest.raises(StateError, match="is STARTED, not CLOSED: close it first"):
        recording.delete(scans, one, force=False)
    recording.delete(scans, one, force=True)
    recording.finish(scans, other, NOW, {})
    recording.delete(scans, other, force=False)
    assert [] == scans.search({})
