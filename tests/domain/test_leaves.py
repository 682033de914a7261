from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from grafana_sensor.domain.errors import RecordError
from grafana_sensor.domain.leaves import leaves_of, without
from grafana_sensor.domain.limits import Limits

LIMITS = Limits()


def walked(record: Any, limits: Limits = LIMITS) -> list[tuple[tuple[str, ...], str, object]]:
    return [((*path, key), name, value) for path, key, name, value in leaves_of(record, limits)]


def nested(levels: int, value: object = 1) -> dict[str, Any]:
    record: Any = value
    for level in range(levels):
        record = [record] if level % 2 and level < levels - 1 else {"a": record}
    assert isinstance(record, dict)
    return record


def test_leaves_come_in_the_order_of_the_record() -> None:
    """Leaves have their path, their name and value, in the order in which the record shows them."""
    record = {"b": 1, "a": {"x": [True, {"y": "t"}], "": 2.5}, "c": None, "d": {}, "e": [], "f": [None, [[]], 3]}
    assert [
        (("b",), "b", 1),
        (("a", "x", "0"), "a_x_0", True),
        (("a", "x", "1", "y"), "a_x_1_y", "t"),
        (("a", ""), "a_", 2.5),
        (("f", "2"), "f_2", 3),
    ] == walked(record)


def test_an_empty_record_has_no_leaves() -> None:
    """Null and empty containers, however deep, leave nothing."""
    assert [] == walked({})
    assert [] == walked({"a": None, "b": {"c": [None, {}, []]}})


def test_the_deepest_record() -> None:
    """A record of as many levels as the limit is walked, one more is refused."""
    assert [1] == [value for _, _, value in walked(nested(64))]
    with pytest.raises(RecordError, match="nested deeper than the limit of 64 levels"):
        walked(nested(65))
    assert [("a", 1)] == [(name, value) for _, name, value in walked({"a": 1}, Limits(nesting=1))]
    with pytest.raises(RecordError, match="limit of 1 levels"):
        walked({"a": [1]}, Limits(nesting=1))


def test_depth_can_not_exhaust_the_stack() -> None:
    """A record of 10,000 levels is walked where the limit allows, else refused."""
    record: Any = 1
    for _ in range(10_000):
        record = {"a": record}
    with pytest.raises(RecordError, match="limit of 64 levels"):
        walked(record)
    assert [1] == [value for _, _, value in walked(record, Limits(nesting=10_000, name=20_000))]


def test_too_many_leaves() -> None:
    """A record of 1,000 attributes is taken, nulls beside them don't count, one more is refused."""
    record: dict[str, Any] = {**{f"a{i}": i for i in range(1_000)}, "n": [None] * 2_000}
    assert 1_000 == len(walked(record))
    with pytest.raises(RecordError, match="more attributes than the limit of 1,000"):
        walked({**record, "one": "more"})


def test_long_names() -> None:
    """A name of 255 characters is taken, a longer one refused, wherever its length comes from."""
    assert 255 == len(walked({"a" * 100: {"b" * 154: 1}})[0][1])
    with pytest.raises(RecordError, match="256 characters, more than the limit of 255"):
        walked({"a" * 100: {"b" * 155: 1}})
    with pytest.raises(RecordError, match="longer than the limit of 255"):
        walked({"a" * 256: {"b": {"c": 1}}})


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"a": {"b\0": 1}}, r"'a\.b\\x00' holds the character U\+0000"),
        ({"\ud800": 1}, r"'\\ud800' holds a lone surrogate"),
        ({"é": {"\udfff": None}}, "lone surrogate"),
        ({1: 2}, "a key is a number, 1; keys are texts"),
        ({"a": {None: 2}}, "a key in 'a' is null"),
        ({"a": [b"x"]}, "'a.0' is a bytes"),
        ({"a": {1, 2}}, "'a' is a set"),
        ({"a": 1j}, "'a' is a complex"),
    ],
)
def test_what_is_no_json_is_refused(record: Any, words: str) -> None:
    """A key or value that JSON doesn't have, or text can't hold, is refused by its path."""
    with pytest.raises(RecordError, match=words):
        walked(record)


def test_other_mappings_lists_and_scalars_are_taken() -> None:
    """Any mapping, tuples, and numpy's scalars are walked as what they stand for, in their place."""
    record = MappingProxyType({"a": (np.float64(1.5), np.int64(2), np.float32(0.5)), "b": np.str_("x"), "c": 1})
    values = [value for _, _, value in walked(record)]
    assert [1.5, 2, 0.5, "x", 1] == values
    assert [float, int, float, str, int] == [type(value) for value in values]


def test_without_leaves_out_one_leaf_and_the_record_as_it_was() -> None:
    """What stands at the path is gone, all other leaves keep their paths, and the record is not touched."""
    record = {"a": [{"t": 1, "u": 2}, 3], "b": {"c": 4}}
    before = walked(record)
    assert [leaf for leaf in before if leaf[0] != ("a", "0", "t")] == walked(without(record, ("a", "0", "t")))
    assert before == walked(record)
