"""Whether a person is there, and what is drawn and asked for then.

Law: a progress bar, a prompt and a browser's page go to a person only, never into a pipe; the bar goes to standard error.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

_CLEAR: Final = "\r\x1b[2K"
"""Begins the line of a terminal anew."""

Advance = Callable[[int], None]
"""Says how much is done by now, of the whole."""


def is_read_from() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin.isatty()


def is_written_to() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


@contextmanager
def progress(what: str, total: int | None, *, octets: bool = False) -> Iterator[Advance]:
    """A bar over `total` (None: not known) steps, or bytes, where standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress as bars
    from rich.console import Console

    amount = bars.DownloadColumn() if octets else bars.MofNCompleteColumn()
    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), amount, bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


class Report:
    """Lines for the log on standard error, and on a terminal a line below them that changes in its place."""

    def __init__(self) -> None:
        self.drawn = sys.stderr.isatty()
        self._state = ""

    def line(self, text: str) -> None:
        """Write a line that stays."""
        click.echo(f"{_CLEAR if self.drawn else ''}{text}", err=True)
        self._draw()

    def state(self, text: str) -> None:
        """Say how things stand, on a terminal only."""
        if text != self._state:
            self._state = text
            self._draw()

    def _draw(self) -> None:
        if self.drawn:
            click.echo(_CLEAR + self._state, err=True, nl=False)


def open_page(url: str) -> None:
    """Open a page in the browser of who sits there, if somebody does, before a display."""
    displayed = sys.platform == "darwin" or not {"DISPLAY", "WAYLAND_DISPLAY"}.isdisjoint(os.environ)
    if is_written_to() and displayed:
        # In a process of its own: some browsers are waited for.
        command = [sys.executable, "-m", "webbrowser", "-t", url]
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  # our own address


def new_password(user: str) -> str:
    """A password for `user`: asked for twice on a terminal, else the first line of standard input.

    Called wrongly where there is none.
    """
    if is_read_from():
        password: str = click.prompt(f"Password for {user}", hide_input=True, confirmation_prompt=True)
        return password
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("a password is missing: give --password, or a line on standard input")
    return password


def known_password(user: str) -> str:
    """The password of `user`, asked for on a terminal. Called wrongly where there is none."""
    if is_read_from():
        password: str = click.prompt(f"Password of {user}", hide_input=True)
        return password
    raise click.UsageError("a password is missing: give --password, or set GRAFANA_SENSOR_PASSWORD")
