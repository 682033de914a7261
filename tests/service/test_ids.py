from __future__ import annotations

import os
import re

from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.service.ids import BatchIds, record_text

times = st.integers(-(2**50), 2**55)


@given(st.lists(times, min_size=1, max_size=30))
def test_ids_grow_whatever_the_clock_does(clock: list[int]) -> None:
    """Each id of a process is 32 lower-case hexadecimal digits, and greater than the one before."""
    readings = iter(clock)
    ids = BatchIds(lambda: next(readings))
    drawn = [ids.draw() for _ in clock]
    assert sorted(set(drawn)) == drawn
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in drawn)


def test_ids_sort_by_time_across_processes() -> None:
    """An id drawn later by another process is greater."""
    earlier = BatchIds(lambda: 10, lambda n: b"\xff" * n).draw()
    assert earlier < BatchIds(lambda: 11, lambda n: b"\0" * n).draw()


def test_processes_never_share_their_entropy() -> None:
    """Two generators at one instant draw different ids."""
    assert BatchIds(lambda: 10).draw() != BatchIds(lambda: 10).draw()


def test_a_fork_draws_its_own_ids() -> None:
    """A forked child, at the same instant, draws ids that its parent doesn't, though the parent's lock is taken."""
    ids = BatchIds(lambda: 10)
    ids.draw()
    reading, writing = os.pipe()
    with ids._process().lock:
        pid = os.fork()
        if pid == 0:
            os.write(writing, ids.draw().encode())
            os._exit(0)
    os.close(writing)
    assert os.waitpid(pid, 0)[1] == 0
    with os.fdopen(reading) as pipe:
        child = pipe.read()
    assert ids.draw()[14:] != child[14:]
    assert len(child) == 32


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(0, 2**32 - 2))
def test_record_texts_sort_as_record_ids_do(batch: str, position: int) -> None:
    """Within a batch the texts of pks order as the positions."""
    assert record_text(batch, position) < record_text(batch, position + 1)
