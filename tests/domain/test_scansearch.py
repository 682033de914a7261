"""Searches for scans."""

from __future__ import annotations

import pytest

from grafana_sensor.domain.errors import ConditionError
from grafana_sensor.domain.scansearch import search


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"dataset": "a*b"}, r"a text is met whole, or by 'abc\*'"),
        ({"dataset": "**"}, "leave dataset out"),
        ({"dataset": "a||b"}, "by ''"),
        ({"dataset": 3}, "dataset is searched by a text, not by 3"),
        ({"number": "2*"}, "number is searched by a whole number"),
        ({"number": True}, "number is searched by a whole number"),
        ({"title": "x"}, "scans are searched by name, number, .*, not by 'title'"),
    ],
)
def test_what_can_not_be_searched_is_named(wanted: dict[str, str | int], message: str) -> None:
    """Patterns with a star in the middle or nothing but stars, other types, and fields that identify no scan."""
    with pytest.raises(ConditionError, match=message):
        search(wanted)


def test_numbers_are_met_as_texts_too() -> None:
    """A parameter of an address is a text; several are alternatives."""
    meant = search({"number": "2|03"})
    assert [False, True, True] == [meant({"number": number}) for number in (1, 2, 3)]
