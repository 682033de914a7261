"""The page for MQTT, held to its word: each command listens to a real broker, what it publishes is stored and asked."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grafana_sensor import connect
from grafana_sensor.cli import main
from grafana_sensor.cli.topics import pattern
from tests.docs.blocks import blocks
from tests.docs.tree import ROOT
from tests.endtoend.brokers import Broker, running
from tests.endtoend.servers import PASSWORD, USER
from tests.endtoend.test_mqtt import Listener, listening

PAGE = (ROOT / "docs/mqtt.md").read_text(encoding="utf-8")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running(tmp_path / "broker") as broker:
        yield broker


def sections() -> dict[str, list[tuple[str, str]]]:
    """The page's blocks, by heading."""
    parts = ((part.partition("\n")[0], blocks(part)) for part in PAGE.split("\n## "))
    return {title: [(block.word, block.text) for block in found] for title, found in parts if found}


def publish(broker: Broker, line: str) -> None:
    """Publish as mosquitto_pub does; only what the page uses is known."""
    command, *words = shlex.split(line)
    given = dict(zip(words[::2], words[1::2], strict=True))
    assert ("mosquitto_pub", "1") == (command, given.pop("-q"))
    topic, message, file = given.pop("-t"), given.pop("-m", None), given.pop("-f", None)
    assert {} == given
    broker.publish((topic, (ROOT / str(file)).read_bytes() if message is None else message))


def end(broker: Broker, listener: Listener, topic: str) -> None:
    """Have the listener end when it has stored all before."""
    filter_ = pattern(topic).filter
    broker.publish((filter_.replace("+", "end").replace("#", "end"), "{"))
    listener.until("invalid JSON")
    listener.end()


def asked(store: str, line: str) -> Any:
    """What a query of the command line answers."""
    words = shlex.split(line)
    env = {"GRAFANA_SENSOR_STORE": store, "GRAFANA_SENSOR_USER": USER, "GRAFANA_SENSOR_PASSWORD": PASSWORD}
    found = CliRunner().invoke(main, words[1:], env=env)
    assert 0 == found.exit_code, found.output
    return json.loads(found.output)


def test_the_commands_of_the_page_run(broker: Broker, tmp_path: Path) -> None:
    """Every pattern of the page listens, what is published is stored by it, and the answers are those that it shows."""
    answers = 0
    for place, (title, found) in enumerate(sections().items()):
        store = f"sqlite://{tmp_path}/store{place}"
        with connect(store) as database:
            database.register(USER, PASSWORD)
        flags: list[str] = []
        for (_, inside), (kind, answer) in zip(found, [*found[1:], ("", "")], strict=True):
            if inside.startswith("grafana-sensor mqtt"):
                flags = shlex.split(inside)[2:]
            elif inside.startswith("mosquitto_pub"):
                with listening(store, broker.port, *flags) as listener:
                    listener.until("connected to")
                    for line in inside.splitlines():
                        publish(broker, line)
                    end(broker, listener, flags[flags.index("--topic") + 1])
            elif inside.startswith("grafana-sensor query"):
                assert "json" == kind, title
                assert json.loads(answer) == asked(store, inside), title
                answers += 1
    assert 5 == answers


def test_the_patterns_of_the_page_are_patterns() -> None:
    """Each command of the page that listens has topics that are read."""
    lines = [inside for found in sections().values() for _, inside in found if inside.startswith("grafana-sensor mqtt")]
    words = [shlex.split(line) for line in lines]
    assert 6 == len(lines)
    assert all(pattern(after) for line in words for word, after in pairwise(line) if word == "--topic")
