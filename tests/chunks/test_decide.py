"""Summaries decide conditions only as the data would."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.chunks.decide import decide, decide_times
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.domain.columns import Block, Column, Ids
from grafana_sensor.domain.conditions import OPERATORS, Condition

VALUES = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, -0.0, 1.0, 2.5, 9007199254740992.0]), st.sampled_from("ab5"))
WRITTEN = st.sampled_from(["-1", "0", "1", "2.5", "a", "b", "5", "", "9007199254740993", "1e400"])


@st.composite
def conditions(draw: Any) -> Any:
    """A condition on `x` of any operator."""
    operator = draw(st.sampled_from(OPERATORS))
    match operator:
        case "EXISTS":
            return Condition("x", operator)
        case "IN":
            return Condition("x", operator, tuple(draw(st.lists(WRITTEN, max_size=3))))
        case "=~" | "!~":
            return Condition("x", operator, (draw(st.sampled_from([".*", "a|b", "-?0", "[0-9]"])),))
    return Condition("x", operator, (draw(WRITTEN),))


@given(conditions(), st.lists(VALUES, min_size=1, max_size=4))
def test_a_verdict_is_what_the_data_say(condition: Condition, values: Any) -> None:
    """True means that every record meets it, False that none does; anything else stays open."""
    n = len(values)
    column = Column.of(values)
    block = Block(np.arange(n), Ids.of([("b", i) for i in range(n)]), {"x": column})
    met = condition.mask(column, n)
    verdict = decide(condition, Entry.of(block, "x"), n)
    assert verdict is None or (bool(met.all()) if verdict else not met.any())


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=4), st.integers(-4, 4), st.sampled_from(OPERATORS))
def test_a_verdict_on_times_is_what_the_times_say(times: list[int], value: int, operator: str) -> None:
    """Conditions on time are decided by the first and the last time as the times themselves would."""
    if operator in ("=~", "!~"):
        return
    values = {"EXISTS": (), "IN": (str(value), "2")}.get(operator, (str(value),))
    condition = Condition("time", operator, values)
    met = condition.mask_times(np.array(sorted(times)))
    verdict = decide_times(condition, min(times), max(times))
    assert verdict is None or (bool(met.all()) if verdict else not met.any())


def test_ranges_are_decided() -> None:
    """The usual case is decided: a threshold outside of a chunk's extremes needs no data."""
    block = Block(np.arange(2), Ids.of([("b", 0), ("b", 1)]), {"x": Column.of([1.0, 2.0])})
    entry = Entry.of(block, "x")
    verdicts = [
        decide(Condition("x", op, (v,)), entry, 2) for op, v in [("<", "3"), (">", "2"), (">", "1"), ("=", "7")]
    ]
    assert [True, False, None, False] == verdicts
