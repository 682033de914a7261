from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.domain.errors import BadRequest, ConditionError, NoScanAvailable, ScanNotFoundError, Unavailable
from grafana_sensor.domain.scan import ScanState, StreamDefinition
from grafana_sensor.ports import ScanStore, ScanWriting
from grafana_sensor.service.bothscans import BothScans
from tests.contract.scans import floats

NOW = 1_767_225_600_000_000


class Away(ScanStore):
    """A Redis that does not answer."""

    def _answer(self, *_: object) -> None:
        raise Unavailable("the Redis there does not answer")

    last_timetag = created = last = search = load = points = wait = wait_for_scan = _answer  # type: ignore[assignment]

    def close(self) -> None:
        raise AssertionError("it is everybody's")


@pytest.fixture
def own() -> ScanWriting:
    return MemoryScans()


@pytest.fixture
def others() -> ScanWriting:
    return MemoryScans()


@pytest.fixture
def create(own: ScanWriting, others: ScanWriting) -> Callable[[str], str]:
    """Makes scan after scan, a second apart, named for whose it is: "own" or "others"."""
    seconds: Iterator[int] = iter(range(1, 1_000))

    def create(whose: str) -> str:
        second = next(seconds)
        key = f"{'esrf:scan:' if whose == 'others' else ''}01K{second:023d}"
        store = own if whose == "own" else others
        store.create(key, {"name": whose, "number": second, "data_policy": "none"}, {}, NOW + second * 1_000_000)
        return key

    return create


def test_nothing_in_both(own: ScanWriting, others: ScanWriting) -> None:
    """Where neither has a scan there is none."""
    both = BothScans(own, others)
    assert ([], []) == (both.search({}), both.created(both.last_timetag(), 5))
    with pytest.raises(NoScanAvailable):
        both.last()
    with pytest.raises(ScanNotFoundError):
        both.load("01K")


def test_scans_of_both_in_one_order(own: ScanWriting, others: ScanWriting, create: Callable[[str], str]) -> None:
    """A search finds those of both as they were made, the last is the newest, and each is read where it is."""
    keys = [create(whose) for whose in ("own", "others", "others", "own", "others")]
    both = BothScans(own, others)
    assert (keys, keys[4]) == (both.search({}), both.last()[1])
    assert [keys[0], keys[3]] == both.search({"name": "OWN"})
    assert keys == [both.load(key).key for key in keys]
    create_own = create("own")
    assert create_own == both.last()[1]
    with pytest.raises(ConditionError):
        both.search({"colour": "red"})


@pytest.mark.parametrize("at_once", [1, 2, 3, 10])
def test_from_timetag_to_timetag(
    own: ScanWriting, others: ScanWriting, create: Callable[[str], str], at_once: int
) -> None:
    """Whatever is asked for at once, every scan of both comes once, in order; "0-0" is before all."""
    keys = [create(whose) for whose in ("others", "own", "own", "others", "others", "own")]
    both = BothScans(own, others)
    found: list[str] = []
    timetag = "0-0"
    while more := both.created(timetag, at_once):
        found += [key for _, key in more]
        timetag = more[-1][0]
    assert keys == found
    assert timetag == both.last_timetag() == both.last()[0]
    late = create("own"), create("others")
    assert late == tuple(key for _, key in both.created(timetag, 9))
    with pytest.raises(BadRequest):
        both.created("yesterday", 1)


def test_points_and_waits_go_where_the_scan_is(
    own: ScanWriting, others: ScanWriting, create: Callable[[str], str]
) -> None:
    """Points are those of whichever store has the scan, and a wait ends by what happens there."""
    both = BothScans(own, others)
    for store, whose in ((own, "own"), (others, "others")):
        key = create(whose)
        store.advance(
            key, ScanState.PREPARED, NOW, streams=[StreamDefinition("diode:current", "array", "float64", (), {})]
        )
        store.advance(key, ScanState.STARTED, NOW)
        seen = both.load(key)
        store.send(key, floats(0, 1.0, 2.0))
        both.wait(seen, 60)
        assert 2 == both.load(key).streams["diode:current"].length == len(both.points(key, "diode:current", 0, 9))


def test_waiting_for_a_scan_of_either(own: ScanWriting, others: ScanWriting, create: Callable[[str], str]) -> None:
    """A wait ends at once where either has a newer scan, and at its time where neither has."""
    times = iter(range(1_000))
    both = BothScans(own, others, clock=lambda: float(next(times)))
    tag = both.last_timetag()
    both.wait_for_scan(tag, 3)
    for whose in ("own", "others"):
        create(whose)
        both.wait_for_scan(tag, 1_000)
        tag = both.last_timetag()
    assert 20 > next(times)


def test_the_other_store_is_away(own: ScanWriting, create: Callable[[str], str]) -> None:
    """One's own scans are read by their keys all the same; what asks for all says that the other does not answer."""
    both = BothScans(own, Away())
    key = create("own")
    assert key == both.load(key).key
    for ask in (both.last, lambda: both.search({}), both.last_timetag, lambda: both.load("01K")):
        with pytest.raises(Unavailable, match="does not answer"):
            ask()
    both.close()
