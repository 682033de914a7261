"""Aggregates from summaries: exact against fractions, and the columns that they stand in."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.columns import Block, Column, Ids, Value
from grafana_sensor.domain.plans import Need, Projection
from grafana_sensor.domain.summaries import Summary, add_block
from grafana_sensor.query.aggregates import AGGREGATES, canonical, column_name, finish, needs, unique_names

FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.lists(FINITE, min_size=1, max_size=30) | st.lists(
    st.floats(-50, 50).map(lambda x: round(x, 1)), min_size=1, max_size=30
)
PERCENTS = st.decimals(0, 100, places=1).map(str) | st.sampled_from(["0", "50", "95", "99.9", "100"])


def summary(values: list[Value], need: Need) -> Summary:
    """The summary of values in order of time, with no more than what is needed."""
    n = len(values)
    column = Column.of([float(v) if isinstance(v, (int, float)) else v for v in values])
    block = Block(np.arange(n), Ids.of([("b", i) for i in range(n)]), {"t": column})
    made = Summary()
    add_block([made], np.zeros(n, np.intp), column, block, need)
    return made


def finished(aggregate: str, values: list[Value], text_mode: bool = False) -> float | int | str | None:
    """The aggregate of values, from a summary of just what it needs."""
    return finish(aggregate, summary(values, needs(aggregate, text_mode)), text_mode)


def nearest(exact: Fraction) -> float | None:
    """The fraction as a float64, None beyond."""
    try:
        return float(exact)
    except OverflowError:
        return None


@given(NUMBERS)
def test_simple_aggregates_are_exact(numbers: list[float]) -> None:
    """CNT, AVG, SUM, MIN, MAX, FIRST and LAST equal their definitions, rounded once."""
    values: list[Value] = list(numbers)
    exact = sum(map(Fraction, numbers), Fraction(0))
    assert len(numbers) == finished("CNT", values)
    assert nearest(exact / len(numbers)) == finished("AVG", values)
    assert nearest(exact) == finished("SUM", values)
    assert (min(numbers), max(numbers)) == (finished("MIN", values), finished("MAX", values))
    assert (numbers[0], numbers[-1]) == (finished("FIRST", values), finished("LAST", values))


@given(NUMBERS)
def test_stddev_is_the_nearest_float(numbers: list[float]) -> None:
    """STDDEV is the float64 nearest to the root of the sample's variance; of one number None."""
    result = finished("STDDEV", list(numbers))
    if len(numbers) < 2:
        assert result is None
        return
    mean = sum(map(Fraction, numbers), Fraction(0)) / len(numbers)
    variance = sum(((Fraction(x) - mean) ** 2 for x in numbers), Fraction(0)) / (len(numbers) - 1)
    if result is None:
        assert variance > Fraction(1.7976931348623157e308) ** 2
        return
    assert isinstance(result, float)
    half_below = (Fraction(result) + Fraction(math.nextafter(result, 0))) / 2
    half_above = Fraction(result) + Fraction(math.ulp(result)) / 2
    assert half_below**2 <= variance <= half_above**2


@given(NUMBERS, PERCENTS)
def test_percentiles_are_exact(numbers: list[float], percent: str) -> None:
    """Pn is the exact interpolation between the two nearest ranks, rounded once, and never outside of them."""
    ordered = sorted(numbers)
    rank = Fraction(percent) * (len(numbers) - 1) / 100
    low = math.floor(rank)
    a, b = Fraction(ordered[low]), Fraction(ordered[math.ceil(rank)])
    result = finished(f"P{percent}", list(numbers))
    assert float(a + (b - a) * (rank - low)) == result


def test_percentiles_take_values_in_pieces() -> None:
    """The pieces of merged summaries are one set, and halves of the widest range don't overflow."""
    merged = summary([3.0, 1.0], Need.VALUES)
    merged.add(summary([2.0], Need.VALUES))
    assert 2.0 == finish("P50", merged, False)
    assert 0.0 == finished("P50", [-1.7e308, 1.7e308])


@pytest.mark.parametrize("aggregate", [*AGGREGATES, "P50"])
@pytest.mark.parametrize("text_mode", [False, True])
def test_nothing_is_none_and_counts_zero(aggregate: str, text_mode: bool) -> None:
    """Of nothing CNT is 0 and every other aggregate None."""
    assert (0 if aggregate == "CNT" else None) == finish(aggregate, Summary(), text_mode)


def test_texts_where_there_are_only_texts() -> None:
    """MIN, MAX, FIRST, LAST see texts where an attribute holds only these; CNT always, the others never."""
    values: list[Value] = ["b", "c", "a"]
    found = {aggregate: finished(aggregate, values, True) for aggregate in [*AGGREGATES, "P50"]}
    assert {
        "CNT": 3, "AVG": None, "MAX": "c", "MIN": "a", "SUM": None, "FIRST": "b", "LAST": "a", "STDDEV": None, "P50": None,
    } == found  # fmt: skip
    assert (2, 5.0) == (finished("CNT", ["a", 5.0]), finished("MAX", ["a", 5.0]))


def test_a_sum_beyond_float64_is_none() -> None:
    """SUM and STDDEV beyond float64 are None; the average is not."""
    values: list[Value] = [1.7e308, 1.7e308]
    assert (None, 1.7e308) == (finished("SUM", values), finished("AVG", values))
    assert finished("STDDEV", [1.7e308, -1.7e308]) is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("cnt", "CNT"), ("Count", "CNT"), ("mean", "AVG"), ("p0", "P0"), ("P100", "P100"), ("P100.0", "P100.0"),
        ("P100.1", None), ("P", None), ("P5.", None), ("P1e1", None), ("P٥", None), ("ﬁrst", None), ("median", None),
        ("P" + "0" * 5000, None), ("P1." + "0" * 5000, None), ("", None),
    ],
)  # fmt: skip
def test_canonical_names(written: str, expected: str | None) -> None:
    """Aggregates are known in any case and by their other names; percentiles from 0 to 100 in plain decimals."""
    assert expected == canonical(written)


@pytest.mark.parametrize(
    ("projection", "expected"),
    [
        (Projection("temperature"), "temperature"),
        (Projection("temperature", "AVG"), "avg_temperature"),
        (Projection("temperature", "P95"), "p95_temperature"),
        (Projection("temperature", "P99.9"), "p99_9_temperature"),
        (Projection("*", "CNT"), "cnt"),
        (Projection("t", "CNT"), "cnt_t"),
        (Projection("t", "CNT", "how many"), "how many"),
    ],
)
def test_column_names(projection: Projection, expected: str) -> None:
    """A column is named by aggregate and attribute, or by its AS name."""
    assert expected == column_name(projection)


@given(st.lists(st.sampled_from(["a", "a_2", "a_3", "a_2_2", "time"]), max_size=8))
def test_unique_names(names: list[str]) -> None:
    """Each column has a name of its own; the first of a name keeps it, and none takes a name that is another's."""
    found = unique_names(names, taken=("time", "sensor"))
    assert len(names) == len(found) == len({*found})
    assert not {"time", "sensor"} & {*found}
    for index, name in enumerate(names):
        first = name not in names[:index] and name != "time"
        assert (found[index] == name) is first
        assert first or (found[index].startswith(f"{name}_") and found[index] not in names)
    assert ["a", "a_3", "a_2"] == unique_names(["a", "a", "a_2"])
