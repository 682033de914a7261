"""What one answer may cost: points given, values held in memory, and time.

Law: no answer is unbounded; a limit that bites is named, with a way out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from grafana_sensor.domain.errors import LimitError


@dataclass(slots=True)
class Budget:
    """`points`: rows or points that the answer may have. `values`: values that may be held at once.

    `given`: rows or points that other parts of the same answer have already.
    `deadline`: the `clock`'s second (monotonic) by which the answer must be done; None for no such bound.
    """

    points: int = 1_000_000
    values: int = 50_000_000
    seconds: float | None = None
    clock: Callable[[], float] | None = None
    deadline: float | None = None
    given: int = 0

    def __post_init__(self) -> None:
        if self.clock is not None and self.seconds is not None and self.deadline is None:
            self.deadline = self.clock() + self.seconds

    def tick(self) -> None:
        """Called at every chunk. Raises LimitError when the time is over."""
        if self.deadline is not None and self.clock is not None and self.clock() > self.deadline:
            raise LimitError(
                f"the answer takes longer than the limit of {self.seconds:g} s: narrow the range or the sensors"
            )

    def hold(self, values: int) -> None:
        """Take `values` more into memory. Raises LimitError beyond the limit."""
        self.tick()
        self.values -= values
        if self.values < 0:
            raise LimitError(
                "the answer needs more values in memory than the limit allows: narrow the range, add conditions,"
                " or ask an aggregate that needs no sorting (CNT AVG MAX MIN SUM FIRST LAST STDDEV)"
            )

    def after(self, points: int) -> Budget:
        """The budget of the answer's next part, where this one came to so many rows or points."""
        return replace(self, given=self.given + points)

    def give(self, points: int) -> None:
        """Have `points` rows or points in this part of the answer. Raises LimitError beyond the limit."""
        if self.given + points > self.points:
            raise LimitError(
                f"the answer has more than {self.points:,} rows or points, the limit:"
                " narrow the range, page with limit=, or ask an aggregate with EVERY"
            )
