"""Histories and questions drawn at random: late and repeated posts, equal times, kinds that mix, extreme numbers.

Law: small worlds, so that times, values and names meet often, and what is asked is mostly there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from hypothesis import strategies as st

from grafana_sensor.domain.conditions import Condition
from grafana_sensor.domain.plans import Every, Name, Projection, Query
from tests.oracle.query import BEGINNING, FOREVER, Question

SENSORS = ("a", "b", "roof/1", "é x")
ATTRIBUTES = ("t", "h", "state", "mix", "mix_text", "code", "wind speed")
AGGREGATES = ("CNT", "AVG", "MAX", "MIN", "SUM", "FIRST", "LAST", "STDDEV", "P50", "P95", "P99.9", "P0", "P100")
QUESTIONS = 7
PHASES = 3

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_GRID = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"ms": 1000, "s": _SECOND, "m": 60 * _SECOND, "h": 3600 * _SECOND, "d": _DAY, "w": 7 * _DAY}

_PLAIN = st.integers(-40, 400).map(lambda n: n / 10)
_EXTREMES = (0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1e308, -1e308, 1.7e308, 1e16, -1e16, 1.0, 1e-9, 0.1, 2.0**53, 1e23)
_EXTREME = st.one_of(st.sampled_from(_EXTREMES), st.floats(allow_nan=False, allow_infinity=False))
_STATES = ("on", "off", "", "5x", "007", "on and off", "Ω", "+3", "nan", "l" * 700 + "a", "l" * 700 + "b")
_MIXTURE = (1.0, 5.0, -0.0, 0.5, 5, True, "5", "5.0", "1e2", "on", "off", "x", str(2**53 + 1), 2**53 + 1)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "t": _PLAIN,
    "h": _EXTREME,
    "state": st.sampled_from(_STATES),
    "mix": st.sampled_from(_MIXTURE),
    "mix_text": st.sampled_from(_STATES),
    "code": st.sampled_from(_MIXTURE),
    "wind speed": st.integers(-3, 3),
}
_MANY: dict[str, tuple[Any, ...]] = {
    "t": tuple(n / 10 for n in range(-40, 400, 7)),
    "h": _EXTREMES,
    "state": _STATES,
    "mix": _MIXTURE,
    "mix_text": _STATES,
    "code": _MIXTURE,
    "wind speed": (-3, -2, 0, 1, 3),
}
"""The values of posts of many records, which a seed chooses: drawing each of them would cost too much."""
_TEXTS = ("on", "off", "", "5", "5.0", "0", "-0", "1e2", "100", "x", "007", "a", "é x", "1e400", "-1e400", "1e23")
_COMPARED = st.one_of(
    st.sampled_from(_TEXTS),
    _PLAIN.map(repr),
    st.sampled_from(_EXTREMES).map(repr),
    st.sampled_from((str(2**53 + 1), str(-(2**53) - 1), "9" * 400)),
)
_PATTERNS = st.sampled_from(
    (
        "on|off",
        "o.*",
        "[0-9]+",
        "5",
        "-?[0-9]+[.][0-9]",
        ".*e.*",
        "(a|b)",
        "-0",
        "0",
        ".*",
        "",
        "[^5]*",
        "roof/1",
        "1e.*",
    )
)


@dataclass(frozen=True, slots=True)
class Written:
    """A post: its records as JSON has them, the time in "time"; of one sensor ("" for none), or each of its own."""

    sensor: str | None
    records: tuple[dict[str, Any], ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """A post of before, once more; `place` wraps around."""

    place: int


@dataclass(frozen=True, slots=True)
class Own:
    """A record under its caller's id."""

    sensor: str
    record: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sealing:
    """Seal every `every`th epoch that waits."""

    every: int


