"""`grafana-sensor register`: a new user."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import opened, read_settings, settings_options
from grafana_sensor.cli.terminal import new_password
from grafana_sensor.settings import PREFIX

EXAMPLES: Final = r"""
grafana-sensor register alice
grafana-sensor register alice --password secret
head -c 18 /dev/urandom | base64 | tee alice.password | grafana-sensor register alice
"""


@click.command("register", cls=Command, short_help="Register a user.", examples=EXAMPLES)
@settings_options("store")
@click.argument("user")
@click.option("--password", envvar=PREFIX + "PASSWORD", show_envvar=True, help="Their password.")
def command(store: str | None, user: str, password: str | None) -> None:
    """Register USER, with a keyspace of their own.

    The password is asked for on a terminal; else it is the first line of standard input.
    """
    settings = read_settings({"store": store})
    password = new_password(user) if password is None else password
    with opened(settings) as database:
        database.register(user, password)
    click.echo(f"{user} is registered")
