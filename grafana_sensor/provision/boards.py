"""A dashboard as a document: what all of ours have, and how one is written down.

Law: a document has a fixed uid, panels with ids from 1 on that don't overlap, and nothing that changes from one run to the next.
"""

from __future__ import annotations

import json
from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from grafana_sensor.provision.variables import plain

TAG: Final = "grafana_sensor"
SPAN: Final = ("now-6h", "now")


def board(uid: str, title: str, kind: str, refresh: str) -> Dashboard:
    """An empty dashboard over the last six hours, with links to the others, of which it shares range and variables."""
    links = DashboardLink("Sensors and servers").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    found = Dashboard(title).uid(uid).tags([TAG, kind]).time(*SPAN).refresh(refresh).timezone("browser").editable()
    return found.link(links.keep_time(True)).tooltip(DashboardCursorSync.CROSSHAIR)


def document(dashboard: Dashboard) -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    built = dashboard.build()
    variables = built.templating.list_val or []
    found: dict[str, Any] = json.loads(JSONEncoder().encode(built))
    found.pop("style")  # the user's own choice since Grafana 10
    found["templating"] = {"list": json.loads(JSONEncoder().encode([plain(each) for each in variables]))}
    found["panels"] = [panel for row in found["panels"] for panel in _flat(row)]
    for number, panel in enumerate(found["panels"], 1):
        panel["id"] = number
        if "repeat" not in panel:
            panel.pop("repeatDirection", None)
    return found


def _flat(row: dict[str, Any]) -> list[dict[str, Any]]:
    """An open row and its panels beside each other: a row that holds its panels is a closed one."""
    panels = row.get("panels") or []
    return [row | {"panels": [], "collapsed": False}, *panels] if row["type"] == "row" else [row]
