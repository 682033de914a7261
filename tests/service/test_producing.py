"""Recording from Python."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event
from typing import Any

import numpy as np
import pytest

from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.domain.errors import (
    PointConflict,
    PointError,
    StateError,
    Unavailable,
    Unprocessable,
)
from grafana_sensor.domain.scan import Points, ScanState
from grafana_sensor.service import outbox
from grafana_sensor.service.outbox import Outbox
from grafana_sensor.service.producing import ProducedScan
from grafana_sensor.service.recordable import definition
from tests.contract.scans import shown
from tests.service.fakes import MicroClock

IDENTITY = {"name": "ascan", "number": 1, "data_policy": "none"}


def produced(scans: MemoryScans) -> ProducedScan:
    """A new scan."""
    return ProducedScan(scans, IDENTITY, {"title": "x"}, MicroClock())


def sent(*values: float, start: int = 0) -> Points:
    """Points of floats."""
    return Points(start, np.array(values))


def test_a_scan_is_recorded_by_the_producers_verbs() -> None:
    """Each verb's effect is there for readers, info and streams from prepare on, the end reason from close on."""
    scans = MemoryScans()
    scan = produced(scans)
    diode = scan.create_stream("diode", float, info={"unit": "A"})
    notes = scan.create_stream(definition("notes", "json"))
    scan.info["count_time"] = float("nan")
    assert ({"title": "x"}, []) == (scans.load(scan.key).info, list(scans.load(scan.key).streams))
    scan.prepare()
    assert ({"title": "x", "count_time": None}, ["diode", "notes"]) == (
        scans.load(scan.key).info,
        list(scans.load(scan.key).streams),
    )
    scan.start()
    for value in range(5):
        diode.send(float(value))
    diode.send(np.arange(5.0, 8.0))
    notes.send({"a": 1})
    diode.join()
    assert (8, 8) == (len(diode), scans.load(scan.key).streams["diode"].length)
    scan.stop()
    scan.info["end_reason"] = "SUCCESS"
    scan.close()
    found = scans.load(scan.key)
    assert (ScanState.CLOSED, "SUCCESS", scan.state) == (found.state, found.info["end_reason"], found.state)
    assert [(0, [float(each) for each in range(8)]), (0, [{"a": 1}])] == [
        shown(scans, scan.key, name) for name in scan.streams
    ]


def test_verbs_have_an_order() -> None:
    """Points before the start, streams after prepare, two of a name, and states out of order are refused."""
    scan = produced(MemoryScans())
    stream = scan.create_stream("t")
    with pytest.raises(Unprocessable, match="two streams are called 't'"):
        scan.create_stream("t", "int8")
    with pytest.raises(StateError, match="can't be STARTED next"):
        scan.start()
    scan.prepare()
    with pytest.raises(StateError, match="is PREPARED: streams are made before"):
        scan.create_stream("u")
    with pytest.raises(StateError, match="is PREPARED: it takes points"):
        stream.send(1.0)
    scan.start()
    with pytest.raises(PointError):
        stream.send(1)
    assert 0 == len(stream)
    scan.close()
    with pytest.raises(StateError, match="is CLOSED"):
        stream.send(1.0)


def test_what_was_sent_may_be_changed_afterwards() -> None:
    """A producer's buffer is its own again when send returns."""
    scans = MemoryScans()
    scan = produced(scans)
    stream = scan.create_stream("t")
    scan.prepare()
    scan.start()
    buffer = np.zeros(3)
    stream.send(buffer)
    buffer[:] = 9
    scan.close()
    assert (0, [0.0, 0.0, 0.0]) == shown(scans, scan.key, "t")


def test_what_waits_goes_together() -> None:
    """While a write is under way points gather by stream, and the next write takes them all in their order."""
    begun, go = Event(), Event()
    writes: list[dict[str, tuple[int, list[float]]]] = []

    def send(points: Mapping[str, Points]) -> None:
        writes.append({name: (each.start, list(each.values)) for name, each in points.items()})
        begun.set()
        go.wait(30)

    box = Outbox(send)
    box.add("a", sent(0.0))
    begun.wait(30)
    for at in range(1, 4):
        box.add("a", sent(float(at), start=at))
        box.add("b", Points(at - 1, [at]))
    go.set()
    box.join()
    assert [{"a": (0, [0.0])}, {"a": (1, [1.0, 2.0, 3.0]), "b": (0, [1, 2, 3])}] == writes


def test_a_write_that_was_not_answered_is_tried_again() -> None:
    """Some times, with pauses; then the error is told to who joins, and to who sends."""
    tries: list[int] = []
    pauses: list[float] = []

    def send(failures: int) -> Any:
        def sending(points: Mapping[str, Points]) -> None:
            tries.append(len(points))
            if len(tries) <= failures:
                raise Unavailable("away")

        return sending

    box = Outbox(send(2), pauses.append)
    box.add("a", sent(1.0))
    box.join()
    assert ([1, 1, 1], [0.1, 0.5]) == (tries, pauses)
    tries.clear()
    box = Outbox(send(99), pauses.append)
    box.add("a", sent(1.0))
    with pytest.raises(Unavailable, match="away"):
        box.join()
    with pytest.raises(Unavailable, match="away"):
        box.add("a", sent(2.0))
    assert 4 == len(tries)


def test_a_producer_learns_of_another_one() -> None:
    """Points that another producer sent otherwise are told by join and by stop; nothing is overwritten."""
    scans = MemoryScans()
    scan = produced(scans)
    stream = scan.create_stream("t")
    scan.prepare()
    scan.start()
    scans.send(scan.key, {"t": sent(5.0)})
    stream.send(1.0)
    with pytest.raises(PointConflict):
        stream.join()
    with pytest.raises(PointConflict):
        scan.stop()
    assert (0, [5.0]) == shown(scans, scan.key, "t")


def test_who_sends_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit of what may wait a send returns when there is room; one that is larger alone is taken alone."""
    monkeypatch.setattr(outbox, "MOST", 100)
    most: list[int] = []
    box = Outbox(lambda points: most.append(sum(np.asarray(each.values).nbytes for each in points.values())))
    for at in range(50):
        box.add("a", sent(*range(5), start=5 * at))
    box.add("a", sent(*range(100), start=250))
    box.join()
    assert (50 * 40 + 800, 800) == (sum(most), max(most))


def test_the_thread_ends_when_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there while points come, and comes again with the next ones."""
    monkeypatch.setattr(outbox, "IDLE", 0.0)
    box = Outbox(lambda _: None)
    for at in range(3):
        box.add("a", sent(1.0, start=at))
        box.join()
        while (thread := box._thread) is not None:
            thread.join(30)
    assert None is box._thread
