"""The library's functions on projections and rows, against the standard library."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor import query
from grafana_sensor.domain.errors import ProjectionError

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def rows(values: list[float | str | None]) -> list[dict[str, float | str | None]]:
    """Rows of one attribute among others."""
    return [{"time": None, "sensor": "s", "t": value} for value in values] + [{"h": 1.0}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AVG(t)", "t"),
        ("cnt(*)", "*"),
        ("p99.9( t )", "t"),
        ("t", "t"),
        ("outdoor temp", "outdoor temp"),
        (r"a\.b", r"a\.b"),
        ("AVG(outdoor temp)", "outdoor temp"),
    ],
)
def test_agr_handler_takes_the_aggregate_off(text: str, expected: str) -> None:
    """The attribute of an aggregate, and of a plain attribute itself."""
    assert expected == query.agr_handler(text)


@pytest.mark.parametrize(
    ("projections", "expected"),
    [
        (["AVG(t)"], "AVG"),
        (["mean(t)"], "AVG"),
        (["CNT(*)"], "CNT"),
        (["MIN(t)", "MAX(t)"], ("MIN", "MAX")),
        (["p99.9(t)"], "P99.9"),
        (["t", "h"], None),
        ([], None),
    ],
)
def test_agr_check_names_the_aggregates(projections: list[str], expected: object) -> None:
    """One aggregate is its name, several are a tuple, none is None."""
    assert expected == query.agr_check(projections)


@pytest.mark.parametrize("projections", [["t", "AVG(t)"], ["AVG(t)", "t"], ["MEDIAN(t)"], ["P101(t)"], ["SUM(*)"]])
def test_agr_check_refuses(projections: list[str]) -> None:
    """Raw and aggregate don't mix, and an unknown aggregate is told."""
    with pytest.raises(ProjectionError):
        query.agr_check(projections)


@given(st.lists(FINITE | st.none() | st.integers(-(2**53), 2**53) | st.booleans()))
def test_handlers_equal_the_standard_library(values: list[float | None]) -> None:
    """Over any numbers the handlers are exact: sums as fsum, averages as fractions rounded once."""
    numbers = [float(value) for value in values if value is not None]
    given_rows = rows(list(values))
    assert len(numbers) == query.count_handler(given_rows, "t")
    assert len(given_rows) == query.count_handler(given_rows, "*")
    assert max(numbers, default=None) == query.maximum_handler(given_rows, "t")
    assert min(numbers, default=None) == query.minimum_handler(given_rows, "t")
    if not numbers:
        assert query.sum_handler(given_rows, "t") is query.average_handler(given_rows, "t") is None
        return
    exact = sum(map(Fraction, numbers))
    assert float(exact / len(numbers)) == query.average_handler(given_rows, "t")
    try:
        total: float | None = float(exact)
    except OverflowError:
        total = None
    assert total == query.sum_handler(given_rows, "t")


@given(st.lists(st.floats(-1e300, 1e300), min_size=1))
def test_sums_are_fsum(numbers: list[float]) -> None:
    """SUM equals math.fsum bit for bit."""
    assert math.fsum(numbers).hex() == (query.sum_handler(rows(list(numbers)), "t") or 0.0).hex()


def test_texts_count_and_compare_where_alone() -> None:
    """Texts are counted; extremes see them only where there is no number, sums and averages never."""
    texts = rows(["b", None, "a"])
    assert (2, "b", "a") == tuple(
        handler(texts, "t") for handler in (query.count_handler, query.maximum_handler, query.minimum_handler)
    )
    assert (None, None) == (query.sum_handler(texts, "t"), query.average_handler(texts, "t"))
    assert (3, 2.0, 2.0) == tuple(
        handler(rows(["b", 2.0, "a"]), "t")
        for handler in (query.count_handler, query.maximum_handler, query.sum_handler)
    )
