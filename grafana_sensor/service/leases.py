"""Closing what others may still be using.

Law: what is retired is closed once, when the last who took it gives it back; after that nobody can take it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Leases:
    """Counts who is using a thing; `close` is called, outside the lock, when it is retired and nobody is."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._lock = Lock()
        self._taken = 0
        self._retired = False

    @property
    def retired(self) -> bool:
        """Whether it can't be taken any more."""
        return self._retired

    def take(self) -> bool:
        """Keep it open until give_back; False where it is retired."""
        with self._lock:
            self._taken += not self._retired
            return not self._retired

    def give_back(self) -> None:
        """Undo one take."""
        with self._lock:
            self._taken -= 1
            last = self._retired and not self._taken
        if last:
            self._close()

    def retire(self) -> None:
        """Close it as soon as nobody uses it; harmless when done twice."""
        with self._lock:
            last = not self._retired and not self._taken
            self._retired = True
        if last:
            self._close()
