"""What only Cassandra has of scans: parts, servers that know different things, and stops between two statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grafana_sensor.adapters.cassandra import scan_list, scan_points
from grafana_sensor.adapters.cassandra.connections import Connection
from grafana_sensor.domain.errors import ScanNotFoundError, StateError
from grafana_sensor.domain.scan import Points, ScanState
from grafana_sensor.ports import ScanWriting
from tests.contract.blobs import together
from tests.contract.scans import DIODE, NOTES, NOW, SPECTRUM, created, floats, shown, started
from tests.contract.stores import CassandraStores


class Crash(Exception):
    """The server dies here."""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[CassandraStores]:
    """Empty keyspaces of a real node."""
    with closing(CassandraStores(tmp_path)) as made:
        yield made


@pytest.fixture
def scans(stores: CassandraStores) -> ScanWriting:
    """Alice's scans, as one server sees them."""
    return stores.blobs("alice").scans()


@pytest.fixture
def others(stores: CassandraStores) -> ScanWriting:
    """The same, as another server does."""
    return stores.blobs("alice").scans()


def lying(stores: CassandraStores, query: str) -> list[tuple[Any, ...]]:
    """What CQL of the test's own finds of alice, without the owner."""
    return sorted(stores._select("alice", query))


def crashing(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the connection die before its `at`th statement that changes something from now on."""
    left = [at]

    def dying(name: str) -> None:
        real = getattr(Connection, name)

        def once(self: Connection, *values: Any) -> Any:
            if name != "run" or not values[0].text.startswith("SELECT"):
                left[0] -= 1
                if left[0] == 0:
                    raise Crash
            return real(self, *values)

        monkeypatch.setattr(Connection, name, once)

    for name in ("run", "conditional"):
        dying(name)


def test_points_lie_in_parts_of_a_bounded_size(
    stores: CassandraStores, scans: ScanWriting, others: ScanWriting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows end where a part ends, and any range of the points can be read, by a server that knows none of the parts too."""
    monkeypatch.setattr(scan_points, "PART", 8 * 100)
    monkeypatch.setattr(scan_points, "LONG", 8 * 40)
    started(scans, "K")
    for at, size in ((0, 1), (1, 98), (99, 1), (100, 100), (200, 350), (550, 7)):
        scans.send("K", {DIODE.name: Points(at, np.arange(at, at + size, dtype=float))})
    for at in range(0, 9, 3):
        scans.send("K", {NOTES.name: Points(at, [at, at + 1, at + 2])})
    assert [(0, 100), (100, 100), (200, 100), (300, 100), (400, 100), (500, 57)] == lying(
        stores, f"SELECT owner, start, count FROM scan_points WHERE stream = '{DIODE.name}' ALLOW FILTERING"
    )
    assert [(0, 2), (2, 2), (4, 2), (6, 2), (8, 1)] == lying(
        stores, "SELECT owner, start, count FROM scan_points WHERE stream = 'notes' ALLOW FILTERING"
    )
    for start, end in ((0, 557), (0, 1), (99, 101), (100, 200), (250, 10**9), (556, 557), (600, 700)):
        assert (start, [float(at) for at in range(start, min(end, 557))]) == shown(others, "K", DIODE.name, start, end)
    assert (0, list(range(9))) == shown(others, "K", NOTES.name)
    assert {DIODE.name: 560} == others.send("K", floats(550, *range(550, 560)))
    assert {DIODE.name: 561} == scans.send("K", floats(557, 557, 558, 559, 560))


def test_a_part_that_is_just_full_goes_on_and_is_closed(
    scans: ScanWriting, others: ScanWriting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream whose last part is full takes points from any server, and can be sealed."""
    monkeypatch.setattr(scan_points, "PART", 8 * 10)
    started(scans, "K", DIODE)
    scans.send("K", floats(0, *range(10)))
    others.send("K", floats(10, *range(10, 20)))
    scans.advance("K", ScanState.STOPPED, NOW)
    for each in (scans, others):
        with pytest.raises(StateError, match="sealed"):
            each.send("K", floats(20, 1.0))
        assert (20, True) == (each.load("K").streams[DIODE.name].length, each.load("K").streams[DIODE.name].sealed)


def test_nothing_is_sent_once_a_stream_is_sealed(scans: ScanWriting, others: ScanWriting) -> None:
    """Where one server sends while another stops the scan, what was acknowledged is what the sealed stream has."""
    started(scans, "K", DIODE, SPECTRUM)

    def work(number: int) -> int:
        if number:
            others.advance("K", ScanState.STOPPED, NOW)
            return 0
        for at in range(10_000):
            try:
                scans.send("K", floats(at, float(at)))
            except StateError:
                return at
        return 10_000

    sent, _ = together(work, 2)
    assert sent == scans.load("K").streams[DIODE.name].length == len(shown(others, "K", DIODE.name)[1])


@pytest.mark.parametrize("at", range(1, 4))
def test_a_creation_that_stopped_midway_is_finished_by_its_repeat(
    scans: ScanWriting, others: ScanWriting, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """After a stop before each of its statements it is listed once, after the scans that came meanwhile or before."""
    with monkeypatch.context() as patched:
        crashing(patched, at)
        with pytest.raises(Crash):
            created(scans, "K")
    created(others, "L")
    tag = created(others, "K", NOW + 1_000_000)
    assert tag == created(scans, "K")
    listed = scans.created("0-0", 9)
    assert (sorted(listed), {"K", "L"}, tag) == (listed, {key for _, key in listed}, {k: t for t, k in listed}["K"])
    assert 2 == len(listed)


def test_the_list_goes_on_in_parts(
    stores: CassandraStores, scans: ScanWriting, others: ScanWriting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scans of full parts are listed, found and deleted as those of the last one, by a server that knew no part too."""
    monkeypatch.setattr(scan_list, "FULL", 3)
    tags = [created(scans, f"K{number}") for number in range(8)]
    listed = [(tag, f"K{number}") for number, tag in enumerate(tags)]
    assert [(0, 3), (1, 3), (2, 2)] == lying(stores, "SELECT owner, part, listed FROM scan_list")
    for each in (others, scans):
        assert [listed, listed[2:5], listed[7:]] == [
            each.created("0-0", 99),
            each.created(tags[1], 3),
            each.created(tags[6], 9),
        ]
        assert [key for _, key in listed] == each.search({})
    for key in ("K7", "K6", "K1"):
        others.delete(key)
    assert (listed[5], ["K0", "K2", "K3", "K4", "K5"], tags[7]) == (
        scans.last(),
        scans.search({}),
        scans.last_timetag(),
    )
    assert tags[7] < created(scans, "K9")


def test_nothing_is_left_of_a_deleted_scan_but_its_key(stores: CassandraStores, scans: ScanWriting) -> None:
    """No point and no place in the list; a send that didn't know leaves nothing either."""
    late = stores.blobs("alice").scans()
    started(scans, "K", DIODE, NOTES)
    late.send("K", floats(0, 1.0))
    scans.delete("K")
    with pytest.raises(ScanNotFoundError):
        late.send("K", {NOTES.name: Points(0, [1])})
    assert ([], []) == (
        lying(stores, "SELECT owner, start, count FROM scan_points"),
        [key for (key,) in lying(stores, "SELECT owner, key FROM scan_list") if key is not None],
    )


def test_a_deletion_that_stopped_midway_is_finished_by_its_repeat(
    stores: CassandraStores, scans: ScanWriting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan is gone at once; the repeat deletes what was left, and says that the scan is gone."""
    started(scans, "K", DIODE)
    scans.send("K", floats(0, 1.0))

    def die(*_: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(scan_list.ScanList, "drop", die)
        with pytest.raises(Crash):
            scans.delete("K")
    with pytest.raises(ScanNotFoundError):
        scans.load("K")
    with pytest.raises(ScanNotFoundError):
        scans.delete("K")
    assert [] == lying(stores, "SELECT owner, start, count FROM scan_points")
