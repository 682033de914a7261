"""The bodies that the plugins send, as models.

Law: members that are absent, unknown or null are normal. A known one of a type that no plugin sends is a BadRequest
that names it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from grafana_sensor.web.schemas import Taken

Moment = int | float | str | None
Amount = int | float | str | None


class TimeRange(Taken):
    """The dashboard's range: ISO 8601 texts, epochs, or relative times; [from, to)."""

    start: Moment = Field(None, alias="from", examples=["2026-01-01T00:00:00Z"])
    end: Moment = Field(None, alias="to", examples=["2026-01-01T06:00:00Z"])


class QueryTarget(Taken):
    """One query of a panel.

    `payload` is simPod's: a JSON object with sensor, select, aggregate, where, by, every and format, or its text; what
    it has wins over the target's text. Older versions call it `data`.
    """

    refId: str | int | None = Field(None, description="its letter in the panel", examples=["A"])  # noqa: N815
    target: str | None = Field(None, description="the query text", examples=["AVG(temperature)"])
    type: str | None = Field(None, description="`timeserie` or `table`", examples=["timeserie"])
    hide: bool | None = Field(None, description="hidden targets get no answer")
    payload: dict[str, Any] | str | None = Field(None, examples=[{"sensor": ["greenhouse-1"]}])
    data: dict[str, Any] | str | None = None
    editorMode: str | None = Field(None, description="`code` or `builder`")  # noqa: N815


class PanelQuery(Taken):
    """The queries of a panel, or of an annotation (a target with the refId `Anno`), over one range."""

    range: TimeRange | None = None
    rangeRaw: TimeRange | None = None  # noqa: N815
    interval: str | None = Field(None, description="the time between two points of the picture", examples=["30s"])
    intervalMs: Amount = Field(None, description="the same, in milliseconds", examples=[30000])  # noqa: N815
    maxDataPoints: Amount = Field(None, description="the width of the picture in points", examples=[1000])  # noqa: N815
    targets: list[QueryTarget] | None = None
    scopedVars: dict[str, Any] | None = Field(None, description="the dashboard's variables")  # noqa: N815
    filters: list[Any] | None = Field(None, description="ad hoc filters: `{key, operator, value}`")
    adhocFilters: list[Any] | None = Field(None, description="the same, as older versions call them")  # noqa: N815


class Search(Taken):
    """What is asked of the metric list, or of a variable by simple-json."""

    target: str | None = Field(None, description="empty for all metrics; or a variable's query", examples=["sensors"])


class MetricList(Taken):
    """The context in which the metric list is shown; it is no filter."""

    metric: str | int | None = None
    payload: dict[str, Any] | str | None = None


class PayloadOptions(Taken):
    """The field of simPod's builder whose options are asked for."""

    name: str = Field(description="the field", examples=["sensor"])
    metric: str | int | None = Field(None, examples=["temperature"])
    payload: dict[str, Any] | str | None = None


class VariableQuery(Taken):
    """A variable's query: the text in `payload.target`, or the object that the user wrote, with fields."""

    payload: dict[str, Any] | str | None = Field(None, examples=[{"target": "sensors"}])
    target: str | None = None


class AnnotationQuery(Taken):
    """What simple-json's annotation asks."""

    query: str | None = Field(None, description="a query text, or `scans`", examples=["state WHERE state = 'off'"])


class Annotations(Taken):
    """simple-json's request for annotations."""

    annotation: AnnotationQuery | None = None
    range: TimeRange | None = None
    rangeRaw: TimeRange | None = None  # noqa: N815


class TagKeys(Taken):
    """What the keys of ad hoc filters are asked with; nothing of it matters."""


class TagValues(Taken):
    """The key of an ad hoc filter, and the other filters, which the values asked for must agree with."""

    key: str = Field(description="an attribute, or `sensor`", examples=["state"])
    filters: list[Any] | None = None
