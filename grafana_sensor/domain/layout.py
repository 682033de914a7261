"""Where a sensor's time was cut into epochs, and how far its records reach.

Law: a layout is only ever continued, beyond all data: so a time has one epoch for ever, whichever of the layouts
somebody knows.
"""

from __future__ import annotations

from dataclasses import dataclass

Reach = tuple[int, int]
"""The start of the first epoch that records lie in, and the end of the last (UTC µs)."""

Widths = tuple[tuple[int, int], ...]
"""(from, width of the epochs from there on), both in µs, ascending."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`widths`: what was laid after the width that sensors begin with. `reach`: None while there are no records."""

    widths: Widths = ()
    reach: Reach | None = None

    def reaching(self, reach: Reach) -> Layout:
        """The layout whose reach has grown by `reach`.

        >>> Layout((), (10, 20)).reaching((15, 30)).reach
        (10, 30)
        """
        if self.reach is None:
            return Layout(self.widths, reach)
        return Layout(self.widths, (min(self.reach[0], reach[0]), max(self.reach[1], reach[1])))
