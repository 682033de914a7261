from __future__ import annotations

import subprocess
import sys

import pytest

from grafana_sensor.cli import terminal
from grafana_sensor.cli.terminal import progress


@pytest.mark.parametrize("total", [10, None])
def test_a_bar_is_drawn_for_a_person(
    total: int | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error is a terminal a bar is drawn on it, and nothing on standard output."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with progress("ingest", total, octets=True) as advance:
        advance(5)
    out, err = capsys.readouterr()
    assert "" == out
    assert "ingest" in err


def test_no_bar_is_drawn_into_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """Where standard error is no terminal, nothing is written."""
    with progress("ingest", 10) as advance:
        advance(5)
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize(
    ("written", "environment", "opened"),
    [(True, {"DISPLAY": ":0"}, 1), (True, {"WAYLAND_DISPLAY": "w"}, 1), (True, {}, 0), (False, {"DISPLAY": ":0"}, 0)],
)
def test_a_page_is_opened_for_a_person(
    written: bool, environment: dict[str, str], opened: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser is started where standard output is a terminal with a display, and nowhere else."""
    started: list[list[str]] = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: written)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    terminal.open_page("http://127.0.0.1:8000/")
    assert opened * [[sys.executable, "-m", "webbrowser", "-t", "http://127.0.0.1:8000/"]] == started
