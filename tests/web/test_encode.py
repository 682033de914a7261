"""Tables as JSON, CSV and Arrow."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from typing import Any

import pyarrow as pa
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.series import ColumnKind, Table, TableColumn
from grafana_sensor.domain.timestamps import EARLIEST, END, to_iso
from grafana_sensor.web import encode
from grafana_sensor.web.encode import Format, NotInstalled, TimeForm, table_answer

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
CELLS: dict[ColumnKind, st.SearchStrategy[Any]] = {
    "time": st.none() | st.integers(EARLIEST, END - 1),
    "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "integer": st.none() | st.integers(0, 2**53),
    "text": st.none() | TEXT,
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = draw(st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True))
    rows = draw(st.integers(0, 6))
    kinds = [draw(st.sampled_from(sorted(CELLS))) for _ in names]
    columns = [
        TableColumn(name, kind, draw(st.lists(CELLS[kind], min_size=rows, max_size=rows)))
        for name, kind in zip(names, kinds, strict=True)
    ]
    return Table(tuple(columns), draw(st.none() | st.just("token")))


def body(table: Table, form: Format, time: TimeForm = "iso", *, paged: bool = False) -> bytes:
    with Flask("t").test_request_context():
        return table_answer(table, form, time, paged=paged).get_data()


def written(table: Table, time: TimeForm) -> list[dict[str, Any]]:
    """The rows with their times as they are to be written."""

    def cell(kind: ColumnKind, value: Any) -> Any:
        if kind != "time" or value is None:
            return value
        return to_iso(value) if time == "iso" else math.floor(value / 1000)

    columns = [[cell(c.kind, v) for v in c.values] for c in table.columns]
    names = [column.name for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


@given(tables(), st.sampled_from(["iso", "ms"]))
def test_json_holds_the_rows(table: Table, time: TimeForm) -> None:
    """JSON rows have every column in each row, with times as asked, numbers that read back the same, and null."""
    assert written(table, time) == json.loads(body(table, "json", time))


@given(tables())
def test_a_page_holds_rows_and_token(table: Table) -> None:
    """A page is the rows as `data` and the token as `next`, null where there is none."""
    assert {"data": written(table, "iso"), "next": table.next} == json.loads(body(table, "json", paged=True))


@given(tables(), st.sampled_from(["iso", "ms"]))
def test_csv_holds_the_rows(table: Table, time: TimeForm) -> None:
    """CSV has its header always, reads back by RFC 4180, and leaves missing values empty."""
    rows = list(csv.reader(io.StringIO(body(table, "csv", time).decode(), newline=""), strict=True))
    assert [column.name for column in table.columns] == rows[0]
    for expected, actual in zip(written(table, time), rows[1:], strict=True):
        for value, cell in zip(expected.values(), actual, strict=True):
            assert (
                value == (float(cell) if isinstance(value, float) else cell)
                or str("" if value is None else value) == cell
            )


def test_whole_numbers_have_no_fraction_in_csv() -> None:
    """In CSV 5.0 is written 5, as JSON readers print it, and other numbers by their shortest text."""
    table = Table(
        (TableColumn("a", "number", [5.0, 0.1, 1e22, -0.0, None]), TableColumn("n", "integer", [1, 2, 3, 4, 5]))
    )
    assert b"a,n\r\n5,1\r\n0.1,2\r\n1e+22,3\r\n-0,4\r\n,5\r\n" == body(table, "csv")


@given(tables())
def test_arrow_holds_the_rows(table: Table) -> None:
    """Arrow has typed columns with nulls, times as timestamps in µs, UTC."""
    with pa.ipc.open_stream(body(table, "arrow")) as reader:
        found = reader.read_all()
    types = {"time": pa.timestamp("us", "UTC"), "number": pa.float64(), "integer": pa.int64(), "text": pa.string()}
    for column in table.columns:
        given_back = found.column(column.name)
        assert types[column.kind] == given_back.type
        plain = given_back.cast(pa.int64()) if column.kind == "time" else given_back
        assert list(column.values) == plain.to_pylist()


def test_arrow_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the format is refused with the name of the extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotInstalled, match=r"grafana_sensor\[arrow\]"):
        body(Table((TableColumn("a", "number", [1.0]),)), "arrow")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_blocks_join_without_a_seam(form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is written in several blocks is the same as one written at once."""
    table = Table(
        (TableColumn("t", "time", list(range(0, 70_000, 1_000))), TableColumn("a%s", "text", ['x,"%', None] * 35))
    )
    whole = body(table, form)
    monkeypatch.setattr(encode, "BLOCK", 7)
    assert whole == body(table, form)


@pytest.mark.parametrize("form", ["csv", "arrow"])
def test_other_forms_carry_the_token_in_a_header(form: Format) -> None:
    """CSV and Arrow, whose bodies have no place for it, carry the next page's token in a header."""
    with Flask("t").test_request_context():
        answer = table_answer(Table((TableColumn("a", "number", [1.0]),), "token"), form, "iso", paged=True)
    assert "token" == answer.headers["X-Next-Cursor"]


def test_no_rows_are_an_empty_list() -> None:
    """A table without rows is `[]` in JSON, and a header in CSV."""
    table = Table((TableColumn("time", "time", []), TableColumn("a", "number", [])))
    assert (b"[]", b"time,a\r\n") == (body(table, "json"), body(table, "csv"))
