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
    """The name to show: with the attribute's title in the attribute's place; None where none is declared, or with AS.

    `sensor` as in series_name; in a table, whose rows tell their sensors, None.
    """
    title = plan.declared(projection.attribute).title
    if title is None or projection.alias is not None:
        return None
    name = f"{projection.aggregate}({title})" if projection.aggregate else title
    return f"{sensor} {name}" if sensor else name


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
