from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.names import Path, distinct_names

paths = st.lists(st.lists(st.sampled_from(["a", "b", "a_b", "2", "a_2", "_2", "", "time", "sensor"]), min_size=1, max_size=4).map(tuple), unique=True, max_size=25)  # fmt: skip


def by_the_letter(many: list[Path]) -> dict[Path, str]:
    """The law of design.md, step by step, over sorted paths."""
    own = {"_".join(path) for path in many}
    named: dict[Path, str] = {}
    for path in sorted(many, key=lambda one: (len(one), one)):
        name = "_".join(path)
        if name in named.values() or name in ("time", "sensor"):
            k = 2
            while f"{name}_{k}" in own or f"{name}_{k}" in named.values():
                k += 1
            name = f"{name}_{k}"
        named[path] = name
    return named


@given(paths)
def test_names_follow_the_law(many: list[Path]) -> None:
    """Names are those of the law taken literally, and all different."""
    names = distinct_names(many)
    assert by_the_letter(many) == dict(zip(many, names, strict=True))
    assert len(many) == len(set(names))


@given(st.data(), paths)
def test_the_order_of_paths_changes_no_name(data: st.DataObject, many: list[Path]) -> None:
    """Every path has the same name in whatever order they come."""
    shuffled = data.draw(st.permutations(many))
    assert dict(zip(many, distinct_names(many), strict=True)) == dict(
        zip(shuffled, distinct_names(shuffled), strict=True)
    )


@pytest.mark.parametrize(
    ("many", "names"),
    [
        ([("a", "b"), ("a_b",)], ["a_b_2", "a_b"]),
        ([("a", "b"), ("a_b",), ("a_b_2",)], ["a_b_3", "a_b", "a_b_2"]),
        ([("a_b", "c"), ("a", "b_c"), ("a", "b", "c")], ["a_b_c_2", "a_b_c", "a_b_c_3"]),
        ([("time",), ("time_2",)], ["time_3", "time_2"]),
        ([("sensor",), ("Time",)], ["sensor_2", "Time"]),
        ([], []),
    ],
)
def test_the_fewest_parts_keep_the_name(many: list[Path], names: list[str]) -> None:
    """The shortest path keeps a name, the others get the first free number, the reserved ones always."""
    assert names == distinct_names(many)


def test_nothing_is_reserved_where_nothing_is_told_to_be() -> None:
    """Without reserved names a single claim keeps its name."""
    assert ["time"] == distinct_names([("time",)], frozenset())
