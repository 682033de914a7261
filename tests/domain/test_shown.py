from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.shown import named_kind, shown


@given(st.text(st.characters(codec=None)) | st.integers() | st.floats() | st.booleans() | st.none() | st.datetimes())
def test_what_is_shown_is_short_and_printable(value: object) -> None:
    """Whatever comes is shown in at most a few hundred printable characters that UTF-8 can write."""
    text = shown(value)
    assert text.isprintable()
    assert len(text) <= 10 * 80 + 3
    text.encode()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a'b", '"a\'b"'),
        ("x" * 81, "'" + "x" * 80 + "…'"),
        ("\0\ud800", r"'\x00\ud800'"),
        (10**70_000, "an integer of 232535 bits"),
        ([1], "a list"),
        (None, "None"),
    ],
    ids=range(6),
)
def test_shown(value: Any, text: str) -> None:
    """Texts are quoted and cut, huge integers measured, containers named."""
    assert text == shown(value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *((None, "null"), (True, "a boolean"), (1, "a number"), (1.5, "a number"), ("", "a text")),
        *(({}, "an object"), ([], "a list"), ((), "a list"), (b"", "a bytes")),
    ],
)
def test_kinds_are_named_as_json_does(value: object, kind: str) -> None:
    """A value's kind is named in JSON's words, a foreign type by its own."""
    assert kind == named_kind(value)
