"""SenML packs (RFC 8428, JSON) as records: one for each sensor and time, an attribute for each measurement.

Law: a pack is read as a whole, since base fields say something about all that follows; what breaks the RFC is refused
with its index in the pack, and then nothing of it is a record. Base name and name are the sensor and the attribute;
where a record has no name the attribute is `value`, where it has no base name the name is cut at its last `/` or `:`.
A sum is `<attribute>_sum`, a unit `<attribute>_unit`. Nothing is lost: a measurement that stands twice at one time
begins a record of its own. Numbers are added as the decimals that were written, and rounded once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any, Final, NoReturn

from grafana_sensor.domain.errors import BadRequest, RecordError, Rejected, RejectedRecords
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import EARLIEST, END, SECOND, to_iso

TIME_FIELD: Final = "@time"
SENSOR_FIELD: Final = "@sensor"
"""The fields of the records that say time and sensor: no name of SenML holds an @."""

ABSOLUTE: Final = 2**28
"""Seconds from which a time is one since 1970; a lesser one is relative to now."""

VERSIONS: Final = frozenset({*range(1, 11), 26})
"""The versions that are read: those up to RFC 8428's, and its extension by secondary units (RFC 9100)."""

_NUMBERS: Final = ("bt", "bv", "bs", "v", "s", "t", "ut")
_TEXTS: Final = ("bn", "bu", "n", "u", "vs", "vd")
_BASES: Final = ("bn", "bt", "bu", "bv", "bs", "bver")
_VALUES: Final = ("v", "vs", "vb", "vd")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*").fullmatch
_BASE64 = re.compile(r"[A-Za-z0-9_-]*").fullmatch
_SEPARATORS: Final = ":/._-"
_VERSION: Final = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One resolved record: its time in UTC µs, its base name and name, and what it says.

    `value` and `total` (the sum) are None where it has none, `unit` is "".
    """

    time: int
    base: str
    name: str
    unit: str
    value: object
    total: float | None

    @property
    def sensor(self) -> str:
        """What measured: the base name without what joins it to the name, or the name up to its last / or :."""
        return self._places()[0]

    @property
    def attributes(self) -> dict[str, object]:
        """The measurement by the names of its attributes."""
        attribute = self._places()[1]
        said = {attribute: self.value, f"{attribute}_sum": self.total, f"{attribute}_unit": self.unit or None}
        return {name: value for name, value in said.items() if value is not None}

    def _places(self) -> tuple[str, str]:
        if self.base:
            return self.base.rstrip(_SEPARATORS), self.name or "value"
        cut = max(self.name.rfind("/"), self.name.rfind(":"))
        sensor, attribute = self.name[: max(cut, 0)], self.name[cut + 1 :]
        return sensor.rstrip(_SEPARATORS), attribute or "value"


def records(pack: object, now: int, *, one_sensor: bool) -> list[dict[str, object]]:
    """The records of a pack, in the order in which their sensors and times first occur.

    `now` (UTC µs) is what relative times are relative to. The time is under TIME_FIELD, an ISO text; the sensor
    under SENSOR_FIELD, unless the pack is of `one_sensor` that its address names. Raises BadRequest when the pack is
    no array, RejectedRecords, with the place in the pack, when a record of it breaks the RFC, names no sensor where
    it must, or is of a second sensor where the address names the one.
    """
    order: list[dict[str, object]] = []
    together: dict[tuple[str, int], list[dict[str, object]]] = {}
    repeats: Counter[tuple[str, int, str]] = Counter()
    first: str | None = None
    for index, measured in enumerate(resolve(pack, now)):
        sensor, time, said = measured.sensor, measured.time, measured.attributes
        if one_sensor:
            first = sensor if first is None else first
            if sensor != first:
                _refuse(index, f"it measures {shown(sensor)}, those before {shown(first)}: post the pack to /records")
        elif not sensor:
            _refuse(index, f"the name {shown(measured.name)} says no sensor: give it a base name (bn)")
        place = max(repeats[sensor, time, attribute] for attribute in said)
        repeats.update({(sensor, time, attribute): place + 1 - repeats[sensor, time, attribute] for attribute in said})
        group = together.setdefault((sensor, time), [])
        if place == len(group):
            record: dict[str, object] = {TIME_FIELD: to_iso(time)}
            group.append(record if one_sensor else record | {SENSOR_FIELD: sensor})
            order.append(group[place])
        group[place].update(said)
    return order


def resolve(pack: object, now: int) -> list[Measured]:
    """The resolved records of a pack (RFC 8428, section 4.6), in the pack's order.

    `now`: UTC µs. Raises BadRequest when the pack is no array, RejectedRecords, with its place in the pack, when a
    record breaks the RFC.
    """
    if not isinstance(pack, Sequence) or isinstance(pack, (str, bytes)):
        raise BadRequest(f"a SenML pack is an array of objects, not {named_kind(pack)}")
    base = _Base()
    resolved = []
    for index, record in enumerate(pack):
        try:
            resolved.append(base.resolved(_checked(record), now))
        except RecordError as error:
            _refuse(index, error.message)
    return resolved


@dataclass(slots=True)
class _Base:
    """The base fields in force, and the version of the records so far."""

    fields: dict[str, Any] = field(default_factory=dict)
    version: int | None = None

    def resolved(self, record: Mapping[str, Any], now: int) -> Measured:
        self.fields.update((label, record[label]) for label in _BASES if label in record)
        self._check_version()
        name = self.fields.get("bn", "") + record.get("n", "")
        if not _NAME(name):
            raise RecordError(
                f"the name {shown(name)} is none: letters, digits and - : . / _, the first a letter or digit"
            )
        return Measured(
            _time(self.fields.get("bt", 0), record.get("t", 0), now),
            self.fields.get("bn", ""),
            record.get("n", ""),
            record.get("u", self.fields.get("bu", "")),
            self._value(record),
            self._sum(record),
        )

    def _value(self, record: Mapping[str, Any]) -> object:
        given = [label for label in _VALUES if label in record]
        if len(given) > 1:
            raise RecordError(f"it has {' and '.join(given)}; a record has one value")
        if given and given[0] != "v":
            return record[given[0]]
        if not given and "bv" not in self.fields:
            if "s" in record or "bs" in self.fields:
                return None
            raise RecordError("it has no value (v, vs, vb or vd) and no sum (s)")
        return _added(self.fields.get("bv", 0), record.get("v", 0))

    def _sum(self, record: Mapping[str, Any]) -> float | None:
        if "s" not in record and "bs" not in self.fields:
            return None
        return _added(self.fields.get("bs", 0), record.get("s", 0))

    def _check_version(self) -> None:
        version = self.fields.get("bver", _VERSION)
        if version not in VERSIONS:
            raise RecordError(f"the version (bver) {shown(version)} is not read here; RFC 8428 is version 10")
        if self.version not in (None, version):
            raise RecordError(f"the version (bver) {version} follows {self.version}; a pack has one version")
        self.version = version


def _checked(record: object) -> Mapping[str, Any]:
    """The record, its known fields of the right types. Raises RecordError where they aren't."""
    if not isinstance(record, Mapping):
        raise RecordError(f"a record of a SenML pack is an object, not {named_kind(record)}")
    for label in _NUMBERS:
        if label in record and not _is_number(record[label]):
            raise RecordError(f"{label} is {_described(record[label])}; it must be a finite number")
    for label in _TEXTS:
        if label in record and not isinstance(record[label], str):
            raise RecordError(f"{label} is {_described(record[label])}; it must be a text")
    if "vb" in record and not isinstance(record["vb"], bool):
        raise RecordError(f"vb is {_described(record['vb'])}; it must be true or false")
    if "bver" in record and (not isinstance(record["bver"], int) or isinstance(record["bver"], bool)):
        raise RecordError(f"bver is {_described(record['bver'])}; it must be a whole number")
    if "vd" in record and not _BASE64(record["vd"]):
        raise RecordError(f"vd is {shown(record['vd'])}; it must be base64 of the URL-safe alphabet, without padding")
    for label in record:
        if label.endswith("_"):
            raise RecordError(f"the field {shown(label)} must be understood, as its _ says, and is not known here")
    return record


def _time(base: float, own: float, now: int) -> int:
    seconds = _decimal(base) + _decimal(own)
    # compared before it is multiplied: an integer of a far exponent would be as long as the exponent is great
    if abs(seconds) < 2**40:
        us = int((seconds * SECOND).to_integral_value()) + (now if seconds < ABSOLUTE else 0)
        if EARLIEST <= us < END:
            return us
    raise RecordError(f"the time {shown(float(seconds))} lies beyond the years 1900 to 2199")


def _added(base: float, own: float) -> float:
    if base == 0 or own == 0:
        return base or own
    return base + own if isinstance(base, int) and isinstance(own, int) else float(_decimal(base) + _decimal(own))


def _decimal(number: float) -> Decimal:
    return Decimal(number) if isinstance(number, int) else Decimal(float.__repr__(number))


def _is_number(value: object) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and (isinstance(value, int) or isfinite(value))
    )


def _described(value: object) -> str:
    return shown(value) if isinstance(value, (str, int, float)) else named_kind(value)


def _refuse(index: int, message: str) -> NoReturn:
    raise RejectedRecords([Rejected(index, message)]) from None
