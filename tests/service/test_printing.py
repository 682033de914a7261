from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.service.printing import drawn


@given(
    st.lists(st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=9), st.floats(), st.none())), max_size=5)
)
def test_a_row_is_a_line(rows: list[dict[str, object]]) -> None:
    """Whatever rows hold, the table has a line for each, a head and a rule, all of them printable."""
    lines = drawn(rows).split("\n")
    expected = len(rows) + 2 if any(rows) else 1
    assert expected == len(lines)
    assert all(line.isprintable() for line in lines)


def test_nothing_is_said_so() -> None:
    """No rows are told in words, a scalar stands as it is."""
    assert ("(no rows)", "21.5", "") == (drawn([]), drawn(21.5), drawn(None))
