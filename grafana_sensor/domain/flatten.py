"""From a device's nested JSON to a flat record: its time, its sensor, its attributes.

Law: no leaf is lost and no two share a name (names.py); the order of keys changes nothing; values are stored as
values.py says, the time and the sensor found as fields.py says. Null, empty objects and lists and the fields that
say time and sensor are no attributes, and so take part in no clash of names. A record without attributes is a
record. What can't be stored is refused with a RecordError that names the field; nothing is left out silently.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path as File
from typing import NamedTuple

from grafana_sensor.domain.errors import BadRequest, NotFound, RecordError
from grafana_sensor.domain.fields import own_time, sensor_at, time_at
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.leaves import Leaf, dotted, leaves_of, too_long, without
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.names import RESERVED, distinct_names
from grafana_sensor.domain.numbers import as_number, exact_float
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.values import BY_KIND, number_or_text

__all__ = ["Flat", "JsonParser", "Limits", "check_float", "flatten"]

_NO_KINDS: Mapping[str, str] = {}
_LIMITS = Limits()


class Flat(NamedTuple):
    """A flat record: its time in UTC microseconds, its sensor where the record named it, and its attributes."""

    time: int
    sensor: str | None
    attributes: dict[str, float | str]


def check_float(value: object) -> bool:
    """Whether `value` is stored as a number: finite, a boolean, or a text that is a JSON number literal.

    >>> check_float("21.50"), check_float("007"), check_float(float("nan"))
    (True, False, False)
    """
    if isinstance(value, str):
        return as_number(value) is not None
    if isinstance(value, int):
        return exact_float(value) is not None
    return isinstance(value, float) and value - value == 0


def flatten(
    record: object,
    *,
    kinds: Mapping[str, str] = _NO_KINDS,
    limits: Limits = _LIMITS,
    time_field: str | None = None,
    sensor_field: str | None = None,
    now: int | None = None,
) -> Flat:
    """The flat record of a JSON object.

    `kinds` gives the declared kind, "number" or "text", of attributes by name. `time_field` and `sensor_field` name
    the fields, by key or dotted path, that say time and sensor; without them the time is the first of `time,
    timestamp, ts, datetime, date` that is one, else `now` (UTC microseconds). Attributes are in the record's order.
    Raises RecordError when the record can't be stored: it is no object, nests too deep, has too many attributes or
    too long names or texts, holds NaN or a number that overflows, U+0000 or a lone surrogate, a time beyond the
    years 1900 to 2199, a value against its attribute's declared kind, or lacks a field that is named or any time.

    >>> flatten({"time": "2026-01-01", "air": {"t": "21.50", "ok": True}})
    Flat(time=1767225600000000, sensor=None, attributes={'air_t': 21.5, 'air_ok': 1.0})
    """
    fields = _object(record)
    rest = fields
    sensor = None
    if time_field is not None:
        time, path = time_at(fields, time_field)
        rest = without(rest, path)
    elif found := own_time(fields):
        time, key = found
        rest = without(rest, (key,))
    elif now is not None:
        time = now
    else:
        raise RecordError("the record has no time: none of time, timestamp, ts, datetime, date is one")
    if sensor_field is not None:
        sensor, path = sensor_at(fields, sensor_field, limits)
        rest = without(rest, path)
    return Flat(time, sensor, _attributes(rest, kinds, limits, number_or_text))


class JsonParser:
    """The seed's parser: nested JSON in, flat dictionaries out, by the same rules as `flatten`.

    A flat dictionary is what `insert_into` takes: it keeps the field that says the time, under its own name and as
    it is. Booleans stay booleans (True equals 1.0): a `ts` of 1.0 would read as a time later. `kinds` gives the
    declared kinds of attributes, as for `flatten`.
    """

    def __init__(self, kinds: Mapping[str, str] = _NO_KINDS, limits: Limits = _LIMITS) -> None:
        self._kinds = kinds
        self._limits = limits

    def is_list_numeric(self, values: Collection[object]) -> bool:
        """Whether a list holds only numbers (booleans are), which an empty one does.

        >>> JsonParser().is_list_numeric([1, 2.5]), JsonParser().is_list_numeric([1, "2"])
        (True, False)
        """
        return all(isinstance(value, (int, float)) for value in values)

    def is_list_str(self, values: Collection[object]) -> bool:
        """Whether a list holds only texts, which an empty one does.

        >>> JsonParser().is_list_str(["on", "2"]), JsonParser().is_list_str(["on", 2])
        (True, False)
        """
        return all(isinstance(value, str) for value in values)

    def is_list_dict(self, values: Collection[object]) -> bool:
        """Whether a list holds only dictionaries, which an empty one does.

        >>> JsonParser().is_list_dict([{"rssi": -80}]), JsonParser().is_list_dict([{}, 1])
        (True, False)
        """
        return all(isinstance(value, Mapping) for value in values)

    def new_prefix(self, prefix: str, key: str | int) -> str:
        """The prefix of what stands under `key`, a key or an index of a list, below `prefix` ("" at the top).

        >>> JsonParser().new_prefix("rx", 0), JsonParser().new_prefix("", "air")
        ('rx_0', 'air')
        """
        return f"{prefix}_{key}" if prefix else str(key)

    def flat_dict(self, data: object, prefix: str = "") -> dict[str, float | str]:
        """The flat dictionary of a nested one; below a `prefix`, of a list or a single value too.

        Raises RecordError as `flatten` does.

        >>> JsonParser().flat_dict({"air": {"t": 21.5}, "acc": [1, 2]})
        {'air_t': 21.5, 'acc_0': 1.0, 'acc_1': 2.0}
        >>> JsonParser().flat_dict([3, 4], "acc")
        {'acc_0': 3.0, 'acc_1': 4.0}
        """
        fields = {prefix: data} if prefix else _object(data)
        found = None if prefix else own_time(fields)
        if found is None:
            return _attributes(fields, self._kinds, self._limits, _boolean_number_or_text)
        key = found[1]
        rest = _attributes(without(fields, (key,)), self._kinds, self._limits, _boolean_number_or_text)
        return {key: fields[key], **rest}  # type: ignore[dict-item]  # whatever reads as a time is kept as it is

    def flat_json(self, text: str | bytes | Mapping[str, object]) -> dict[str, float | str]:
        """The flat dictionary of a JSON object, given as its text or already loaded.

        Raises BadRequest when the text is no JSON, RecordError as `flatten` does.

        >>> JsonParser().flat_json('{"time": "2026-01-01", "rx": [{"rssi": -80}]}')
        {'time': '2026-01-01', 'rx_0_rssi': -80.0}
        """
        return self.flat_dict(loads(text, self._limits) if isinstance(text, (str, bytes, bytearray)) else text)

    def read_json(self, file_name: str) -> dict[str, float | str] | list[dict[str, float | str]]:
        """The flat dictionary of the object in a JSON file, or the list of those of an array of objects.

        Raises NotFound when there is no such file, BadRequest when it can't be read or is no JSON, RecordError as
        `flatten` does, which tells the record's 0-based index in an array.

        >>> from tempfile import NamedTemporaryFile
        >>> with NamedTemporaryFile("w", suffix=".json") as file:
        ...     _ = file.write('[{"air": {"t": 21.5}}, {"air": {"t": 22}}]')
        ...     file.flush()
        ...     JsonParser().read_json(file.name)
        [{'air_t': 21.5}, {'air_t': 22.0}]
        """
        try:
            body = File(file_name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"there is no file {shown(file_name)}") from None
        except OSError as error:
            raise BadRequest(f"the file {shown(file_name)} can't be read: {error.strerror}") from None
        data = loads(body, self._limits)
        return (
            [self._numbered(i, one) for i, one in enumerate(data)] if isinstance(data, list) else self.flat_dict(data)
        )

    def _numbered(self, index: int, data: object) -> dict[str, float | str]:
        try:
            return self.flat_dict(data)
        except RecordError as error:
            raise RecordError(f"record {index}: {error.message}") from None


def _object(record: object) -> Mapping[str, object]:
    if isinstance(record, (dict, Mapping)):
        return record
    raise RecordError(f"a record is a JSON object, not {named_kind(record)}")


def _attributes(
    fields: Mapping[str, object],
    kinds: Mapping[str, str],
    limits: Limits,
    undeclared: Callable[[object, Limits], float | str],
) -> dict[str, float | str]:
    leaves = _named(leaves_of(fields, limits), limits)
    attributes: dict[str, float | str] = {}
    leaf: Leaf = ((), "", "", None)
    try:
        if kinds:
            for leaf in leaves:
                attributes[leaf[2]] = BY_KIND.get(kinds.get(leaf[2], ""), undeclared)(leaf[3], limits)
        else:
            for leaf in leaves:
                attributes[leaf[2]] = undeclared(leaf[3], limits)
    except RecordError as error:
        raise RecordError(f"the field {dotted((*leaf[0], leaf[1]))}: {error.message}") from None
    return attributes


def _named(leaves: list[Leaf], limits: Limits) -> list[Leaf]:
    """The leaves with the names they have as attributes."""
    own = {leaf[2] for leaf in leaves}
    if "" in own:
        raise RecordError("a field has the empty name; an attribute's name has at least one character")
    if len(own) == len(leaves) and own.isdisjoint(RESERVED):
        return leaves
    names = distinct_names([(*leaf[0], leaf[1]) for leaf in leaves])
    longest = max(names, key=len)
    if len(longest) > limits.name:
        raise too_long(longest, limits)
    return [(path, key, name, value) for name, (path, key, _, value) in zip(names, leaves, strict=True)]


def _boolean_number_or_text(value: object, limits: Limits) -> float | str:
    return value if isinstance(value, bool) else number_or_text(value, limits)
