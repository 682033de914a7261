"""The dashboard *Scan*: the last scan as it grows, and any scan before it, by simPod JSON.

Law: a stream is named as the server's metrics name it, `scan:last/<stream>` and `scan:<key>/<stream>`. It reads each few
seconds; the server reads only what is new.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana_sensor.provision import variables
from grafana_sensor.provision.annotations import Annotation
from grafana_sensor.provision.boards import board
from grafana_sensor.provision.panels import figures, lines, rows
from grafana_sensor.provision.plugins import SimPod

LIVE = '"scan:last/${live:raw}"'
CHOSEN = '"scan:${scan:raw}/${stream:raw}"'


def scan() -> Dashboard:
    """The dashboard."""
    plugin = SimPod()
    found = board("grafana-sensor-scan", "Scan", "scan", "5s")
    for variable in (
        variables.several("live", "Stream of the last scan", plugin.variable("streams(last)"), plugin.source),
        variables.listed("scan", "Scan", plugin.variable("scans"), plugin.source),
        variables.several("stream", "Stream", plugin.variable('streams("${scan:raw}")'), plugin.source),
    ):
        found.with_variable(variable)
    found.annotation(Annotation("Scans", plugin.source, plugin.annotation("scans"), colour="purple"))
    return found.with_row(_row(plugin, "The last scan", "live", LIVE)).with_row(
        _row(plugin, "Scan $scan", "stream", CHOSEN)
    )


def _row(plugin: SimPod, title: str, variable: str, q: str) -> Row:
    each = f"${variable}"
    last = figures(each, plugin.source, [plugin.series(q)]).repeat(variable).repeat_direction("h")
    course = lines(each, plugin.source, [plugin.series(q)]).repeat(variable).repeat_direction("h")
    points = rows(each, plugin.source, [plugin.table(q)]).repeat(variable).repeat_direction("h")
    return Row(title).with_panel(last).with_panel(course).with_panel(points)
