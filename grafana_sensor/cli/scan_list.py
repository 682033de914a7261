"""`grafana-sensor scan list`: the scans that there are."""

from __future__ import annotations

import time
from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, logged_in, read_settings, settings_options, user_options

EXAMPLES: Final = r"""
grafana-sensor scan list
grafana-sensor scan list 'dataset=efgh*&number=3' --format json
grafana-sensor scan list --scans redis://localhost:6379 --limit 20
"""


@click.command("list", cls=Command, short_help="List scans.", examples=EXAMPLES)
@click.argument("search", metavar="[FIELD=VALUE&...]", required=False)
@user_options
@click.option("--limit", type=click.IntRange(min=1), help="Only so many, the newest ones.  [default: all]")
@format_option
@settings_options("scans")
def command(
    search: str | None, *, user: str, password: str | None, limit: int | None, form: str | None, **given: object
) -> None:
    """List the scans, the newest first: all, or those whose fields are these.

    A FIELD is one of name, number, data_policy, session, proposal, collection, dataset and path. A VALUE is met whatever
    its case; `abc*`, `*abc` and `*abc*` are met by a part, `x|y` by either.
    """
    settings = read_settings(given)
    from grafana_sensor.cli.tables import show
    from grafana_sensor.service.scanlists import identity_of, scans
    from grafana_sensor.service.scanlooks import ScanLooks

    with logged_in(settings, user, password) as session:
        budget = session.settings.budget(time.monotonic)
        table = scans(ScanLooks(session), identity_of(search), budget, limit=limit, most=None)
    show(table, form)
    if table.next is not None:
        click.echo(f"note: more scans follow the newest {len(table):,}, which is the --limit", err=True)
