"""The dashboards *Sensors*: one for each plugin, with the same panels, since their targets differ.

Law: it opens on all sensors and all their numbers, over the last six hours, whatever they are called.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from grafana_sensor.provision import variables
from grafana_sensor.provision.annotations import Annotation
from grafana_sensor.provision.boards import board
from grafana_sensor.provision.panels import BY_FIELD_AND_SENSOR, BY_SENSOR, figures, lines, organized, rows, timeline
from grafana_sensor.provision.plugins import Infinity, Plugin, SimpleJson, SimPod
from grafana_sensor.provision.variables import ATTRIBUTE, ATTRIBUTES, NORMAL, SENSOR, STATE

PLUGINS: Final[dict[str, Plugin]] = {"infinity": Infinity(), "simpod": SimPod(), "simple-json": SimpleJson()}
TITLES: Final = {"infinity": "Sensors", "simpod": "Sensors (simPod JSON)", "simple-json": "Sensors (simple-json)"}


def sensors(name: str) -> Dashboard:
    """The dashboard of a plugin."""
    plugin = PLUGINS[name]
    found = board(f"grafana-sensor-sensors-{name}", TITLES[name], "sensors", "30s")
    for variable in (
        variables.sensor(plugin),
        variables.attribute(plugin),
        variables.aggregate(),
        variables.every(),
        variables.state(plugin),
        variables.normal(),
        *([variables.speaker(plugin)] if isinstance(plugin, Infinity) else []),
        *([variables.filters(plugin.source)] if plugin.filters else []),
    ):
        found.with_variable(variable)
    q = f"{STATE} AS text FROM {SENSOR} WHERE {STATE} != {NORMAL}"
    found.annotation(Annotation("States that are not normal", plugin.source, plugin.annotation(q), colour="orange"))
    for row in (_last(plugin), _range(plugin), _aggregate(plugin), _states(plugin)):
        found.with_row(row)
    return found


def _last(plugin: Plugin) -> Row:
    last = plugin.series(f"LAST({ATTRIBUTE}) AS value FROM {SENSOR} EVERY auto")
    found = figures("$attribute", plugin.source, [last], shown=BY_SENSOR).repeat("attribute").repeat_direction("h")
    every = plugin.table(f"LAST({ATTRIBUTES}) FROM {SENSOR}")
    return Row("Last values").with_panel(found).with_panel(rows("Last values", plugin.source, [every], height=7))


def _range(plugin: Plugin) -> Row:
    if isinstance(plugin, Infinity):
        # Nothing thins the rows of REST, so a panel has the least, the mean and the greatest of each bucket.
        q = f"MIN({ATTRIBUTE}) AS min, AVG({ATTRIBUTE}) AS avg, MAX({ATTRIBUTE}) AS max FROM {SENSOR} EVERY auto"
        target, shown = plugin.bands(q, ("min", "avg", "max")), BY_FIELD_AND_SENSOR
    else:
        target, shown = plugin.series(f"{ATTRIBUTE} FROM {SENSOR}"), BY_SENSOR
    panel = lines("$attribute", plugin.source, [target], shown=shown)
    return Row("Range").with_panel(panel.repeat("attribute").repeat_direction("h"))


def _aggregate(plugin: Plugin) -> Row:
    target = plugin.series(f"${{aggregate:raw}}({ATTRIBUTE}) AS value FROM {SENSOR} EVERY ${{every:raw}}")
    panel = lines("$aggregate of $attribute every $every", plugin.source, [target], shown=BY_SENSOR)
    return Row("Aggregate").with_panel(panel.repeat("attribute").repeat_direction("h"))


def _states(plugin: Plugin) -> Row:
    if not plugin.apart:
        panel = timeline("$state", plugin.source, [plugin.states(STATE, SENSOR)], height=7)
        return Row("States").with_panel(panel.display_name(BY_SENSOR))
    each = "speaker" if isinstance(plugin, Infinity) else "sensor"
    target = plugin.states(STATE, f"${{{each}:doublequote}}")
    panel = timeline(f"$state of ${each}", plugin.source, [target], height=4).display_name(f"${each}")
    panel.with_transformation(organized(excludeByName={"sensor": True}, indexByName={}, renameByName={}))
    return Row("States").with_panel(panel.repeat(each).repeat_direction("v"))
