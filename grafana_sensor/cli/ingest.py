"""`grafana-sensor ingest`: files of records into the store.

Law: each block of a file is one post, whole or not at all, under a key drawn from what the block holds, its place in
the file and how it is read; so a second run, or one after an interruption, stores nothing twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import click

from grafana_sensor.cli import terminal
from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import logged_in, read_settings, settings_options, user_options
from grafana_sensor.domain.errors import BadRequest, Rejected, RejectedRecords, Unprocessable

if TYPE_CHECKING:
    from grafana_sensor.cli.blocks import Block
    from grafana_sensor.service.ingest import Incoming, Receipt
    from grafana_sensor.service.session import Session

OnError = Literal["reject", "skip"]

_PATH: Final = "ingest"
_SENSOR: Final = "sensor"


@dataclass(frozen=True, slots=True)
class Reading:
    """How records are read: their sensor, or the field that says it; the field of the time; what a bad one does."""

    sensor: str | None
    sensor_field: str | None
    time_field: str | None = None
    on_error: OnError = "reject"

    def incoming(self, block: Block, place: int) -> Incoming:
        """The post of a block, `place` blocks into its file.

        What a bad record does is not in its key: with "skip", what went in before stays in once.
        """
        from grafana_sensor.service.ingest import Incoming

        meaning = json.dumps([place, self.sensor, self.sensor_field, self.time_field]).encode()
        digest = hashlib.sha256(meaning + block.digest)
        return Incoming(
            block.records,
            sensor=self.sensor,
            sensor_field=self.sensor_field,
            time_field=self.time_field,
            key=f"{_PATH}-{digest.hexdigest()}",
            path=_PATH,
            digest=digest.digest(),
            on_error=self.on_error,
            form="columns" if isinstance(block.records, dict) else "records",
        )


@dataclass(slots=True)
class Tally:
    """What became of the records: stored now, stored by an earlier run, left out."""

    stored: int = 0
    before: int = 0
    skipped: int = 0

    def add(self, receipt: Receipt) -> None:
        """Count a block's."""
        if receipt.duplicate:
            self.before += receipt.accepted
        else:
            self.stored += receipt.accepted
        self.skipped += len(receipt.rejected)

    def __str__(self) -> str:
        text = f"{self.stored:,} records stored"
        text += f", {self.before:,} were stored before" if self.before else ""
        return text + (f", {self.skipped:,} left out" if self.skipped else "")


EXAMPLES: Final = r"""
grafana-sensor ingest --sensor greenhouse-1 readings.ndjson
grafana-sensor ingest --sensor-field origin --time-field time_hour weather-*.csv.gz
mosquitto_sub -t plant/7 -C 1000 | grafana-sensor ingest --sensor plant-7 --on-error skip
"""


@click.command("ingest", cls=Command, short_help="Store records from files or standard input.", examples=EXAMPLES)
@click.argument("files", nargs=-1)
@user_options
@click.option("--sensor", help="The sensor of all records.")
@click.option("--sensor-field", help="The field that names each record's sensor.  [default: sensor]")
@click.option("--time-field", help="The field of the time.  [default: time, timestamp, ts, datetime or date]")
@click.option(
    "--on-error",
    type=click.Choice(["reject", "skip"]),
    default="reject",
    show_default=True,
    help="A bad record: stop there, or leave it out and say so.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "ndjson", "csv"]),
    help="What the files hold.  [default: by the name's end, else by the first characters]",
)
@settings_options("max_nesting", "max_attributes", "max_name", "max_text")
def command(
    files: tuple[str, ...],
    *,
    user: str,
    password: str | None,
    sensor: str | None,
    sensor_field: str | None,
    time_field: str | None,
    on_error: OnError,
    form: Literal["json", "ndjson", "csv"] | None,
    **given: object,
) -> None:
    """Store the records of FILES, or of standard input: JSON (an object, or an array of them), NDJSON, or CSV with a
    header, each also packed by gzip.

    Records are stored in blocks of 10,000, each whole or not at all. A second run of the same files, after an
    interruption too, stores nothing twice; it is the content that counts, not the file's name. A file that has grown
    or was corrected is other content from the first block on that changed: give only what is new.

    A bad record is named with its file and line. It stops the run, with the blocks before it stored, or is left out
    with --on-error skip. In CSV an empty cell, NA, NaN and null are missing.
    """
    settings = read_settings(given)
    if sensor is not None and sensor_field is not None:
        raise click.UsageError("--sensor and --sensor-field are both given: the sensor is said by one of them")
    if not files and terminal.is_read_from():
        raise click.UsageError("nothing to read: name files, or pipe records in")
    if files.count("-") > 1:
        raise click.UsageError("standard input, -, is named more than once")
    field = (sensor_field or _SENSOR) if sensor is None else None
    tally = Tally()
    try:
        with logged_in(settings, user, password) as session:
            for receipt in ingest(session, files or ("-",), Reading(sensor, field, time_field, on_error), form):
                tally.add(receipt)
    finally:
        click.echo(str(tally))


def ingest(
    session: Session, files: tuple[str, ...], reading: Reading, form: Literal["json", "ndjson", "csv"] | None = None
) -> Iterator[Receipt]:
    """Store the files, block by block, with a progress bar on a terminal; a receipt of each.

    Names bad records, by file and line, on standard error. Raises NotFound and BadRequest for a file that can't be
    read, and Unprocessable, with the blocks before stored, for one with a bad record where those aren't skipped.
    """
    from grafana_sensor.cli import sources
    from grafana_sensor.cli.blocks import blocks

    done = 0
    with terminal.progress("ingest", sources.size(files), octets=True) as advance:
        for path in files:
            with sources.opened(path, form) as source:
                for place, block in enumerate(_named(source.name, blocks(source.stream, source.format))):
                    yield _store(session, reading, source.name, block, place)
                    advance(done + source.read())
                done += source.read()


def _named(name: str, found: Iterator[Block]) -> Iterator[Block]:
    """The blocks; what is wrong with the file is told with its name."""
    try:
        yield from found
    except BadRequest as error:
        raise BadRequest(f"{name}, {error.message}") from None


def _store(session: Session, reading: Reading, name: str, block: Block, place: int) -> Receipt:
    try:
        receipt = session.ingest(reading.incoming(block, place))
    except RejectedRecords as error:
        _tell(name, block, error.rejected)
        if reading.on_error == "skip" and len(error.rejected) == len(block.lines):
            return _nothing(error.rejected)
        count = f"{len(error.rejected):,} of the records" if len(error.rejected) > 1 else "a record"
        raise Unprocessable(
            f"{name}: {count} from line {block.lines[0]:,} to {block.lines[-1]:,} can't be stored, so none of these is"
            " (what stands before them is): correct the file, or leave bad records out by --on-error skip"
        ) from None
    if not receipt.duplicate:
        _tell(name, block, receipt.rejected)
    return receipt


def _tell(name: str, block: Block, rejected: tuple[Rejected, ...]) -> None:
    for each in rejected:
        click.echo(f"{name}, line {block.lines[each.index]}: {each.message}", err=True)


def _nothing(rejected: tuple[Rejected, ...]) -> Receipt:
    """What became of a block that has no good record."""
    from grafana_sensor.service.ingest import Receipt

    return Receipt(0, "", rejected=rejected)