Step = Written | Repeat | Own | Sealing


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps, and what is asked after them."""

    steps: tuple[Step, ...]
    questions: tuple[tuple[str, Question], ...]


@dataclass(frozen=True, slots=True)
class World:
    """A drawn history; times lie on a grid of `step` µs from `base`. `width` and `size` are of epochs and chunks."""

    base: int
    step: int
    width: int
    size: int
    declared: dict[str, str]
    phases: tuple[Phase, ...] = field(repr=False)


def iso(us: int) -> str:
    """The time as an ISO text with its zone."""
    return (_EPOCH + timedelta(microseconds=us)).isoformat()


_GRIDS = st.sampled_from(
    [
        (1_767_225_600_000_000, 1),
        (1_767_225_600_000_000, _SECOND),
        (1_767_225_600_000_000, _DAY),
        (1_767_225_600_123_456, 7 * 3600 * _SECOND + 1),
        (-20 * _DAY, _DAY),
        (-3 * 60 * _SECOND, 60 * _SECOND),
        (-20 * 365 * _DAY, 365 * _DAY),
        (BEGINNING, 400 * _DAY),
        (FOREVER - (_GRID + 1) * 30 * _DAY, 30 * _DAY),
    ]
)

# Strategies are made once, and of plain places on the grid: making them anew for each draw costs more than all else.
_PLACES = st.one_of(st.integers(0, _GRID), st.integers(0, 2 * _GRID).map(lambda n: n / 2))
_RECORD = st.fixed_dictionaries({"time": _PLACES}, optional=_VALUES)
_RECORDS = st.lists(_RECORD, max_size=12)
_SENSOR = st.sampled_from(SENSORS)
_MAYBE = st.sampled_from(("", *SENSORS))
_SEVERAL = st.lists(st.tuples(_SENSOR, _RECORD), min_size=1, max_size=12)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), _MAYBE, _RECORDS, st.booleans()),
        st.tuples(st.just("post"), _SENSOR, st.lists(_RECORD, min_size=4, max_size=12), st.booleans()),
        st.tuples(st.just("several"), st.none(), _SEVERAL, st.booleans()),
        st.tuples(st.just("many"), _MAYBE, st.integers(0, 2**32), st.integers(1, 60)),
        st.builds(Repeat, st.integers(0, 9)),
        st.tuples(st.just("own"), _MAYBE, _RECORD, st.none()),
        st.builds(Sealing, st.integers(1, 2)),
    ),
    min_size=1,
    max_size=5,
)
_MOMENT = st.tuples(st.integers(-2, _GRID + 2), st.integers(-1, 1))
_OPEN = st.sampled_from((None, None, None, None, "start", "end", "both", "both"))
_ALIASES = st.sampled_from((None, None, None, None, "x", "t", "avg_t", "time", "sensor"))
_RAW = st.lists(
    st.tuples(st.sampled_from((*ATTRIBUTES, *ATTRIBUTES, "*")), st.none(), _ALIASES), min_size=1, max_size=3
)
_AGGREGATED = st.lists(
    st.tuples(st.sampled_from((*ATTRIBUTES, *ATTRIBUTES, "*")), st.sampled_from(AGGREGATES), _ALIASES),
    min_size=1,
    max_size=3,
)
_FROM = st.one_of(st.none(), st.none(), st.lists(_SENSOR, min_size=1, max_size=4))


def _compared(attribute: str) -> st.SearchStrategy[tuple[str, str, Any]]:
    """Comparisons of an attribute, mostly with a value that it may have."""
    own = st.sampled_from([str(value) for value in _MANY[attribute]])
    value = st.one_of(own, own, own, _COMPARED)
    signs = st.sampled_from(("=", "!=", "!=", "<", "<=", ">", ">="))
    return st.one_of(
        st.tuples(st.just(attribute), signs, st.tuples(value)),
        st.tuples(st.just(attribute), st.just("IN"), st.lists(value, min_size=1, max_size=3)),
    )


_CONDITION = st.one_of(
    *map(_compared, ATTRIBUTES),
    st.tuples(st.sampled_from((*ATTRIBUTES, "sensor", "time")), st.just("EXISTS"), st.just(())),
    st.tuples(st.sampled_from((*ATTRIBUTES, "sensor")), st.sampled_from(("=~", "!~")), st.tuples(_PATTERNS)),
    st.tuples(st.just("sensor"), st.sampled_from(("=", "!=", "<", "IN")), st.tuples(_SENSOR)),
    st.tuples(st.just("time"), st.sampled_from(("=", "!=", "<", "<=", ">", ">=", "IN")), st.tuples(_MOMENT)),
    st.tuples(
        st.just("time"), st.sampled_from(("!=", "<", ">=")), st.tuples(st.sampled_from(("now", "now-5m", "now+1d")))
    ),
)
_QUESTION = st.tuples(
    st.tuples(_MOMENT, _MOMENT, _OPEN),
    st.one_of(_RAW, _AGGREGATED, _AGGREGATED),
    _FROM,
    st.lists(_CONDITION, max_size=2),
    st.booleans(),
    st.sampled_from((None, None, "all", "AUTO", "auto", 1, 3, 7)),
    st.tuples(st.integers(1, 60), st.booleans()),
)
_QUESTIONS = st.lists(_QUESTION, min_size=QUESTIONS, max_size=QUESTIONS)
_OPENING = st.lists(st.integers(0, 2**32), min_size=len(SENSORS), max_size=len(SENSORS))
_PHASES = st.lists(st.tuples(_STEPS, _QUESTIONS), min_size=PHASES, max_size=PHASES)
_DECLARED = st.sampled_from(({}, {}, {"code": "text"}, {"code": "text", "t": "number", "state": "text"}))


def worlds() -> st.SearchStrategy[World]:
    """Histories with their questions."""
    sizes = st.sampled_from((3, 10, 10, 100)), st.sampled_from((2, 8, 8, 64))
    return st.builds(_world, _GRIDS, *sizes, _DECLARED, _OPENING, _PHASES)


def _world(
    grid: tuple[int, int], width: int, size: int, declared: dict[str, str], opening: list[int], phases: list[Any]
) -> World:
    base, step = grid
    found = [
        Phase(tuple(_step(base, step, s) for s in steps), tuple(_question(base, step, *q) for q in questions))
        for steps, questions in phases
    ]
    first = [_step(base, step, ("many", sensor, seed, 20)) for sensor, seed in zip(SENSORS, opening, strict=True)]
    found[0] = Phase((*first, *found[0].steps), found[0].questions)
    return World(base, step, width * step, size, declared, tuple(found))


def _step(base: int, step: int, draft: Any) -> Step:
    if not isinstance(draft, tuple):
        return cast(Step, draft)
    kind, sensor, records, key = draft
    if kind == "many":
        records, key = _many(Random(records), key), False

    def placed(record: dict[str, Any]) -> dict[str, Any]:
        return record | {"time": iso(base + int(record["time"] * step))}

    if kind == "own":
        return Own(sensor, placed(records))
    if kind == "several":
        return Written(None, tuple(placed(record) | {"sensor": name} for name, record in records), key)
    return Written(sensor, tuple(map(placed, records)), key)


def _many(random: Random, count: int) -> list[dict[str, Any]]:
    """Records on the grid, each attribute missing in some of them; now and then one value throughout."""
    names = random.sample(ATTRIBUTES, random.randint(3, len(ATTRIBUTES)))
    choices = {name: _MANY[name] if random.random() < 0.8 else (random.choice(_MANY[name]),) for name in names}
    often = {name: random.choice((0.5, 0.9, 1.0)) for name in names}
    return [
        {"time": random.randint(0, _GRID)} | {n: random.choice(choices[n]) for n in names if random.random() < often[n]}
        for _ in range(count)
    ]


def _question(
    base: int, step: int, span: Any, drafts: Any, sensors: Any, met: Any, by: bool, every: Any, auto: tuple[int, bool]
) -> tuple[str, Question]:
    """The text of a query, and the question that it asks."""

    def moment(draft: tuple[int, int]) -> int:
        return min(max(base + draft[0] * step + draft[1], BEGINNING), FOREVER)

    def value(draft: Any) -> str:
        return draft if isinstance(draft, str) else iso(min(moment(draft), FOREVER - 1))

    start, end = sorted(map(moment, span[:2]))
    start = BEGINNING if span[2] in ("start", "both") else start
    end = FOREVER if span[2] in ("end", "both") else end
    written, width = _every(step, every) if drafts[0][1] else (None, None)
    query = Query(
        tuple(itertools.starmap(_projection, drafts)),
        None if sensors is None else tuple(map(Name, sensors)),
        tuple(Condition(name, operator, tuple(map(value, values))) for name, operator, values in met),
        by,
        width,
    )
    question = Question(query, start, end, base + 20 * step, None, auto[0], step if auto[1] else 0)
    return _text(query, written), question


def _projection(attribute: str, aggregate: str | None, alias: str | None) -> Projection:
    if attribute == "*":
        return Projection(
            "*", "CNT" if aggregate else None, alias if aggregate else None, "CNT(*)" if aggregate else "*"
        )
    text = _name(attribute)
    return Projection(attribute, aggregate, alias, f"{aggregate}({text})" if aggregate else text)


def _every(step: int, every: int | str | None) -> tuple[str | None, Every | None]:
    """EVERY as it is written and as it is meant; a number is one of steps, rounded up to a unit."""
    if every is None:
        return None, None
    if isinstance(every, str):
        return every, "auto" if every.lower() == "auto" else "all"
    unit, size = max((item for item in _UNITS.items() if item[1] <= max(step, 1000)), key=lambda item: item[1])
    count = -(-step // size) * every
    return f"{count}{unit}", count * size


def _text(query: Query, every: str | None) -> str:
    parts = [", ".join(p.text + (f" AS {_name(p.alias)}" if p.alias else "") for p in query.projections)]
    if query.sensors is not None:
        parts.append("FROM " + ", ".join(_name(sensor.text) for sensor in query.sensors))
    if query.conditions:
        parts.append("WHERE " + " AND ".join(map(_condition, query.conditions)))
    if query.by_sensor:
        parts.append("by sensor")
    if every is not None:
        parts.append(f"EVERY {every}")
    return " ".join(parts)


def _condition(condition: Condition) -> str:
    values = [f"'{value}'" for value in condition.values]
    rest = {"IN": f"IN ({', '.join(values)})", "EXISTS": "exists"}.get(condition.operator)
    return f"{_name(condition.attribute)} {rest or f'{condition.operator} {values[0]}'}"


def _name(text: str) -> str:
    return f'"{text}"' if " " in text or text in ("sensor", "time") else text
