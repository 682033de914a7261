"""Runs the programs that read our answers as Grafana's plugins do: grafana_data/ as simPod JSON and simple-json, infinity/ as Infinity.

Law: a case is a dict with a `name` and the `answer`, a body's text, and the options that the program's own head
describes; the list of what was read has one dict for each, in the same order, with its `name` and either what was
found or `error`. Starting a program takes longer than reading an answer, so give many cases to one call. `make test`
installs what the programs need; where that is missing the test is skipped, or fails if the variable CI is set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

HERE: Final = Path(__file__).resolve().parent
GRAFANA_DATA: Final = HERE / "grafana_data"
INFINITY: Final = HERE.parent.parent / "build" / "infinity"

SECONDS: Final = 120


def read_by_grafana(cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What @grafana/data makes of the answers, by the case's `mode`.

    "query", or none: `frames`, each with `refId`, `name`, `meta`, `length` and `fields`, each of these with `name`,
    `type`, `labels`, `config`, `values` and the `display` name. "variable" and "simple-json search": `options`, each
    with `text` and `value`. "annotations" and "simple-json annotations": `events`, each with its members and `region`.
    """
    node = shutil.which("node")
    if node is None or not (GRAFANA_DATA / "node_modules").is_dir():
        missing("node or what npm installs")
    return run([node, str(GRAFANA_DATA / "read.cjs")], cases)


def read_by_infinity(cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What Infinity's backend makes of the answers: `fields`, and `schema`, which is wide, long or not a time series.

    A field has `name`, `type` (time, number, string, boolean), `labels` and `values`. There may be `warnings`, and,
    where the case names a `cursor`, `next`.
    """
    if not INFINITY.is_file():
        missing("the program that go builds")
    return run([str(INFINITY)], cases)


def run(command: list[str], cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the program answers to the cases."""
    done = subprocess.run(
        command, input=json.dumps(list(cases)), capture_output=True, encoding="utf-8", check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def missing(what: str) -> NoReturn:
    """Skip the test, or fail it in CI, since a program is missing."""
    message = f"{what} is missing: `make test` gets it where node, npm and go are installed"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
