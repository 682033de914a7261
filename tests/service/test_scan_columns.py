"""What is kept of scans between answers, against a store that counts what is read of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import LimitError, UnknownScan
from grafana_sensor.domain.scan import Points, Scan
from grafana_sensor.service.scancolumns import StreamColumns
from tests.service.scans import CountedScans, Recorder, definition


def column(
    columns: StreamColumns, store: CountedScans, name: str = "a", scan: Scan | None = None, **budget: Any
) -> Any:
    """The column of a stream, its first index before its values."""
    scan = scan or store.load("K1")
    found = columns.column("alice", store, scan, scan.streams[name], None, Budget(**budget))
    return found.first, list(found.values)


@pytest.fixture
def store() -> CountedScans:
    return CountedScans()


def test_only_what_is_new_is_read(store: CountedScans) -> None:
    """Of a stream that grew by two points two are read, and nothing of one that didn't grow."""
    columns, recorder = StreamColumns(10**6), Recorder(store).start(definition("a"), definition("s", kind="json"))
    recorder.send(a=[1.0, 2.0, 3.0], s=["x", {"y": 1}])
    read = []
    for more in ([], [4.0, 5.0], []):
        if more:
            recorder.send(a=more)
        assert (0, [1.0, 2.0, 3.0, 4.0, 5.0][: store.load("K1").streams["a"].length]) == column(columns, store)
        assert (0, ["x", '{"y": 1}']) == column(columns, store, "s")
        read.append(dict(store.read))
    assert [{"a": 3, "s": 2}, {"a": 5, "s": 2}, {"a": 5, "s": 2}] == read


def test_an_older_look_sees_no_later_point(store: CountedScans) -> None:
    """A column is as long as the stream was when the scan was loaded."""
    columns, recorder = StreamColumns(10**6), Recorder(store).start(definition("a")).send(a=[1.0])
    before = store.load("K1")
    recorder.send(a=[2.0])
    assert (0, [1.0, 2.0]) == column(columns, store)
    assert (0, [1.0]) == column(columns, store, scan=before)


def test_another_stream_under_the_same_name_is_read_anew(store: CountedScans) -> None:
    """A scan that was deleted and made again under its key has nothing of the one before."""
    columns = StreamColumns(10**6)
    Recorder(store).start(definition("a")).send(a=[1.0, 2.0])
    column(columns, store)
    other = CountedScans()
    Recorder(other, now=1).start(definition("a")).send(a=[7.0, 8.0, 9.0])
    assert (0, [7.0, 8.0, 9.0]) == column(columns, other)


def test_memory_is_bounded(store: CountedScans) -> None:
    """What was used longest ago goes first, and comes back by being read again."""
    recorder = Recorder(store).start(definition("a"), definition("b"), definition("c"))
    recorder.send(a=np.ones(100), b=np.ones(100), c=np.ones(100))
    columns = StreamColumns(1_700)
    for name in "abacb":
        column(columns, store, name)
        assert columns.size <= 1_700
    assert {"a": 100, "b": 200, "c": 100} == store.read
    tiny = StreamColumns(10)
    assert 100 == len(column(tiny, store)[1])
    assert 0 == tiny.size


def test_a_first_look_has_a_limit(store: CountedScans) -> None:
    """More points than an answer may hold are refused."""
    Recorder(store).start(definition("a")).send(a=np.ones(100))
    with pytest.raises(LimitError):
        column(StreamColumns(10**6), store, values=99)


def test_a_scan_that_goes_meanwhile_is_unknown(store: CountedScans) -> None:
    """A scan deleted between two looks of one answer is told as such."""
    Recorder(store).start(definition("a")).send(a=[1.0])
    scan = store.load("K1")
    store.delete("K1")
    with pytest.raises(UnknownScan):
        column(StreamColumns(10**6), store, scan=scan)


class Trimmed(CountedScans):
    """A store that forgets the points before `first`."""

    first = 0

    def load(self, key: str) -> Scan:
        scan = super().load(key)
        return replace(scan, streams={n: replace(s, first=min(self.first, s.length)) for n, s in scan.streams.items()})

    def points(self, key: str, stream: str, start: int, end: int) -> Points:
        return super().points(key, stream, max(start, self.first), end)


@given(st.lists(st.tuples(st.sampled_from(["send", "look", "trim"]), st.integers(0, 5)), max_size=20))
def test_a_column_is_what_the_store_has(steps: list[tuple[str, int]]) -> None:
    """However sends, looks and trims come, a column is the points from the first that is left to the last."""
    store, columns, sent = Trimmed(), StreamColumns(10**6), 0
    recorder = Recorder(store).start(definition("a"))
    for step, n in steps:
        if step == "send" and n:
            recorder.send(a=np.arange(sent, sent + n))
            sent += n
        elif step == "trim":
            store.first = min(sent, store.first + n)
        else:
            first, values = column(columns, store)
            assert list(range(store.first, sent)) == values
            assert not values or first == store.first
