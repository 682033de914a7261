from __future__ import annotations

import shlex
import subprocess
import sys
from itertools import dropwhile, takewhile

import click
import pytest

from grafana_sensor.cli import main
from grafana_sensor.cli.commands import leaves
from tests.cli.conftest import Run, environment

NAMES = [
    *("serve", "demo", "register", "passwd", "ingest", "mqtt", "query", "sensors", "attributes"),
    *("users", "seal", "check", "scan", "import-classic", "provision"),
]
LEAVES = dict(leaves(main))
"""The commands that do something, by their words."""
OWN = {"register", "passwd"}
"""Those whose user is an argument."""


def test_the_commands() -> None:
    """The commands are those of the design, in the order of use."""
    assert NAMES == main.list_commands(click.Context(main))


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_helps(run: Run, name: str) -> None:
    """Every command's help says what it does, and ends with examples."""
    text = run(*name.split(), "--help").stdout
    assert text.startswith(f"Usage: grafana-sensor {name} ")
    assert "Examples:\n" in text


@pytest.mark.parametrize("name", LEAVES)
def test_every_example_can_be_called(name: str) -> None:
    """Each example of our own command parses."""
    ours = [line for line in LEAVES[name].examples if "grafana-sensor" in line]
    assert ours
    for line in ours:
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        called, *rest = list(dropwhile(lambda word: word != "grafana-sensor", words))[1:]
        arguments = list(takewhile(lambda word: word not in {"|", ">"}, rest))
        while called not in LEAVES:
            called, *rest = f"{called} {rest[0]}", *rest[1:]
            arguments = arguments[1:]
        whole = LEAVES[called]
        acting = ["--user", "alice"] if any(option.name == "user" for option in whole.params) else []
        whole.make_context(called, [*acting, *arguments] if called not in OWN else arguments)


def test_help_is_light() -> None:
    """The command line's help loads no numpy, no database, no web framework and no drawing of tables."""
    script = (
        "import sys\nfrom grafana_sensor.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "print(*sorted({'apsw', 'flask', 'gunicorn', 'numpy', 'orjson', 'rich'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment({}), capture_output=True, text=True, check=True, timeout=60
    )
    assert "\n" == done.stderr
    assert "grafana-sensor" in done.stdout or "Usage:" in done.stdout


def test_exit_codes(run: Run) -> None:
    """0 for what was done, 1 for what failed, 2 for what was called wrongly."""
    codes = [run(*words).exit_code for words in (("--version",), ("sensors",), ("nothing",), ("query",))]
    assert [0, 1, 2, 2] == codes
