"""Who runs what of the documentation, and what nobody can run here, with the reason.

Law: every fenced block of every page is in one of these, or is run at a desk.
"""

from __future__ import annotations

from typing import Final

FOLLOWED: Final = (
    "README.md",
    "docs/tutorial.md",
    "docs/alerting.md",
    "docs/backup.md",
    "docs/operations.md",
    "docs/page.md",
    "docs/provisioning.md",
)
"""The pages that test_pages.py follows from their first block to their last."""

OWN: Final = {
    "docs/cli.md": ("tests/docs/test_cli_page.py", {"", "sh"}),
    "docs/devices.md": ("tests/test_devices.py", {"sh", "json", "tasmota"}),
    "docs/grafana.md": (
        "tests/test_grafana_page.py",
        {"query", "payload", "variable", "variable-json", "annotation", "infinity", "sh", "text"},
    ),
    "docs/migration.md": ("tests/test_grafana_page.py", {"body"}),
    "docs/mqtt.md": ("tests/test_mqtt_page.py", {"sh", "json"}),
    "docs/telegraf.md": ("tests/test_telegraf_page.py", {"sh", "json", "toml", "python"}),
    "docs/reference/grammar.md": ("tests/docs/test_reference.py", {"query", "grammar"}),
    "docs/scans.md": (
        "tests/web/test_scans_page.py",
        {"query", "table", "variable", "annotation", "infinity", "sh", "text"},
    ),
    "docs/scans-python.md": ("tests/scans/test_docs.py", {"python"}),
    "docs/scans-recording.md": ("tests/test_scans_recording_page.py", {"sh", "json", "python"}),
}
"""By the page, the test that runs its blocks in another way, and their words."""

NOT_RUN: Final = {
    ("README.md", "make test"): "runs this test",
    (
        "docs/cassandra.md",
        "export GRAFANA_SENSOR_CASSANDRA",
    ): "wants three nodes; tests/endtoend/test_nodes.py has them",
    (
        "docs/cassandra.md",
        "grafana-sensor serve --store",
    ): "wants nodes with TLS; tests/adapters/test_cassandra_tls.py has one",
    ("docs/cassandra.md", "grafana-sensor import-classic"): "wants a node; tests/cli/test_import_classic.py has one",
    ("docs/performance.md", "make bench"): "takes minutes; tests/test_benchmarks.py runs it for seconds",
    ("docs/performance.md", ".venv/bin/python -m benchmarks.classic"): "takes minutes, and a node of Cassandra",
    ("docs/performance.md", ".venv/bin/python -m benchmarks.scans"): "takes minutes, and a Redis",
    (
        "docs/performance.md",
        ".venv/bin/python -m tests.endtoend.many",
    ): "takes half an hour; tests/endtoend/test_many.py asks for seconds",
    (
        "docs/scans-recording.md",
        "python measure.py",
    ): "wants a program that measures, and a broker; tests/cli/test_scan_record.py pipes lines",
    (
        "docs/scans-python.md",
        "ACL SETUSER",
    ): "a command of Redis; tests/scans/test_failures.py gives a reader these rights",
    ("docs/reference/errors.md", '{"message"'): "the form of an error; test_reference.py asks for it",
    ("docs/tutorial.md", "python3 -m venv"): "the tests run where it is installed",
    ("docs/devices.md", "mosquitto_sub"): "wants a broker, and does not end",
    ("docs/devices.md", "def records()"): "runs on the device, in Tasmota's Berry",
    ("docs/devices.md", "const ADDRESS"): "runs on the device, in Shelly's JavaScript",
    ("docs/provisioning.md", "docker compose up --build"): "wants Docker; tests/provision runs what the services run",
    ("docs/provisioning.md", "docker compose ps"): "wants Docker",
    ("docs/provisioning.md", "docker compose --profile metrics"): "wants Docker; test_server_board.py has a Prometheus",
    ("docs/provisioning.md", "docker compose --profile cassandra"): "wants Docker; tests/cassandra has a node",
    ("docs/provisioning.md", "docker compose --profile scans"): "wants Docker",
    ("docs/provisioning.md", "docker build"): "wants Docker; test_image.py reads the Dockerfile",
    ("docs/provisioning.md", "cp .env.example"): "changes the source tree",
    ("docs/provisioning.md", "pip install"): "the tests run where it is installed",
    ("docs/provisioning.md", "GRAFANA_SENSOR_STORE="): "a line of .env; test_compose.py reads it",
    ("docs/provisioning.md", "GRAFANA_SENSOR_SCANS="): "lines of .env; test_compose.py reads them",
    ("docs/provisioning.md", "GRAFANA_IMAGE="): "lines of .env for a Grafana of old",
    ("docs/operations.md", "sudo useradd"): "makes an account of the machine",
    ("docs/operations.md", "sudo systemctl"): "wants systemd; what the unit runs is in test_operations.py",
    ("docs/operations.md", "server {"): "wants nginx and a certificate",
    ("docs/operations.md", "histogram_quantile"): "wants Prometheus; test_operations.py finds its metrics",
}
"""By the page and the beginning of a block, why it can't run here."""

DRAWN: Final = {"CONTRIBUTING.md", *(f"docs/design/{name}.md" for name in ("cassandra", "classic", "grafana", "scans"))}
"""Pages whose blocks are drawings and tables, which nobody types."""
