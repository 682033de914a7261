from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.cli import blocks as cut
from grafana_sensor.cli.blocks import Block, Format, blocks, guess
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.web.payloads import Unread

objects = st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=9) | st.none(), max_size=3)


def read(text: bytes, form: Format) -> list[Block]:
    return list(blocks(io.BytesIO(text), form))


def records(found: list[Block]) -> list[object]:
    together: list[object] = []
    for block in found:
        if isinstance(block.records, dict):
            names = list(block.records)
            together += [dict(zip(names, row, strict=True)) for row in zip(*block.records.values(), strict=True)]
        else:
            together += block.records
    return together


def unread(block: Block) -> list[tuple[int, str]]:
    pairs = zip(block.records, block.lines, strict=True)
    return [(line, record.why) for record, line in pairs if isinstance(record, Unread)]


@given(st.lists(objects), st.sampled_from(["json", "ndjson"]))
def test_lines_of_json(values: list[object], form: Format) -> None:
    """JSON lines give their objects and line numbers, read as lines or as JSON."""
    text = b"\n\n".join(json.dumps(value).encode() for value in values)
    found = read(text, form)
    assert values == records(found)
    assert [1 + 2 * i for i in range(len(values))] == [line for block in found for line in block.lines]


def test_a_bad_line_is_one_bad_record() -> None:
    """A line that is no JSON stands in its place among the others, with its line and why."""
    (block,) = read(b'{"a": 1}\n\n{"a": }\n{"a": 2}\n', "ndjson")
    assert [(3, "invalid JSON at line 1, column 7: unexpected character, expected a JSON value")] == unread(block)
    assert (1, 3, 4) == block.lines
    assert {"a": 2} == block.records[2] if isinstance(block.records, list) else False


def test_csv_comes_as_columns() -> None:
    """CSV gives its columns, with missing cells as None, quotes taken off and blank lines left out."""
    (block,) = read(b'\xef\xbb\xbftime,"a b",c\r\n2026-01-01,"x,\n""y""",NA\r\n\r\n2026-01-02,,null\r\n', "csv")
    assert {"time": ["2026-01-01", "2026-01-02"], "a b": ['x,\n"y"', None], "c": [None, None]} == block.records
    assert (2, 5) == block.lines


def test_a_bad_row_is_one_bad_record() -> None:
    """A row with another number of cells, or not in UTF-8, stands in its place among the others."""
    (block,) = read(b"time,a\n2026-01-01\n2026-01-02,\xff\n2026-01-03,3\n", "csv")
    assert [
        (2, "1 cells, but the header names 2 columns"),
        (3, "not UTF-8: its byte 11 is 0xff"),
    ] == unread(block)
    assert {"time": "2026-01-03", "a": "3"} == (block.records[2] if isinstance(block.records, list) else None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "line 1: there is no header, which names the columns of CSV"),
        (b"a,b,a\n", "line 1: column 3 of the CSV repeats the name 'a'; names are different"),
        (b"\na,,b\n", "line 2: column 2 of the CSV has no name; the first line names every column"),
        (b'a\n"x\n', "line 2: invalid CSV: unexpected end of data"),
        (b'a\n"x"y\n', "line 2: invalid CSV: ',' expected after '\"'"),
        (b"a\xff\n1\n", "line 1: not UTF-8: its byte 1 is 0xff"),
    ],
)
def test_csv_that_is_none(text: bytes, message: str) -> None:
    """Where a text is no CSV, the line is named."""
    with pytest.raises(BadRequest) as error:
        read(text, "csv")
    assert message == error.value.message


@pytest.mark.parametrize("form", ["json", "ndjson", "csv"])
def test_blocks_are_bounded(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block ends at 10,000 records, and before it would be longer than its bytes; a long record is a block."""
    monkeypatch.setattr(cut, "BYTES", 100_000)
    lines = {
        "json": b"".join(b'{"a":1}\n' for _ in range(10_003)) + b'{"a":"' + b"x" * 120_000 + b'"}\n{"a":2}\n',
        "csv": b"a\n" + b"1\n" * 10_003 + b"x" * 120_000 + b"\n2\n",
    }
    text = lines["csv" if form == "csv" else "json"]
    assert [10_000, 3, 1, 1] == [len(block.lines) for block in read(text, form)]


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line, and a JSON value, beyond the limit of one record is refused with its line."""
    monkeypatch.setattr(cut, "LONGEST", 5_000_000)
    long = b'{"a": "' + b"x" * 9_000_000
    with pytest.raises(BadRequest, match="line 2: longer than 5,000,000 bytes"):
        read(b"{}\n" + long, "ndjson")
    with pytest.raises(BadRequest, match="line 2: no end within 5,000,000 characters"):
        read(b"[{},\n" + long, "json")


def test_digests_are_of_what_was_read() -> None:
    """Two blocks have one digest where the text of their records, and the header of their columns, is the same."""
    first, again, other = (read(text, "csv")[0].digest for text in (b"a\n1\n", b"a\n\n1", b"b\n1\n"))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b'  [{"a": 1}', "json"),
        (b'{"a": 1}', "json"),
        (b'{"a":\n1}\n', "json"),
        (b'{"a": 1}\n{"a"', "ndjson"),
        (b'\xef\xbb\xbf\n{"a": 1}\r\n', "ndjson"),
        (b"time,a\n", "csv"),
        (b"", "csv"),
    ],
)
def test_formats_are_told_by_the_start(start: bytes, form: Format) -> None:
    """What a file is shows in its first characters."""
    assert form == guess(start)
