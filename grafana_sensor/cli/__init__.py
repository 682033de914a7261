"""The command line: one command a file.

Law: a command takes the same road as the routes, from the service on. It exits with 0; with 1 where it failed, after
`error: ` and the message on standard error; with 2 where it was called wrongly. What it prints is for a reader on a
terminal and for a program in a pipe. Importing this loads no more than `--help` needs.
"""

from __future__ import annotations

import click

from grafana_sensor.cli import (
    attributes,
    check,
    demo,
    import_classic,
    ingest,
    mqtt,
    passwd,
    provision,
    query,
    register,
    scan,
    seal,
    sensors,
    serve,
    users,
)
from grafana_sensor.cli.commands import Commands
from grafana_sensor.version import __version__


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grafana-sensor")
def main() -> None:
    """Sensors' JSON in, exact ranges and aggregates out: for Grafana, for scripts and for people.

    The store and the user can stand in the environment: GRAFANA_SENSOR_STORE, GRAFANA_SENSOR_USER,
    GRAFANA_SENSOR_PASSWORD. `grafana-sensor COMMAND --help` has examples of each command.
    """


for _command in (
    serve,
    demo,
    register,
    passwd,
    ingest,
    mqtt,
    query,
    sensors,
    attributes,
    users,
    seal,
    check,
    scan,
    import_classic,
    provision,
):
    main.add_command(_command.command)
