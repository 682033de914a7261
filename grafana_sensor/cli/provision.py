"""`grafana-sensor provision`: the files by which Grafana is set up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from grafana_sensor.cli.commands import FAILED, Command
from grafana_sensor.domain.errors import Unavailable

if TYPE_CHECKING:
    from types import ModuleType

EXAMPLES: Final = r"""
grafana-sensor provision --output grafana
grafana-sensor provision --output grafana --check
"""


@click.command("provision", cls=Command, short_help="Write Grafana's datasources and dashboards.", examples=EXAMPLES)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder in which provisioning/ and dashboards/ are.  [default: the current one]",
)
@click.option("--check", is_flag=True, help="Write nothing: say what differs, and fail where something does.")
def command(output: Path, check: bool) -> None:
    """Write Grafana's datasources, dashboards and alert rule as files, which Grafana reads when it starts.

    They are made from code; docs/provisioning.md says what to change where. It needs the extra `provision` of the
    package.
    """
    tree = _tree()
    if check:
        found = tree.differences(output)
        for line in found:
            click.echo(line)
        if found:
            sys.exit(FAILED)
        click.echo("nothing differs", err=True)
        return
    for name in tree.write(output):
        click.echo(output / name)


def _tree() -> ModuleType:
    try:
        from grafana_sensor.provision import tree
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("grafana_foundation_sdk", "yaml"):
            raise
        raise Unavailable(
            f"{package} is not installed: pip install 'grafana_sensor[provision]' brings what makes the files"
        ) from None
    return tree
