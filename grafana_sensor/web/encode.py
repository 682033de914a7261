"""Answers as bytes: JSON, CSV and Arrow.

Law: rows are flat, each has all of the columns, and a column has one type; a missing value is null in JSON and Arrow
and an empty cell in CSV. Times are RFC 3339 texts with `Z`, or epoch milliseconds, cut to the earlier one; in Arrow
timestamps in µs, UTC. JSON never holds NaN. A big table is written block by block.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

import numpy as np
import orjson
from flask import Response

from grafana_sensor.domain.errors import Error
from grafana_sensor.domain.series import Table, TableColumn
from grafana_sensor.domain.timestamps import MILLISECOND, to_iso_many

TimeForm = Literal["iso", "ms"]
Format = Literal["json", "csv", "arrow"]

JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"
ARROW: Final = "application/vnd.apache.arrow.stream"
CURSOR: Final = "X-Next-Cursor"
"""The header that holds the token of the next page where the body has no place for it."""

BLOCK: Final = 20_000
"""Rows that are written at a time."""


class NotInstalled(Error):
    """A format that needs a package which this server lacks."""

    code = "not_installed"
    status = 501


def json_answer(body: object, status: int = 200) -> Response:
    """A JSON body."""
    return Response(orjson.dumps(body), status, mimetype=JSON)


def table_answer(table: Table, form: Format, time: TimeForm, *, paged: bool) -> Response:
    """The table in the format; `paged` JSON is `{"data", "next"}`. Raises NotInstalled where pyarrow is missing."""
    if form == "json":
        return Response(_stream(_json(table, time, paged=paged), len(table)), mimetype=JSON)
    if form == "csv":
        response = Response(_stream(_csv(table, time), len(table)), content_type=CSV)
    else:
        response = Response(_arrow(table), mimetype=ARROW)
    if table.next is not None:
        response.headers[CURSOR] = table.next
    return response


def _stream(blocks: Iterator[bytes], rows: int) -> Iterator[bytes] | bytes:
    return b"".join(blocks) if rows <= BLOCK else blocks


def _json(table: Table, time: TimeForm, *, paged: bool) -> Iterator[bytes]:
    yield b'{"data":[' if paged else b"["
    names = (orjson.dumps(column.name).decode().replace("%", "%%") for column in table.columns)
    row = "{" + ",".join(f"{name}:%s" for name in names) + "}"
    comma = b""
    for start in range(0, len(table), BLOCK):
        cells = [_literals(column, start, time) for column in table.columns]
        yield comma + ",".join(map(row.__mod__, zip(*cells, strict=True))).encode()
        comma = b","
    yield b'],"next":' + orjson.dumps(table.next) + b"}" if paged else b"]"


def _literals(column: TableColumn, start: int, time: TimeForm) -> list[str]:
    """The cells as JSON texts; put into rows as texts they take half the time of rows as objects."""
    cells = _cells(column, start, time)
    if column.kind in ("number", "integer") or (column.kind == "time" and time == "ms"):
        return orjson.dumps(cells)[1:-1].decode().split(",")
    if column.kind == "time":
        return ["null" if cell is None else f'"{cell}"' for cell in cells]
    written = {cell: orjson.dumps(cell).decode() for cell in set(cells)}
    return [written[cell] for cell in cells]


def _csv(table: Table, time: TimeForm) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in table.columns])
    for start in range(0, len(table), BLOCK):
        columns = [_cells(column, start, time) for column in table.columns]
        kinds = (column.kind for column in table.columns)
        cells = [_numerals(c) if kind == "number" else c for kind, c in zip(kinds, columns, strict=True)]
        writer.writerows(zip(*cells, strict=True))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def _numerals(numbers: Sequence[float | None]) -> list[str]:
    """The numbers as JSON writes them, whole ones without a fraction; None is an empty text."""
    texts = orjson.dumps(numbers)[1:-1].decode().split(",")
    return ["" if t == "null" else t.removesuffix(".0") for t in texts]


def _cells(column: TableColumn, start: int, time: TimeForm) -> list[Any]:
    """BLOCK cells of the column from `start` on, times as they are written."""
    values = column.values[start : start + BLOCK]
    if column.kind == "time":
        return _times(values, _WRITTEN[time])
    return values if isinstance(values, list) else list(values)


def _times(values: Sequence[int | None], written: Callable[[Any], list[Any]]) -> list[Any]:
    present = [us for us in values if us is not None]
    texts = written(np.array(present, np.int64))
    if len(present) == len(values):
        return texts
    following = iter(texts)
    return [None if us is None else next(following) for us in values]


def _milliseconds(us: Any) -> list[int]:
    return (us // MILLISECOND).tolist()  # type: ignore[no-any-return]  # an array's tolist() has no type


_WRITTEN: Final[dict[str, Callable[[Any], list[Any]]]] = {"iso": to_iso_many, "ms": _milliseconds}


def _arrow(table: Table) -> bytes:
    try:
        import pyarrow as pa
    except ImportError:
        raise NotInstalled(
            "format=arrow needs the package pyarrow, which this server lacks: pip install 'grafana_sensor[arrow]'"
        ) from None
    types = {"time": pa.timestamp("us", "UTC"), "number": pa.float64(), "integer": pa.int64(), "text": pa.string()}
    arrays = [pa.array(column.values, types[column.kind], from_pandas=False) for column in table.columns]
    batch = pa.table(arrays, names=[column.name for column in table.columns])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_table(batch, max_chunksize=BLOCK)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # pyarrow comes without types
