"""From an MQTT message to records.

Law: a payload is a JSON object, or an array of them, read as the routes read it; where the topic says an attribute, the
payload is its value, whatever it is: a bare number, a text, an object with its names below the attribute's. A payload
that begins like JSON and is none is refused, and so is one that says nothing. The time is the payload's own where it
has one, else that of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_sensor.cli.topics import Pattern, Said
from grafana_sensor.domain.errors import BadRequest, RecordError
from grafana_sensor.domain.fields import own_time, sensor_at, time_at
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.leaves import without
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.domain.timestamps import epoch

TIME_FIELD: Final = "\ntime"
SENSOR_FIELD: Final = "\nsensor"
"""The fields of the records that say time and sensor."""

_BLANKS: Final = b" \t\r\n"
_JSON: Final = (b"{", b"[", b'"')


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came: `received` at (UTC µs), under the id `mid` of the session (0 for QoS 0).

    `repeat`: the broker says that it may have sent it before; `retained`: it was kept for new subscribers.
    """

    topic: str
    payload: bytes
    received: int
    mid: int = 0
    repeat: bool = False
    retained: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """How messages are read: by the pattern of their topic, and the fields that say sensor and time."""

    patterns: Sequence[Pattern]
    sensor_field: str | None = None
    time_field: str | None = None
    limits: Limits = Limits()  # noqa: RUF009  # it is frozen

    @property
    def filters(self) -> list[str]:
        """What the broker is asked for."""
        return [pattern.filter for pattern in self.patterns]

    def records(self, message: Message) -> list[dict[str, Any]]:
        """The records of a message, each with its time and sensor in TIME_FIELD and SENSOR_FIELD.

        Raises BadRequest and RecordError where it has none that can be read.
        """
        said = next(filter(None, (each.match(message.topic) for each in self.patterns)), None)
        if said is None:
            raise BadRequest("no pattern is of this topic: was it subscribed to before, under the same client id?")
        value = _value(message.payload, self.limits, bare=said.attribute is not None)
        several = value if isinstance(value, list) and said.attribute is None else [value]
        return [self._record(each, said, message) for each in several]

    def _record(self, value: object, said: Said, message: Message) -> dict[str, Any]:
        sensor, time = said.sensor or message.topic, message.received
        if isinstance(value, Mapping):
            if TIME_FIELD in value or SENSOR_FIELD in value:
                raise RecordError("a field's name begins with the end of a line, before time or sensor")
            found = self._own_time(value)
            if found is not None:
                time, path = found
                value = without(value, path)
            if self.sensor_field is not None:
                sensor, path = sensor_at(value, self.sensor_field, self.limits)
                value = without(value, path)
        elif said.attribute is None:
            raise BadRequest(
                f"the payload is {named_kind(value)}; it is a JSON object or an array of them, unless the topic's"
                " pattern has {attribute}, which names a bare value"
            )
        elif not (self.sensor_field is None and self.time_field is None):
            raise RecordError(f"the payload is {named_kind(value)}, and has no field that says sensor or time")
        fields = value if said.attribute is None and isinstance(value, Mapping) else {said.attribute: value}
        return {TIME_FIELD: epoch(time), SENSOR_FIELD: sensor, **fields}

    def _own_time(self, fields: Mapping[str, object]) -> tuple[int, tuple[str, ...]] | None:
        if self.time_field is not None:
            return time_at(fields, self.time_field)
        found = own_time(fields)
        return None if found is None else (found[0], (found[1],))


def _value(payload: bytes, limits: Limits, *, bare: bool) -> object:
    """What the payload says; a text that is no JSON is itself, where it may be `bare`. Raises BadRequest."""
    text = payload.strip(_BLANKS)
    if not text:
        raise BadRequest("the payload is empty")
    try:
        return loads(text, limits)
    except BadRequest:
        if not bare or text.startswith(_JSON):
            raise
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"the payload is no text in UTF-8: {shown(text.decode('latin-1'))}") from None
