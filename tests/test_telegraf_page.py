"""The page for those who write as to InfluxDB, held to its word: its lines, configurations and code are run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from grafana_sensor import connect
from tests.apps import demo_client
from tests.docs.blocks import blocks
from tests.docs.desk import SERVED, Desk
from tests.docs.tree import ROOT
from tests.endtoend.servers import serving
from tests.plugins.writers import written_by_telegraf
from tests.test_devices import DEMO, SERVER

PAGE = (ROOT / "docs/telegraf.md").read_text(encoding="utf-8")
METRIC = {"measurement": "mem", "tags": {"host": "web-1"}, "fields": {"free": 3}, "time": 1_772_349_720_000_000_000}

client = pytest.fixture(demo_client)


def texts(kind: str) -> list[str]:
    """The page's blocks of a kind."""
    return [block.text for block in blocks(PAGE) if block.word == kind]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server with the user demo."""
    store = f"sqlite://{tmp_path}/store"
    with connect(store) as database:
        database.register(*DEMO)
    with serving(store) as (_, port):
        yield f"http://127.0.0.1:{port}"


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    """Every curl line is taken by the server, and the answers are those that the page shows, none of them empty."""
    shutil.copytree(ROOT / "tests/influx", tmp_path / "desk/tests/influx")
    commands = [block for block in blocks(PAGE) if block.word in {"sh", "json"}]
    answers = [json.loads(block.text) for block in commands if block.role == "output"]
    assert 3 == len(list(filter(None, answers)))
    with Desk(tmp_path) as desk:
        desk.follow([*SERVED, *commands])


def test_telegraf_takes_the_configurations(address: str) -> None:
    """Each configuration of the page writes by Telegraf's own output."""
    configs = [block.replace(SERVER, address) for block in texts("toml")]
    cases = [{"name": str(place), "config": config, "metrics": [METRIC]} for place, config in enumerate(configs)]
    assert [{"name": "0", "kept": 0}, {"name": "1", "kept": 0}, {"name": "2", "kept": 0}] == written_by_telegraf(cases)


def test_the_code_of_the_page_runs(address: str) -> None:
    """The lines for InfluxData's client for Python write."""
    (code,) = texts("python")
    exec(compile(code.replace(SERVER, address), "page", "exec"), {})  # it is our own page's


def test_the_error_of_the_page_has_the_members(client: FlaskClient) -> None:
    """A refused body is answered by the members that the page shows."""
    answer = client.post("/api/v2/write", data="m f=1\n\nm", auth=DEMO)
    shown = next(line for line in PAGE.splitlines() if '"code": "invalid"' in line)
    assert set(json.loads(shown[shown.index("{") : shown.rindex("}") + 1])) == set(json.loads(answer.data))
