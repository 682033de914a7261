"""From the plugins' bodies to questions.

Law: what a payload has wins over its target's text; what it leaves empty is not given, but for a sensor: an empty one
would silently mean all. A target that can't be read is an error of its own and keeps no other from its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.numbers import as_number
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import MILLISECOND, parse_duration
from grafana_sensor.query.fields import parse_names
from grafana_sensor.query.variables import Variable, parse_variable
from grafana_sensor.service.answers import Question
from grafana_sensor.service.panels import REFUSALS, Refused, Shape, Target
from grafana_sensor.web.contract.requests import (
    Annotations,
    PanelQuery,
    QueryTarget,
    Search,
    VariableQuery,
)
from grafana_sensor.web.moments import EARLIEST, LATEST, instant
from grafana_sensor.web.parameters import LARGEST, refuse_unexpanded

ANNOTATION: Final = "Anno"
"""The refId of the target by which simPod asks for annotations."""

MEMBERS: Final = ("sensor", "select", "aggregate", "where", "by", "every")
"""The members of a payload that are fields of a question."""

FORMATS: Final[Mapping[str, Shape | None]] = {
    "timeserie": "series",
    "timeseries": "series",
    "time_series": "series",
    "series": "series",
    "table": "table",
    "frame": None,
}
"""The words for the shape of an answer; `frame` writes whatever shape in columns."""

MOST_POINTS: Final = 1_000
"""Points of a picture whose width isn't told."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A target, whether it is written as a frame, and whether it asks for annotations.

    `lists`: where simPod's payload came empty, the dashboard's variables of several values. simPod empties a payload
    in which one of them stands in quotes, and says nothing.
    """

    target: Target
    frame: bool = False
    annotation: bool = False
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)


def panel_targets(body: PanelQuery, now: int) -> list[Asked]:
    """The targets of a panel that are not hidden, in their order. `now`: UTC µs.

    Raises BadRequest where the range, the interval or the width of the picture is wrong.
    """
    start, end = _range(body, now)
    common = Question(
        start=start, end=end, filters=_filters(body), max_points=_points(body.maxDataPoints), interval=_interval(body)
    )
    lists = _lists(body.scopedVars or {})
    return [_asked(target, common, lists) for target in body.targets or () if not target.hide]


def annotation_question(body: Annotations, now: int) -> Question:
    """What simple-json's annotation asks. Raises BadRequest where it asks nothing, or the range is wrong."""
    start, end = _range(body, now)
    return _records((body.annotation and body.annotation.query) or "", "annotation.query", start, end)


def annotation_rows(given: Mapping[str, Any], now: int) -> Question:
    """The same, asked by parameters."""
    start, end = (
        instant(name, given.get(name, default), now) for name, default in (("from", EARLIEST), ("to", LATEST))
    )
    return _records(given.get("query", ""), "query", start, end)


def search_text(body: Search) -> str:
    """What is searched for; empty for the metric list."""
    return (body.target or "").strip()


def variable(body: VariableQuery) -> Variable:
    """What a variable lists; members of the user's own object win over the arguments in its target's text.

    Raises BadRequest where that is nothing.
    """
    payload = body.payload
    if isinstance(payload, str):
        payload = {"target": payload}
    payload = payload or {}
    text = payload.get("target")
    if text is None:
        text = body.target
    elif not isinstance(text, str):
        raise BadRequest(f"target is {named_kind(text)}; it must be a text")
    found = parse_variable(text or "")
    given = {name: payload[name] for name in ("attribute", "sensor", "scan") if payload.get(name) is not None}
    return replace(found, **given)


def _range(body: PanelQuery | Annotations, now: int) -> tuple[datetime, datetime]:
    """[start, end) of a body, as datetimes."""
    span = body.range or body.rangeRaw
    start, end = (None, None) if span is None else (span.start, span.end)
    return (
        instant("range.from", EARLIEST if start is None else start, now),
        instant("range.to", LATEST if end is None else end, now),
    )


def _records(text: str, name: str, start: datetime, end: datetime) -> Question:
    if not text.strip():
        raise BadRequest(f"{name} is empty; write a query text, whose records are the annotations")
    return Question(q=text, start=start, end=end)


