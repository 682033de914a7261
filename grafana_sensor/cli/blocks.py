"""Files of records, cut into blocks that are stored one by one.

Law: a block holds at most 10,000 records and, unless one record alone is longer, 8 MiB; where it is cut depends on
what the file holds and on nothing else, so that a second run makes the same blocks. Files are read as a stream:
memory is bounded by a block and by the longest record. A record that can't be read stands among the others as an
Unread; a text that can't be cut into records any further is an error. What a record is, is said in web.payloads.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from grafana_sensor.cli.jsonvalues import JsonValues, Raw, Stream
from grafana_sensor.domain.csvtext import MISSING, check_header, check_width
from grafana_sensor.domain.errors import BadRequest, Error
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.web.payloads import Payload, Unread

Format = Literal["json", "ndjson", "csv"]

RECORDS: Final = 10_000
"""Records of one block."""
BYTES: Final = 8 * 2**20
"""Bytes of one block, its header aside."""
LONGEST: Final = 64 * 2**20
"""Bytes of one record."""

_BLANK: Final = b" \t\r\n"
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Block:
    """Records that stand one after the other in a file, or their columns.

    `lines[i]` is the line of record i, from 1; `digest` is of the text that they were read from.
    """

    records: Payload
    lines: tuple[int, ...]
    digest: bytes


def blocks(stream: Stream, form: Format) -> Iterator[Block]:
    """The records of `stream` in blocks, in their order.

    Raises BadRequest, which names the line, where the text can't be cut into records; whole blocks before that
    place have been given by then.
    """
    if form == "csv":
        rows = _rows(_Lines(stream))
        header = next(rows, None)
        if header is None:
            raise BadRequest("line 1: there is no header, which names the columns of CSV")
        names = _names(header)
        for gathered in _gathered(rows):
            yield _block(gathered, _columns([_row(raw, names) for raw, _ in gathered], names), header[0])
    else:
        records = _filled(_Lines(stream)) if form == "ndjson" else JsonValues(stream, LONGEST)
        for gathered in _gathered(records):
            yield _block(gathered, [_record(raw) for raw, _ in gathered])


def guess(start: bytes) -> Format:
    """The format of a file that starts so: JSON by its first character, NDJSON where a whole object ends its line."""
    text = start.removeprefix(_MARK).lstrip(_BLANK)
    if text[:1] == b"[":
        return "json"
    if text[:1] != b"{":
        return "csv"
    line, end, _ = text.partition(b"\n")
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return "json"
    return "ndjson" if end else "json"


def _gathered(records: Iterable[Raw]) -> Iterator[list[Raw]]:
    found: list[Raw] = []
    size = 0
    for record in records:
        if found and (len(found) == RECORDS or size + len(record[0]) > BYTES):
            yield found
            found, size = [], 0
        found.append(record)
        size += len(record[0])
    if found:
        yield found


def _block(gathered: list[Raw], records: Payload, header: bytes = b"") -> Block:
    digest = hashlib.sha256(header)
    for raw, _ in gathered:
        digest.update(raw)
    return Block(records, tuple(line for _, line in gathered), digest.digest())


class _Lines:
    """The lines of a stream, each with its line end; `number` is that of the last one given."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Iterator[bytes]:
        while line := self._stream.readline(LONGEST + 1):
            self.number += 1
            if len(line) > LONGEST:
                raise BadRequest(f"line {self.number}: longer than {LONGEST:,} bytes, the limit of one record")
            if self.number == 1:
                line = line.removeprefix(_MARK)
            yield line if line.endswith(b"\n") else line + b"\n"


def _filled(lines: _Lines) -> Iterator[Raw]:
    for line in lines:
        if line.strip(_BLANK):
            yield line, lines.number


def _rows(lines: _Lines) -> Iterator[Raw]:
    """The rows of CSV as they stand; one with line ends in quotes takes several lines."""
    taken: list[bytes] = []

    def texts() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line.decode("utf-8", "surrogateescape")

    try:
        for cells in csv.reader(texts(), strict=True):
            if cells:
                yield b"".join(taken), lines.number - len(taken) + 1
            taken.clear()
    except csv.Error as error:
        raise BadRequest(f"line {lines.number - len(taken) + 1}: invalid CSV: {error}") from None


def _record(raw: bytes) -> object:
    try:
        return loads(raw)
    except Error as error:
        return Unread(error.message)


def _names(header: Raw) -> list[str]:
    """The names of the columns. Raises BadRequest where one is missing or stands twice."""
    raw, line = header
    try:
        names = _split(raw)
        check_header(names)
    except BadRequest as error:
        raise BadRequest(f"line {line}: {error.message}") from None
    return names


def _row(raw: bytes, names: Sequence[str]) -> list[str | None] | Unread:
    try:
        cells = _split(raw)
        check_width(cells, names)
    except BadRequest as error:
        return Unread(error.message)
    return [None if cell in MISSING else cell for cell in cells]


def _split(raw: bytes) -> list[str]:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"not UTF-8: its byte {error.start} is {raw[error.start]:#04x}") from None
    return next(csv.reader([text], strict=True))


def _columns(rows: Sequence[list[str | None] | Unread], names: Sequence[str]) -> Payload:
    """The rows as columns; as records where one of them can't be read."""
    cells = [row for row in rows if not isinstance(row, Unread)]
    if len(cells) == len(rows):
        return {name: list(column) for name, column in zip(names, zip(*cells, strict=True), strict=True)}
    return [row if isinstance(row, Unread) else dict(zip(names, row, strict=True)) for row in rows]
