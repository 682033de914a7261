"""`grafana-sensor import-classic`: from the classic layout into another store.

Law: the source is only read. Each block of records is stored whole or not at all, and never twice, however often a run
was interrupted; a run ends well only where each record was seen in the store, equal to what it was.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import opened, read_settings, settings_options
from grafana_sensor.cli.terminal import progress
from grafana_sensor.domain.errors import BadRequest, NotFound
from grafana_sensor.settings import PREFIX

if TYPE_CHECKING:
    from grafana_sensor.service.database import Database

EXAMPLES: Final = r"""
grafana-sensor import-classic --from 'cassandra://node1/?layout=classic&prefix=old' --store cassandra://node1/
grafana-sensor import-classic --from 'cassandra://node1/?layout=classic' --store sqlite:sensors --user alice
"""
_SHOWN: Final = 20
"""Differences that are told one by one."""


@click.command(
    "import-classic", cls=Command, short_help="Move classic keyspaces into another store.", examples=EXAMPLES
)
@click.option(
    "--from",
    "source",
    required=True,
    envvar=PREFIX + "FROM",
    show_envvar=True,
    help="The store to move from: cassandra://HOST/?layout=classic, and whatever else it takes.",
)
@settings_options("store")
@click.option("--user", "users", multiple=True, help="Only this user's keyspace; may be repeated.  [default: all]")
def command(source: str, store: str | None, users: tuple[str, ...]) -> None:
    """Move the records of users, and what they declared, from a store in the classic layout into another store.

    Users must be registered there: passwords aren't moved. Let nobody post to the old store meanwhile. Records keep their
    ids, and the old store keeps all it has.

    An interrupted run is begun again by the same command, and stores nothing twice. At the end each record is compared
    with what it became, and a difference is told, with 1 as the exit code. Who can open both stores may do this.
    """
    settings = read_settings({"store": store})
    if settings.store == source:
        raise click.UsageError("--from and --store are the same store")
    wrong = 0
    with opened(replace(settings, store=source)) as old, opened(settings) as new:
        asked = users or tuple(old.get_users())
        for user in sorted({*asked} - {*new.get_users()}):
            raise NotFound(f"there is no user {user!r} in the store to move into: register them there first")
        for user in asked:
            wrong += moved(old, new, user)
    if wrong:
        sys.exit(1)


def moved(old: Database, new: Database, user: str) -> int:
    """Move a user's records and compare them, with progress bars on a terminal; how many are missing or others."""
    from grafana_sensor.service import moving

    with old.open_as_administrator(user) as source, new.open_as_administrator(user) as target:
        if not target.store.able.seals:
            raise BadRequest(
                f"in the store to move into {user!r} is in the classic layout too, or it is the same store: name another"
                " one, on the same cluster by another prefix"
            )
        total = moving.count(source.store)
        with progress(f"moving {user}", total) as advance:
            done = moving.move(source.store, target.store, target.clock, advance)
            target.seal()
        wrong = 0
        with progress(f"comparing {user}", total) as advance:
            for wrong, difference in enumerate(moving.differences(source.store, target.store, advance), start=1):
                if wrong <= _SHOWN:
                    click.echo(f"{user}: {difference}", err=True)
    before = f", {done.before:,} were moved before" if done.before else ""
    seen = f"{wrong:,} differ" if wrong else "all are equal there"
    click.echo(f"{user}: {done.stored:,} records moved{before}; {seen}")
    return wrong
