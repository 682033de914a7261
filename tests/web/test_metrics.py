"""What is counted, in one process and over several."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from flask.testing import FlaskClient

from grafana_sensor.ports import Sealed
from grafana_sensor.web.metrics import Metrics
from tests.web.conftest import ALICE, RECORDS, Make, basic


def counted(page: str) -> dict[str, float]:
    """The samples of a page by name and labels, those of zero and the buckets aside."""
    samples = re.findall(r"^(grafana_sensor_[^ ]+) (\S+)$", page, re.MULTILINE)
    return {name: float(value) for name, value in samples if "_bucket" not in name and "_created" not in name}


def test_requests_records_and_queries_are_counted(client: FlaskClient) -> None:
    """Requests by route, method and status, records, queries with their rows, and sessions are counted."""
    client.get("/api/v1/query?q=temperature&sensor=lab.s2", headers=ALICE)
    client.get("/api/v1/query?q=humidity", headers=ALICE)
    client.get("/api/v1/sensors/lab.s2/attributes", headers=ALICE)
    client.get("/nowhere")
    found = counted(client.get("/metrics").text)
    requests = {
        re.sub(r".*\{(.*)\}", r"\1", name): value for name, value in found.items() if "request_seconds_count" in name
    }
    assert {
        'method="POST",route="/api/v1/records",status="201"': 1.0,
        'method="GET",route="/api/v1/query",status="200"': 1.0,
        'method="GET",route="/api/v1/query",status="400"': 1.0,
        'method="GET",route="/api/v1/sensors/<name:sensor>/attributes",status="200"': 1.0,
        'method="GET",route="none",status="404"': 1.0,
    } == requests
    expected = {"ingested_records_total": len(RECORDS), "queries_total": 1, "answered_rows_total": 4, "sessions": 1}
    assert expected == {name: found[f"grafana_sensor_{name}"] for name in expected}


def test_repeats_and_refused_records_are_counted(make: Make) -> None:
    """A repeat counts as one, and stores nothing; what was left out is counted."""
    client = make().test_client()
    for _ in range(2):
        path = "/api/v1/sensors/hall/records?on_error=skip"
        client.post(path, json=[{"t": 1}, 5], headers={**ALICE, "Idempotency-Key": "k"})
    found = counted(client.get("/metrics").text)
    names = ("ingested_records_total", "rejected_records_total", "repeated_posts_total")
    assert [1, 1, 1] == [found[f"grafana_sensor_{name}"] for name in names]


def test_no_user_is_named(make: Make) -> None:
    """The page names no user, no sensor and no attribute."""
    client = make(open_registration=True).test_client()
    client.post("/api/v1/users", json={"user": "bob", "password": "secret"})
    client.post("/api/v1/sensors/cellar/records", json={"humidity": 1}, headers=basic("bob", "secret"))
    client.get("/api/v1/attributes/humidity/values", headers=basic("bob", "wrong"))
    page = client.get("/metrics").text
    assert [] == [word for word in ("alice", "bob", "cellar", "humidity") if word in page]


def test_seals_are_counted() -> None:
    """A seal that the sealer reports is counted by its epochs."""
    metrics = Metrics()
    metrics.sealed(Sealed(epochs=3, records=10))
    assert 3 == counted(metrics.page().decode())["grafana_sensor_sealed_epochs_total"]


SCRIPT = """
from grafana_sensor.web.metrics import Metrics
metrics = Metrics()
metrics.records.inc(5)
metrics.sessions.set(2)
metrics.observe("/health", "GET", 200, 0.25)
import sys
if sys.stdin.read(1):
    print(metrics.page().decode())
"""


def test_a_page_sums_over_processes(tmp_path: Path) -> None:
    """Processes that count in one folder, gone ones too, give one page: the sum."""
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT]
    subprocess.run(command, env=environ, input="", text=True, check=True, timeout=60)
    done = subprocess.run(command, env=environ, input="page", text=True, check=True, timeout=60, capture_output=True)
    found = counted(done.stdout)
    assert 10 == found["grafana_sensor_ingested_records_total"]
    assert 4 == found["grafana_sensor_sessions"]
    assert 2 == found['grafana_sensor_request_seconds_count{method="GET",route="/health",status="200"}']
