from __future__ import annotations

import configparser
import re
import shlex

from grafana_sensor.cli import main
from grafana_sensor.settings import SETTINGS, Settings
from tests.docs.blocks import Block, blocks
from tests.docs.tree import DOCS, REFERENCE

PAGE = (DOCS / "operations.md").read_text(encoding="utf-8")
BLOCKS = blocks(PAGE)


def named(name: str) -> Block:
    return next(block for block in BLOCKS if block.file == name)


def test_the_unit_runs_our_command() -> None:
    """What the unit starts is a command with its flags, and what it says of the environment are settings that can be."""
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case, as the docs of configparser say
    unit.read_string(named("grafana-sensor.service").text)
    program, command, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert program.endswith("/bin/grafana-sensor")
    main.commands[command].make_context(command, arguments)
    lines = [unit["Service"]["Environment"], *named("grafana-sensor.env").text.splitlines()]
    environ = dict(line.split("=", 1) for line in lines)
    assert environ.keys() <= {row.variable for row in SETTINGS.values()}
    Settings.read(environ)


def test_the_proxy_fits_the_defaults() -> None:
    """nginx takes bodies as long as the server does, and waits longer than an answer may take."""
    (proxy,) = (block.text for block in BLOCKS if block.word == "nginx")
    defaults = Settings()
    assert f"{defaults.max_body // 2**20}m" in re.findall(r"client_max_body_size (\w+);", proxy)
    assert defaults.query_seconds < min(int(s) for s in re.findall(r"proxy_read_timeout (\d+)s;", proxy))
    assert {f"http://{defaults.host}:{defaults.port}"} == set(re.findall(r"proxy_pass (\S+);", proxy))


def test_the_questions_to_prometheus_name_metrics() -> None:
    """Each metric of the page's PromQL is on the page of metrics."""
    (asked,) = (block.text for block in BLOCKS if block.word == "promql")
    names = {name.removesuffix("_bucket") for name in re.findall(r"grafana_sensor_\w+", asked)}
    listed = set(re.findall(r"^\| `(\w+)`", (REFERENCE / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert names
    assert names <= listed
