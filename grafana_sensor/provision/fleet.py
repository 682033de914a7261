"""The dashboard *Fleet*: all sensors of the user at once, by Infinity.

Law: what it says of the present, who is silent, is asked up to now, whatever range is chosen.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana_sensor.provision import variables
from grafana_sensor.provision.boards import board
from grafana_sensor.provision.panels import BY_SENSOR, bars, figure, leading, lines, rows
from grafana_sensor.provision.plugins import SENSOR, TIME, Infinity, Query
from grafana_sensor.provision.variables import ATTRIBUTE

_OPEN = "/d/grafana-sensor-sensors-infinity?${__url_time_range}&var-sensor=${__value.text:percentencode}"


def fleet() -> Dashboard:
    """The dashboard."""
    plugin = Infinity()
    found = board("grafana-sensor-fleet", "Fleet", "fleet", "1m")
    for variable in (variables.attribute(plugin, "*"), variables.every(), variables.silence()):
        found.with_variable(variable)
    for row in (_now(plugin), _traffic(plugin), _values(plugin)):
        found.with_row(row)
    return found


def _now(plugin: Infinity) -> Row:
    columns = (SENSOR, ("attributes", "number"), ("records", "number"), ("first", "timestamp"), ("last", "timestamp"))
    everything = plugin.get("/api/v1/sensors", columns)
    within = plugin.query("CNT(*) AS records", (("records", "number"),))
    silent = plugin.query(
        "CNT(*) AS records BY sensor",
        (SENSOR, ("records", "number")),
        parameters={"from": "now-${silence:raw}", "to": "now"},
        keep="records == 0",
    )
    records, source = "/^records$/", plugin.source
    listed = rows("All sensors", source, [everything], width=14, height=10)
    listed.override_by_name("sensor", [leading("Show this sensor", _OPEN)])
    return (
        Row("Now")
        .with_panel(figure("Sensors", source, [everything], "count", records, width=6))
        .with_panel(figure("Records", source, [everything], "sum", records, width=6))
        .with_panel(figure("Records in this range", source, [within], "sum", records, width=6))
        .with_panel(figure("Silent for $silence", source, [silent], "count", records, width=6).no_value("0"))
        .with_panel(listed)
        .with_panel(rows("Silent for $silence", source, [silent], width=10, height=10).no_value("none"))
    )


def _traffic(plugin: Infinity) -> Row:
    columns = ("records",)
    total = plugin.query("CNT(*) AS records EVERY 1h", (TIME, ("records", "number")), kind="timeseries")
    apart = plugin.bands("CNT(*) AS records BY sensor EVERY 1h", columns)
    return (
        Row("Records per hour")
        .with_panel(bars("Records per hour", plugin.source, [total], shown="records", width=12))
        .with_panel(bars("Records per hour, by sensor", plugin.source, [apart], shown=BY_SENSOR, width=12))
    )


def _values(plugin: Infinity) -> Row:
    panel = lines("$attribute over all sensors, every $every", plugin.source, [_over_all(plugin)])
    return Row("Over all sensors").with_panel(panel.repeat("attribute").repeat_direction("h"))


def _over_all(plugin: Infinity) -> Query:
    names = ("min", "avg", "max")
    projections = ", ".join(f"{name.upper()}({ATTRIBUTE}) AS {name}" for name in names)
    columns = (TIME, *((name, "number") for name in names))
    return plugin.query(
        f"{projections} EVERY ${{every:raw}}", columns, kind="timeseries", parameters={"max_points": "500"}
    )
