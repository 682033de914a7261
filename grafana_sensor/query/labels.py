"""What a series is called, and what its reader is told.

Law: `{sensor} {projection}` where the series is of one sensor, `{projection}` where it is of all or of the
records that have no sensor; AS replaces the projection.
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
