"""`grafana-sensor users`: who has a keyspace in the store."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, opened, read_settings, settings_options

EXAMPLES: Final = r"""
grafana-sensor users
grafana-sensor users --store sqlite:sensors --format json
"""


@click.command("users", cls=Command, short_help="List the users.", examples=EXAMPLES)
@settings_options("store")
@format_option
def command(store: str | None, form: str | None) -> None:
    """List the users, by name. Who can open the store may do this."""
    settings = read_settings({"store": store})
    from grafana_sensor.cli.tables import show
    from grafana_sensor.domain.series import Table, TableColumn

    with opened(settings) as database:
        show(Table((TableColumn("user", "text", database.get_users()),)), form)
