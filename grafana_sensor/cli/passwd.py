"""`grafana-sensor passwd`: another password for a user."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import opened, read_settings, settings_options
from grafana_sensor.cli.terminal import new_password

EXAMPLES: Final = r"""
grafana-sensor passwd alice
grafana-sensor passwd alice --password 'another secret'
"""


@click.command("passwd", cls=Command, short_help="Change a user's password.", examples=EXAMPLES)
@settings_options("store")
@click.argument("user")
@click.option("--password", help="The new password.")
def command(store: str | None, user: str, password: str | None) -> None:
    """Give USER a new password; servers refuse the old one within a second.

    Who can open the store may do this. The password is asked for on a terminal; else it is the first line of
    standard input.
    """
    settings = read_settings({"store": store})
    password = new_password(user) if password is None else password
    with opened(settings) as database:
        database.set_password(user, password)
    click.echo(f"the password of {user} is changed")
