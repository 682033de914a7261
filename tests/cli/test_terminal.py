from __future__ import annotations

import sys

import pytest

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
