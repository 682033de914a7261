"""The dashboard *Server*: what the server counts of itself, by Prometheus.

Law: it names no metric that `GET /metrics` doesn't have; a counter is shown as a rate, since it begins anew with the server.
"""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana_sensor.provision.boards import board
from grafana_sensor.provision.datasources import PROMETHEUS
from grafana_sensor.provision.panels import bars, figure, lines

_SECONDS: Final = "grafana_sensor_request_seconds"
_RATE: Final = "[$__rate_interval]"

Question = tuple[str, str]
"""An expression, and how its series are called."""


def server() -> Dashboard:
    """The dashboard."""
    found = board("grafana-sensor-server", "Server", "server", "30s")
    for row in (_now(), _requests(), _records()):
        found.with_row(row)
    return found


def _now() -> Row:
    failed = f'sum(rate({_SECONDS}_count{{status=~"5.."}}{_RATE})) or vector(0)'
    return (
        Row("Now")
        .with_panel(_figure("Requests", f"sum(rate({_SECONDS}_count{_RATE}))", "reqps"))
        .with_panel(_figure("Failed by the server", failed, "reqps"))
        .with_panel(_figure("Records stored", f"sum(rate(grafana_sensor_ingested_records_total{_RATE}))", "cps"))
        .with_panel(_figure("Users with an open session", "sum(grafana_sensor_sessions)", "short"))
    )


def _requests() -> Row:
    within = f"sum by (le) (rate({_SECONDS}_bucket{_RATE}))"
    quantiles = [(f"histogram_quantile({share / 100}, {within})", f"p{share}") for share in (50, 95, 99)]
    slowest = f"histogram_quantile(0.95, sum by (le, route) (rate({_SECONDS}_bucket{_RATE})))"
    return (
        Row("Requests")
        .with_panel(_bars("By route", "reqps", (f"sum by (route) (rate({_SECONDS}_count{_RATE}))", "{{route}}")))
        .with_panel(_bars("By status", "reqps", (f"sum by (status) (rate({_SECONDS}_count{_RATE}))", "{{status}}")))
        .with_panel(_lines("How long they take", "s", *quantiles))
        .with_panel(_lines("How long 95 of 100 take, by route", "s", (slowest, "{{route}}")))
    )


def _records() -> Row:
    stored = [
        (f"sum(rate(grafana_sensor_ingested_records_total{_RATE}))", "records stored"),
        (f"sum(rate(grafana_sensor_rejected_records_total{_RATE}))", "records refused"),
        (f"sum(rate(grafana_sensor_repeated_posts_total{_RATE}))", "posts that were sent again"),
    ]
    answered = [
        (f"sum(rate(grafana_sensor_queries_total{_RATE}))", "queries"),
        (f"sum(rate(grafana_sensor_answered_rows_total{_RATE}))", "rows"),
    ]
    return (
        Row("Records and queries")
        .with_panel(_lines("Stored", "cps", *stored, width=8))
        .with_panel(_lines("Answered", "cps", *answered, width=8))
        .with_panel(
            _lines("Epochs sealed", "cps", (f"sum(rate(grafana_sensor_sealed_epochs_total{_RATE}))", "epochs"), width=8)
        )
    )


def _targets(*asked: Question) -> list[Dataquery]:
    found = []
    for letter, (expression, legend) in zip("ABCDEF", asked, strict=False):
        query = Dataquery().ref_id(letter).expr(expression).legend_format(legend).range()
        found.append(query.format(PromQueryFormat.TIME_SERIES).datasource(PROMETHEUS))
    return found


def _figure(title: str, expression: str, unit: str) -> stat.Panel:
    return figure(title, PROMETHEUS, _targets((expression, title)), "lastNotNull", width=6).unit(unit)


def _lines(title: str, unit: str, *asked: Question, width: int = 12) -> timeseries.Panel:
    return lines(title, PROMETHEUS, _targets(*asked), width=width).unit(unit)


def _bars(title: str, unit: str, *asked: Question, width: int = 12) -> timeseries.Panel:
    return bars(title, PROMETHEUS, _targets(*asked), width=width).unit(unit)
