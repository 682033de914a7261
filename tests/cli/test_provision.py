"""The files of the tree are those that `grafana-sensor provision` makes, and it says where they differ."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grafana_sensor.provision.tree import files
from tests.cli.conftest import Run
from tests.provision.expanding import ROOT


def test_the_files_of_the_tree_are_those_that_are_made(run: Run) -> None:
    """What is in provisioning/ and dashboards/ equals what the code makes, and nothing else is there."""
    checked = run("provision", "--check", "--output", str(ROOT))
    assert (0, "") == (checked.exit_code, checked.stdout)


def test_making_them_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    """All files are written into an empty folder, and named; the second time there is nothing to write."""
    made = run("provision", "--output", "grafana")
    assert (0, [f"grafana/{name}" for name in files()]) == (made.exit_code, made.stdout.splitlines())
    assert files() == {name: (tmp_path / "grafana" / name).read_text("utf-8") for name in files()}
    again = run("provision", "--output", "grafana")
    assert (0, "") == (again.exit_code, again.stdout)


def test_differences_are_told(run: Run, tmp_path: Path) -> None:
    """A file that is missing, that was changed, or that isn't ours, is told by its name, and the exit code is 1."""
    run("provision")
    (tmp_path / "dashboards/fleet.json").unlink()
    (tmp_path / "dashboards/own.json").write_text("{}", encoding="utf-8")
    changed = tmp_path / "provisioning/dashboards/sensors.yaml"
    changed.write_text(changed.read_text("utf-8").replace("folder: Sensors", "folder: Other"), encoding="utf-8")
    checked = run("provision", "--check")
    assert 1 == checked.exit_code
    assert [
        "dashboards/fleet.json is missing",
        "provisioning/dashboards/sensors.yaml differs in 2 lines",
        "    -  folder: Other",
        "    +  folder: Sensors",
        "dashboards/own.json is not made by this program",
    ] == checked.stdout.splitlines()
    assert not (tmp_path / "dashboards/fleet.json").exists()


def test_a_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the SDK the command says which extra brings it."""
    for name in [
        name for name in sys.modules if name.startswith(("grafana_sensor.provision", "grafana_foundation_sdk"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk", None)
    done = run("provision")
    assert 1 == done.exit_code
    assert done.stderr.startswith(
        "error: grafana_foundation_sdk is not installed: pip install 'grafana_sensor[provision]'"
    )
