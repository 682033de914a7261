"""`grafana-sensor attributes`: what records have values of."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, logged_in, read_settings, user_options

EXAMPLES: Final = r"""
grafana-sensor attributes
grafana-sensor attributes greenhouse-1 --format json
"""


@click.command("attributes", cls=Command, short_help="List the attributes.", examples=EXAMPLES)
@click.argument("sensor", required=False)
@user_options
@format_option
def command(sensor: str | None, store: str | None, user: str, password: str | None, form: str | None) -> None:
    """List the attributes of SENSOR, or of all records, by name.

    Each with its kind (number, text, or mixed where it holds both), how many records have it, and the unit and title
    that are declared of it.
    """
    settings = read_settings({"store": store})
    from grafana_sensor.cli.tables import listed, show
    from grafana_sensor.service import listings

    with logged_in(settings, user, password) as session:
        rows = listings.attributes(session, None if sensor is None else [sensor])
    show(listed(rows, attribute="text", kind="text", records="integer", unit="text", title="text"), form)
