"""The oracle of a soak: what was sent, what was acknowledged, and between which bounds an answer must lie.

Law: brute force over lists, nothing of the engine. What was acknowledged before a question is in its answer, once;
what was never sent before the answer isn't.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition
from typing import Any, Final, Literal

DAY: Final = 86_400

Form = Literal["whole", "days", "points"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A record as it is sent: `time` in whole UTC seconds; no two have the same `number`."""

    sensor: str
    time: int
    number: int
    mode: str


class Ledger:
    """What was sent and what was acknowledged. Safe for threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._sent: list[Reading] = []
        self._acknowledged: list[Reading] = []
        self._posts = 0
        self._given_up = False

    def begin(self, readings: Iterable[Reading]) -> None:
        """They are about to be sent."""
        with self._changed:
            self._sent.extend(readings)

    def acknowledge(self, readings: Iterable[Reading]) -> None:
        """Their post was acknowledged."""
        with self._changed:
            self._acknowledged.extend(readings)
            self._posts += 1
            self._changed.notify_all()

    def sent(self) -> list[Reading]:
        """What was sent up to now."""
        with self._changed:
            return list(self._sent)

    def acknowledged(self) -> list[Reading]:
        """What was acknowledged up to now."""
        with self._changed:
            return list(self._acknowledged)

    def give_up(self) -> None:
        """Nothing more is sent: who waits for it must not."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def advance(self, posts: int, seconds: float, most: float = 120) -> None:
        """Wait until so many further posts were acknowledged and so many seconds went by while they were."""
        with self._changed:
            began, before = time.monotonic(), self._posts
            while self._posts < before + posts or time.monotonic() < began + seconds:
                assert self._changed.wait(most), f"no post was acknowledged for {most} s"
                assert not self._given_up, "a client failed"


@dataclass(frozen=True, slots=True)
class Question:
    """Of the records of `sensor` (None: of all) in [start, end), UTC s, in that mode if one is given, from `least` on."""

    form: Form
    sensor: str | None
    start: int
    end: int
    mode: str | None
    least: int

    @property
    def text(self) -> str:
        """It in the query language."""
        what = "number" if self.form == "points" else "CNT(number), SUM(number), MIN(number), MAX(number)"
        conditions = [f"number >= {self.least}"] if self.least else []
        conditions += [f"mode = '{self.mode}'"] if self.mode else []
        return (
            what
            + (f" FROM {self.sensor}" if self.sensor else "")
            + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
            + (" EVERY 1d" if self.form == "days" else "")
        )

    def of(self, readings: Iterable[Reading]) -> list[Reading]:
        """Those that it asks for."""
        return [
            each
            for each in readings
            if self.start <= each.time < self.end
            and self.sensor in (None, each.sensor)
            and self.mode in (None, each.mode)
            and each.number >= self.least
        ]

    def check(self, rows: Sequence[dict[str, Any]], sure: Iterable[Reading], possible: Iterable[Reading]) -> None:
        """Raises AssertionError where the answer isn't one of all of `sure` and some of `possible`."""
        there, may_be = self.of(sure), self.of(possible)
        if self.form == "points":
            _check_points(rows, there, may_be)
        elif self.form == "whole":
            assert 1 == len(rows)
            _check_row(rows[0], there, may_be)
        else:
            days = [_seconds(row["time"]) // DAY for row in rows]
            assert list(range(self.start // DAY, -(-self.end // DAY))) == days
            for day, row in zip(days, rows, strict=True):
                _check_row(row, _of_day(day, there), _of_day(day, may_be))


def _of_day(day: int, readings: Iterable[Reading]) -> list[Reading]:
    return [each for each in readings if each.time // DAY == day]


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def _check_points(rows: Sequence[dict[str, Any]], sure: list[Reading], possible: list[Reading]) -> None:
    sent = {each.number: each for each in possible}
    numbers = [int(row["number"]) for row in rows]
    assert len(set(numbers)) == len(numbers), "a record is there twice"
    assert set() == {each.number for each in sure} - set(numbers), "an acknowledged record is missing"
    assert set() == set(numbers) - sent.keys(), "a record is there that was not sent"
    times = [_seconds(row["time"]) for row in rows]
    assert [sent[number].time for number in numbers] == times
    assert sorted(times) == times


def _check_row(row: dict[str, Any], sure: list[Reading], possible: list[Reading]) -> None:
    """Each of the four aggregates by itself: a row may hold any records between the two lists."""
    least, most = [each.number for each in sure], [each.number for each in possible]
    assert len(least) <= row["cnt_number"] <= len(most), (len(least), row, len(most))
    assert sum(least) <= (row["sum_number"] or 0) <= sum(most), (sum(least), row, sum(most))
    if not row["cnt_number"]:
        assert (None, None, None) == (row["sum_number"], row["min_number"], row["max_number"])
        return
    assert min(most) <= row["min_number"] <= min(least, default=max(most)), row
    assert max(least, default=min(most)) <= row["max_number"] <= max(most), row
