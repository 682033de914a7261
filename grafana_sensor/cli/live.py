"""The simulated devices of `grafana-sensor demo`: in this process, or in one beside the server that it starts.

Law: the process beside a server ends with it, however that ends: it holds the other end of a pipe.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Final

import click

from grafana_sensor.cli import terminal
from grafana_sensor.domain.errors import RangeError

FROM: Final = "now-1d"

_END: Final = "--until-eof"
_COMMAND: Final = (sys.executable, "-c", "from grafana_sensor.cli import main; main()", "demo", "--live", _END)
_GRACE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the flags say: `start` and `until` are times; `interval` is in seconds."""

    devices: int
    interval: int
    seed: int
    start: str
    until: str | None
    speed: float | None

    @property
    def flags(self) -> list[str]:
        """The flags that say it."""
        given = {
            "--devices": self.devices,
            "--interval": self.interval,
            "--seed": self.seed,
            "--from": self.start,
            "--until": self.until,
            "--speed": self.speed,
        }
        return [text for flag, value in given.items() if value is not None for text in (flag, str(value))]


def simulation_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The flags of a simulation; the command gets them by the names of Simulation's fields, and `until_eof`."""
    for decorate in (
        click.option(_END, hidden=True, is_flag=True, help="End with standard input."),
        click.option(
            "--speed",
            type=click.FloatRange(min=0, min_open=True),
            help="Post from --from on, this many seconds a second; inf does not wait.  [default: store what is past, "
            "then in real time]",
        ),
        click.option("--until", metavar="TIME", help="When the devices stop.  [default: never]"),
        click.option(
            "--from", "start", metavar="TIME", default=FROM, show_default=True, help="When the devices begin."
        ),
        click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Draws what they do."),
        click.option(
            "--interval",
            type=click.IntRange(1, 3_600),
            default=10,
            show_default=True,
            help="Seconds from one reading of a device to the next.",
        ),
        click.option("--devices", type=click.IntRange(1, 50), default=3, show_default=True, help="How many devices."),
    ):
        function = decorate(function)
    return function


def simulate(simulation: Simulation, url: str, user: str, password: str, *, until_eof: bool = False) -> None:
    """Be the devices, until they stop, or until a signal stops this process.

    Raises BadRequest and WrongCredentials where the server, or a flag, doesn't let them.
    """
    from grafana_sensor.domain.timestamps import SECOND, to_iso
    from grafana_sensor.simulator import run
    from grafana_sensor.simulator.client import Client
    from grafana_sensor.simulator.fleet import Fleet

    fleet = Fleet(simulation.seed, simulation.devices, simulation.interval)
    now = time.time()
    start, until = _second("--from", simulation.start, now), None
    if simulation.until is not None:
        until = _second("--until", simulation.until, now)
        if until < start:
            raise RangeError(f"--until {simulation.until} is before --from {simulation.start}")
    elif simulation.speed == float("inf"):
        raise click.UsageError("--speed inf never ends without --until")
    pause = _end_of_input if until_eof else time.sleep
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container's first process ignores it else
    try:
        with closing(Client(url, user, password, pause, tell)) as client:
            run.enter(client, user, password)
            if simulation.speed is None:
                end = int(now) if until is None else min(int(now), until)
                stored = _caught_up(run.catch_up(client, fleet, start, end), end - start)
                tell(f"{stored:,} readings stored of what was measured since {to_iso(start * SECOND)}")
                pace = run.Pace(time.time, pause, max(start, end), max(start, end))
            else:
                pace = run.Pace(time.time, pause, start, now, simulation.speed)
            tell(f"{len(fleet.devices)} devices are posting to {url}")
            tell(str(run.live(client, fleet, pace, int(pace.begin), until, tell)))
    except (KeyboardInterrupt, EOFError):
        tell("stopped")


@contextmanager
def beside(simulation: Simulation | None, url: str, user: str, password: str) -> Iterator[Callable[[], None]]:
    """What starts the devices, if any, in a process of their own, once the server listens; they end with this block."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        if simulation is None:
            return
        command = [*_COMMAND, *simulation.flags, "--url", url, "--user", user, "--password", password]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))  # noqa: S603  # ourselves

    try:
        yield start
    finally:
        for process in started:
            try:
                process.communicate(timeout=_GRACE)  # closes the pipe
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def tell(text: str) -> None:
    """Say on standard error what the devices do."""
    click.echo(f"devices: {text}", err=True)


def _caught_up(stored: Iterator[tuple[int, int]], seconds: int) -> int:
    """How many readings are stored in the end, with a progress bar over so many seconds of them."""
    count = 0
    with terminal.progress("the past", max(seconds, 0)) as advance:
        for span, readings in stored:
            count += readings
            advance(span)
    return count


def _second(flag: str, text: str, now: float) -> int:
    """The UTC second of a flag's time. Raises RangeError where it is none, or before 1970."""
    from grafana_sensor.domain.timestamps import SECOND, parse_moment

    try:
        found = parse_moment(text, int(now * SECOND)) // SECOND
    except RangeError as error:
        raise RangeError(f"{flag}: {error.message}") from None
    if found < 0:
        raise RangeError(f"{flag} is {text}: the devices' clocks begin in 1970")
    return found


def _end_of_input(seconds: float) -> None:
    """Wait so long for the end of standard input. Raises EOFError then."""
    if select.select([sys.stdin], [], [], seconds)[0] and not os.read(sys.stdin.fileno(), 1):
        raise EOFError
