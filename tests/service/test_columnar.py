from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grafana_sensor.domain.errors import LimitError, Rejected, Unprocessable
from grafana_sensor.domain.limits import Limits
from grafana_sensor.service import columnar
from grafana_sensor.service.columnar import count_of, of_columns, of_rows, records_of
from grafana_sensor.service.parts import MOST_CELLS, Parts, Rules, of_records

NOW = 1_767_225_600_000_000
BATCH = "0" * 32

numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.booleans())
texts = st.sampled_from(["on", "5", "1e400", "21.50", "007", "", "nan", "9007199254740993", "x" * 40, "a\0", "\ud800"])
epochs = st.one_of(
    st.sampled_from(
        [0, -1, 10**11, 10**11 - 1, 10**14, 10**17, 10**18, -(2**63), 2**63, 7_258_118_400, 1.5, "2026-01-01"]
    ),
    st.integers(-(10**19), 10**19),
)
names = st.sampled_from(["a", "b", "time", "ts", "TIME", "sensor", "time_2", "s", "", "a\0", "\ud800", "é" * 20])


def columns_of(n: int, values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    plain = st.lists(values, min_size=n, max_size=n)
    gaps = st.lists(st.one_of(st.none(), values), min_size=n, max_size=n)
    return plain | gaps


TAME = [
    st.sampled_from([1, 10**11 - 1, 10**11, 10**14 - 1, 10**14, 2 * 10**14, 1_767_225_600]),
    st.sampled_from([1, 2.5, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, True]),
    st.sampled_from(["5", "on", "21.50", "2026-01-01", "9007199254740993"]),
]


@st.composite
def tame_posts(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rules]:
    n = draw(st.integers(1, 4))
    found = draw(st.lists(st.sampled_from(["a", "b", "time", "ts", "s"]), unique=True, min_size=1, max_size=4))
    columns = {name: draw(columns_of(n, draw(st.sampled_from(TAME)))) for name in found}
    kinds: list[dict[str, str]] = [{}, {"a": "number"}, {"a": "text"}]
    declared = draw(st.sampled_from(kinds))
    ways: list[dict[str, str]] = [{}, {"time_field": "ts"}, {"sensor_field": "s"}]
    fields = draw(st.sampled_from(ways))
    return columns, Rules(BATCH, NOW, declared, Limits(), "hall", **fields)


@st.composite
def posts(draw: st.DrawFn) -> tuple[dict[str, list[Any]], Rules]:
    n = draw(st.integers(0, 6))
    odd = st.sampled_from([[1, 2], {"x": 1}, [], {}])
    kinds = [
        epochs,
        st.integers(-100, 100),
        st.floats(-9, 9),
        numbers,
        texts,
        st.sampled_from("abc"),
        numbers | texts | odd,
    ]
    columns = {
        name: draw(columns_of(n, draw(st.sampled_from(kinds))))
        for name in draw(st.lists(names, unique=True, max_size=5))
    }
    declared = draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from(["number", "text"])))
    rules = Rules(
        BATCH,
        NOW,
        declared,
        draw(st.sampled_from([Limits(), Limits(attributes=2, name=10, text=20)])),
        sensor="hall",
        sensor_field=draw(st.sampled_from([None, None, "s", "sensor", "a.b", "time"])),
        time_field=draw(st.sampled_from([None, None, "ts", "a", "gone"])),
    )
    return columns, rules


def told(parts: Parts) -> tuple[dict[str, list[Any]], int, tuple[Rejected, ...]]:
    found: dict[str, list[Any]] = {}
    for part in parts.parts:
        n = len(part.block)
        values = {name: column.values(n) for name, column in part.block.columns.items()}
        assert all(any(value is not None for value in column) for column in values.values())
        assert part.block.ids is not None
        found[part.sensor] = [
            (
                int(part.block.times[i]),
                part.block.ids[i],
                {name: value for name, column in sorted(values.items()) if (value := column[i]) is not None},
            )
            for i in range(n)
        ]
    return found, parts.accepted, parts.rejected


@settings(max_examples=500)
@given(tame_posts() | posts())
@example(({"ts": [0], "TIME": [None], "": [0]}, Rules(BATCH, NOW, {}, Limits(), "hall")))
def test_columns_mean_their_records(post: tuple[dict[str, list[Any]], Rules]) -> None:
    """A post in columns stores, and refuses, exactly what its records would."""
    columns, rules = post
    assert told(of_records(records_of(columns), rules)) == told(of_columns(columns, rules))


