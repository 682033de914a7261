"""Panels as our dashboards have them: small functions over the SDK's builders.

Law: only kinds of panels and options that Grafana 9.3 knows, and that the newest still has. Names and units come with the
data where the plugin takes them from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

Targets = Sequence[Builder[Dataquery]]
AnyPanel = TypeVar("AnyPanel", timeseries.Panel, stat.Panel, table.Panel, statetimeline.Panel)

WIDE: Final = 24
"""Columns of a dashboard."""
BY_SENSOR: Final = "${__field.labels.sensor}"
BY_FIELD_AND_SENSOR: Final = "${__field.name} ${__field.labels.sensor}"

STATES: Final = {
    "ok": "green",
    "on": "green",
    "off": "text",
    "watering": "blue",
    "low battery": "orange",
    "sensor fault": "red",
    "fault": "red",
    "error": "red",
}
"""Colours of texts that often stand for a state; others are drawn in a colour of their own."""


def lines(
    title: str, source: DataSourceRef, targets: Targets, *, shown: str = "", width: int = WIDE
) -> timeseries.Panel:
    """Lines over time. `shown`: how a line is called, where not as the data says."""
    panel = _panel(timeseries.Panel(), title, source, targets, width, 8)
    panel.line_width(1).fill_opacity(8).show_points(VisibilityMode.AUTO).span_nulls(True)
    panel.legend(_legend()).tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    return panel.display_name(shown) if shown else panel


def bars(
    title: str, source: DataSourceRef, targets: Targets, *, shown: str = "", width: int = WIDE
) -> timeseries.Panel:
    """Stacked bars over time."""
    panel = lines(title, source, targets, shown=shown, width=width)
    stacked = common.StackingConfig().mode(StackingMode.NORMAL).group("A")
    return panel.draw_style(GraphDrawStyle.BARS).fill_opacity(70).stacking(stacked).span_nulls(False)


def figures(title: str, source: DataSourceRef, targets: Targets, *, shown: str = "", width: int = WIDE) -> stat.Panel:
    """The last value of each series, as a figure above its course."""
    panel = figure(title, source, targets, "lastNotNull", width=width)
    panel.graph_mode(BigValueGraphMode.AREA).text_mode(BigValueTextMode.AUTO)
    return panel.display_name(shown) if shown else panel


def figure(
    title: str, source: DataSourceRef, targets: Targets, reducer: str, field: str = "", *, width: int
) -> stat.Panel:
    """What a reducer makes of a field, of each number without one."""
    reduced = common.ReduceDataOptions().values(False).calcs([reducer]).fields(field)
    panel = _panel(stat.Panel(), title, source, targets, width, 4)
    panel.reduce_options(reduced).color_mode(BigValueColorMode.VALUE).graph_mode(BigValueGraphMode.NONE)
    return panel.thresholds(_steps(("green", None)))


def rows(title: str, source: DataSourceRef, targets: Targets, *, width: int = WIDE, height: int = 8) -> table.Panel:
    """A table, the sensor's column first."""
    panel = _panel(table.Panel(), title, source, targets, width, height).show_header(True)
    first = {"time": 0, "sensor": 1}
    return panel.with_transformation(organized(indexByName=first, excludeByName={}, renameByName={}))


def timeline(title: str, source: DataSourceRef, targets: Targets, *, height: int) -> statetimeline.Panel:
    """States over time."""
    panel = _panel(statetimeline.Panel(), title, source, targets, WIDE, height)
    panel.merge_values(True).show_value(VisibilityMode.AUTO).row_height(0.8).fill_opacity(70).line_width(0)
    panel.legend(common.VizLegendOptions().show_legend(False).display_mode(LegendDisplayMode.LIST).calcs([]))
    colours = {text: ValueMappingResult(color=colour, index=at) for at, (text, colour) in enumerate(STATES.items())}
    return panel.mappings([ValueMap(options=colours)])


def organized(**options: object) -> DataTransformerConfig:
    """The transformation that orders, leaves out and renames columns."""
    return DataTransformerConfig(id_val="organize", options=options)


def property_(name: str, value: object) -> DynamicConfigValue:
    """A property of a field, for an override."""
    return DynamicConfigValue(id_val=name, value=value)


def leading(title: str, url: str) -> DynamicConfigValue:
    """A link from each value of a field."""
    return property_("links", [{"title": title, "url": url, "type": DashboardLinkType.LINK}])


def _panel(panel: AnyPanel, title: str, source: DataSourceRef, targets: Targets, width: int, height: int) -> AnyPanel:
    panel.title(title).datasource(source).span(width).height(height)
    for target in targets:
        panel.with_target(target)
    return panel


def _legend() -> common.VizLegendOptions:
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    return legend.placement(LegendPlacement.BOTTOM).calcs([])


def _steps(*steps: tuple[str, float | None]) -> ThresholdsConfig:
    found = [Threshold(color=colour, value=value) for colour, value in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(found)
