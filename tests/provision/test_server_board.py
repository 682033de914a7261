"""The dashboard *Server*, read by a real Prometheus from what a running server counts."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest
import requests

from tests.provision.asking import Asker
from tests.provision.expanding import BOARDS, ROOT

BEGIN: Final = 1_700_000_000
"""Any moment: when the counts are said to be of, in seconds."""
STEP: Final = 15


def program(name: str) -> str:
    """A program of Debian's package prometheus; the test is skipped without it, but not in CI."""
    found = shutil.which(name)
    if found is None:
        message = f"{name} is missing: Debian's package prometheus has it"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def prometheus(asker: Asker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that has collected the server's page four times, while it was asked things."""
    folder = tmp_path_factory.mktemp("prometheus")
    series: dict[str, list[str]] = {}
    for place in range(4):
        requests.get(f"{asker.url}/api/v1/query?q=CNT(*)", auth=(asker.user, asker.password), timeout=60)
        for line in requests.get(f"{asker.url}/metrics", timeout=60).text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                series.setdefault(name, []).append(f"{name} {value} {BEGIN + place * STEP}")
    page = folder / "page"
    page.write_text("\n".join(line for lines in series.values() for line in lines) + "\n# EOF\n", encoding="utf-8")
    store = folder / "store"
    made = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(page), str(store)]
    subprocess.run(made, check=True, capture_output=True, timeout=120)
    with _serving(store) as url:
        yield url


@contextmanager
def _serving(store: Path) -> Iterator[str]:
    """A Prometheus that collects nothing, over a store; killed at the end."""
    configuration = store.parent / "prometheus.yml"
    configuration.write_text("scrape_configs: []\n", encoding="utf-8")
    command = [
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={store}",
        "--storage.tsdb.retention.time=100y",
        "--web.listen-address=127.0.0.1:0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        try:
            address = ""
            for line in lines:
                if found := re.search(r'msg="Listening on" address=(\S+)', line):
                    address = found[1]
                if "Server is ready" in line:
                    break
            assert address
            Thread(target=deque, args=(lines, 0), daemon=True).start()
            yield f"http://{address}"
        finally:
            server.kill()


def expressions() -> list[Any]:
    """The expressions of the dashboard, each by its panel's title and its own letter."""
    return [
        pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
        for panel in BOARDS["server"]["panels"]
        for target in panel.get("targets", ())
    ]


@pytest.mark.parametrize("expression", expressions())
def test_prometheus_answers(expression: str, prometheus: str) -> None:
    """Each expression is one to Prometheus, and has values that are numbers."""
    asked = {
        "query": expression.replace("$__rate_interval", "1m"),
        "start": str(BEGIN + 2 * STEP),
        "end": str(BEGIN + 3 * STEP),
        "step": str(STEP),
    }
    answer = requests.get(f"{prometheus}/api/v1/query_range", asked, timeout=60)
    assert 200 == answer.status_code, answer.text
    found = answer.json()["data"]["result"]
    assert found
    assert any(value != "NaN" for series in found for _, value in series["values"])


def test_prometheus_takes_its_configuration() -> None:
    """docker/prometheus.yml is one to Prometheus."""
    done = subprocess.run(
        [program("promtool"), "check", "config", str(ROOT / "docker/prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
