"""`scan list`, `scan show` and `scan follow` over a scan that is recorded by `scan record`."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Run, environment

LINES = "".join(f'{{"epoch": {1_767_225_600 + second}, "diode": {second / 2}}}\n' for second in range(3))


@pytest.fixture
def recorded(alice: Run) -> Run:
    """As `alice`, with two scans of three points of two streams, closed."""
    for number, dataset in ((1, "abc"), (2, "xyz")):
        done = alice("scan", "record", "--name", "ascan", "--number", str(number), "--dataset", dataset, stdin=LINES)
        assert 0 == done.exit_code, done.output
    return alice


def test_scans_are_listed(recorded: Run) -> None:
    """The newest first, all or those of a search; a limit says that more follow."""
    rows = json.loads(recorded("scan", "list", "--format", "json").stdout)
    assert [(2, "ascan", "CLOSED"), (1, "ascan", "CLOSED")] == [(r["number"], r["name"], r["state"]) for r in rows]
    rows = json.loads(recorded("scan", "list", "dataset=ab*", "--format", "json").stdout)
    assert ["abc"] == [row["dataset"] for row in rows]
    assert (
        "note: more scans follow the newest 1, which is the --limit\n"
        == recorded("scan", "list", "--limit", "1").stderr
    )
    wrong = recorded("scan", "list", "colour=red")
    assert (1, True) == (wrong.exit_code, "can't be searched by" in wrong.stderr)


def test_a_scan_is_shown(recorded: Run) -> None:
    """The last one or another: its streams as CSV, all that it says of itself as JSON, both to look at."""
    assert [
        "stream,kind,dtype,shape,points,last,last_text,unit,title,sealed",
        "epoch,array,float64,,3,1767225602,,,,yes",
    ] == (recorded("scan", "show").stdout.splitlines()[:2])
    told = json.loads(recorded("scan", "show", "dataset=abc", "--format", "json").stdout)
    assert (1, "CLOSED", ["epoch", "diode"]) == (
        told["identity"]["number"],
        told["state"],
        [stream["stream"] for stream in told["streams"]],
    )
    shown = recorded("scan", "show", told["key"], "--format", "table").stdout
    assert [f"key:         {told['key']}", "name:        ascan", "number:      1"] == shown.splitlines()[:3]
    assert "diode" in shown
    assert 1 == recorded("scan", "show", "nothing").exit_code


def test_a_scan_is_followed_in_a_pipe(recorded: Run) -> None:
    """Each point is a line, from the index and of the streams that are asked for; the last line says why it ends."""
    done = recorded("scan", "follow", "--stream", "diode", "--from", "1")
    assert [
        {"stream": "diode", "index": 1, "value": 0.5},
        {"stream": "diode", "index": 2, "value": 1.0},
        {"stream": "diode", "end": "sealed", "next": 3},
        {"end": "sealed", "next": {"diode": 3}},
    ] == [json.loads(line) for line in done.stdout.splitlines()]
    wrong = recorded("scan", "follow", "--stream", "diod")
    assert (1, True) == (wrong.exit_code, "did you mean 'diode'?" in wrong.stderr)


def test_a_scan_is_followed_on_a_terminal(recorded: Run, tmp_path: Path) -> None:
    """A table has the last value of each stream, and the end is told."""
    assert 0 == recorded("scan", "list").exit_code
    ours, theirs = pty.openpty()
    acting = {"STORE": "sqlite:store", "USER": "alice", "PASSWORD": "secret"}
    env = environment({f"GRAFANA_SENSOR_{name}": text for name, text in acting.items()}) | {"COLUMNS": "80"}
    with subprocess.Popen(
        [*COMMAND, "scan", "follow"], cwd=tmp_path, env=env, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65_536):
                said += piece
        except OSError:  # Linux's end of a terminal that nobody writes to any more
            pass
        assert (0, b"") == (process.wait(60), process.stderr.read() if process.stderr else b"")
    os.close(ours)
    text = said.decode()
    assert "ascan 2" in text
    assert "sealed: " in text.rstrip().splitlines()[-1]
    assert ["diode", "3", "1", "sealed"] in [line.split() for line in text.splitlines()]