def _filters(body: PanelQuery) -> list[Any]:
    """The ad hoc filters under either name, each once."""
    found = list(body.adhocFilters or ())
    return found + [each for each in body.filters or () if each not in found]


def _points(given: object) -> int:
    """The width of the picture in points."""
    if given is None or given == "":
        return MOST_POINTS
    return int(_number("maxDataPoints", given, 1))


def _interval(body: PanelQuery) -> int:
    """The time between two points in µs; 0 where none is told."""
    if body.intervalMs is not None and body.intervalMs != "":
        return int(_number("intervalMs", body.intervalMs, 0) * MILLISECOND)
    return parse_duration(body.interval) if body.interval else 0


def _number(name: str, given: object, least: int) -> float:
    """The number from `least` to LARGEST that is given, as such or as a text."""
    number = given
    if isinstance(given, str):
        refuse_unexpanded(name, given)
        number = as_number(given.strip())
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise BadRequest(f"{name} is {shown(given)}; it must be a number")
    if not least <= number <= LARGEST:
        raise BadRequest(f"{name} is {shown(given)}; it must be from {least} to {LARGEST:,}")
    return number


def _lists(variables: Mapping[str, Any]) -> dict[str, list[str]]:
    """The dashboard's variables of several values, by name."""
    values = {name: said.get("value") for name, said in variables.items() if isinstance(said, dict)}
    return {
        name: each for name, each in values.items() if isinstance(each, list) and all(isinstance(v, str) for v in each)
    }


def _asked(target: QueryTarget, common: Question, lists: Mapping[str, Sequence[str]]) -> Asked:
    name = "" if target.refId is None else str(target.refId)
    annotation = name == ANNOTATION
    question: Question | Refused
    shape, frame = _shape(target.type), False
    try:
        payload = _payload(target)
        text = target.target or ""
        question = replace(common, q=text if text.strip() else None, **dict(_fields(payload)))
        if (form := payload.get("format")) not in (None, ""):
            word = _word(form)
            frame = word == "frame"
            shape = FORMATS[word] or shape
    except REFUSALS as error:
        question = error
    return Asked(Target(name, question, shape), frame, annotation, lists if target.payload in ({}, "") else {})


def _shape(kind: str | None) -> Shape:
    return "table" if kind is not None and kind.lower() == "table" else "series"


def _payload(target: QueryTarget) -> dict[str, Any]:
    """The members of a payload, in builder mode without those that are cleared."""
    payload = target.data if target.payload is None else target.payload
    if isinstance(payload, str):
        read = loads(payload) if payload.strip() else {}
        if not isinstance(read, dict):
            raise BadRequest(f"payload is {named_kind(read)}; it must be a JSON object")
        payload = read
    payload = payload or {}
    if target.editorMode != "builder":
        return payload
    return {name: _built(name, value) for name, value in payload.items() if value != []}


def _built(name: str, value: Any) -> Any:
    """A member of a payload as simPod's builder means it."""
    return list(_spread(name, value)) if isinstance(value, list) else value


def _spread(name: str, elements: list[Any]) -> Iterator[Any]:
    """The elements of a list, of which one may be a variable of several values, `(a|b)`."""
    for element in elements:
        if isinstance(element, str) and element.startswith("(") and element.endswith(")") and "|" in element:
            yield from parse_names(element, name)
        else:
            yield element


def _fields(payload: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The fields of a question that a payload gives."""
    for name in MEMBERS:
        value = payload.get(name)
        if name == "sensor" and value in ("", []):
            raise BadRequest(
                "sensor: it is empty; is nothing chosen in the variable? Leave it out, and all of the data answers"
            )
        if value is None or value in ("", []):
            continue
        if name == "by" and isinstance(value, str):
            refuse_unexpanded(name, value)
        yield name, value


def _word(form: object) -> str:
    if isinstance(form, str):
        refuse_unexpanded("format", form)
        if form.strip().lower() in FORMATS:
            return form.strip().lower()
    raise BadRequest(f"format is {shown(form)}; it must be timeserie, table or frame")
