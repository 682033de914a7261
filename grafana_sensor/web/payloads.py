"""Posted records: JSON, NDJSON, CSV with a header, and columns.

Law: a body gives records in its order, or columns; what a record may hold is the service's business. A part that can't
be read stands among the records as an Unread, so that the others keep their places; a body that is none of the forms
is a BadRequest that says where. JSON is read under any content type. In CSV an empty cell, NA, NaN and null are
missing, and every other cell is a text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

from grafana_sensor.domain.csvtext import MISSING, check_header, check_width
from grafana_sensor.domain.errors import BadRequest, Error, RecordError
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import named_kind

CONTENT_TYPES: Final[Mapping[str, str]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/senml+json": "senml",
}
"""The content types that say a form; under any other the body is JSON, or JSON lines where it looks like them."""

Payload = list[Any] | dict[str, Any]
"""Records, or lists of values by the name of their column."""

_BLANKS: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


class Unread(Mapping[str, object]):
    """What stands in the place of a record that can't be read: whoever looks into it meets a RecordError with why."""

    def __init__(self, why: str) -> None:
        self.why = why

    def __getitem__(self, key: str) -> object:
        self._refuse()

    def __iter__(self) -> Iterator[str]:
        self._refuse()

    def __len__(self) -> int:  # noqa: PLE0303  # it has no length to return
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise RecordError(self.why)


def read_payload(body: bytes, form: str, limits: Limits) -> Payload:
    """The records or columns of a body in one of FORMS.

    Raises BadRequest when the body as a whole can't be read, RecordError when it nests too deep to be.
    """
    bare = body.removeprefix(_BOM)
    if not bare.strip(_BLANKS):
        raise BadRequest("the body is empty; it takes a JSON object, an array of them, JSON lines, or CSV")
    return FORMS[form](bare, limits)


def _json(body: bytes, limits: Limits) -> Payload:
    if _looks_like_lines(body.lstrip(_BLANKS)):
        return _ndjson(body, limits)
    value = loads(body, limits)
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list):
        return value
    raise BadRequest(f"the body is {named_kind(value)}; a record is a JSON object, several are an array of objects")


def _looks_like_lines(bare: bytes) -> bool:
    """Whether the first line is a closed object and another opens after it, which JSON itself can't be."""
    end = bare.find(b"\n")
    return end > 0 and bare[:1] == b"{" and bare[:end].rstrip()[-1:] == b"}" and bare[end:].lstrip()[:1] == b"{"


def _ndjson(body: bytes, limits: Limits) -> Payload:
    found: list[Any] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip(_BLANKS):
            try:
                found.append(loads(line, limits))
            except Error as error:
                found.append(Unread(f"line {number}: {error.message}"))
    return found


def _csv(body: bytes, _: Limits) -> Payload:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"the CSV is not UTF-8: byte {error.start} is {body[error.start]:#04x}") from None
    rows = _rows(text)
    header = next(rows)[1]
    check_header(header)
    lines, cells = [], []
    for line, row in rows:
        lines.append(line)
        cells.append(row)
    width = len(header)
    if all(len(row) == width for row in cells):
        columns = zip(*cells, strict=True) if cells else [()] * width
        values = ([None if cell in MISSING else cell for cell in column] for column in columns)
        return dict(zip(header, values, strict=True))
    return [_record(header, row, line) for line, row in zip(lines, cells, strict=True)]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the line each ends on. Raises BadRequest, with the line, for wrong quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise BadRequest(f"the CSV can't be read at line {reader.line_num}: {error}") from None


def _record(header: list[str], row: list[str], line: int) -> Mapping[str, object]:
    try:
        check_width(row, header)
    except BadRequest as error:
        return Unread(f"line {line} has {error.message}")
    return {name: cell for name, cell in zip(header, row, strict=True) if cell not in MISSING}


def _columns(body: bytes, limits: Limits) -> Payload:
    value = loads(body, limits)
    if isinstance(value, dict):
        return value
    raise BadRequest(f"format=columns takes an object of lists, {{name: [values]}}, not {named_kind(value)}")


def _senml(body: bytes, limits: Limits) -> Payload:
    value = loads(body, limits)
    if isinstance(value, list):
        return value
    raise BadRequest(f"a SenML pack is an array of objects, not {named_kind(value)}")


FORMS: Final[Mapping[str, Callable[[bytes, Limits], Payload]]] = {
    "json": _json,
    "ndjson": _ndjson,
    "csv": _csv,
    "columns": _columns,
    "senml": _senml,
}
"""How a body of each form is read."""
