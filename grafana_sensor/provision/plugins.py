"""What each datasource plugin is sent, in the fields that its own source reads: targets, variables, annotations.

Law: a field is one that both the oldest and the newest release that we answer to reads (Infinity 2.0 and 3, simPod JSON
0.6.3 and 0.6.7, simple-json 1.4.3). A question has a key `value` for what it projects, so that Infinity's columns can
be declared before the variable is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from grafana_sensor.provision.datasources import INFINITY, SIMPLE_JSON, SIMPOD

Members = dict[str, object]

TIME: Final = ("time", "timestamp")
SENSOR: Final = ("sensor", "string")
"""Columns of Infinity: the selector, and the type by the plugin's name of it."""

_AIM: Final = {"max_points": "500"}
"""What `EVERY auto` aims at: Infinity tells no width of the panel."""
_RANGE: Final = {"from": "${__from}", "to": "${__to}"}


class Query(Dataquery, Builder[Dataquery]):
    """A target of a plugin that the SDK has no type for."""

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = dict(members)

    def build(self) -> Query:
        """Itself: it is its own builder."""
        return self

    def to_json(self) -> Members:
        """Its members, as the plugin reads them."""
        return self._members


class Plugin(Protocol):
    """What the dashboards *Sensors* want of a plugin.

    `q` is a query text, with the variables of the dashboard in it.
    """

    @property
    def source(self) -> DataSourceRef:
        """Its datasource."""
        ...

    @property
    def filters(self) -> bool:
        """Whether it has ad hoc filters."""
        ...

    @property
    def apart(self) -> bool:
        """Whether a state timeline wants a panel for each sensor, since it brings no texts in series."""
        ...

    def series(self, q: str) -> Query:
        """A time series for each sensor, cut into buckets where that is said."""
        ...

    def table(self, q: str) -> Query:
        """A table."""
        ...

    def states(self, attribute: str, sensor: str) -> Query:
        """The texts of an attribute in time."""
        ...

    def sensors(self) -> str | Members:
        """The query of a variable that lists sensors."""
        ...

    def attributes(self, kind: str, sensor: str) -> str | Members:
        """The query of a variable that lists the attributes of sensors which hold a `number` or a `text`."""
        ...

    def annotation(self, q: str) -> Members:
        """The members of an annotation which say that each matching record is one."""
        ...


def _ref(source: DataSourceRef, ref_id: str = "A") -> Members:
    return {"refId": ref_id, "datasource": source.to_json()}


@dataclass(frozen=True, slots=True)
class Infinity:
    """Infinity asks by REST, and gets the columns that it declares."""

    filters: bool = False
    apart: bool = True

    @property
    def source(self) -> DataSourceRef:
        """Its datasource."""
        return INFINITY

    def get(
        self,
        path: str,
        columns: tuple[tuple[str, str], ...] = (),
        *,
        parameters: Mapping[str, str] | None = None,
        kind: str = "table",
        keep: str = "",
        ref_id: str = "A",
    ) -> Query:
        """A GET by the backend parser; without columns all are taken as they come. `keep`: the rows to keep."""
        given = [{"key": name, "value": value} for name, value in (parameters or {}).items()]
        return Query(
            {
                **_ref(INFINITY, ref_id),
                "type": "json",
                "parser": "backend",
                "source": "url",
                "format": kind,
                "url": path,
                "url_options": {"method": "GET", "data": "", "params": given},
                "root_selector": "",
                "columns": [{"selector": selector, "text": "", "type": type_} for selector, type_ in columns],
                "computed_columns": [],
                "filters": [],
                "filterExpression": keep,
            }
        )

    def query(self, q: str, columns: tuple[tuple[str, str], ...] = (), **more: Any) -> Query:
        """A query text over the range of the dashboard."""
        parameters = {"q": q, **_RANGE, **more.pop("parameters", {})}
        return self.get("/api/v1/query", columns, parameters=parameters, **more)

    def series(self, q: str) -> Query:
        """A series for each sensor: a label where there is one."""
        return self.bands(q, ("value",))

    def bands(self, q: str, names: Sequence[str], **more: Any) -> Query:
        """Several series of numbers for each sensor, by the names that the query text gives them."""
        columns = (TIME, SENSOR, *((name, "number") for name in names))
        return self.query(q, columns, kind="timeseries", parameters=_AIM | more.pop("parameters", {}), **more)

    def table(self, q: str) -> Query:
        """A table of all columns."""
        return self.query(q)

    def states(self, attribute: str, sensor: str) -> Query:
        """The texts of one sensor."""
        return self.query(f"{attribute} AS value FROM {sensor}", (TIME, ("value", "string")))

    def sensors(self) -> Members:
        """Those that have a record in the range."""
        return self._variable(self.get("/api/v1/sensors", (SENSOR,), parameters=_RANGE, ref_id="variable"))

    def attributes(self, kind: str, sensor: str) -> Members:
        """Those of one kind."""
        parameters = {"sensor": sensor, "kind": kind}
        columns = (("attribute", "string"),)
        return self._variable(self.get("/api/v1/attributes", columns, parameters=parameters, ref_id="variable"))

    def having(self, attribute: str, sensor: str) -> Members:
        """The query of a variable that lists those of the sensors which have the attribute."""
        # Of a sensor that lacks it there is no row.
        return self._variable(self.query(f"CNT({attribute}) AS records FROM {sensor}", (SENSOR,), ref_id="variable"))

    def annotation(self, q: str) -> Members:
        """A GET of what simple-json posts for."""
        columns = (("time", "timestamp_epoch"), ("timeEnd", "timestamp_epoch"), ("title", "string"), ("text", "string"))
        return {"target": self.get("/annotations", columns, parameters={"query": q, **_RANGE}, ref_id="Anno").to_json()}

    def _variable(self, query: Query) -> Members:
        return {"queryType": "infinity", "query": "", "refId": "variable", "infinityQuery": query.to_json()}


