"""A query's results as a table of text, for a look at them.

Law: whatever the results hold, a line is a line: what can't be printed is shown escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def drawn(results: object) -> str:
    """The lines of a table: of rows, of a mapping by its names, else of one value. Numbers stand on the right.

    >>> print(drawn([{"sensor": "hall", "t": 21.5}, {"sensor": "roof", "t": None}]))
    sensor     t
    ------  ----
    hall    21.5
    roof
    """
    if isinstance(results, Mapping):
        rows: list[Mapping[str, Any]] = [results]
    elif isinstance(results, (list, tuple)) and all(isinstance(row, Mapping) for row in results):
        rows = list(results)
    else:
        return _cell(results)
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return "(no rows)"
    right = [all(isinstance(row.get(name), (int, float, type(None))) for row in rows) for name in names]
    lines = [[_cell(name) for name in names], *([_cell(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_line(line, widths, right) for line in lines)


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = (
        cell.rjust(width) if at_right else cell.ljust(width)
        for cell, width, at_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
