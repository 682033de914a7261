"""Lists as the plugins take them: metrics, the fields of simPod's builder, variables, and ad hoc filters.

Law: a value is always the raw name. What is shown is the title where one is declared; texts are distinct, since options
of one text are merged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafana_sensor.query.aggregates import AGGREGATES
from grafana_sensor.service.variables import PERCENTILES, Option
from grafana_sensor.web.contract.targets import FORMATS

STEPS: Final = ("auto", "all", "1s", "10s", "1m", "5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "7d", "28d")
"""The buckets that are offered; any other duration may be written."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of simPod's builder: `type` is the plugin's, `width` counts 8 pixels, `choices` are the fixed ones.

    simPod asks for the options when a list is opened: of a field that had them in the metric list it would not show
    what is chosen, and the list has every field once for each metric.
    """

    name: str
    label: str
    type: str
    placeholder: str
    width: int
    choices: tuple[str, ...] = ()


FIELDS: Final = (
    Field("sensor", "Sensors", "multi-select", "all of the data", 40),
    Field("aggregate", "Aggregates", "multi-select", "none: the values", 40, (*AGGREGATES, *PERCENTILES)),
    Field("where", "Conditions", "multi-select", "state = 'on'", 60),
    Field("by", "By", "select", "", 20, ("sensor",)),
    Field("every", "Every", "select", "auto", 20, STEPS),
    Field(
        "format", "Format", "select", "timeserie", 20, ("timeserie", *(f for f in FORMATS if f in ("table", "frame")))
    ),
    Field("select", "Attributes", "multi-select", "the metric", 40),
)
"""In the order in which they are shown."""


def metrics(options: Sequence[Option]) -> list[dict[str, Any]]:
    """simPod's metric list, each metric with the fields of the builder."""
    fields = [_field(field) for field in FIELDS]
    return [{"value": each.value, "label": text, "payloads": fields} for each, text in _labelled(options)]


def choices(options: Sequence[Option]) -> list[dict[str, str]]:
    """The options of a field of simPod's builder."""
    return [{"value": each.value, "label": text} for each, text in _labelled(options)]


def texts(options: Sequence[Option]) -> list[str]:
    """The values alone, as simple-json and older versions of simPod take them."""
    return [each.value for each in options]


def variable(options: Sequence[Option]) -> list[dict[str, str]]:
    """The options of a variable."""
    return [{"__text": text, "__value": each.value} for each, text in _labelled(options)]


def tag_keys(kinds: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """The keys of ad hoc filters, from names and their kinds; the interface shows and sends back `text`."""
    return [{"type": "number" if kind == "number" else "string", "text": name} for name, kind in kinds]


def tag_values(values: Sequence[str]) -> list[dict[str, str]]:
    """The values of an ad hoc filter."""
    return [{"text": value} for value in values]


def _field(field: Field) -> dict[str, Any]:
    return {name: getattr(field, name) for name in ("name", "label", "type", "placeholder", "width")}


def _labelled(options: Sequence[Option]) -> list[tuple[Option, str]]:
    """Each option with its text: its title where nothing else is shown or called so, else with the value beside it.

    Where even that is another's text, the value alone.
    """
    values = {each.value for each in options}
    titles = Counter(each.title or each.value for each in options)
    longer = {each: f"{each.title} ({each.value})" for each in options}
    others = Counter(longer.values())

    def text(option: Option) -> str:
        if not option.title or option.title == option.value:
            return option.value
        if titles[option.title] == 1 and option.title not in values:
            return option.title
        both = longer[option]
        return option.value if both in values or both in titles or others[both] > 1 else both

    return [(option, text(option)) for option in options]
