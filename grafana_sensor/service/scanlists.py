"""Tables of scans, of the streams of a scan, and of its positioners.

Law: scans go from the newest to the oldest, streams in the order in which they were made. A table is bounded, and what
is left out is told; pages lead through all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import BadRequest, ScanNotFoundError
from grafana_sensor.domain.scan import IDENTITY, Scan
from grafana_sensor.domain.series import ColumnKind, Table, TableColumn
from grafana_sensor.domain.shown import shown
from grafana_sensor.query.scannames import LAST, Listing, Selector, parse_selector
from grafana_sensor.service.scanlooks import ScanLooks, channel_text, kinds, last_value
from grafana_sensor.service.scanmemory import ScanRow, row_of

MOST_LISTED: Final = 1_000
"""Scans of a table that is not paged, the newest ones."""

_SCANS: Final[Mapping[str, ColumnKind]] = {
    "created": "time",
    "number": "integer",
    "name": "text",
    "title": "text",
    "state": "text",
    "start": "time",
    "end": "time",
    "end_reason": "text",
    "duration": "number",
    "npoints": "integer",
    **dict.fromkeys((name for name in IDENTITY if name not in ("name", "number")), "text"),
    "streams": "integer",
    "key": "text",
}
_STREAMS: Final[Mapping[str, ColumnKind]] = {
    "stream": "text",
    "kind": "text",
    "dtype": "text",
    "shape": "text",
    "points": "integer",
    "last": "number",
    "last_text": "text",
    "unit": "text",
    "title": "text",
    "sealed": "text",
}
_POSITIONERS: Final[Mapping[str, ColumnKind]] = {
    "positioner": "text",
    "start": "number",
    "end": "number",
    "start_dial": "number",
    "end_dial": "number",
    "unit": "text",
}


def listed(
    looks: ScanLooks, listing: Listing, budget: Budget, *, limit: int | None = None, cursor: str | None = None
) -> Table:
    """The table that is asked for; only scans are paged. Raises UnknownScan, and BadRequest where it can't be read."""
    if listing.word == "scans":
        return scans(looks, identity_of(listing.which), budget, limit=limit, cursor=cursor)
    scan = looks.newest(listing.which or LAST)
    if listing.word == "streams":
        budget.give(len(scan.streams))
        return _table(_STREAMS, [_stream(looks, scan, name) for name in scan.streams])
    rows = list(_positioners(scan))
    budget.give(len(rows))
    return _table(_POSITIONERS, rows)


def identity_of(which: str | None) -> Mapping[str, str | int]:
    """What scans are searched by. Raises BadRequest where the text is a scan and no search."""
    if which is None:
        return {}
    selector = parse_selector(which)
    if not selector.searches:
        raise BadRequest(f"scans are listed by what they have in common, as scans(dataset=efgh*): {shown(which)}")
    return selector.identity


def scans(
    looks: ScanLooks,
    identity: Mapping[str, str | int],
    budget: Budget,
    *,
    limit: int | None = None,
    cursor: str | None = None,
    most: int | None = MOST_LISTED,
) -> Table:
    """The scans whose identity meets all of these, the newest first.

    `limit`: at most so many, and `next` where more follow; `cursor`: the `next` of the page before. Without a limit
    the newest `most` (None: all), and a notice. Raises BadRequest for a cursor that is none, LimitError beyond the budget.
    """
    keys = looks.keys(Selector(f"scans {sorted(identity.items())}", identity=identity))
    if cursor is not None:
        if cursor not in keys:
            raise BadRequest("the cursor names no scan of this search any more: begin without one")
        keys = keys[keys.index(cursor) + 1 :]
    wanted = keys[: most if limit is None else limit]
    budget.give(len(wanted))
    rows = [_scan(row) for row in rows_of(looks, wanted, budget)]
    notices: tuple[str, ...] = ()
    following: str | None = None
    if len(keys) > len(wanted):
        following = wanted[-1]
        if limit is None:
            notices = (f"the newest {len(wanted):,} of {len(keys):,} scans: search by more, or page with limit",)
    return _table(_SCANS, rows, following if limit is not None else None, notices, {"duration": "s"})


def rows_of(looks: ScanLooks, keys: list[str], budget: Budget) -> Iterator[ScanRow]:
    """The rows of the scans that are still there, in this order."""
    rows, owner = looks.source.memory.rows, looks.source.user
    for key in keys:
        row = rows.get(owner, key)
        if row is None:
            budget.tick()
            with suppress(ScanNotFoundError):
                row = row_of(looks.load(key))
                rows.add(owner, row)
        if row is not None:
            yield row


def _scan(row: ScanRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "created": row.created,
        **row.identity,
        "title": row.title,
        "state": row.state.name,
        "start": row.start,
        "end": row.end,
        "end_reason": row.end_reason,
        "duration": row.seconds,
        "npoints": row.npoints,
        "streams": row.streams,
    }


def _stream(looks: ScanLooks, scan: Scan, name: str) -> dict[str, Any]:
    stream = scan.streams[name]
    last = last_value(looks.store, scan, name) if kinds(scan, name) else None
    return {
        "stream": name,
        "kind": stream.definition.kind,
        "dtype": stream.definition.dtype or None,
        "shape": ",".join(map(str, stream.definition.shape)) or None,
        "points": stream.length,
        "last": last if isinstance(last, float) else None,
        "last_text": last if isinstance(last, str) else None,
        "unit": channel_text(scan, name, "unit"),
        "title": channel_text(scan, name, "display_name"),
        "sealed": "yes" if stream.sealed else "no",
    }


def _positioners(scan: Scan) -> Iterator[dict[str, Any]]:
    """The positioners that the scan tells of, by name."""
    told = scan.info.get("positioners")
    told = told if isinstance(told, Mapping) else {}
    columns = {
        "start": "positioners_start",
        "end": "positioners_end",
        "start_dial": "positioners_dial_start",
        "end_dial": "positioners_dial_end",
        "unit": "positioners_units",
    }
    said = {column: part for column, name in columns.items() if isinstance(part := told.get(name), Mapping)}
    for name in sorted({str(each) for part in said.values() for each in part}):
        row = {column: part.get(name) for column, part in said.items()}
        numbers = {column: _number(value) for column, value in row.items() if column != "unit"}
        unit = row.get("unit")
        yield {"positioner": name, **numbers, "unit": unit if isinstance(unit, str) and unit else None}


def _number(value: object) -> float | None:
    real = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if real and value - value == 0 else None  # type: ignore[arg-type, operator]  # it is one


def _table(
    kinds: Mapping[str, ColumnKind],
    rows: list[dict[str, Any]],
    following: str | None = None,
    notices: tuple[str, ...] = (),
    units: Mapping[str, str] | None = None,
) -> Table:
    units = units or {}
    columns = [
        TableColumn(name, kind, [row.get(name) for row in rows], units.get(name)) for name, kind in kinds.items()
    ]
    return Table(tuple(columns), following, notices)
