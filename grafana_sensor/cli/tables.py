"""Tables on standard output: to look at, as CSV, or as JSON.

Law: CSV and JSON are, byte for byte, what the HTTP routes answer; a table to look at has every row and every digit,
its cells folded where the terminal is narrow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from grafana_sensor.cli.terminal import is_written_to
from grafana_sensor.domain.numbers import json_text
from grafana_sensor.domain.series import ColumnKind, Table, TableColumn
from grafana_sensor.domain.timestamps import to_iso

_SHOWN: Final[dict[str, Callable[[Any], str]]] = {
    "time": to_iso,
    "number": json_text,
    "integer": str,
    "text": str,
}


def show(table: Table, form: str | None) -> None:
    """Print the table as `table`, `csv` or `json`; None: a table on a terminal, else CSV. Notices go to stderr."""
    form = form or ("table" if is_written_to() else "csv")
    if form == "table":
        _draw(table)
    else:
        from grafana_sensor.web.encode import table_answer

        out = sys.stdout.buffer
        answer = table_answer(table, "json" if form == "json" else "csv", "iso", paged=False)
        for piece in answer.iter_encoded():
            out.write(piece)
        if form == "json":
            out.write(b"\n")
        out.flush()
    for notice in table.notices:
        click.echo(f"note: {notice}", err=True)


def _draw(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawing
    from rich.text import Text

    drawing = Drawing(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        justify = "right" if column.kind in {"number", "integer"} else "left"
        drawing.add_column(Text(column.name), justify=justify, overflow="fold")  # type: ignore[arg-type]
    shown = [_SHOWN[column.kind] for column in table.columns]
    for row in zip(*(column.values for column in table.columns), strict=True):
        drawing.add_row(*(Text("" if v is None else text(v)) for v, text in zip(row, shown, strict=True)))
    Console().print(drawing)


def listed(rows: Sequence[Mapping[str, Any]], **columns: ColumnKind) -> Table:
    """The rows as a table of these columns, by name; what a row lacks is missing."""
    return Table(tuple(TableColumn(name, kind, [row.get(name) for row in rows]) for name, kind in columns.items()))
