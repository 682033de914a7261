from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.cli.jsonvalues import JsonValues
from grafana_sensor.domain.errors import BadRequest

LONGEST = 5_000_000

objects = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=9) | st.none(), max_size=3)
spaces = st.sampled_from([b"", b" ", b"\n", b"\r\n\t", b"\n\n"])


def read(text: bytes) -> list[tuple[bytes, int]]:
    return list(JsonValues(io.BytesIO(text), LONGEST))


def spaced(parts: list[bytes], spaces: list[bytes]) -> Iterator[bytes]:
    for place, part in enumerate(parts):
        yield spaces[place % len(spaces)]
        yield part


@given(st.lists(objects), st.lists(spaces, min_size=1))
def test_json_arrays_are_taken_apart(values: list[object], blanks: list[bytes]) -> None:
    """An array gives its elements, however blanks stand between them."""
    parts = [b"["]
    for value in values:
        parts += [json.dumps(value).encode(), b","]
    if values:
        parts.pop()
    text = b"".join(spaced([*parts, b"]"], blanks))
    assert values == [json.loads(value) for value, _ in read(text)]


def test_values_one_after_the_other() -> None:
    """Values without an array around them come one by one, each with the line it begins on."""
    assert [(b'{"a":\n1}', 1), (b"{}", 2), (b"[1]", 4)] == read(b'{"a":\n1} {}\n\n[1]')


@pytest.mark.parametrize("text", [b"", b" \n", b"[]", b"\xef\xbb\xbf [ ]\n"])
def test_no_values(text: bytes) -> None:
    """An empty text and an empty array have none."""
    assert [] == read(text)


def test_values_longer_than_a_piece() -> None:
    """A value that takes several reads comes whole, with the line it begins on."""
    values = [{"b": 1}, {"a": "x\n" * 800_000}, {"c": "é" * 700_000}]
    found = read(json.dumps(values, indent=1, ensure_ascii=False).encode())
    assert values == [json.loads(value) for value, _ in found]
    assert [2, 5, 8] == [line for _, line in found]


@pytest.mark.parametrize("number", ["12345678901234567890123", "-0.10", "1e400", "1" * 5_000])
def test_numbers_are_left_as_they_stand(number: str) -> None:
    """Numbers of any size come as they are written."""
    assert [(f'{{"a": {number}}}'.encode(), 1)] == read(f'[{{"a": {number}}}]'.encode())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[\n{}\n,\n{,}]", "line 4: invalid JSON: Expecting property name enclosed in double quotes"),
        (b"[{}\n{}]", "line 2: ',' or ']' expected, not '{'"),
        (b"[{}", "line 1: the array has no end"),
        (b"[{},]", "line 1: invalid JSON: Expecting value"),
        (b"[{}] {}", "line 1: there is more after the end of the array"),
        (b'{"a": \n', "line 2: invalid JSON: Expecting value"),
        (b'[{"a": NaN}]', "line 1: invalid JSON: NaN is no JSON number"),
        (b'[{"a": "\xff"}]', "line 1: not UTF-8, here or further on"),
        (b"[" * 100_000, "line 1: nested too deep to be read"),
    ],
)
def test_json_that_is_none(text: bytes, message: str) -> None:
    """Where a text is no JSON any further, the line is named."""
    with pytest.raises(BadRequest) as error:
        read(text)
    assert message in error.value.message


def test_a_value_without_end_is_refused() -> None:
    """A value beyond the limit is refused with its line."""
    with pytest.raises(BadRequest, match="line 2: no end within 5,000,000 characters, the limit of one record"):
        read(b'[{},\n{"a": "' + b"x" * 2 * LONGEST)
