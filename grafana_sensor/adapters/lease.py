"""What is held until it is given back, by whichever thread does so first."""

from __future__ import annotations

from collections.abc import Callable


class Lease:
    """One holder's part in something shared, until it ends; `release` is called once, and held no longer."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._held = [release]

    def end(self) -> None:
        """Give it back; harmless when it was."""
        try:
            release = self._held.pop()
        except IndexError:
            return
        release()
