"""A post in columns, `{"time": [...], "a": [...]}`, to what is stored, without a look at each record; and a post of
records that are all alike.

Law: the meaning is that of the records that stand across the columns: record i has each column's element i. A
column of plain numbers or texts is read as a whole; where that can't be told to mean the same, or where a
record would be refused, the records are built and read one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from types import NoneType
from typing import Any, Final

import numpy as np

from grafana_sensor.domain.columns import Block, Column, Ints
from grafana_sensor.domain.errors import RangeError, RecordError, Unprocessable
from grafana_sensor.domain.fields import TIME_FIELDS, sensor_at
from grafana_sensor.domain.flatten import flatten
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.numbers import EXACT
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import EARLIEST, END, parse
from grafana_sensor.domain.values import BY_KIND, number_or_text
from grafana_sensor.ports import Part
from grafana_sensor.service.parts import Parts, Rules, check_cells, ids_of, of_records

_NUMBERS: Final = frozenset({int, float, bool})
_SEVERAL: Final = 8
"""Records from which on columns are worth their while."""

Lists = Mapping[str, Sequence[Any]]


def count_of(columns: object) -> int:
    """How many records the columns hold.

    Raises Unprocessable, which names the column, when they are no object of lists of one length.
    """
    if not isinstance(columns, Mapping):
        raise Unprocessable(f"columns are an object of lists, one for each attribute, not {named_kind(columns)}")
    first: tuple[str, int] | None = None
    for name, values in columns.items():
        if not isinstance(values, (list, tuple)):
            raise Unprocessable(f"the column {shown(name)} is a list of values, not {named_kind(values)}")
        if first is None:
            first = name, len(values)
        if len(values) != first[1]:
            raise Unprocessable(
                f"the column {shown(name)} has {len(values):,} values and the column {shown(first[0])} has"
                f" {first[1]:,}: all have one for each record, null where it lacks one"
            )
    return first[1] if first else 0


def of_columns(columns: Lists, rules: Rules) -> Parts:
    """The parts of columns that count_of has checked; as of_records of their records."""
    check_cells(sum(len(values) for values in columns.values()))
    whole = _whole(columns, rules)
    return of_records(records_of(columns), rules) if whole is None else whole


def of_rows(records: Sequence[Any], rules: Rules) -> Parts:
    """The parts of records; as of_records, many times faster where all are flat objects with the same keys."""
    whole = _whole(_across(records), rules) if _alike(records) else None
    return of_records(records, rules) if whole is None else whole


def _alike(records: Sequence[Any]) -> bool:
    """Whether there are several records, all of them objects with the first one's keys, and that one is flat."""
    if len(records) < _SEVERAL or set(map(type, records)) != {dict}:
        return False
    keys = tuple(records[0])
    flat = not any(isinstance(value, (dict, list, tuple)) for value in records[0].values())
    return bool(keys) and flat and set(map(type, keys)) == {str} and all(map(keys.__eq__, map(tuple, records)))


def _across(records: Sequence[dict[str, Any]]) -> Lists:
    """The columns that stand across records of the same keys."""
    return {name: list(map(itemgetter(name), records)) for name in records[0]}


def records_of(columns: Lists) -> Iterator[dict[str, Any]]:
    """The records that stand across the columns, one by one."""
    names = list(columns)
    return (dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True))


def _whole(columns: Lists, rules: Rules) -> Parts | None:
    """The parts, None where the records must be looked at one by one."""
    n = len(next(iter(columns.values()), ()))
    fields = _time_fields(columns, rules)
    if len(fields) > 1:
        return None  # which of them is the time depends on the record
    field = fields[0] if fields else None
    times = np.full(n, rules.received) if field is None else _times(columns.get(field, (None,)))
    if times is None or (rules.sensor_field is not None and rules.sensor_field in (field, None)):
        return None
    gone = (field, rules.sensor_field)
    names = [name for name in columns if name not in gone]
    if not _plain_names(names, rules.limits):
        return None
    read: dict[str, Column] = {}
    for name in names:
        column = _column(columns[name], rules.kinds.get(name), rules.limits)
        if column is None:
            return None
        read[name] = column
    block = Block(times, ids_of(rules.batch, np.arange(n, dtype=np.int64)), _present(read, n))
    if rules.sensor_field is None:
        return Parts([Part(rules.sensor, block)] if n else [], n)
    sensors = _sensors(columns.get(rules.sensor_field, (None,)), rules.limits)
    if sensors is None:
        return None
    found, codes = sensors
    return Parts([Part(sensor, _taken(block, codes == code)) for sensor, code in found.items()], n)


