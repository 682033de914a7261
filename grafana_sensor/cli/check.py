"""`grafana-sensor check`: is a keyspace whole?"""

from __future__ import annotations

import sys
from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import opened, read_settings, settings_options

EXAMPLES: Final = r"""
grafana-sensor check
grafana-sensor check --user alice
"""


@click.command("check", cls=Command, short_help="Verify what is stored.", examples=EXAMPLES)
@settings_options("store")
@click.option("--user", "users", multiple=True, help="Only this user's keyspace; may be repeated.  [default: all]")
def command(store: str | None, users: tuple[str, ...]) -> None:
    """Verify every summary and rollup against the data beneath it.

    Prints a line for each fault, and exits with 1 where there is one. Servers may run meanwhile. Who can open the
    store may do this.
    """
    settings = read_settings({"store": store})
    faults = 0
    with opened(settings) as database:
        asked = users or tuple(database.get_users())
        for user in asked:
            with database.open_as_administrator(user) as session:
                for fault in session.store.check():
                    faults += 1
                    click.echo(f"{user}: {fault}")
    click.echo(f"{len(asked):,} keyspaces checked, {faults:,} faults", err=True)
    if faults:
        sys.exit(1)
