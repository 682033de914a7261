"""What a panel asks at once: several targets, answered from one look at the records.

Law: the targets' answers belong to one moment and share the limits of one answer. A target that can't be answered
keeps no other from its answer; where none can be answered, that is the request's error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import BadRequest, Unprocessable
from grafana_sensor.domain.series import Series, Table
from grafana_sensor.ports import RecordReading
from grafana_sensor.query import engine
from grafana_sensor.service.answers import Question, asked
from grafana_sensor.service.source import Source, looking

Shape = Literal["series", "table"]
Refused = BadRequest | Unprocessable

REFUSALS: Final = (BadRequest, Unprocessable)
"""The errors of one target; any other is the whole request's."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target: its name ("" for none), what it asks, and the shape of the answer.

    `question` is the error itself where what was sent is none.
    """

    name: str
    question: Question | Refused
    shape: Shape = "series"


Found = Sequence[Series] | Table | Refused
"""The answer to one target, or what is wrong with it."""


def panel(source: Source, targets: Sequence[Target]) -> list[Found]:
    """The answer to each target, in their order.

    Raises the error of the targets, named by theirs where they are several, when none of them can be answered.
    """
    found: list[Found] = []
    if targets:
        with looking(source) as (reading, budget):
            now, given = source.clock(), 0
            for target in targets:
                answer = _answer(reading, target, budget.after(given), now)
                given += points(answer)
                found.append(answer)
    refused = [(target, answer) for target, answer in zip(targets, found, strict=True) if isinstance(answer, REFUSALS)]
    if refused and len(refused) == len(targets):
        raise _united(refused)
    return found


def points(answer: Found) -> int:
    """How many rows or points an answer has."""
    if isinstance(answer, REFUSALS):
        return 0
    return len(answer) if isinstance(answer, Table) else sum(len(series.times) for series in answer)


def named(target: Target, error: Refused) -> str:
    """The message of a target's error, with the target's name."""
    return f"{target.name}: {error.message}" if target.name else error.message


def _answer(reading: RecordReading, target: Target, budget: Budget, now: int) -> Found:
    if not isinstance(target.question, Question):
        return target.question
    try:
        ask = asked(target.question, reading.catalog(), now)
        if target.shape == "series":
            return engine.series(reading, ask, budget)
        return engine.table(reading, ask, budget)
    except REFUSALS as error:
        return error


def _united(refused: Sequence[tuple[Target, Refused]]) -> Refused:
    """One error for all: the only one as it is, else the first one's kind with every message."""
    first = refused[0][1]
    if len(refused) == 1:
        return first
    return type(first)("; ".join(named(target, error) for target, error in refused))
