"""Ids of batches, ordered by the time they were drawn at.

Law: 32 lower-case hexadecimal digits: 7 bytes of UTC microseconds, 9 bytes drawn once per process. Within a
process each id is greater than the one before, though the clock stand still or go back; two processes, forked
ones too, never draw the same. Ids of one process share all but their time, so columns of them pack well.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock

_TIME_BYTES = 7
_PROCESS_BYTES = 9


class _Process:
    """What one process draws ids from."""

    def __init__(self, entropy: bytes) -> None:
        self.lock = Lock()
        self.last = -1
        self.tail = entropy.hex()


class BatchIds:
    """Draws ids; safe for threads and across forks. `clock`: UTC µs; `entropy(n)`: n random bytes."""

    def __init__(self, clock: Callable[[], int], entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._entropy = entropy
        self._processes: dict[int, _Process] = {}

    def draw(self) -> str:
        """A new id.

        >>> ids = BatchIds(lambda: 1_767_225_600_000_000, lambda n: bytes(n))
        >>> ids.draw(), ids.draw()
        ('06474846204000000000000000000000', '06474846204001000000000000000000')
        """
        process = self._process()
        with process.lock:
            process.last = time = max(self._clock(), process.last + 1, 0)
        return time.to_bytes(_TIME_BYTES, "big").hex() + process.tail

    def _process(self) -> _Process:
        """This process's own; a forked child finds only its parent's here, whose lock may be held for ever."""
        pid = os.getpid()
        found = self._processes.get(pid)
        if found is None:
            found = self._processes.setdefault(pid, _Process(self._entropy(_PROCESS_BYTES)))
        return found


def record_text(batch: str, position: int) -> str:
    """The pk of a record: its batch's id and its position; of (pk, -1) the caller's pk itself.

    >>> record_text("06474846204000000000000000000000", 10), record_text("door-1", -1)
    ('06474846204000000000000000000000-0000000a', 'door-1')
    """
    return batch if position < 0 else f"{batch}-{position:08x}"
