from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.domain.errors import BadRequest, EndOfStream, LimitError, ScanInactive, StreamUnreadable
from grafana_sensor.domain.scan import Points, Scan, ScanState, StreamDefinition
from grafana_sensor.service import loadedscan, loadedstream
from grafana_sensor.service.cursors import CursorGroup, most
from grafana_sensor.service.feeds import Source

NOW = 1_767_225_600_000_000
FLOATS = StreamDefinition("t", "array", "float64", (), {})
IMAGE = StreamDefinition("image", "missing", "", (64, 64), {})


class Scripted(MemoryScans):
    """Scans whose waits are done by `act`, and take no time but what it lets pass."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.waits: list[float] = []
        self.pauses: list[float] = []
        self.act: Callable[[float], None] = self.pass_time

    def wait(self, seen: Scan, timeout: float) -> None:
        self.waits.append(timeout)
        self.act(timeout)

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def sending(self, points: Points) -> Callable[[float], None]:
        """A wait that ends with these points of K."""

        def act(_: float) -> None:
            self.send("K", {"t": points})

        return act

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def begun(self, key: str, *streams: StreamDefinition) -> None:
        """Make a scan that is STARTED."""
        self.create(key, {"name": "a", "number": 1, "data_policy": "none"}, {}, NOW)
        self.advance(key, ScanState.PREPARED, NOW, streams=streams or (FLOATS,))
        self.advance(key, ScanState.STARTED, NOW)

    def loaded(self, key: str, inactive: float | None = None) -> loadedscan.Scan:
        source = Source(self, inactive, lambda: self.now, self.pause)
        return loadedscan.Scan(source, self.load(key))


@pytest.fixture
def scans() -> Scripted:
    made = Scripted()
    made.begun("K")
    return made


def test_a_view_is_bounded(scans: Scripted) -> None:
    """Of many points a view has a bounded number, the next ones the rest; none is missed."""
    scans.send("K", {"t": Points(0, np.arange(250_000.0))})
    stream = scans.loaded("K").streams["t"]
    cursor, group = stream.cursor(), CursorGroup([stream])
    for begin, end in ((0, 100_000), (100_000, 200_000), (200_000, 250_000)):
        views = (cursor.read(), group.read()[stream])
        assert [(begin, end - 1)] * 2 == [(view.index, view.last_index) for view in views if view is not None]
        assert all(np.array_equal(view.get_data(), np.arange(begin, end)) for view in views if view is not None)
    assert (1, 100_000) == (most(StreamDefinition("i", "array", "uint8", (8_000, 8_000), {})), most(FLOATS))


def test_a_slice_is_bounded(scans: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice of more points than memory should hold at once is refused, and says what would do."""
    scans.send("K", {"t": Points(0, np.arange(10.0))})
    stream = scans.loaded("K").streams["t"]
    monkeypatch.setattr(loadedstream, "_BYTES", 40)
    with pytest.raises(LimitError, match=r"10 points .* are more than one slice takes \(5\); read it by a cursor"):
        stream[:]
    assert [4.0, 6.0, 8.0] == stream[4:9:2].tolist()


@pytest.mark.parametrize("timeout", [-1, float("nan"), None, "1"])
def test_a_timeout_that_can_not_be(scans: Scripted, timeout: float) -> None:
    """A timeout that is no number of seconds is refused, not taken for one without an end."""
    with pytest.raises(BadRequest, match="it must be seconds"):
        scans.loaded("K").streams["t"].cursor().read(timeout=timeout)


def test_a_wait_ends_at_its_time(scans: Scripted) -> None:
    """A read waits for its seconds and no longer; for ever is waited for in parts."""
    scan = scans.loaded("K")
    assert (None, [2.5]) == (scan.streams["t"].cursor().read(timeout=2.5), scans.waits)

    def act(seconds: float) -> None:
        scans.pass_time(seconds)
        if len(scans.waits) > 3:
            scans.advance("K", ScanState.CLOSED, NOW)

    scans.act = act
    with pytest.raises(EndOfStream):
        scan.streams["t"].cursor().read()
    assert [60.0, 60.0, 60.0] == scans.waits[1:]


def test_news_of_others_are_waited_for_at_a_pace(scans: Scripted) -> None:
    """Where a scan brings news of other streams all the time, a reader looks a hundred times a second at most."""
    scans.act = lambda _: scans.pass_time(0.001)
    assert scans.loaded("K").streams["t"].cursor().read(timeout=1) is None
    assert 90 <= len(scans.waits) <= 110
    assert {0.009} >= {round(seconds, 6) for seconds in scans.pauses[:-1]}


def test_what_comes_next_is_not_waited_for_twice(scans: Scripted) -> None:
    """News of one's own stream are read at once, without a pause."""
    cursor = scans.loaded("K").streams["t"].cursor()
    for value in range(5):
        scans.act = scans.sending(Points(value, np.array([float(value)])))
        view = cursor.read(timeout=1)
        assert view is not None
        assert [value] == view.get_data().tolist()
    assert [] == scans.pauses


def test_a_scan_that_brings_nothing(scans: Scripted) -> None:
    """After the seconds of `inactive` without any news of the scan its readers end, however they wait."""
    scan = scans.loaded("K", inactive=10)
    cursor = scan.streams["t"].cursor()
    assert (None, None) == (cursor.read(timeout=4), cursor.read(timeout=4))
    with pytest.raises(ScanInactive, match="nothing came from scan K for 10 s, and it is STARTED"):
        cursor.read(timeout=4)
    assert [4, 4, 2] == scans.waits
    scans.send("K", {"t": Points(0, np.array([1.0]))})
    assert cursor.read() is not None
    assert (None, [4, 4, 2, 4]) == (cursor.read(timeout=4), scans.waits)
    scans.pass_time(20)
    for ask in (scan.update, scan.streams["t"].wait_seal):
        with pytest.raises(ScanInactive):
            ask()


def test_streams_of_several_scans(scans: Scripted) -> None:
    """A group may read several scans of a store; while it waits for one it looks at the others too."""
    scans.begun("L")
    group = CursorGroup([scans.loaded("K").streams["t"], scans.loaded("L").streams["t"]])

    def act(seconds: float) -> None:
        scans.pass_time(seconds)
        if len(scans.waits) == 3:
            scans.send("L", {"t": Points(0, np.ones(1))})

    scans.act = act
    views = group.read(timeout=5)
    assert {"L": [1.0]} == {stream.feed.key: view.get_data().tolist() for stream, view in views.items()}
    assert max(scans.waits) < 0.1
    other = Scripted()
    other.begun("K")
    mixed = [scans.loaded("K").streams["t"], other.loaded("K").streams["t"]]
    with pytest.raises(BadRequest, match="different data stores"):
        CursorGroup(mixed)


def test_streams_that_can_not_be_read(scans: Scripted) -> None:
    """A stream without its plugin has no cursor and no points, but doesn't keep a group from the others."""
    scans.begun("L", IMAGE, FLOATS)
    streams = scans.loaded("L").streams
    image = streams["image"]
    assert ("missing", (64, 64), 0) == (image.kind, image.shape, len(image))
    for ask in (image.cursor, lambda: image[0], lambda: image[:], lambda: image.dtype, lambda: list(image)):
        with pytest.raises(StreamUnreadable, match="'image'"):
            ask()
    scans.send("L", {"t": Points(0, np.ones(2))})
    assert ["t"] == [stream.name for stream in CursorGroup(streams).read()]
