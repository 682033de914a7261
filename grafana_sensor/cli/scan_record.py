"""`grafana-sensor scan record`: lines of a pipe or a file as a scan.

Law: what has come is stored at once, and the scan ends as the lines do: by SUCCESS at their end, by USER_ABORT when the
command is interrupted, by FAILURE when a line can't be recorded.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from grafana_sensor.cli import terminal
from grafana_sensor.cli.commands import FAILED, Command
from grafana_sensor.cli.options import logged_in, read_settings, user_options
from grafana_sensor.domain.errors import BadRequest, Error, NotFound

if TYPE_CHECKING:
    from grafana_sensor.service.producing import ProducedScan
    from grafana_sensor.service.scanlines import Form, Line, ScanLines

EXAMPLES: Final = r"""
grafana-sensor scan record --name ascan --number 7 --dataset sample1 --unit temperature=celsius run7.csv
mosquitto_sub -t lab/laser | grafana-sensor scan record --name laser --clock
python measure.py | grafana-sensor scan record --name ramp --info 'title=ramp to 900 K' --info operator=ada
"""

_PIECE: Final = 2**16
_GZIP: Final = b"\x1f\x8b"
_FIELDS: Final = ("data_policy", "session", "proposal", "collection", "dataset", "path")


class Pieces(Protocol):
    """What lines are read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""


@click.command("record", cls=Command, short_help="Record lines from a pipe or a file as a scan.", examples=EXAMPLES)
@click.argument("file", default="-")
@user_options
@click.option("--name", required=True, help="The scan's name.")
@click.option("--number", type=int, default=1, show_default=True, help="The scan's number.")
@click.option("--data-policy", default="none", show_default=True, help="The scan's data policy.")
@click.option("--session", help="The scan's session.")
@click.option("--proposal", help="The scan's proposal.")
@click.option("--collection", help="The scan's collection.")
@click.option("--dataset", help="The scan's dataset.")
@click.option("--path", help="The scan's path.")
@click.option("--info", "infos", multiple=True, metavar="KEY=VALUE", help="What else is known; a value may be JSON.")
@click.option("--unit", "units", multiple=True, metavar="STREAM=UNIT", help="A stream's unit.")
@click.option("--clock", is_flag=True, help="Record as `time` when each line came.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["ndjson", "csv"]),
    help="What the lines are.  [default: as the first one looks]",
)
def command(
    file: str,
    *,
    user: str,
    password: str | None,
    infos: tuple[str, ...],
    units: tuple[str, ...],
    clock: bool,
    form: Form | None,
    **given: Any,
) -> None:
    """Record the lines of FILE, or of standard input, as a scan: JSON objects, or CSV with a header; also packed by gzip.

    Each line is one point of every stream, and is stored as soon as it comes. The first one says which streams there are:
    a number each, a list of numbers, or any JSON; fields of objects within are joined by `_`. A time (of the first of the
    fields time, timestamp, ts, datetime, date that is one) becomes the stream `time`, in Unix seconds.

    The scan's key is printed first. It is closed at the end of the lines, and also when a line can't be recorded or the
    command is interrupted; its end_reason says which.
    """
    settings = read_settings(given)
    said = {key: _value(value) for key, value in _pairs("--info", infos).items()}
    if file == "-" and terminal.is_read_from():
        raise click.UsageError("nothing to record: name a file, or pipe lines in")
    from grafana_sensor.service.producing import ProducedScan
    from grafana_sensor.service.scanlines import ScanLines

    identity = {name: given[name] for name in ("name", "number", *_FIELDS) if given[name] is not None}
    reader = ScanLines(form, _pairs("--unit", units))
    with logged_in(settings, user, password) as session, _opened(file) as stream:
        scan = ProducedScan(session.store.scans(), identity, said, session.clock)
        click.echo(scan.key)
        sys.stdout.flush()
        count, reason = 0, "FAILURE"
        try:
            for lines in _batches(stream):
                count += _record(scan, reader, lines, session.clock() if clock else None)
                if reader.wrong is not None:
                    raise reader.wrong
            reason = "SUCCESS"
        except KeyboardInterrupt:
            reason = "USER_ABORT"
        finally:
            _end(scan, reason)
            click.echo(f"{count:,} points of {len(scan.streams)} streams: {reason}", err=True)
        if reason == "USER_ABORT":
            sys.exit(FAILED)


def _record(scan: ProducedScan, reader: ScanLines, lines: list[Line], now: int | None) -> int:
    """Send the lines to the scan; how many points they are."""
    columns = reader.read(lines, now)
    if not columns:
        return 0
    if not scan.streams:
        for each in reader.definitions.values():
            scan.create_stream(each)
        scan.prepare()
        scan.start()
    for name, values in columns.items():
        scan.streams[name].send(values)
    return len(next(iter(columns.values())))


def _end(scan: ProducedScan, reason: str) -> None:
    """Close the scan with all that was recorded; an error that ends it already goes first."""
    scan.info["end_reason"] = reason
    failing = sys.exc_info()[1] is not None
    try:
        scan.close()
    except Error as error:
        if not failing:
            raise
        click.echo(f"the scan could not be closed: {error}", err=True)


def _batches(stream: Pieces) -> Iterator[list[Line]]:
    """The lines as they come: those that are there, without waiting for more."""
    number, rest = 1, b""
    read = getattr(stream, "read1", None) or stream.read
    while piece := read(_PIECE):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            lines = whole.split(b"\n")
            yield list(enumerate(lines, number))
            number += len(lines)
    if rest:
        yield [(number, rest)]


@contextmanager
def _opened(file: str) -> Iterator[Pieces]:
    """The file's bytes, unpacked; SIGTERM interrupts meanwhile as Ctrl-C does."""
    import gzip

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        if file == "-":
            yield sys.stdin.buffer
            return
        with Path(file).open("rb") as stream:
            if stream.peek(len(_GZIP))[: len(_GZIP)] != _GZIP:
                yield stream
                return
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield unpacked
    except FileNotFoundError:
        raise NotFound(f"there is no file {file!r}") from None
    except (EOFError, OSError) as error:
        if isinstance(error, Error):
            raise
        raise BadRequest(f"{file} can't be read: {error}") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _pairs(flag: str, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in given:
        name, mark, value = each.partition("=")
        if not mark or not name:
            raise click.UsageError(f"{flag} {each!r} is no pair of a name and a value: write NAME=VALUE")
        found[name] = value
    return found


def _value(text: str) -> Any:
    """The JSON that a text is, else the text."""
    from grafana_sensor.domain.jsontext import loads

    try:
        return loads(text)
    except Error:
        return text
