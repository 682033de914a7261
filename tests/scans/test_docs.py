"""Each snippet of docs/scans-python.md, run as it stands there: on blissdata's Redis with its producer, and on our own."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scans.beamlines import Beamline, Made, beamline_of
from tests.scans.redis import RedisServer

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "scans-python.md"
SECTION = re.compile(r"^##+ ([^\n]+)\n(?:(?!^#).)*?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SNIPPETS: dict[str, str] = dict(SECTION.findall(PAGE.read_text()))
"""The code of each section by its heading."""


@pytest.fixture(params=["redis", "memory"])
def beamline(request: pytest.FixtureRequest, running_redis: RedisServer, tmp_path: Path) -> Iterator[Beamline]:
    with beamline_of(request.param, running_redis, tmp_path) as made:
        yield made


def run(heading: str, names: dict[str, Any], **replaced: str) -> dict[str, Any]:
    """Run the section's code with these names; its names after that."""
    code = SNIPPETS[heading]
    for old, new in replaced.items():
        code = code.replace(old, new)
    exec(compile(code, f"docs/scans-python.md: {heading}", "exec"), names)
    return names


def recorded(beamline: Beamline, *names: str) -> Made:
    """A scan with streams of these names that is STARTED."""
    return beamline.started(**dict.fromkeys(names or ("stream_name",), float))


class While:
    """Something done again and again in a thread, until what is run here has ended."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._over.is_set():
            self._act()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()


def sending(made: Made, *names: str, batches: int = 3) -> Callable[[], object]:
    """Sends the next batch at each call, and stops the scan after the last one."""
    steps = itertools.count()

    def step() -> None:
        number = next(steps)
        for name in names:
            if number < batches:
                made.send(name, np.arange(number * 2.0, number * 2 + 2))
        if number == batches:
            made.stop()

    return step


def test_every_snippet_is_run() -> None:
    """This module names each section of the page that has code."""
    tested = re.findall(r'run\(\s*"([^"]+)"', Path(__file__).read_text())
    assert sorted(SNIPPETS) == sorted(set(tested) - {"([^"})


def test_connecting(running_redis: RedisServer) -> None:
    """The first snippet opens a Redis."""
    running_redis.clear()
    names = run("Connecting", {}, **{"redis://localhost:6379": running_redis.url})
    assert "0-0" == names["data_store"].get_last_scan_timetag()
    names["data_store"].close()


def test_finding_scans(beamline: Beamline, capsys: pytest.CaptureFixture[str]) -> None:
    """The last scan, a search and a loaded scan say what was recorded."""
    run("The last scan", {"data_store": beamline.store})
    assert "There is no scan yet\n" == capsys.readouterr().out
    keys = [beamline.create({"title": name}, dataset=name, number=4).key for name in ("abcd", "efgh1", "efgh2")]
    names = run("The last scan", {"data_store": beamline.store})
    assert keys[-1] == names["scan_key"]
    run("Searching", names)
    assert keys[1:] == names["scan_keys"]
    run("Loading a scan", names)
    found, loaded, info = capsys.readouterr().out.splitlines()
    assert ("Found 2 scans matching the query", "{'title': 'efgh2'}") == (found, info)
    assert loaded.startswith("ascan 4 ")


def test_waiting_for_scans(beamline: Beamline, capsys: pytest.CaptureFixture[str]) -> None:
    """The next scan is one that is created while it is waited for, and scan after scan comes once and in order."""
    made: list[str] = []
    with While(lambda: made.append(beamline.create().key)):
        names = run("The next scan", {"data_store": beamline.store})
    assert names["scan_key"] in made

    class Enough(Exception):
        pass

    class Some:
        """The data store, until five scans have come."""

        def __init__(self) -> None:
            self.left = 5

        def get_next_scan(self, since: str | None) -> tuple[str, str]:
            if not self.left:
                raise Enough
            self.left -= 1
            found: tuple[str, str] = beamline.store.get_next_scan(since=since)
            return found

    capsys.readouterr()
    with While(lambda: made.append(beamline.create().key)), pytest.raises(Enough):
        run("Scan after scan", {"data_store": Some()})
    keys = [line.rpartition(" ")[2] for line in capsys.readouterr().out.splitlines()]
    first = made.index(keys[0])
    assert made[first : first + 5] == keys


def test_picking_a_stream(beamline: Beamline, capsys: pytest.CaptureFixture[str]) -> None:
    """A scan that is only CREATED is waited for until its streams are known."""
    made = beamline.create()
    made.stream("stream_name", float, unit="A")
    names = {"scan": beamline.store.load_scan(made.key)}
    thread = threading.Thread(target=made.prepare)
    thread.start()
    run("Picking a stream", names)
    thread.join()
    said = capsys.readouterr().out
    assert said.startswith("stream_name array float64 () {")
    assert said.endswith("} 0\n")
    assert "'unit': 'A'" in said


def test_a_stream_as_an_array(beamline: Beamline) -> None:
    """Each line of the snippet gives points of a stream that is still being recorded."""
    made = recorded(beamline)
    made.send("stream_name", np.arange(250.0))
    scan = beamline.store.load_scan(made.key)
    run("As an array", {"scan": scan})
    lines = [line.partition("  #")[0] for line in SNIPPETS["As an array"].splitlines()[1:]]
    found = [eval(line, {"stream": scan.streams["stream_name"]}) for line in lines]
    assert [3.0, 249.0, list(range(100, 200)), list(range(250))] == [each.tolist() for each in found]
    made.stop()


def test_a_stream_as_a_stream(beamline: Beamline, capsys: pytest.CaptureFixture[str]) -> None:
    """The loop prints every point once, and ends when the stream does."""
    made = recorded(beamline)
    with While(sending(made, "stream_name")):
        run("As a stream", {"scan": beamline.store.load_scan(made.key)})
    said = capsys.readouterr().out
    assert said.startswith("Got 2 new points, starting at index 0\n[0. 1.]\n") or "index 0\n[0. 1. 2." in said
    assert list(range(6)) == [float(each) for line in re.findall(r"\[(.*)\]", said) for each in line.split()]


def test_monitoring(beamline: Beamline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop prints the last point each time it looks, and ends when the stream does."""
    made = recorded(beamline)
    step = sending(made, "stream_name")
    step()
    monkeypatch.setattr("time.sleep", lambda _: step())
    run("Monitoring", {"scan": beamline.store.load_scan(made.key)})
    said = capsys.readouterr().out
    assert "".join(f"Got a new value at index {last}\n[{last}.]\n" for last in (1, 3, 5)) == said


def test_several_streams_at_once(beamline: Beamline, capsys: pytest.CaptureFixture[str]) -> None:
    """The loop prints every point of every stream once, and ends when all of them do."""
    made = recorded(beamline, "a", "b")
    with While(sending(made, "a", "b")):
        run("Several streams at once", {"scan": beamline.store.load_scan(made.key)})
    found: dict[str, list[float]] = {"a": [], "b": []}
    for name, points in re.findall(r"points in (\w), starting at index \d+\n\[(.*)\]", capsys.readouterr().out):
        found[name] += [float(each) for each in points.split()]
    assert {"a": list(range(6)), "b": list(range(6))} == found


def test_recording(capsys: pytest.CaptureFixture[str]) -> None:
    """What is recorded by the producer's verbs is read back."""
    run("Recording", {})
    assert "[0.1 0.2 0.3]\n" == capsys.readouterr().out
