"""What the page shows to a user: the sensors, what is asked at first, and the answer as a table.

Law: the page opens on the range of the data itself: on all of a history that has ended, on the last hours of one that
goes on. A wrong question is shown with what is wrong about it, at its place. Times are UTC µs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grafana_sensor.domain.columns import Value
from grafana_sensor.domain.errors import Error, Unprocessable
from grafana_sensor.domain.numbers import value_text
from grafana_sensor.domain.series import ColumnKind, Table
from grafana_sensor.domain.timestamps import to_iso
from grafana_sensor.query.aggregates import AGGREGATES
from grafana_sensor.query.written import written_name
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.overview import PAGE, Overview, Tile, overview
from grafana_sensor.service.session import Session
from grafana_sensor.service.variables import PERCENTILES
from grafana_sensor.web import page_units
from grafana_sensor.web.contract.options import STEPS
from grafana_sensor.web.moments import instant

ROWS: Final = 100
"""Rows of the table at once."""
LIVE: Final = 900_000_000
"""A sensor is live whose last record is at most so old, in µs."""
TOGETHER: Final = 6
"""Sensors that are drawn together at first, at most."""

_SECOND: Final = 1_000_000
_AROUND: Final = 1_800 * _SECOND
"""What is shown before and after records that lie closer together than twice that."""
_HOUR: Final = 3_600 * _SECOND
_LONGEST: Final = 24
"""Hours of live data that are shown at first, at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page asks: a query text and the range, as a reader would write them."""

    q: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to be shown: a table with its cells as texts, or what is wrong, and where in the text."""

    columns: tuple[Mapping[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    next: str | None = None
    error: str = ""
    position: int | None = None


def context(session: Session, args: Mapping[str, str], now: int) -> dict[str, Any]:
    """Everything that the page is made of; `args` are what its address says."""
    shown = sensors(session, args, now)
    first = opening(shown["overview"], now)
    asked = Asked(args.get("q", first.q), args.get("from", first.start), args.get("to", first.end))
    result = _result(session, asked, args.get("cursor"), now) if "q" in args else None
    constants = {
        "units": page_units.SYMBOLS,
        "aggregates": [*AGGREGATES, *PERCENTILES],
        "steps": STEPS,
        "rows": ROWS,
    }
    return {**shown, "asked": asked, "opening": first, "result": result, "constants": constants}


def sensors(session: Session, args: Mapping[str, str], now: int) -> dict[str, Any]:
    """The tiles of one page of sensors, and what writes them."""
    find = args.get("find", "")
    page = int(text) if (text := args.get("page", "")).isdecimal() and len(text) < 7 else 0
    trouble = ""
    try:
        shown = overview(session, find, page)
    except Unprocessable as error:  # a limit bites: the rest of the page works all the same
        shown, trouble = Overview((), 0, 0), error.message
    return {
        "overview": shown,
        "trouble": trouble,
        "find": find,
        "page": page,
        "size": PAGE,
        "now": now,
        "live": LIVE,
        "units": page_units,
        "ask": ask,
        "link": link,
    }


def ask(tile: Tile, attribute: str, now: int) -> Asked:
    """What shows the course of one attribute of a sensor."""
    return Asked(f"{written_name(attribute)} FROM {written_name(tile.sensor)}", *_range(tile.first, tile.last, now))


def link(asked: Asked) -> dict[str, str]:
    """The names of the page's address that ask this."""
    return {"q": asked.q, "from": asked.start, "to": asked.end}


def opening(shown: Overview, now: int) -> Asked:
    """What is asked before anything is asked: the sensor that sent last, and its likes beside it."""
    some = [tile for tile in shown.tiles if tile.latest and tile.points]
    numbers = [tile for tile in some if tile.latest[0].kind != "text"] or some
    drawn = [tile for tile in numbers if page_units.spark(tile.points)] or numbers
    if not drawn:
        return Asked(start="now-24h", end="now")
    newest = max(drawn, key=lambda tile: tile.last or 0)
    main = newest.latest[0].attribute
    others = [
        tile
        for tile in drawn
        if tile is not newest
        and tile.latest[0].attribute == main
        and _live(tile, now) == _live(newest, now)
        and (tile.last or 0) >= (newest.first or 0)
    ]
    alike = sorted([newest, *others[: TOGETHER - 1]], key=lambda tile: tile.sensor)
    names = ", ".join(written_name(tile.sensor) for tile in alike)
    text = f"AVG({written_name(main)}) FROM {names}"
    if newest.latest[0].kind == "text":
        text = f"{written_name(main)} FROM {names}"
    first, last = min(tile.first or 0 for tile in alike), max(tile.last or 0 for tile in alike)
    return Asked(text, *_range(first, last, now))


def _live(tile: Tile, now: int) -> bool:
    return tile.last is not None and now - tile.last <= LIVE


def _range(first: int | None, last: int | None, now: int) -> tuple[str, str]:
    """The range that shows records from `first` to `last`."""
    if first is None or last is None:
        return "now-24h", "now"
    if 0 <= now - last <= LIVE:
        return f"now-{min(max(-((first - now) // _HOUR), 1), _LONGEST)}h", "now"
    if last - first < 2 * _AROUND:
        first, last = first - _AROUND, last + _AROUND
    return to_iso(first - first % _SECOND), to_iso(last - last % _SECOND + _SECOND)


def _result(session: Session, asked: Asked, cursor: str | None, now: int) -> Result:
    try:
        start, end = instant("from", asked.start, now), instant("to", asked.end, now)
        question = Question(q=asked.q, start=start, end=end, limit=ROWS, cursor=cursor or None)
        return _written(answers.rows(session, question))
    except Error as error:
        return Result(error=error.message, position=error.position)


def _written(table: Table) -> Result:
    columns = tuple(
        {"name": column.name, "kind": column.kind, "unit": page_units.symbol(column.unit)} for column in table.columns
    )
    cells = [[_cell(value, column.kind) for value in column.values] for column in table.columns]
    return Result(columns, tuple(zip(*cells, strict=True)), table.next)


def _cell(value: Value | int | None, kind: ColumnKind) -> str:
    """A cell as the scripts write it too: nothing where it is missing, numbers as JSON has them."""
    if value is None:
        return ""
    return to_iso(int(value)) if kind == "time" else value_text(value)
