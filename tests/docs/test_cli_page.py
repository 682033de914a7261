"""docs/cli.md: the examples of each command, run one after the other for alice, who has a few readings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

from grafana_sensor.cli import main
from grafana_sensor.cli.commands import leaves
from tests.docs.blocks import SERVING, Block
from tests.docs.desk import Desk
from tests.docs.tree import ROOT

PAGE: Final = "cli.md"
ACTING: Final = "export GRAFANA_SENSOR_STORE=sqlite:sensors GRAFANA_SENSOR_USER=alice GRAFANA_SENSOR_PASSWORD=secret\n"
PREPARED: Final = f"""\
{ACTING}
grafana-sensor register alice
now=$(date +%s)
for ago in 60 120; do echo "{{\\"time\\": $((now - ago)), \\"temperature\\": 31, \\"humidity\\": 60}}"; done > readings.ndjson
grafana-sensor ingest --sensor greenhouse-1 readings.ndjson
"""

NOT_RUN: Final = {
    "grafana-sensor serve --host 0.0.0.0": "listens for other machines, on a port that may be taken",
    "grafana-sensor demo --port 8080": "listens on a port that may be taken",
    "grafana-sensor demo --live --url http://127.0.0.1:8000\n": "does not end",
    "grafana-sensor passwd alice\n": "asks for the password on a terminal",
    "mosquitto_sub": "wants a broker with messages",
    "grafana-sensor mqtt": "wants a broker; tests/test_mqtt_page.py has one",
    "grafana-sensor scan": "wants scans; tests/cli/test_scan_reading.py has some",
    "python measure.py": "wants a script that measures",
    "grafana-sensor import-classic": "wants nodes; tests/cli/test_import_classic.py has one",
}
"""By the beginning of an example, why it can't run here; tests/cli/test_commands.py reads its flags all the same."""

LEAVES: Final = dict(leaves(main))
FRESH: Final = {"register"}
"""Commands each of whose examples begins with nobody there."""


def lines(name: str) -> list[str]:
    return [line for line in LEAVES[name].examples if not any(f"{line}\n".startswith(start) for start in NOT_RUN)]


def block(line: str) -> Block:
    return Block(0, "sh", f"{line}\n", "serve" if SERVING.fullmatch(line) else "run")


@pytest.mark.parametrize("name", [name for name in LEAVES if lines(name)])
def test_the_examples_run(name: str, tmp_path: Path) -> None:
    """Each example of a command, as the page and the help have it, exits with 0."""
    groups = [[line] for line in lines(name)] if name in FRESH else [lines(name)]
    for place, group in enumerate(groups):
        folder = tmp_path / str(place)
        (folder / "desk").mkdir(parents=True)
        if name == "ingest":
            shutil.copy(ROOT / "grafana_sensor/demo/nyc-weather-2013.csv.gz", folder / "desk/weather-2013.csv.gz")
        with Desk(folder) as desk:
            prepared = "" if name == "demo" else ACTING if name in FRESH else PREPARED
            desk.follow([Block(0, "sh", prepared, "run"), *map(block, group)])


def test_the_list_names_examples() -> None:
    """Each beginning of the list is that of an example."""
    examples = [f"{line}\n" for command in LEAVES.values() for line in command.examples]
    assert {start for start in NOT_RUN if any(line.startswith(start) for line in examples)} == NOT_RUN.keys()
