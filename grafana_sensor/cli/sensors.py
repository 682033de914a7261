"""`grafana-sensor sensors`: what sends records."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, logged_in, read_settings, user_options

EXAMPLES: Final = r"""
grafana-sensor sensors
grafana-sensor sensors --format json
"""


@click.command("sensors", cls=Command, short_help="List the sensors.", examples=EXAMPLES)
@user_options
@format_option
def command(store: str | None, user: str, password: str | None, form: str | None) -> None:
    """List the sensors by name: how many attributes and records they have, and the times of the first and last."""
    settings = read_settings({"store": store})
    from grafana_sensor.cli.tables import listed, show
    from grafana_sensor.service import listings

    with logged_in(settings, user, password) as session:
        rows = listings.sensors(session)
    show(listed(rows, sensor="text", attributes="integer", records="integer", first="time", last="time"), form)
