"""The command line, called in this process and in one of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from grafana_sensor.cli import main

COMMAND = [sys.executable, "-c", "from grafana_sensor.cli import main; main()"]
OURS = "GRAFANA_SENSOR_"

Run = Callable[..., Result]


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with these settings and no others of ours."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**others, "PYTHONPATH": os.pathsep.join(sys.path), **given}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Calls a command in an empty folder, for alice, with a store of its own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    acting = {f"{OURS}STORE": "sqlite:store", f"{OURS}USER": "alice", f"{OURS}PASSWORD": "secret"}

    def invoke(*arguments: str, stdin: str | bytes | None = None, env: Mapping[str, Any] | None = None) -> Result:
        given = {**acting, **(env or {})}
        return CliRunner().invoke(main, list(arguments), stdin, env=given, prog_name="grafana-sensor")

    return invoke


@pytest.fixture
def alice(run: Run) -> Run:
    """As `run`, with alice registered."""
    assert 0 == run("register", "alice").exit_code
    return run


@contextmanager
def started(*arguments: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that serves, and the address that it says it listens at."""
    command = [*COMMAND, *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        found = next(filter(None, (re.search(r"Listening at: (http://\S+)", line) for line in lines)), None)
        try:
            assert found is not None
            yield process, found[1]
        finally:
            if process.returncode is None:
                stopped(process)


def stopped(process: subprocess.Popen[str]) -> int:
    """The exit code of a process that is asked to stop."""
    process.terminate()
    process.communicate(timeout=30)
    return process.returncode
