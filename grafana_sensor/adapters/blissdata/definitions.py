"""The library's streams as we define them.

Law: what only a plugin could read, from a file or a detector, is "missing", whether or not the plugin is installed.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grafana_sensor.domain.scan import Kind, StreamDefinition

_PLAIN: Final[dict[str | None, Kind | None]] = {None: None, "hdf5_fallback": None, "scan_sequence": "scan"}
"""Plugins whose points lie in Redis, and the kind of their streams where it isn't the library's own."""


def defined(stream: Any) -> StreamDefinition:
    """The library's stream as we define one."""
    events = stream.event_stream
    encoding = events.encoding
    if stream.plugin not in _PLAIN:
        return StreamDefinition(events.name, "missing", "", tuple(events.info.get("shape") or ()), events.info)
    if encoding["type"] == "numeric":
        dtype = np.dtype(encoding["dtype_str"]).name
        return StreamDefinition(events.name, "array", dtype, tuple(encoding["shape"]), events.info)
    return StreamDefinition(events.name, _PLAIN[stream.plugin] or "json", "", (), events.info)
