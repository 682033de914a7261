"""`grafana-sensor scan`: what is done with scans, a command each."""

from __future__ import annotations

import click

from grafana_sensor.cli import scan_record
from grafana_sensor.cli.commands import Group


@click.group("scan", cls=Group, short_help="Scans: record them.")
def command() -> None:
    """Scans: experiments that run, with streams of points."""


for _command in (scan_record,):
    command.add_command(_command.command)
