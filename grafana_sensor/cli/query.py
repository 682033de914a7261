"""`grafana-sensor query`: an answer in rows."""

from __future__ import annotations

from typing import Final

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import format_option, logged_in, read_settings, settings_options, user_options

EXAMPLES: Final = r"""
grafana-sensor query 'AVG(temperature), MAX(temperature) BY sensor'
grafana-sensor query 'temperature FROM greenhouse-1 WHERE temperature > 30' --from now-7d
grafana-sensor query 'P95(humidity) BY sensor' --every 1d --format csv > humidity.csv
"""


@click.command("query", cls=Command, short_help="Answer a query in rows.", examples=EXAMPLES)
@click.argument("text", metavar="QUERY")
@user_options
@click.option("--from", "start", metavar="TIME", help="The first time that is in.  [default: the beginning]")
@click.option("--to", "end", metavar="TIME", help="The first time that is out.  [default: the end]")
@click.option("--every", metavar="DURATION", help="The width of buckets: 5m, 1h, 1d, auto or all.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first so many rows.  [default: all]")
@format_option
@settings_options("max_points", "max_values", "query_seconds")
def command(
    text: str,
    *,
    user: str,
    password: str | None,
    start: str | None,
    end: str | None,
    every: str | None,
    limit: int | None,
    form: str | None,
    **given: object,
) -> None:
    """Answer QUERY in rows, over the whole history where no time is said.

    QUERY is `PROJECTION, ... [FROM SENSOR, ...] [WHERE CONDITION AND ...] [BY sensor] [EVERY DURATION]`.

    A projection is an attribute, `*` for all, `CNT(*)`, or one of CNT AVG MAX MIN SUM FIRST LAST STDDEV P50 P99.9 (any
    percentile) of an attribute. A condition compares an attribute by `= != < <= > >= =~ !~`, or is `attribute IN (value,
    ...)` or `attribute EXISTS`. TIME is 2026-01-01, 2026-01-01T12:00:00Z, an epoch, or now-6h.
    """
    settings = read_settings(given)
    from grafana_sensor.cli.tables import show
    from grafana_sensor.service import answers

    with logged_in(settings, user, password) as session:
        question = answers.Question(text, every=every, start=start, end=end, limit=limit)
        table = answers.rows(session, question)
    show(table, form)
    if table.next is not None:
        click.echo(f"note: more rows follow the first {len(table):,}, which is the --limit", err=True)
