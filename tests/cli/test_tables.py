from __future__ import annotations

import json

import numpy as np
import pytest

from grafana_sensor.cli import tables
from grafana_sensor.cli.tables import listed, show
from grafana_sensor.domain.series import Table, TableColumn

TABLE = Table(
    (
        TableColumn("time", "time", [0, 1_500_000]),
        TableColumn("cnt", "integer", [1, 2]),
        TableColumn("[red]t", "number", [21.5, None]),
        TableColumn("s", "text", [None, "[bold]on, " + "off " * 60]),
    ),
    notices=("it is what it is",),
)


@pytest.mark.parametrize("width", ["20", "80", "500"])
def test_a_drawn_table_has_everything(
    width: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every character of every cell is drawn, however narrow the terminal; notices go to standard error."""
    monkeypatch.setenv("COLUMNS", width)
    show(TABLE, "table")
    out, err = capsys.readouterr()
    assert "note: it is what it is\n" == err
    assert 60 == out.count("off") if int(width) > 20 else True
    for letter in "[red]t[bold]on":
        assert letter in out
    assert int(width) >= max(map(len, out.splitlines()))


def test_csv_and_json_are_those_of_the_routes(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """CSV has a header and empty cells, JSON one object a row and null."""
    show(TABLE, "csv")
    csv = capsysbinary.readouterr().out.decode()
    assert csv.startswith('time,cnt,[red]t,s\r\n1970-01-01T00:00:00Z,1,21.5,\r\n1970-01-01T00:00:01.500Z,2,,"[bold]on')
    show(TABLE, "json")
    rows = json.loads(capsysbinary.readouterr().out)
    assert {"time": "1970-01-01T00:00:00Z", "cnt": 1, "[red]t": 21.5, "s": None} == rows[0]


def test_the_default_depends_on_the_reader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal gets a table, a pipe CSV."""
    table = Table((TableColumn("a", "number", np.array([1.0]).tolist()),))
    show(table, None)
    assert "a\r\n1\r\n" == capsys.readouterr().out.replace("\n", "\r\n").replace("\r\r", "\r")
    monkeypatch.setattr(tables, "is_written_to", lambda: True)
    show(table, None)
    assert "─" in capsys.readouterr().out


def test_rows_become_columns() -> None:
    """What a row lacks is missing in its column."""
    table = listed([{"a": 1}, {"b": "x"}], a="integer", b="text")
    assert [{"a": 1, "b": None}, {"a": None, "b": "x"}] == table.rows()
