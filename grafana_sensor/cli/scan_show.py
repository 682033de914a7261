"""`grafana-sensor scan show`: one scan and its streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

from grafana_sensor.cli import terminal
from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, logged_in, read_settings, settings_options, user_options

if TYPE_CHECKING:
    from grafana_sensor.domain.scan import Scan

EXAMPLES: Final = r"""
grafana-sensor scan show
grafana-sensor scan show 01JDJ4Y2Q3ZJ8V6T4W5X7Y8Z9A --format json
grafana-sensor scan show 'dataset=efgh*'
"""


@click.command("show", cls=Command, short_help="Show a scan and its streams.", examples=EXAMPLES)
@click.argument("which", metavar="[SCAN]", default="last")
@user_options
@format_option
@settings_options("scans")
def command(which: str, *, user: str, password: str | None, form: str | None, **given: object) -> None:
    """Show a scan and its streams with their last values: the last one, or SCAN, a key or FIELD=VALUE&....

    As JSON it is all that the scan says of itself, as CSV its streams.
    """
    settings = read_settings(given)
    from grafana_sensor.cli.tables import show
    from grafana_sensor.query.scannames import Listing
    from grafana_sensor.service.scanlists import listed
    from grafana_sensor.service.scanlooks import ScanLooks

    with logged_in(settings, user, password) as session:
        looks = ScanLooks(session)
        scan = looks.newest(which)
        table = listed(looks, Listing("streams", which), session.settings.budget(time.monotonic))
    if form == "json":
        import orjson

        from grafana_sensor.web.scan_bodies import described

        click.echo(orjson.dumps(described(scan), option=orjson.OPT_INDENT_2))
        return
    if form == "table" or (form is None and terminal.is_written_to()):
        click.echo(_head(scan))
    show(table, form)


def _head(scan: Scan) -> str:
    """What the scan is, a line each."""
    from grafana_sensor.web.scan_bodies import described

    told = described(scan)
    lines = {
        "key": scan.key,
        **{name: str(value) for name, value in scan.identity.items()},
        "title": told["info"].get("title"),
        "state": scan.state.name,
        "start": told["start"],
        "end": told["end"],
        "end_reason": told["info"].get("end_reason"),
    }
    return "\n".join(f"{name + ':':12} {text}" for name, text in lines.items() if text is not None)
