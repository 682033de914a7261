"""What parts of one answer may cost together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import LimitError


@given(st.lists(st.integers(0, 20), max_size=6), st.integers(0, 40))
def test_parts_share_the_points_of_one_answer(parts: list[int], most: int) -> None:
    """Part after part, an answer may have as many points as it may have at once, and not one more."""
    budget, sum_so_far = Budget(points=most), 0
    for part in parts:
        if sum_so_far + part > most:
            with pytest.raises(LimitError, match=f"more than {most} rows or points"):
                budget.give(part)
            break
        budget.give(part)
        budget, sum_so_far = budget.after(part), sum_so_far + part


def test_a_part_leaves_the_budget_before_it_as_it_was() -> None:
    """What comes after a part has less left, and the budget that it comes from does not."""
    whole = Budget(points=5)
    rest = whole.after(2).after(3)
    assert (0, 5) == (whole.given, rest.given)
    whole.give(5)
    with pytest.raises(LimitError):
        rest.give(1)


def test_giving_is_told_the_whole_part() -> None:
    """A part tells each time how many points it has by then, so telling the same again takes nothing more."""
    budget = Budget(points=5).after(2)
    budget.give(3)
    budget.give(3)
    assert 2 == budget.given


def test_all_parts_end_by_one_deadline() -> None:
    """The time of an answer is that of all its parts: a later part does not begin it anew."""
    now = [100.0]
    budget = Budget(seconds=10, clock=lambda: now[0])
    now[0] = 109.0
    later = budget.after(1)
    assert 110.0 == later.deadline
    later.tick()
    now[0] = 110.5
    with pytest.raises(LimitError, match="limit of 10 s"):
        later.tick()


def test_each_part_may_hold_values() -> None:
    """What a part has taken into memory is its own: the budget of the next part is what it was made from."""
    budget = Budget(values=5)
    part = budget.after(0)
    part.hold(5)
    with pytest.raises(LimitError, match="more values in memory"):
        part.hold(1)
    budget.after(0).hold(5)
