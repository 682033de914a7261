"""The variables of the dashboards, and how they are written into a query text.

Law: a name is written in double quotes, which every place of a query text takes, whatever characters it has; several
are a list of such. All sensors are `*`, so that a question does not grow with their number.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import AdHocVariable, CustomVariable, QueryVariable, TextBoxVariable
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    VariableHide,
    VariableModel,
    VariableOption,
    VariableRefresh,
)

from grafana_sensor.provision.plugins import Infinity, Members, Plugin

SENSOR: Final = "${sensor:doublequote}"
ATTRIBUTE: Final = "${attribute:doublequote}"
ATTRIBUTES: Final = "(${attribute:pipe})"
"""Several within an aggregate, `LAST((a|b))`, which takes a list in brackets alone."""
STATE: Final = "${state:doublequote}"
NORMAL: Final = "'${normal:raw}'"

ALL: Final = VariableOption(selected=True, text=["All"], value=["$__all"])
AGGREGATES: Final = "AVG,MIN,MAX,SUM,CNT,STDDEV,P50,P95,FIRST,LAST"
SILENCES: Final = "15m,5m,1h,6h,1d"
STEPS: Final = "auto,10s,1m,5m,15m,1h,6h,1d,7d"


def sensor(plugin: Plugin) -> QueryVariable:
    """The user's sensors."""
    found = _query("sensor", "Sensor", plugin.sensors(), plugin.source)
    return found.multi(True).include_all(True).all_value("*").current(ALL)


def attribute(plugin: Plugin, of: str = SENSOR) -> QueryVariable:
    """The attributes of the sensors chosen that hold numbers."""
    found = _query("attribute", "Attribute", plugin.attributes("number", of), plugin.source)
    return found.multi(True).include_all(True).current(ALL)


def state(plugin: Plugin) -> QueryVariable:
    """One of the attributes that hold texts; of all sensors, so that it isn't empty where those chosen have none."""
    return _query("state", "State", plugin.attributes("text", "*"), plugin.source)


def speaker(plugin: Infinity) -> QueryVariable:
    """Those of the sensors chosen that have the state, for a panel each."""
    found = _query("speaker", "Sensor with a state", plugin.having(STATE, SENSOR), plugin.source)
    return found.multi(True).include_all(True).current(ALL).hide(VariableHide.HIDE_VARIABLE)


def normal() -> TextBoxVariable:
    """The state that is not worth a mark."""
    return TextBoxVariable("normal").label("Normal state").default_value("ok").current(_chosen("ok"))


def aggregate() -> CustomVariable:
    """An aggregate."""
    return _custom("aggregate", "Aggregate", AGGREGATES)


def every() -> CustomVariable:
    """The width of the buckets."""
    return _custom("every", "Every", STEPS)


def filters(source: DataSourceRef) -> AdHocVariable:
    """Conditions that are added to every question to the datasource."""
    return AdHocVariable("filters").label("Filters").datasource(source)


def silence() -> CustomVariable:
    """How long a sensor that is silent has sent nothing."""
    return _custom("silence", "Silent for", SILENCES)


def listed(name: str, label: str, query: str | Members, source: DataSourceRef) -> QueryVariable:
    """One of what a query lists."""
    return _query(name, label, query, source)


def several(name: str, label: str, query: str | Members, source: DataSourceRef) -> QueryVariable:
    """Some or all of what a query lists."""
    return _query(name, label, query, source).multi(True).include_all(True).current(ALL)


def plain(variable: VariableModel) -> Members:
    """A variable as Grafana has it; the SDK adds one id for all of them, and an interval's members to each."""
    members = {key: value for key, value in variable.to_json().items() if key not in _ADDED}
    if variable.type_val == "adhoc":
        members["filters"] = []
    return members


def _query(name: str, label: str, query: str | Members, source: DataSourceRef) -> QueryVariable:
    # On a change of the range: what there is may have changed with it.
    found = QueryVariable(name).label(label).query(query).datasource(source)
    return found.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).hide(VariableHide.DONT_HIDE)


def _custom(name: str, label: str, choices: str) -> CustomVariable:
    first = choices.partition(",")[0]
    return CustomVariable(name).label(label).values(choices).options(_options(choices)).current(_chosen(first))


def _options(choices: str) -> list[VariableOption]:
    return [VariableOption(selected=not place, text=each, value=each) for place, each in enumerate(choices.split(","))]


def _chosen(value: str) -> VariableOption:
    return VariableOption(selected=True, text=value, value=value)


_ADDED: Final = frozenset({"id", "auto", "auto_count", "auto_min"})