@settings(max_examples=300)
@given(tame_posts() | posts(), st.randoms(use_true_random=False))
def test_records_alike_mean_each_of_them(post: tuple[dict[str, list[Any]], Rules], random: Random) -> None:
    """Records with the same keys, those in another order among them, are stored and refused as one by one."""
    columns, rules = post
    records: list[Any] = list(records_of(columns)) * 8
    if random.random() < 0.3:
        records[:1] = [dict(reversed(record.items())) for record in records[:1]]
    elif random.random() < 0.1:
        records += [5]
    assert told(of_records(records, rules)) == told(of_rows(records, rules))


def test_flat_records_alike_are_read_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flat records with the same keys are stored without a look at each."""
    records = [{"time": place, "a": place, "b": "on"} for place in range(100)]
    with no_look_at_records(monkeypatch):
        assert 100 == of_rows(records, Rules(BATCH, NOW, {}, Limits(), "hall")).accepted


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [
        ({"a": [1, 2.5, True]}, {"a": "text"}),
        ({"a": ["1.10", "2"]}, {"a": "text"}),
        ({"a": ["1.10", "2"]}, {"a": "number"}),
        ({"ts": [1, 2], "time": [3, 4], "a": [1, 2]}, {}),
        ({"ts": [1, 2], "time": [3, "soon"], "a": [1, 2]}, {}),
        ({"time": [1, None], "a": [1, 2]}, {}),
        ({"time": [10**11 - 1, 10**11], "a": [2**53, 2**53 + 1]}, {}),
        ({"time": [-(2**63), 1], "a": [1, 2]}, {}),
        ({"sensor": [1, 2], "time_2": [1, 2]}, {}),
    ],
)
def test_columns_mean_their_records_at_the_edges(columns: dict[str, list[Any]], kinds: dict[str, str]) -> None:
    """Where a column can't be read as a whole, or just so, it means its records too."""
    rules = Rules(BATCH, NOW, kinds, Limits(), "hall")
    assert told(of_records(records_of(columns), rules)) == told(of_columns(columns, rules))


@contextmanager
def no_look_at_records(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise AssertionError("a record was looked at")

    with monkeypatch.context() as patch:
        patch.setattr(columnar, "of_records", refuse)
        yield


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ({"time": [1, 2], "a": [1.5, None], "b": [1, 2.5]}, {}),
        ({"ts": [1_767_225_600_000, 1_767_225_600_001], "a": [True, 7]}, {}),
        ({"time": ["2026-01-01", "2026-01-02"], "a": ["on", "5"], "c": [None, None]}, {}),
        ({"a": [1, 2]}, {}),
        ({"at": [1.5, 2.5], "s": ["x", "y"], "a": [1, 2]}, {"time_field": "at", "sensor_field": "s"}),
    ],
)
def test_plain_columns_are_read_as_a_whole(
    columns: dict[str, list[Any]], fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Columns of plain numbers, texts and times are stored without a look at each record."""
    with no_look_at_records(monkeypatch):
        assert 2 == of_columns(columns, Rules(BATCH, NOW, {}, Limits(), "hall", **fields)).accepted


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([1], "an object of lists"),
        ({"a": 5}, "'a' is a list of values, not a number"),
        ({"a": {"b": [1]}}, "not an object"),
        ({"time": [1, 2], "a": [1]}, "'a' has 1 values and the column 'time' has 2"),
    ],
)
def test_columns_of_another_shape_are_refused(columns: object, said: str) -> None:
    """What is no object of lists of one length is refused, and the column is named."""
    with pytest.raises(Unprocessable, match=said):
        count_of(columns)


def test_no_columns_are_no_records() -> None:
    """An empty object, and columns of length 0, are a post of no records."""
    rules = Rules(BATCH, NOW, {}, Limits(), "hall")
    posts: list[dict[str, list[Any]]] = [{}, {"time": [], "a": []}]
    for columns in posts:
        assert 0 == count_of(columns)
        assert ({}, 0, ()) == told(of_columns(columns, rules))


def test_cells_are_bounded() -> None:
    """Columns of more cells than a body can fill are refused before they are read."""
    one: list[Any] = [None] * 100_000
    columns: Mapping[str, list[Any]] = {str(place): one for place in range(MOST_CELLS // 100_000 + 1)}
    with pytest.raises(LimitError, match="smaller posts"):
        of_columns(columns, Rules(BATCH, NOW, {}, Limits(), "hall"))


def test_bad_values_are_listed_by_record() -> None:
    """A bad value in a column is reported with the index of its record."""
    parts = of_columns({"a": [1.0, float("inf"), 2.0]}, Rules(BATCH, NOW, {}, Limits(), "hall"))
    assert [1] == [each.index for each in parts.rejected]
    assert 2 == parts.accepted
