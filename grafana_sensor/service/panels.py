"""What a panel asks at once: several targets, answered from one look at the records.

Law: the targets' answers belong to one moment and share the limits of one answer. A target that can't be answered
keeps no other from its answer; where none can be answered, that is the request's error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.errors import BadRequest, Unprocessable
from grafana_sensor.domain.plans import EVERYTHING
from grafana_sensor.domain.series import Series, Table
from grafana_sensor.ports import RecordReading
from grafana_sensor.query import engine
from grafana_sensor.query.plan import Ask, resolve
from grafana_sensor.service.answers import Question, asked, listing_of
from grafana_sensor.service.scanlists import listed
from grafana_sensor.service.scanlooks import ScanLooks
from grafana_sensor.service.scanquestions import scan_question
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


Asking = Ask | Callable[[Budget], Found]
"""What the engine is asked, or how scans are."""


def panel(source: Source, targets: Sequence[Target]) -> list[Found]:
    """The answer to each target, in their order.

    Targets that ask for series and differ in their projections alone are answered by one pass over the records.
    Raises the error of the targets, named by theirs where they are several, when none of them can be answered.
    """
    found: list[Found] = []
    if targets:
        with looking(source) as (reading, budget):
            now = source.clock()
            looks = ScanLooks(source)
            asks = [_ask(target, reading.catalog(), now, looks) for target in targets]
            found = _answers(reading, targets, asks, budget)
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


def _ask(target: Target, catalog: Catalog, now: int, looks: ScanLooks) -> Asking | Refused:
    """What the engine or scans are asked for a target, or what is wrong with it; `looks` is for all targets."""
    if not isinstance(target.question, Question):
        return target.question
    try:
        if listing := listing_of(target.question, catalog):
            return partial(listed, looks, listing)
        ask = asked(target.question, catalog, now)
        if scans := scan_question(looks, ask, catalog):
            return scans.table if target.shape == "table" else scans.series
        resolve(catalog, ask)
    except REFUSALS as error:
        return error
    return ask


def _answers(
    reading: RecordReading, targets: Sequence[Target], asks: Sequence[Asking | Refused], budget: Budget
) -> list[Found]:
    """The answers in one pass for each kind of target; where a limit bites, target by target in their order."""
    found: dict[int, Found] = {place: ask for place, ask in enumerate(asks) if isinstance(ask, REFUSALS)}
    try:
        given = 0
        for places in _alike(targets, asks):
            part = [ask for place in places if isinstance(ask := asks[place], Ask)]
            answers = _together(reading, part, targets[places[0]].shape, budget.after(given))
            found |= zip(places, answers, strict=True)
            given += sum(map(points, answers))
    except REFUSALS:
        given = 0
        for place, ask in enumerate(asks):
            if isinstance(ask, Ask):
                found[place] = _alone(reading, ask, targets[place].shape, budget.after(given))
                given += points(found[place])
    for place, ask in enumerate(asks):
        if not isinstance(ask, Ask | BadRequest | Unprocessable):
            found[place] = _of_scans(ask, budget.after(given))
            given += points(found[place])
    return [found[place] for place in range(len(targets))]


def _alike(targets: Sequence[Target], asks: Sequence[Asking | Refused]) -> list[list[int]]:
    """The places of the targets that can be answered, those together that one pass may answer."""
    groups: dict[object, list[int]] = {}
    for place, (target, ask) in enumerate(zip(targets, asks, strict=True)):
        if isinstance(ask, Ask):
            raw = ask.query.projections[0].aggregate is None
            alone = target.shape == "table" or (raw and any(p.attribute == EVERYTHING for p in ask.query.projections))
            key = place if alone else (raw, replace(ask, query=replace(ask.query, projections=())))
            groups.setdefault(key, []).append(place)
    return list(groups.values())


def _together(reading: RecordReading, asks: Sequence[Ask], shape: Shape, budget: Budget) -> list[Found]:
    """The answer to each ask; those of several are series, and differ in their projections alone."""
    if shape == "table":
        return [engine.table(reading, ask, budget) for ask in asks]
    projections = [projection for ask in asks for projection in ask.query.projections]
    whole = replace(asks[0], query=replace(asks[0].query, projections=tuple(projections)))
    found = engine.series_by_projection(reading, whole, budget)
    if len(asks) == 1:
        return [[series for each in found for series in each]]
    following = iter(found)
    return [[series for _ in ask.query.projections for series in next(following)] for ask in asks]


def _alone(reading: RecordReading, ask: Ask, shape: Shape, budget: Budget) -> Found:
    try:
        return _together(reading, [ask], shape, budget)[0]
    except REFUSALS as error:
        return error


def _of_scans(ask: Callable[[Budget], Found], budget: Budget) -> Found:
    try:
        return ask(budget)
    except REFUSALS as error:
        return error


def _united(refused: Sequence[tuple[Target, Refused]]) -> Refused:
    """One error for all: the only one as it is, else the first one's kind with every message."""
    first = refused[0][1]
    if len(refused) == 1:
        return first
    return type(first)("; ".join(named(target, error) for target, error in refused))
