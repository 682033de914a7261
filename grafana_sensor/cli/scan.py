"""`grafana-sensor scan`: what is done with scans, a command each."""

from __future__ import annotations

import click

from grafana_sensor.cli import scan_follow, scan_list, scan_record, scan_show
from grafana_sensor.cli.commands import Group


@click.group("scan", cls=Group, short_help="List, show, follow or record scans.")
def command() -> None:
    """Scans: experiments that run, with streams of points."""


for _command in (scan_list, scan_show, scan_follow, scan_record):
    command.add_command(_command.command)
