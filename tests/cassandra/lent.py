"""The one node that the tests of a run share, whichever process of the run needs it first."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import pytest

from tests.cassandra.node import Missing, Node, Options

FOLDER: Final = "GRAFANA_SENSOR_TEST_CASSANDRA_FOLDER"
"""The variable by which the processes of a run tell each other where the node's files are."""
RUN: Final = "GRAFANA_SENSOR_TEST_RUN"
"""The variable by which they know the first process."""
GIVEN: Final = "GRAFANA_SENSOR_TEST_CASSANDRA"
"""The variable that names the URI of a node to use instead; tests make and drop keyspaces there."""


def begin_run() -> None:
    """To be called by the first process of a run."""
    os.environ[FOLDER] = mkdtemp(prefix="grafana-sensor-cassandra-")
    os.environ[RUN] = str(os.getpid())


def end_run() -> None:
    """To be called by that process when all others have ended; without it the node ends too, a moment later."""
    folder = Path(os.environ.pop(FOLDER))
    Node(folder).stop(kill=True)
    shutil.rmtree(folder, ignore_errors=True)


@cache
def uri() -> str:
    """The URI of the node, or of the one that is given."""
    return os.environ.get(GIVEN) or node().uri


@cache
def node() -> Node:
    """The node, started where it doesn't run yet.

    Where a desk lacks what a node needs the test that asks is skipped; in CI it fails.
    """
    found = Node(Path(os.environ[FOLDER]))
    try:
        if found.start(Options(port=0, storage_port=0, throwaway=True), wait=False):
            found.end_with(int(os.environ[RUN]))
        found.wait()
    except Missing as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Cassandra to test with: {error}")
    return found