@dataclass(frozen=True, slots=True)
class SimPod:
    """simPod JSON posts query texts, and fields in a payload beside them."""

    filters: bool = True
    apart: bool = False

    @property
    def source(self) -> DataSourceRef:
        """Its datasource."""
        return SIMPOD

    def _target(self, q: str, payload: str = "", ref_id: str = "A") -> Query:
        return Query({**_ref(SIMPOD, ref_id), "target": q, "payload": payload, "editorMode": "code"})

    def series(self, q: str) -> Query:
        """A series for each sensor."""
        return self._target(q)

    def table(self, q: str) -> Query:
        """A table."""
        return self._target(q, '{"format": "table"}')

    def states(self, attribute: str, sensor: str) -> Query:
        """The texts of all sensors, as frames: only these say that a series is of texts."""
        return self._target(f"{attribute} FROM {sensor}", '{"format": "frame"}')

    def sensors(self) -> Members:
        """All of them."""
        return self.variable("sensors")

    def attributes(self, kind: str, sensor: str) -> Members:
        """Those of one kind."""
        return self.variable(f"{kind}s({sensor})")

    def annotation(self, q: str) -> Members:
        """A target like any other."""
        return {"target": self._target(q, ref_id="Anno").to_json()}

    def variable(self, query: str) -> Members:
        """A variable's query."""
        return {"query": query, "format": "string", "refId": "variable"}


@dataclass(frozen=True, slots=True)
class SimpleJson:
    """simple-json posts query texts alone."""

    filters: bool = True
    apart: bool = True

    @property
    def source(self) -> DataSourceRef:
        """Its datasource."""
        return SIMPLE_JSON

    def _target(self, q: str, kind: str) -> Query:
        return Query({**_ref(SIMPLE_JSON), "target": q, "type": kind, "rawQuery": True})

    def series(self, q: str) -> Query:
        """A series for each sensor."""
        return self._target(q, "timeserie")

    def table(self, q: str) -> Query:
        """A table."""
        return self._target(q, "table")

    def states(self, attribute: str, sensor: str) -> Query:
        """The texts of one sensor."""
        return self._target(f"{attribute} AS value FROM {sensor}", "table")

    def sensors(self) -> str:
        """All of them."""
        return "sensors"

    def attributes(self, kind: str, sensor: str) -> str:
        """Those of one kind."""
        return f"{kind}s({sensor})"

    def annotation(self, q: str) -> Members:
        """A query beside the annotation's name."""
        return {"query": q}
