"""The bodies that the plugins are answered, as the description has them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from grafana_sensor.web.schemas import Given


class Choice(Given):
    """An option of a list: its value, and what is shown of it."""

    value: str
    label: str


class PayloadField(Given):
    """A field of simPod's builder; `width` counts 8 pixels. Its options are asked for."""

    name: str
    label: str
    type: Literal["select", "multi-select"]
    placeholder: str
    width: int


class Metric(Choice):
    """A metric of simPod's list, with the fields of its builder."""

    payloads: list[PayloadField]


class VariableOption(Given):
    """An option of a variable, in the one form that every version of simPod reads."""

    text: str = Field(alias="__text")
    value: str = Field(alias="__value")


class TagKey(Given):
    """A key of ad hoc filters."""

    type: Literal["string", "number"]
    text: str


class TagValue(Given):
    """A value of an ad hoc filter."""

    text: str


class Event(Given):
    """An annotation, in epoch milliseconds; a point where it ends when it begins."""

    time: int
    timeEnd: int  # noqa: N815
    title: str
    text: str
    tags: list[str]


class Notice(Given):
    """What the reader of a panel is told."""

    severity: Literal["info", "warning", "error"]
    text: str


class Meta(Given):
    """What goes with a series, a table or a frame."""

    notices: list[Notice]


class Timeserie(Given):
    """A series: points of [value, epoch milliseconds]; null is a gap."""

    refId: str | None = None  # noqa: N815
    target: str
    title: str
    unit: str | None = None
    tags: dict[str, str]
    datapoints: list[list[float | str | None]]
    meta: Meta | None = None


class PanelTable(Given):
    """A table: columns with their types, and rows."""

    refId: str | None = None  # noqa: N815
    type: Literal["table"]
    columns: list[dict[str, str]]
    rows: list[list[float | str | None]]
    meta: Meta | None = None


class Frame(Given):
    """Fields in columns: the series of `format: frame`, a table in it, or the annotations of simPod."""

    refId: str | None = None  # noqa: N815
    name: str | None = None
    fields: list[dict[str, Any]]
    meta: Meta | None = None
