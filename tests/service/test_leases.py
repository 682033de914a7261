from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.service.leases import Leases


def test_the_last_user_closes_what_is_retired() -> None:
    """What is retired while in use is closed when the last user leaves, once."""
    closed: list[int] = []
    leases = Leases(lambda: closed.append(1))
    assert (True, True) == (leases.take(), leases.take())
    leases.retire()
    leases.give_back()
    assert ([], False) == (closed, leases.take())
    leases.give_back()
    leases.retire()
    assert [1] == closed


@given(st.lists(st.sampled_from(["take", "give_back", "retire"]), max_size=20))
def test_it_is_closed_exactly_when_retired_and_unused(steps: list[str]) -> None:
    """After any steps it is closed if, and only if, it is retired and nobody uses it; never twice."""
    closed: list[int] = []
    leases = Leases(lambda: closed.append(1))
    users = 0
    for step in steps:
        if step == "take":
            users += leases.take()
        elif step == "retire":
            leases.retire()
        elif users:
            leases.give_back()
            users -= 1
        assert len(closed) == (leases.retired and users == 0)