def _time_fields(columns: Lists, rules: Rules) -> list[str]:
    """The columns that may say the time."""
    if rules.time_field is not None:
        return [rules.time_field]
    return [name for name in columns if name.lower() in TIME_FIELDS]


def _times(values: Sequence[Any]) -> Ints | None:
    """The times in UTC µs, None where not all are times."""
    if set(map(type, values)) == {int}:
        return _epochs(values)
    try:
        found = [parse(value) for value in values]
    except RangeError:
        return None
    return None if None in found else np.array(found, np.int64)


def _epochs(values: Sequence[int]) -> Ints | None:
    """The times of whole epochs, told apart by size as timestamps.parse does; None where one lies beyond."""
    try:
        epochs = np.array(values, np.int64)
    except OverflowError:
        return None
    size = np.abs(epochs)
    if int(size.min()) < 0:  # the one integer without a positive counterpart
        return None
    scaled = [epochs * 1_000_000, epochs * 1_000, epochs]
    times = np.select([size < 10**11, size < 10**14, size < 10**17], scaled, epochs // 1_000)
    return times if int(times.min()) >= EARLIEST and int(times.max()) < END else None


def _plain_names(names: Sequence[str], limits: Limits) -> bool:
    """Whether every record gives its attributes exactly these names; booleans, since none of them is a time."""
    try:
        flat = flatten(dict.fromkeys(names, True), limits=limits, now=0)
    except RecordError:
        return False
    return list(flat.attributes) == list(names)


def _column(values: Sequence[Any], kind: str | None, limits: Limits) -> Column | None:
    """The column of the values, None where they must be looked at one by one."""
    types = set(map(type, values)) - {NoneType}
    if not types:
        return Column(None, None)
    if types <= _NUMBERS and kind != "text":
        return _numbers(values, whole=int in types)
    return _texts(values, kind, limits) if types == {str} else None


def _numbers(values: Sequence[Any], *, whole: bool) -> Column | None:
    """The column of numbers; None where one isn't finite, or a whole one may not be exact."""
    try:
        numbers = np.array(values, np.float64)
    except OverflowError:
        return None
    if np.isinf(numbers).any() or np.count_nonzero(np.isnan(numbers)) != values.count(None):
        return None
    return None if whole and (np.abs(numbers) >= EXACT).any() else Column(numbers, None)


def _texts(values: Sequence[Any], kind: str | None, limits: Limits) -> Column | None:
    """The column of texts, each distinct one looked at once; None where one can't be stored."""
    read = BY_KIND.get(kind or "", number_or_text)
    try:
        table: dict[str | None, float | str | None] = {
            text: None if text is None else read(text, limits) for text in set(values)
        }
    except RecordError:
        return None
    return Column.of([table[text] for text in values])


def _sensors(values: Sequence[Any], limits: Limits) -> tuple[dict[str, int], Ints] | None:
    """The sensors by name with their codes, and each record's code; None where one is no plain text."""
    if set(map(type, values)) - {str}:
        return None
    places = {name: place for place, name in enumerate(dict.fromkeys(values))}
    try:
        for name in places:
            sensor_at({"sensor": name}, "sensor", limits)
    except RecordError:
        return None
    return places, np.array([places[name] for name in values], np.int64)


def _taken(block: Block, mask: Any) -> Block:
    taken = block.take(mask)
    return Block(taken.times, taken.ids, _present(taken.columns, len(taken)))


def _present(columns: Mapping[str, Column], n: int) -> dict[str, Column]:
    """The columns that at least one record has a value in."""
    return {name: column for name, column in columns.items() if column.present(n).any()}
