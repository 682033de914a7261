"""Points of one of the library's streams, by index.

Law: as they lie in Redis, whatever plugin the stream has: no file is opened and no detector asked for them. One
request is for few enough batches that the Redis doesn't stall for others.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grafana_sensor.domain.scan import Points, StreamDefinition

_FIRST: Final = 100
"""Batches of the first request, as the library's own cursors take."""
_MOST: Final = 10_000
_BYTES: Final = 4 * 2**20
"""What one request is to fetch, about, where there are that many batches."""


def read(definition: StreamDefinition, events: Any, start: int, end: int) -> Points:
    """Points of [start, end) of the library's event stream, without those that were trimmed."""
    parts: list[Any] = []
    first = position = start
    count = _FIRST
    while position < end:
        entries = [entry for entry in events._range(min=position, max=end - 1, count=count) if not entry.is_seal]
        if not parts and (not entries or entries[0].id > position):
            # The batch in whose midst we begin.
            entries = [
                one for one in events._revrange(max=position, count=1) if one.id + one.length > position
            ] + entries
        if not entries:
            break
        if entries[0].id > position:
            parts, first = [], entries[0].id
        data = events._encoder.decode([entry.batch for entry in entries])
        position = entries[-1].id + entries[-1].length
        parts.append(data[max(0, start - entries[0].id) : len(data) - max(0, position - end)])
        size = sum(len(entry.batch.payload) for entry in entries) // len(entries)
        count = max(_FIRST, min(_MOST, _BYTES // max(1, size)))
    return Points(first, _joined(definition, parts))


def _joined(definition: StreamDefinition, parts: list[Any]) -> Any:
    if definition.kind == "scan":
        return [point["key"] for part in parts for point in part]
    if definition.kind == "json" or -1 in definition.shape:
        return [point for part in parts for point in part]
    native = np.dtype(definition.dtype)
    if not parts:
        return np.empty((0, *definition.shape), native)
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return whole.astype(native, copy=False)
