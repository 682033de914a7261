"""Lines of NDJSON or CSV as points of a scan: each line is one point of every stream.

Law: the first record says which streams there are, a number, a list of numbers, or any JSON each; later ones have no
others. What is missing later is NaN, or null. The record's time, by the rule of records, is the stream `time`, in Unix
seconds; nothing else is a time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from grafana_sensor.domain.csvtext import MISSING, check_header, check_width
from grafana_sensor.domain.errors import BadRequest, Error, RangeError, RecordError
from grafana_sensor.domain.fields import TIME_FIELDS
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.scan import StreamDefinition
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import parse
from grafana_sensor.service.pointvalues import Values, values_of
from grafana_sensor.service.recordable import definition

Form = Literal["ndjson", "csv"]
Line = tuple[int, bytes]
"""A line's number, from 1, and the line."""

TIME: Final = "time"
"""The stream of the time, and of the time of receipt."""
_SECOND: Final = 1_000_000


class ScanLines:
    """Reads lines of `form`, None as the first line looks. `units`: by stream."""

    def __init__(self, form: Form | None = None, units: Mapping[str, str] | None = None) -> None:
        self._form = form
        self._units = dict(units or {})
        self._header: list[str] | None = None
        self._time: str | None = None
        self.definitions: dict[str, StreamDefinition] = {}
        self.wrong: BadRequest | None = None

    def read(self, lines: Iterable[Line], now: int | None = None) -> dict[str, Values]:
        """The points of some lines by stream, none where they hold no record. `now` (UTC µs): the time of all of them.

        The first lines that hold one make `definitions`. Where a line can't be read these are the points before it, and
        `wrong` is the error, which names the line.
        """
        rows: list[tuple[int, dict[str, Any]]] = []
        try:
            for number, record in self._records(lines):
                if not self.definitions:
                    self._define(number, record, clock=now is not None)
                rows.append((number, self._row(number, record, now)))
        except BadRequest as error:
            self.wrong = error
        try:
            return self._columns([row for _, row in rows])
        except Error:
            good = self._good(rows)
            return self._columns([row for _, row in rows[:good]])

    def _good(self, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> int:
        """How many rows there are before the first whose values can't be taken."""
        for place, (number, row) in enumerate(rows):
            try:
                with _of_line(number):
                    self._columns([row])
            except BadRequest as error:
                self.wrong = error
                return place
        return len(rows)

    def _columns(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Values]:
        if not rows:
            return {}
        return {
            name: values_of(each, [self._filled(each, row.get(name)) for row in rows])
            for name, each in self.definitions.items()
        }

    def _filled(self, stream: StreamDefinition, value: Any) -> Any:
        return [] if value is None and stream.shape else value

    def _records(self, lines: Iterable[Line]) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in lines:
            bare = line.strip()
            if not bare:
                continue
            if self._form is None:
                self._form = "ndjson" if bare.lstrip(b"\xef\xbb\xbf")[:1] == b"{" else "csv"
            with _of_line(number):
                record = _of_json(bare) if self._form == "ndjson" else self._of_csv(bare)
            if record is not None:
                yield number, record

    def _of_csv(self, line: bytes) -> dict[str, Any] | None:
        try:
            (cells,) = csv.reader([line.decode("utf-8-sig")], strict=True)
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadRequest(f"the CSV can't be read: {error}; each line is a record of its own") from None
        if self._header is None:
            check_header(cells)
            self._header = cells
            return None
        check_width(cells, self._header)
        return {name: _cell(cell) for name, cell in zip(self._header, cells, strict=True)}

    def _define(self, number: int, record: Mapping[str, Any], *, clock: bool) -> None:
        with _of_line(number):
            self._time = None if clock else _time_field(record)
            found = {}
            if clock or self._time is not None:
                found[TIME] = definition(TIME, "float64", (), {"unit": "s"})
            for name, value in _flat(record):
                if name == self._time:
                    continue
                if name in found:
                    raise BadRequest(f"two fields give a stream {shown(name)}; rename one")
                unit = self._units.pop(name, None)
                found[name] = definition(name, *_kind(value), {} if unit is None else {"unit": unit})
            if self._units:
                raise BadRequest(f"no field gives the stream {shown(next(iter(self._units)))}, whose unit is told")
            if not found:
                raise BadRequest("the first record has no field, so there is no stream to record")
        self.definitions = found

    def _row(self, number: int, record: Mapping[str, Any], now: int | None) -> dict[str, Any]:
        with _of_line(number):
            row = dict(_flat(record))
            if now is not None:
                row[TIME] = now / _SECOND
            elif self._time is not None:
                value = row.pop(self._time, None)
                row[TIME] = _seconds(self._time, value)
                if value is not None and row[TIME] is None:
                    raise BadRequest(f"{self._time} is {shown(value)}, which is no time")
            for name in row:
                if name not in self.definitions:
                    raise BadRequest(
                        f"the field {shown(name)} is new: the first record has {', '.join(self.definitions)}"
                    )
            return row


class _of_line:  # noqa: N801  # reads as a word
    """Names the line in the errors of what is done within."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Error):
            raise BadRequest(f"line {self._number:,}: {error.message}") from None


def _of_json(line: bytes) -> dict[str, Any]:
    value = loads(line)
    if not isinstance(value, dict):
        raise BadRequest(f"the line is {named_kind(value)}; it must be a JSON object")
    return value


def _cell(cell: str) -> Any:
    """A number where the cell is one, null where it is missing, else its text."""
    if cell in MISSING:
        return None
    try:
        return float(cell)
    except ValueError:
        return cell


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The fields, those of objects within joined by `_`."""
    for name, value in record.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}_")
        else:
            yield f"{prefix}{name}", value


def _kind(value: Any) -> tuple[str, tuple[int, ...]]:
    """The dtype and shape of a stream whose first point is this."""
    if value is None or isinstance(value, (bool, int, float)):
        return "float64", ()
    if isinstance(value, list) and value and all(isinstance(each, (int, float)) for each in value):
        return "float64", (-1,)
    return "json", ()


def _time_field(record: Mapping[str, Any]) -> str | None:
    """The first of the fields that are times by name whose value is one."""
    by_name = {name.lower(): name for name in reversed(list(record))}
    for field in TIME_FIELDS:
        name = by_name.get(field)
        if name is not None and _seconds(name, record[name]) is not None:
            return name
    return None


def _seconds(field: str, value: Any) -> float | None:
    if value is None:
        return None
    try:
        found = parse(value)
    except (RangeError, RecordError) as error:
        raise BadRequest(f"{field}: {error.message}") from None
    return None if found is None else found / _SECOND
