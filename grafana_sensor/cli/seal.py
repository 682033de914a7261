"""`grafana-sensor seal`: batches into chunks, now."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import opened, read_settings, settings_options
from grafana_sensor.cli.terminal import progress

EXAMPLES: Final = r"""
grafana-sensor seal
grafana-sensor seal --user alice
"""


@click.command("seal", cls=Command, short_help="Turn batches into chunks, now.", examples=EXAMPLES)
@settings_options("store")
@click.option("--user", "users", multiple=True, help="Only this user's keyspace; may be repeated.  [default: all]")
def command(store: str | None, users: tuple[str, ...]) -> None:
    """Turn what was stored in small batches into chunks with summaries, so that it is answered fast.

    Servers do so by themselves, in the background; no answer depends on it. Who can open the store may do this.
    """
    settings = read_settings({"store": store})
    epochs = records = lost = 0
    with opened(settings) as database:
        for user in users or database.get_users():
            with database.open_as_administrator(user) as session:
                backlog = session.store.backlog()
                with progress(f"sealing {user}", len(backlog)) as advance:
                    for done, each in enumerate(backlog, start=1):
                        sealed = session.store.seal([each], session.clock())
                        epochs, records, lost = epochs + sealed.epochs, records + sealed.records, lost + sealed.lost
                        advance(done)
    click.echo(f"{records:,} records sealed, in {epochs:,} epochs of sensors")
    if lost:
        click.echo(f"note: {lost:,} epochs are left to another process, which is sealing them", err=True)
