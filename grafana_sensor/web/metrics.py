"""What the server counts, for Prometheus.

Law: no label names a user, a sensor or an attribute, so the number of series is bounded by the routes. With several
processes (PROMETHEUS_MULTIPROC_DIR set before Python starts) each counts in files of its own, and a page is the sum.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from grafana_sensor.ports import Sealed

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN_ROUTE: Final = "none"

_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The counters of one app."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        self.requests = Histogram(
            "grafana_sensor_request_seconds",
            "Time that requests took, by route, method and status.",
            ("route", "method", "status"),
            registry=own,
            buckets=_SECONDS,
        )
        self.records = Counter("grafana_sensor_ingested_records", "Records stored.", registry=own)
        self.repeats = Counter("grafana_sensor_repeated_posts", "Posts that had been stored before.", registry=own)
        self.rejected = Counter("grafana_sensor_rejected_records", "Records refused.", registry=own)
        self.queries = Counter("grafana_sensor_queries", "Queries answered.", registry=own)
        self.rows = Counter("grafana_sensor_answered_rows", "Rows in the answers of queries.", registry=own)
        self.seals = Counter("grafana_sensor_sealed_epochs", "Epochs sealed.", registry=own)
        self.sessions = Gauge(
            "grafana_sensor_sessions", "Sessions in the cache.", registry=own, multiprocess_mode="livesum"
        )

    def observe(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` is the rule that it met, None where it met none."""
        self.requests.labels(route or UNKNOWN_ROUTE, method, str(status)).observe(seconds)

    def sealed(self, sealed: Sealed) -> None:
        """Count what a seal did; the sealer's report."""
        self.seals.inc(sealed.epochs)

    def page(self) -> bytes:
        """All counters in Prometheus' text format, over all processes."""
        if _FOLDER not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # comes without types
        return generate_latest(registry)
