"""What a series is called, and what its reader is told.

Law: `{sensor} {projection}` where the series is of one sensor, `{projection}` where it is of all or of the
records that have no sensor; AS replaces the projection. A declared title stands for the attribute in what is shown,
never in the name; a unit goes with every value but a count.
"""

from __future__ import annotations

from grafana_sensor.domain.conditions import SENSOR
from grafana_sensor.domain.plans import Projection
from grafana_sensor.query.plan import Plan, written


def series_name(projection: Projection, sensor: str | None) -> str:
    """The name of the projection's series of a sensor; None is all of them.

    >>> series_name(Projection("t", "AVG", text="avg(t)"), "hall"), series_name(Projection("t", "AVG", alias="x"), None)
    ('hall avg(t)', 'x')
    """
    name = written(projection) if projection.alias is None else projection.alias
    return f"{sensor} {name}" if sensor else name


def shown_title(plan: Plan, projection: Projection, sensor: str | None = None) -> str | None:
    """The name to show, with what is declared in the place of the attribute and the sensor; None where nothing is.

    AS replaces the projection here too. `sensor` as in series_name; in a table, whose rows tell their sensors, None.
    """
    title = plan.declared(projection.attribute).title
    titled = sensor is not None and sensor in plan.catalog.titles
    if not titled and (title is None or projection.alias is not None):
        return None
    attribute = projection.attribute if title is None else title
    name = f"{projection.aggregate}({attribute})" if projection.aggregate else attribute
    name = name if projection.alias is None else projection.alias
    shown = plan.catalog.titles.get(sensor or "", sensor)
    return f"{shown} {name}" if shown else name


def unit(plan: Plan, projection: Projection) -> str | None:
    """The unit of the projection's values; None where none is declared, and of counts."""
    return None if projection.aggregate == "CNT" else plan.declared(projection.attribute).unit


def tags(projection: Projection, sensor: str | None) -> dict[str, str]:
    """The labels of the projection's series of a sensor; None is all of them.

    >>> tags(Projection("t"), "hall")
    {'sensor': 'hall', 'attribute': 't'}
    """
    labels = {SENSOR: sensor} if sensor else {}
    return {**labels, "attribute": projection.attribute}


def mixed_notice(plan: Plan, attribute: str) -> tuple[str, ...]:
    """The notice for a series of an attribute that holds texts too, none where it doesn't."""
    return (f"{attribute!r} holds texts too; the series has its numbers only",) if plan.mixed(attribute) else ()
