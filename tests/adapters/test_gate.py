from __future__ import annotations

import fcntl
import stat
from pathlib import Path
from threading import Event, Thread

import pytest

from grafana_sensor.adapters.sqlite.gate import Claim, Gate
from tests.adapters.workers import TIMEOUT, claim, enter, heard, worker
from tests.contract.blobs import together


def test_one_thread_is_inside_at_a_time(tmp_path: Path) -> None:
    """Of threads that share a gate, and of gates that share a file, one is inside."""
    shared, other = Gate(tmp_path / "gate"), Gate(tmp_path / "gate")
    inside: list[int] = []
    most: list[int] = []

    def work(thread: int) -> None:
        for _ in range(50):
            with shared if thread % 2 else other:
                inside.append(thread)
                (tmp_path / "gate").stat()  # others may run meanwhile
                most.append(len(inside))
                inside.remove(thread)

    together(work)
    assert (400, 1) == (len(most), max(most))


def test_another_process_waits(tmp_path: Path) -> None:
    """A process comes in when this one goes out, and not before."""
    with worker(enter, tmp_path / "gate") as (_, pipe):
        with Gate(tmp_path / "gate"):
            assert "ready" == heard(pipe)
            assert not pipe.poll()
        assert "in" == heard(pipe)
        with (tmp_path / "gate").open() as file:
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            pipe.send("go")
            assert "out" == heard(pipe)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_killed_process_leaves_the_gate_open(tmp_path: Path) -> None:
    """Who is killed inside keeps nobody out."""
    with worker(enter, tmp_path / "gate") as (process, pipe):
        assert ["ready", "in"] == [heard(pipe), heard(pipe)]
        entered = Event()

        def go_in() -> None:
            with Gate(tmp_path / "gate"):
                entered.set()

        thread = Thread(target=go_in)
        thread.start()
        assert not entered.is_set()
        process.kill()
        thread.join(TIMEOUT)
        assert entered.is_set()


def test_an_exception_leaves_the_gate_open(tmp_path: Path) -> None:
    """Who leaves by an exception, or can't come in for want of a folder, keeps nobody out."""
    gate = Gate(tmp_path / "folder" / "gate")
    with pytest.raises(FileNotFoundError), gate:
        raise AssertionError("nobody is inside")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ZeroDivisionError), gate:
        raise ZeroDivisionError
    with gate:
        pass


def test_a_claim_is_had_by_one(tmp_path: Path) -> None:
    """While another process has the claim nobody else gets it; when that one is killed, the next may."""
    ours = Claim(tmp_path / "claim")
    with worker(claim, tmp_path / "claim") as (process, pipe):
        assert True is heard(pipe)
        with ours.claimed() as had:
            assert False is had
        process.kill()
        process.join(TIMEOUT)
        with ours.claimed() as had:
            assert True is had


def test_a_claim_is_told_at_once(tmp_path: Path) -> None:
    """Of 8 threads that claim at once while one keeps it, none gets it, and none waits."""
    ours = Claim(tmp_path / "claim")

    def work(_: int) -> bool:
        with ours.claimed() as had:
            return had

    with ours.claimed() as had:
        assert had
        assert [False] * 8 == together(work)
    with ours.claimed() as had:
        assert had


def test_files_of_gates_are_for_this_account_alone(tmp_path: Path) -> None:
    """The files that a gate and a claim make can't be opened by others."""
    with Gate(tmp_path / "gate"), Claim(tmp_path / "claim").claimed():
        modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("gate", "claim")]
    assert [0o600, 0o600] == modes
