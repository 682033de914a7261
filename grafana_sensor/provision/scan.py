"""The dashboard *Scan*: the last scan as it grows, or any before it, by simPod JSON.

Law: `last` is the first of the scans that are listed, so it opens on that, and follows the next one by itself. It asks
every five seconds; the server reads only what is new.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana_sensor.provision import variables
from grafana_sensor.provision.annotations import Annotation
from grafana_sensor.provision.boards import board
from grafana_sensor.provision.panels import lines, property_, rows
from grafana_sensor.provision.plugins import SimPod

SCAN: Final = "${scan:raw}"
STREAM: Final = '"scan:${scan:raw}/${stream:raw}"'


def scan() -> Dashboard:
    """The dashboard."""
    plugin = SimPod()
    found = board("grafana-sensor-scan", "Scan", "scan", "5s")
    for variable in (
        variables.listed("scan", "Scan", plugin.variable("scans"), plugin.source),
        variables.several("stream", "Stream", plugin.variable(f"streams({SCAN})"), plugin.source),
    ):
        found.with_variable(variable)
    found.annotation(Annotation("Scans", plugin.source, plugin.annotation("scans"), colour="purple"))
    each = _table(plugin, "$stream: its points, or the latest spectrum", STREAM, 12, 8)
    return (
        found.with_row(
            Row("Scan: $scan")
            .with_panel(_table(plugin, "State and points", f"scan:{SCAN}/(@state|@points)", 12, 4))
            .with_panel(_table(plugin, "Positioners", f"positioners({SCAN})", 12, 4))
            .with_panel(_course(plugin))
            .with_panel(_table(plugin, "Streams and their last values", f"streams({SCAN})", 24, 8))
        )
        .with_row(Row("Streams").with_panel(each.repeat("stream").repeat_direction("h")))
        .with_row(Row("All scans").with_panel(_table(plugin, "All scans", "scans", 24, 8)))
    )


def _course(plugin: SimPod) -> timeseries.Panel:
    """Every stream of one value a point; not the clock's own, which would dwarf the others."""
    panel = lines("Streams in time", plugin.source, [plugin.series(f"scan:{SCAN}/*")])
    hidden = property_("custom.hideFrom", {"viz": True, "legend": True, "tooltip": False})
    return panel.override_by_regexp("/epoch|elapsed/", [hidden])


def _table(plugin: SimPod, title: str, q: str, width: int, height: int) -> table.Panel:
    return rows(title, plugin.source, [plugin.table(q)], width=width, height=height)
