"""What CSV means here, wherever it is read: which cells are no value, and what its header must be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

MISSING: Final = frozenset({"", "NA", "NaN", "null"})
"""The cells that are no value."""


def check_header(names: Sequence[str]) -> None:
    """Raises BadRequest where a column has no name or the name of another."""
    seen: set[str] = set()
    for place, name in enumerate(names, start=1):
        if not name:
            raise BadRequest(f"column {place} of the CSV has no name; the first line names every column")
        if name in seen:
            raise BadRequest(f"column {place} of the CSV repeats the name {shown(name)}; names are different")
        seen.add(name)


def check_width(cells: Sequence[str], names: Sequence[str]) -> None:
    """Raises BadRequest where a line has more or fewer cells than its header."""
    if len(cells) != len(names):
        raise BadRequest(f"{len(cells)} cells, but the header names {len(names)} columns")
