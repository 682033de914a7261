"""`grafana-sensor serve`: the HTTP server."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import read_settings, settings_options
from grafana_sensor.cli.ports import free_port

EXAMPLES: Final = r"""
grafana-sensor serve --store sqlite:sensors
grafana-sensor serve --host 0.0.0.0 --port 8080 --workers 4 --open-registration
curl http://127.0.0.1:8000/health
"""


@click.command("serve", cls=Command, short_help="Answer over HTTP.", examples=EXAMPLES)
@settings_options()
def command(**given: object) -> None:
    """Answer over HTTP, by gunicorn, until interrupted.

    Users are registered by `grafana-sensor register`, or by anybody with --open-registration. Passwords go over the
    wire as they are: put a proxy with TLS in front where others can listen.
    """
    settings = read_settings(given)
    if settings.port:
        free_port(settings.host, settings.port)
    from grafana_sensor import bootstrap

    bootstrap.serve(settings)
