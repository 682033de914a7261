"""Answers in values: series of points, and tables of columns.

Law: times are UTC µs; None is a missing value; every value of a column or series is of its one kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from grafana_sensor.domain.columns import Ints, Value

ColumnKind = Literal["time", "number", "integer", "text"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One series: `times`: int64[n], ascending; `values`: n of `kind`, or None.

    `tags`: `sensor` (where the series is of one) and `attribute`. `notices` are for the reader of the panel.
    `unit` and `title` are what the attribute's declaration makes of them: the unit of the values, and the name to
    show in place of `name`; None where it says nothing.
    """

    name: str
    times: Ints
    values: Sequence[Value | int | None]
    tags: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    kind: ColumnKind = "number"
    unit: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TableColumn:
    """A column: `time` holds UTC µs (ints), `integer` counts, the others numbers or texts; None is missing.

    `unit` and `title` as in a series.
    """

    name: str
    kind: ColumnKind
    values: Sequence[Any]
    unit: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of one length. `next` is the token of the following page, None where there is none."""

    columns: tuple[TableColumn, ...]
    next: str | None = None
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def rows(self) -> list[dict[str, Any]]:
        """The rows as mappings, each with all the columns' names."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in zip(*(c.values for c in self.columns), strict=True)]
