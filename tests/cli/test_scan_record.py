from __future__ import annotations

import gzip
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grafana_sensor import connect
from grafana_sensor.domain.scan import Scan, ScanState
from tests.cli.conftest import COMMAND, Run, environment
from tests.contract.scans import shown

LINES = "".join(json.dumps({"mot": at / 2, "det": {"a": at, "b": None}}) + "\n" for at in range(5))


def recorded(folder: Path, key: str) -> tuple[Scan, dict[str, list[Any]]]:
    """A scan of alice's, and the points of all its streams."""
    with connect(f"sqlite:{folder / 'store'}") as database, database.session_login("alice", "secret") as session:
        scans = session.store.scans()
        scan = scans.load(key)
        return scan, {name: shown(scans, key, name)[1] for name in scan.streams}


def test_lines_of_a_pipe_are_a_scan(alice: Run, tmp_path: Path) -> None:
    """Each field is a stream, nested ones joined; the identity, the info and the units are those told."""
    told = ("--name", "ascan", "--number", "7", "--dataset", "d", "--info", "title=a b", "--info", "count=[1, 2]")
    done = alice("scan", "record", *told, "--unit", "det_a=A", stdin=LINES)
    assert (0, "5 points of 3 streams: SUCCESS\n") == (done.exit_code, done.stderr)
    scan, points = recorded(tmp_path, done.stdout.strip())
    assert {"name": "ascan", "number": 7, "data_policy": "none", "dataset": "d"} == scan.identity
    assert (ScanState.CLOSED, {"title": "a b", "count": [1, 2], "end_reason": "SUCCESS"}) == (scan.state, scan.info)
    assert ([0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 1.0, 2.0, 3.0, 4.0], "[nan, nan, nan, nan, nan]") == (
        points["mot"],
        points["det_a"],
        str(points["det_b"]),
    )
    assert [{}, {"unit": "A"}, {}] == [stream.definition.info for stream in scan.streams.values()]


def test_a_csv_file_is_a_scan(alice: Run, tmp_path: Path) -> None:
    """Its columns are streams, numbers or texts; a time is Unix seconds; packed or not."""
    text = 'Time,t,note\n2026-01-01T00:00:00.5Z,1.5,ok\n2026-01-01T00:00:01Z,,"a,b"\n,NaN,\n'
    for name, data in (("a.csv", text.encode()), ("a.gz", gzip.compress(text.encode()))):
        (tmp_path / name).write_bytes(data)
        done = alice("scan", "record", name, "--name", "loop")
        assert 0 == done.exit_code, done.stderr
        scan, points = recorded(tmp_path, done.stdout.strip())
        assert ["time", "t", "note"] == list(scan.streams)
        assert "[1767225600.5, 1767225601.0, nan] [1.5, nan, nan] ['ok', 'a,b', None]" == " ".join(
            str(points[each]) for each in points
        )


def test_lists_are_spectra_and_the_clock_can_be_recorded(alice: Run, tmp_path: Path) -> None:
    """A list of numbers is a point of any length; with --clock the stream `time` says when each line came."""
    done = alice("scan", "record", "--name", "mca", "--clock", stdin='{"mca": [1, 2]}\n{"mca": [3]}\n{}')
    scan, points = recorded(tmp_path, done.stdout.strip())
    assert (["time", "mca"], [[1.0, 2.0], [3.0], []]) == (list(scan.streams), points["mca"])
    assert 3 == len(points["time"])
    assert points["time"] == sorted(points["time"])


@pytest.mark.parametrize(
    ("text", "count", "message"),
    [
        ('{"a": 1}\n{"a": "x"}\n', 1, "line 2: stream 'a' takes float64, which has no place for 'x'"),
        ('{"a": 1}\n{"b": 1}\n', 1, "line 2: the field 'b' is new: the first record has a"),
        ('{"a": 1}\n[1]\n', 1, "line 2: the line is a list; it must be a JSON object"),
        ('{"a": 1}\n{"a"\n', 1, "line 2: invalid JSON"),
        ('{"time": 5, "a": 1}\n{"time": "soon", "a": 1}\n', 1, "line 2: time is 'soon', which is no time"),
        ("a,b\n1,2\n1\n", 1, "line 3: 1 cells, but the header names 2 columns"),
        ("a,a\n1,2\n", 0, "line 1: column 2 of the CSV repeats the name 'a'; names are different"),
        ("{}\n", 0, "the first record has no field"),
    ],
)
def test_what_can_not_be_recorded_ends_the_scan(
    alice: Run, tmp_path: Path, text: str, count: int, message: str
) -> None:
    """The line is named, what stands before it is stored, and the scan is closed by FAILURE."""
    done = alice("scan", "record", "--name", "ascan", stdin=text)
    assert 1 == done.exit_code
    assert message in done.stderr
    assert f"{count} points of " in done.stderr
    scan, points = recorded(tmp_path, done.stdout.strip())
    assert (ScanState.CLOSED, {"end_reason": "FAILURE"}) == (scan.state, scan.info)
    assert {count} == {*map(len, points.values()), *([] if points else [0])}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--info", "title"), "--info 'title' is no pair of a name and a value"),
        (("--unit", "=A"), "--unit '=A' is no pair"),
        (("--number", "x"), "'x' is not a valid integer"),
    ],
)
def test_wrong_calls_are_told(alice: Run, arguments: tuple[str, ...], message: str) -> None:
    """They exit with 2 and record nothing."""
    done = alice("scan", "record", "--name", "ascan", *arguments, stdin=LINES)
    assert (2, True) == (done.exit_code, message in done.stderr)


def test_what_names_nothing_is_told(alice: Run) -> None:
    """A file that isn't there, and a unit of a stream that isn't."""
    assert "error: there is no file 'none'\n" == alice("scan", "record", "none", "--name", "a").stderr
    done = alice("scan", "record", "--name", "a", "--unit", "x=A", stdin=LINES)
    assert "no field gives the stream 'x', whose unit is told" in done.stderr


@pytest.fixture
def heeded() -> Iterator[None]:
    """What is started heeds SIGINT, though these tests may run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_scan(alice: Run, tmp_path: Path, number: signal.Signals) -> None:
    """What came before is stored as it came, and the scan is closed by USER_ABORT."""
    assert 0 == alice("users").exit_code
    command = [*COMMAND, "scan", "record", "--name", "ascan", "--store", "sqlite:store"]
    acting = environment({"GRAFANA_SENSOR_USER": "alice", "GRAFANA_SENSOR_PASSWORD": "secret"})
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=acting,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        process.stdin.write('{"a": 1}\n')
        process.stdin.flush()
        with connect(f"sqlite:{tmp_path / 'store'}") as database, database.session_login("alice", "secret") as session:
            scans = session.store.scans()
            while (scan := scans.load(key)).state < ScanState.STARTED or not scan.streams["a"].length:
                scans.wait(scan, 30)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (1, "1 points of 1 streams: USER_ABORT\n") == (process.returncode, errors)
    scan, points = recorded(tmp_path, key)
    assert (ScanState.CLOSED, "USER_ABORT", {"a": [1.0]}) == (scan.state, scan.info["end_reason"], points)
