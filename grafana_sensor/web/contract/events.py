"""From annotations to what the plugins draw: simple-json's objects, and simPod's frame.

Law: times are epoch milliseconds, and every item ends: the first one decides for all whether regions are drawn.
Grafana renders texts as HTML, so what a device sent is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from grafana_sensor.domain.timestamps import MILLISECOND
from grafana_sensor.service.annotations import Annotation


def items(annotations: Sequence[Annotation]) -> list[dict[str, Any]]:
    """simple-json's annotations."""
    return [
        {
            "time": each.time // MILLISECOND,
            "timeEnd": each.end // MILLISECOND,
            "title": escape(each.title, quote=False),
            "text": escape(each.text, quote=False),
            "tags": list(each.tags),
        }
        for each in annotations
    ]


def frame(annotations: Sequence[Annotation], name: str) -> list[dict[str, Any]]:
    """simPod's annotations: one frame, none where there are no annotations. Tags are separated by commas."""
    if not annotations:
        return []
    rows = items(annotations)
    types = {"time": "time", "timeEnd": "time", "title": "string", "text": "string", "tags": "string"}
    values = {field: [row[field] for row in rows] for field in types}
    values["tags"] = [",".join(tag.replace(",", " ") for tag in tags) for tags in values["tags"]]
    fields = [{"name": field, "type": kind, "config": {}, "values": values[field]} for field, kind in types.items()]
    return [{"refId": name, "name": "annotations", "fields": fields}]
