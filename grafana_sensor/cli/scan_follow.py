"""`grafana-sensor scan follow`: the points of a scan as they come.

Law: in a pipe each line is one of those that the HTTP route answers; on a terminal one table is drawn anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from grafana_sensor.cli import terminal
from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import logged_in, read_settings, settings_options, user_options

if TYPE_CHECKING:
    from grafana_sensor.domain.scan import Scan
    from grafana_sensor.ports import ScanStore
    from grafana_sensor.service.following import Event

EXAMPLES: Final = r"""
grafana-sensor scan follow
grafana-sensor scan follow --next --stream diode:current --stream mot:x
grafana-sensor scan follow 01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A | jq 'select(.stream == "diode:current").value'
"""

_WAIT: Final = 1.0
"""Seconds for which a scan is waited for before an interruption is looked for."""


@click.command("follow", cls=Command, short_help="Follow a scan as it runs.", examples=EXAMPLES)
@click.argument("which", metavar="[SCAN]", default="last")
@user_options
@click.option("--stream", "streams", multiple=True, metavar="NAME", help="Only this stream; may be repeated.")
@click.option(
    "--from", "start", type=click.IntRange(min=0), default=0, help="The index of the first point.  [default: 0]"
)
@click.option("--next", "coming", is_flag=True, help="Wait for the scan that begins next, and follow that one.")
@settings_options("scans", "follow_inactive")
def command(
    which: str,
    *,
    user: str,
    password: str | None,
    streams: tuple[str, ...],
    start: int,
    coming: bool,
    **given: object,
) -> None:
    """Follow a scan to its end: the last one, or SCAN, a key or FIELD=VALUE&....

    Every point of its streams is told once, in order: what was sent so far, then what comes. On a terminal a table has
    the last value of each stream; in a pipe each point is a line of JSON, and the last line says why it ends.
    """
    settings = read_settings(given)
    from grafana_sensor.service.following import Patience, follow
    from grafana_sensor.service.scanlooks import ScanLooks

    with logged_in(settings, user, password) as session:
        looks = ScanLooks(session)
        key = _coming(looks.store) if coming else looks.newest(which).key
        scan = _prepared(looks.store, key)
        names = list(streams) or [name for name, each in scan.streams.items() if each.definition.kind != "missing"]
        patience = Patience(time.monotonic, settings.follow_inactive, float("inf"))
        if names:
            events = follow(looks.store, key, names, start, patience)
            (_draw if terminal.is_written_to() else _print)(scan, events)
        else:
            click.echo(f"note: the scan {key} has no streams", err=True)


def _coming(store: ScanStore) -> str:
    """The key of the scan that begins next."""
    since = store.last_timetag()
    while not (found := store.created(since, 1)):
        store.wait_for_scan(since, _WAIT)
    return found[0][1]


def _prepared(store: ScanStore, key: str) -> Scan:
    """The scan, once its streams are known."""
    from grafana_sensor.domain.scan import ScanState

    while (scan := store.load(key)).state < ScanState.PREPARED:
        store.wait(scan, _WAIT)
    return scan


def _print(_: Scan, events: Iterator[Event]) -> None:
    from grafana_sensor.web.points import lines

    for line in lines(events, named=True):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def _draw(scan: Scan, events: Iterator[Event]) -> None:
    """A table of the streams, drawn anew as points come."""
    from rich.live import Live

    from grafana_sensor.query.streamvalues import plain
    from grafana_sensor.service.following import Ended, Sent, Trimmed

    rows: dict[str, tuple[int, Any, str]] = {}
    with Live(_table(scan, rows), refresh_per_second=8, get_renderable=lambda: _table(scan, rows)):
        for event in events:
            match event:
                case Sent(stream, points):
                    rows[stream] = points.start + len(points), plain(points)[-1], ""
                case Trimmed(stream, _, end):
                    rows[stream] = end, None, "trimmed"
                case Ended(reason, places, None):
                    last = reason
                case Ended(reason, places, stream) if stream is not None:
                    rows[stream] = places[stream], rows.get(stream, (0, None, ""))[1], reason
    click.echo(f"{last}: {scan.key}")


def _table(scan: Scan, rows: dict[str, tuple[int, Any, str]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from grafana_sensor.service.scanlooks import channel_text, scan_title

    drawing = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=scan_title(scan), title_justify="left")
    for name, justify in (("stream", "left"), ("points", "right"), ("last", "right"), ("unit", "left"), ("", "left")):
        drawing.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]  # a literal of these words
    for stream, (points, value, note) in rows.items():
        shown = "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)[:60]
        unit = channel_text(scan, stream, "unit") or ""
        drawing.add_row(*map(Text, (stream, f"{points:,}", shown, unit, note)))
    return drawing
