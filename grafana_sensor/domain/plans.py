"""What is asked, in values: the parsed query, and the request that a store answers.

Law: times are UTC µs, ranges are half-open [start, end).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from grafana_sensor.domain.columns import Ints
from grafana_sensor.domain.conditions import Condition

EVERYTHING: Final = "*"
"""The projection of all attributes; in an aggregate, of the records themselves."""

BEGINNING: Final = -2_208_988_800_000_000
"""1900-01-01, the first time that a record can have."""
FOREVER: Final = 7_258_118_400_000_000
"""2200-01-01, the end of times."""

Every = int | Literal["auto", "all"]
"""The width of buckets in µs; `auto` by the ladder, `all` one value over the range."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a query text, and its 0-based offset there (None where it came by another way)."""

    text: str
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Projection:
    """`attribute`, `*`, `AGG(attribute)` or `CNT(*)`, with its AS name.

    `aggregate` is None (raw) or one of CNT AVG MAX MIN SUM FIRST LAST STDDEV, or P followed by a number of
    0 to 100 as it was written: `P50`, `P99.9`. `text` is the projection as it was written, without AS, at
    `position`; `named_at` is where the attribute's name stands.
    """

    attribute: str
    aggregate: str | None = None
    alias: str | None = None
    text: str = field(default="", compare=False)
    position: int | None = field(default=None, compare=False)
    named_at: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query text; names are not looked up yet.

    `sensors` None: the whole of the user's data answers. `every` None: not said.
    Conditions on `time` still hold the texts that were written.
    """

    projections: tuple[Projection, ...]
    sensors: tuple[Name, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    by_sensor: bool = False
    every: Every | None = None


class Need(enum.Flag):
    """What of a summary is wanted; the rest may be left out."""

    COUNT = enum.auto()
    """How many numbers, how many texts."""
    SUM = enum.auto()
    SQUARES = enum.auto()
    EXTREMES = enum.auto()
    """The smallest and the largest number."""
    ENDS = enum.auto()
    """The first and the last number, by (time, record id)."""
    VALUES = enum.auto()
    """All the numbers themselves."""
    TEXTS = enum.auto()
    """The smallest, largest, first and last text."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What a store is to summarise or to list of one sensor.

    `wants`: the attributes, each with what of its summary is needed; EVERYTHING counts the records,
    and with Need.ENDS gives the times of the first and the last.
    `edges`: int64[b + 1], ascending: bucket i is [edges[i], edges[i + 1]); the range is
    [edges[0], edges[b]). Only records that pass all conditions count.
    """

    wants: Mapping[str, Need]
    conditions: tuple[Condition, ...]
    edges: Ints
