"""Points on their way to a store, so that who measures doesn't wait for the disk.

Law: whatever waits goes with the next write, all streams together, in the order in which it was sent. A write that the
store didn't answer is tried again, which changes nothing that is there. Once a write has failed nothing more is taken,
and the error is told to whoever sends or joins next. The thread that writes ends by itself when nothing comes, so a
program that ends without a word loses nothing and doesn't hang.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Condition, Thread
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.domain.scan import Points

MOST: Final = 64 * 2**20
"""Bytes that may wait: who sends more waits too."""
IDLE: Final = 0.5
"""Seconds without points after which the thread ends."""
PAUSES: Final = (0.1, 0.5, 2.0)
"""Seconds before each new try."""

Send = Callable[[Mapping[str, Points]], object]


class Outbox:
    """What waits for `send`, which makes it durable; `pause`: waits some seconds."""

    def __init__(self, send: Send, pause: Callable[[float], None] = time.sleep) -> None:
        self._send = send
        self._pause = pause
        self._changed = Condition()
        self._waiting: dict[str, list[Points]] = {}
        self._bytes = 0
        self._busy = False
        self._thread: Thread | None = None
        self._error: BaseException | None = None

    def add(self, stream: str, points: Points) -> None:
        """Have the points written soon. Raises what an earlier write failed on."""
        size = _size(points)
        with self._changed:
            self._changed.wait_for(lambda: self._error or not self._bytes or self._bytes + size <= MOST)
            self._raise()
            self._waiting.setdefault(stream, []).append(points)
            self._bytes += size
            if self._thread is None:
                self._thread = Thread(target=self._run, name="scan outbox")
                self._thread.start()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until all is durable. Raises what a write failed on."""
        with self._changed:
            self._changed.wait_for(lambda: self._error or not (self._waiting or self._busy))
            self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: bool(self._waiting), IDLE):
                    self._thread = None
                    return
                waiting, self._waiting, self._bytes, self._busy = self._waiting, {}, 0, True
                self._changed.notify_all()
            error = self._written({name: _joined(points) for name, points in waiting.items()})
            with self._changed:
                self._busy = False
                self._error = error
                if error is not None:
                    self._thread, self._waiting = None, {}
                self._changed.notify_all()
                if error is not None:
                    return

    def _written(self, points: Mapping[str, Points]) -> BaseException | None:
        """What the write failed on, if it did."""
        for pause in (*PAUSES, None):
            try:
                self._send(points)
            except Unavailable as error:
                if pause is None:
                    return error
                self._pause(pause)
            except Exception as error:  # noqa: BLE001  # told to whoever sends next
                return error
            else:
                return None
        return None


def _joined(points: list[Points]) -> Points:
    if len(points) == 1:
        return points[0]
    values: list[Any] = [each.values for each in points]
    if isinstance(values[0], list):
        return Points(points[0].start, [value for part in values for value in part])
    return Points(points[0].start, np.concatenate(values))


def _size(points: Points) -> int:
    """About how many bytes the points take in memory."""
    if isinstance(points.values, np.ndarray):
        return points.values.nbytes
    return sum(each.nbytes if isinstance(each, np.ndarray) else 64 for each in points.values)
