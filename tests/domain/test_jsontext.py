from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, RecordError
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import shown

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.integers(-(2**70), 2**70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(json_values, st.booleans())
def test_what_was_written_is_read(value: Any, ascii_only: bool) -> None:
    """Any JSON value is read back exactly, integers of every size included."""
    read = loads(json.dumps(value, ensure_ascii=ascii_only).encode())
    assert repr(value) == repr(read)


@pytest.mark.parametrize(
    "number",
    [
        2**53 + 1,
        2**63 - 1,
        2**63,
        2**64 - 1,
        2**64,
        -(2**63),
        -(2**63) - 1,
        -(2**64),
        10**19 - 1,
        10**300 + 1,
        -(10**308),
    ],
)
def test_integers_are_exact(number: int) -> None:
    """Integers within, at and beyond 64 bits lose no digit."""
    assert {"a": [number]} == loads(f'{{"a": [{number}]}}')


@pytest.mark.parametrize("digits", ["9" * 310, "-" + "9" * 310, "1" + "0" * 5_000, "7" * 70_000], ids=shown)
def test_the_longest_integers_are_the_text_of_their_digits(digits: str) -> None:
    """An integer that no float64 comes near is given as the text it would be stored as."""
    expected: Any = int(digits) if len(digits) <= 310 else digits
    assert [expected, {"b": 1.5}] == loads(f'[{digits}, {{"b": 1.5}}]')


def test_an_overflowing_fraction_is_left_to_the_caller() -> None:
    """1e400 is read as an infinity, so that only its record is refused, and the rest is read."""
    assert [{"a": math.inf}, {"a": 1}, {"a": -math.inf}] == loads('[{"a": 1e400}, {"a": 1}, {"a": -1e999}]')


def test_the_last_of_a_repeated_key_stands() -> None:
    """Of a key repeated in one object the last value is taken, on both ways of reading."""
    assert {"a": 2} == loads('{"a": 1, "a": 2}')
    assert {"a": 2**70} == loads(f'{{"a": 1, "a": {2**70}}}')


def test_a_byte_order_mark_is_let_pass() -> None:
    """The mark that some editors put before UTF-8 is no part of the JSON."""
    assert {"a": 1} == loads(b'\xef\xbb\xbf{"a": 1}')


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "line 1, column 1"),
        (b'{"a": 1', "line 1, column 8"),
        (b'{"a": 1,\n "b": x}', "line 2, column 7"),
        ('["é", x]'.encode(), "line 1, column 7"),
        (b"[NaN]", "line 1, column 2"),
        (b"[Infinity]", "line 1, column 2"),
        (b"[-Infinity]", "invalid JSON"),
        (b"[1e400, NaN]", "NaN is no JSON number"),
        (b"[1e400, }", "line 1, column 9"),
        (b"[1e400, [}]", "invalid JSON"),
        (b"{'a': 1}", "invalid JSON"),
        (b"[1] 2", "invalid JSON"),
        (b"[01]", "invalid JSON"),
        (b"[1.]", "invalid JSON"),
        (b"[-]", "invalid JSON"),
        (b'["\x00"]', "invalid JSON"),
        (b'["\\ud800"]', "invalid JSON"),
        (b'[1e400, "\\ud800"]', "lone surrogate"),
        (b'["\\uDE00", 1e400]', "invalid JSON"),
        (b'["\xff"]', "not UTF-8: byte 2 is 0xff"),
        (b'["\xed\xa0\x80"]', "not UTF-8"),
        (b"\xff\xfe[\x001\x00]\x00", "not UTF-8"),
        ('["\ud800"]', "lone surrogate at position 2"),
        (f"[{2**70}, x]".encode(), "invalid JSON at line 1"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes | str, words: str) -> None:
    """Invalid JSON and invalid UTF-8 are errors that tell the place."""
    with pytest.raises(BadRequest, match=words):
        loads(body)


def test_a_surrogate_pair_is_a_character() -> None:
    """Two escapes that make one character are read, beside a number that overflows too."""
    assert ["😀", math.inf] == loads('["\\ud83d\\ude00", 1e400]')


@pytest.mark.parametrize(("open_", "close"), [("[", "]"), ('{"a":', "}"), ('[{"a[": ', "}]")])
@pytest.mark.parametrize("number", ["1", "1e400", str(2**70)])
def test_depth_is_a_clear_error(open_: str, close: str, number: str) -> None:
    """JSON of 10,000 levels is refused with the limit's name and figure, in any mix."""
    with pytest.raises(RecordError, match="limit of 64 levels"):
        loads(open_ * 10_000 + number + close * 10_000)
    with pytest.raises(RecordError, match="limit of 7 levels"):
        loads(open_ * 10_000, Limits(nesting=7))


def test_an_overflow_before_a_deep_part_is_a_clear_error() -> None:
    """A number too great for the fast reader doesn't open a way to exhaust the stack."""
    with pytest.raises(RecordError, match="limit of 64 levels"):
        loads("[1e400," + "[" * 100_000 + "]" * 100_000 + "]")


@given(st.binary(max_size=40) | st.text(alphabet='[]{},:"\\0123e+-.atrunl\n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Whatever comes is a value or one of our errors, and what JSON's own reader refuses is refused."""
    try:
        loads(body)
    except (BadRequest, RecordError):
        return
    json.loads(body)
