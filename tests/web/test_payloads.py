"""Bodies of posts: JSON, JSON lines, CSV and columns."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import BadRequest, RecordError
from grafana_sensor.domain.limits import Limits
from grafana_sensor.web.payloads import FORMS, Unread, read_payload

LIMITS = Limits()

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
RECORDS = st.lists(st.dictionaries(TEXTS, st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS, max_size=4))


def read(body: str | bytes, form: str = "json") -> Any:
    return read_payload(body.encode() if isinstance(body, str) else body, form, LIMITS)


def why(record: object) -> str:
    """Why a record can't be read."""
    assert isinstance(record, Unread)
    return record.why


def test_an_object_is_one_record() -> None:
    """A JSON object is one record, printed over several lines too."""
    assert [{"t": 1, "u": {"v": 2}}] == read('{\n"t": 1,\n"u": {"v": 2}\n}')


@given(RECORDS)
def test_an_array_gives_its_records(records: list[dict[str, Any]]) -> None:
    """A JSON array gives its elements in their order."""
    assert records == read(json.dumps(records))


@given(RECORDS.filter(bool), st.sampled_from(["\n", "\r\n", "\n\n"]), st.sampled_from(["", "\n"]))
def test_json_lines_give_the_records_of_an_array(records: list[dict[str, Any]], newline: str, end: str) -> None:
    """JSON lines are the array of their lines, blank ones aside, by the form or by their look."""
    lines = newline.join(map(json.dumps, records)) + end
    assert records == read(lines, "ndjson")
    assert records == read(lines)


def test_a_bad_line_is_told_and_keeps_the_others() -> None:
    """A JSON line that can't be read says which line it is, and stands in its own place."""
    good, bad, last = read('{"t": 1}\n\n{"t": nope}\n{"t": 3}\n', "ndjson")
    assert ({"t": 1}, {"t": 3}) == (good, last)
    assert why(bad).startswith("line 3: invalid JSON at line 1, column 7")


def test_an_unread_record_refuses_every_look() -> None:
    """Who looks into a record that could not be read meets a RecordError that says why."""
    record = Unread("line 3: no JSON")
    looks: list[Callable[[], object]] = [
        lambda: record["t"],
        lambda: "t" in record,
        lambda: [*record],
        lambda: len(record),
    ]
    for look in looks:
        with pytest.raises(RecordError, match="line 3: no JSON"):
            look()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "empty"),
        (" \r\n", "empty"),
        ("5", "the body is a number"),
        ('"text"', "the body is a text"),
        ("null", "the body is null"),
        ('{"t": 1', "line 1, column"),
        ('[\n{"t": 1},\n{"t": tru}]', "line 3, column"),
        (b'{"t": "\xff"}', "not UTF-8: byte 7"),
        (b"\x00\x01", "line 1, column 1"),
        ("time,t\n1,2\n", "line 1, column 1"),
    ],
)
def test_what_is_no_json_says_where(body: str | bytes, message: str) -> None:
    """A body that is no JSON, or no record, is a 400 that says what it is or where it breaks."""
    with pytest.raises(BadRequest, match=message):
        read(body)


def test_a_body_that_nests_too_deep_names_the_limit() -> None:
    """Thousands of open brackets are refused by the limit on nesting, without exhausting the stack."""
    with pytest.raises(RecordError, match="limit of 64 levels"):
        read("[" * 100_000)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)


@given(
    st.lists(CELLS, min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(st.just(names), st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names))))
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_csv_gives_what_was_written(table: tuple[list[str], list[list[str]]], newline: str, bom: bool) -> None:
    """CSV of any cells, quoted as RFC 4180 says, gives them back by column, with and without a byte order mark."""
    names, rows = table
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *rows])
    missing = {"NA", "NaN", "null"}
    expected = {
        name: [None if row[place] in missing else row[place] for row in rows] for place, name in enumerate(names)
    }
    assert expected == read(("\ufeff" if bom else "") + text.getvalue(), "csv")


def test_missing_cells_are_missing() -> None:
    """An empty cell, NA, NaN and null are missing; other spellings are texts."""
    columns = read('time,a\n1,\n2,NA\n3,NaN\n4,null\n5,""\n6,nan\n7,none\n', "csv")
    assert [None, None, None, None, None, "nan", "none"] == columns["a"]


def test_a_header_alone_is_no_record() -> None:
    """CSV of a header alone has columns without a value."""
    assert {"time": [], "a": []} == read("time,a\r\n", "csv")


def test_a_ragged_row_keeps_the_others() -> None:
    """A row with more or fewer cells than the header says its line and stands in its own place."""
    first, short, long, last = read("time,a\n1,2\n3\n4,5,6\n\n7,8\n", "csv")
    assert ({"time": "1", "a": "2"}, {"time": "7", "a": "8"}) == (first, last)
    assert "line 3 has 1 cells, but the header names 2 columns" == why(short)
    assert "line 4 has 3 cells, but the header names 2 columns" == why(long)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "empty"),
        ("time,a,time\n", "column 3 of the CSV repeats the name 'time'"),
        ("time,,a\n", "column 2 of the CSV has no name"),
        ('time,a\n1,"open\n', "line 2"),
        ('time,a\n1,"x"y\n', "line 2"),
        (b"time,a\n1,\xff\n", "byte 9 is 0xff"),
        ("a\n" + "x" * 200_000, "line 2"),
    ],
)
def test_csv_that_is_none_says_where(body: str | bytes, message: str) -> None:
    """CSV with a wrong header or wrong quotes is a 400 that names the column, the line or the byte."""
    with pytest.raises(BadRequest, match=message):
        read(body, "csv")


def test_columns_are_given_as_they_are() -> None:
    """The form `columns` gives the object of lists as it was sent."""
    assert {"time": [1, 2], "a": [None, "x"]} == read('{"time": [1, 2], "a": [null, "x"]}', "columns")


def test_columns_must_be_an_object() -> None:
    """The form `columns` refuses what is no object."""
    with pytest.raises(BadRequest, match="not a list"):
        read("[1]", "columns")


@given(st.binary(max_size=200), st.sampled_from(sorted(FORMS)))
def test_no_bytes_break_a_reader(body: bytes, form: str) -> None:
    """Whatever the bytes, each form gives records or columns, or says what is wrong."""
    with suppress(BadRequest, RecordError):
        assert isinstance(read_payload(body, form, LIMITS), (list, dict))
