"""A scan as the JSON that one is told by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grafana_sensor.domain.scan import Scan
from grafana_sensor.domain.timestamps import to_iso
from grafana_sensor.service.scanlooks import channel_text
from grafana_sensor.service.scanmemory import row_of


def described(found: Scan) -> dict[str, Any]:
    """The scan with its info and its streams; times are RFC 3339."""
    row = row_of(found)
    return {
        "key": found.key,
        "identity": dict(found.identity),
        "state": found.state.name,
        "created": _iso(row.created),
        "start": _iso(row.start),
        "end": _iso(row.end),
        "info": dict(found.info),
        "streams": list(_streams(found)),
    }


def _streams(found: Scan) -> Iterator[dict[str, Any]]:
    for name, stream in found.streams.items():
        yield {
            "stream": name,
            "kind": stream.definition.kind,
            "dtype": stream.definition.dtype,
            "shape": list(stream.definition.shape),
            "points": stream.length,
            "first": stream.first,
            "sealed": stream.sealed,
            "unit": channel_text(found, name, "unit"),
            "title": channel_text(found, name, "display_name"),
            "info": dict(stream.definition.info),
        }


def _iso(us: int | None) -> str | None:
    return None if us is None else to_iso(us)
