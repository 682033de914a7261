"""Whether a query is about scans, and which ones.

Law: a query is about scans where FROM names scans, or where its attributes are metrics of scans; a sensor or an
attribute of the user that is called so goes first. Scans and sensors don't mix. Pure; nothing is looked up here but
what the catalog has.
"""

from __future__ import annotations

from dataclasses import replace

from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.conditions import SENSOR, TIME
from grafana_sensor.domain.errors import BadRequest, ProjectionError
from grafana_sensor.domain.plans import EVERYTHING, Name, Query
from grafana_sensor.query.scannames import is_scan, parse_metric


def about_scans(query: Query, catalog: Catalog) -> Query | None:
    """The query with selectors of scans as its sensors and streams as its attributes; None where no scan is meant.

    Raises BadRequest where scans and sensors mix, ProjectionError where metrics of different scans do.
    """
    if query.sensors is not None:
        scans = [name for name in query.sensors if is_scan(name.text) and catalog.sensors_named(name.text) is None]
        if scans and len(scans) < len(query.sensors):
            raise BadRequest("scans and sensors don't mix in one query: ask them by two", position=scans[0].position)
        return query if scans else None
    known = catalog.kinds()
    metrics = [p for p in query.projections if is_scan(p.attribute) and p.attribute not in known]
    if not metrics:
        return None
    parsed = [parse_metric(p.attribute) for p in metrics]
    others = [p for p in query.projections if p not in metrics]
    others += [p for p, metric in zip(metrics, parsed, strict=True) if metric.scans != parsed[0].scans]
    if others:
        raise ProjectionError(
            "metrics of different scans, or of scans and sensors, don't mix in one query: ask them by two, or name all"
            " scans after FROM",
            position=others[0].position,
        )
    streams = [
        replace(p, attribute=stream, text=f"{p.aggregate}({stream})" if p.aggregate else stream)
        for p, metric in zip(metrics, parsed, strict=True)
        for stream in metric.streams
    ]
    names = tuple(Name(text, metrics[0].named_at) for text in parsed[0].scans)
    return replace(query, sensors=names, projections=tuple(streams))


def attributes_of(query: Query) -> list[str]:
    """Every attribute that is asked for or in a condition, each once, EVERYTHING aside."""
    asked = [p.attribute for p in query.projections if p.attribute != EVERYTHING]
    asked += [c.attribute for c in query.conditions if c.attribute not in (TIME, SENSOR)]
    return list(dict.fromkeys(asked))
