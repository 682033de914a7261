"""A desk in an empty folder at which a page is followed: its files, commands, scripts and servers, in order.

Law: what a command exports, and the folder that it goes to, is there for the next; nothing else is. curl fails where it
is answered by an error, unless the page shows that. The page's port 8000 is a free one here. Servers end with the desk.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import deque
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

from grafana_sensor.cli.ports import free_port
from tests.docs.blocks import Block
from tests.docs.tree import ROOT

SECONDS: Final = 120
REFUSED: Final = 22
"""curl's exit code for an answer from 400 on."""
SERVED: Final = (
    Block(
        1,
        "sh",
        "export GRAFANA_SENSOR_STORE=sqlite:sensors\ngrafana-sensor register demo --password demo\n",
        "run",
    ),
    Block(2, "sh", "grafana-sensor serve --workers 1\n", "serve"),
)
"""What `make demo` leaves a reader with, but for the data."""
_OURS: Final = "GRAFANA_SENSOR_"
_PLACE: Final = re.compile(r"(?:127\.0\.0\.1|localhost):8000")
_AGAIN: Final = "[ ! -e {state} ] || . {state}\n"
_KEEP: Final = '\n{{ export -p; printf "cd %q\\n" "$PWD"; }} > {state}\n'


class Desk:
    """The desk; `folder` is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "desk"
        self._state = folder / "state"
        self._port = free_port("127.0.0.1", 0)
        self._servers = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        self._state.with_name(".curlrc").write_text("fail-with-body\nsilent\nshow-error\n", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._servers.close()

    def follow(self, page: list[Block]) -> None:
        """Do what the page says. Raises AssertionError where it goes otherwise."""
        printed = ""
        for block, after in pairwise([*page, None]):
            assert block is not None
            if block.stopped:
                self._servers.close()
            match block.role:
                case "file":
                    (self._folder / str(block.file)).write_text(self._here(block.text), encoding="utf-8")
                case "serve":
                    self._serve(block.text)
                case "run":
                    printed = self._run(block, REFUSED if after is not None and is_error(after) else 0)
                case "output":
                    compare(block, printed)

    def _here(self, text: str) -> str:
        return _PLACE.sub(f"127.0.0.1:{self._port}", text)

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        path = os.pathsep.join((str(Path(sys.executable).parent), others["PATH"]))
        return {
            **others,
            "PATH": path,
            "CURL_HOME": str(self._state.parent),
            "PYTHONPATH": str(ROOT),
            f"{_OURS}PORT": str(self._port),
        }

    def _shell(self, script: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", _AGAIN.format(state=self._state) + script]

    def _run(self, block: Block, code: int) -> str:
        text = self._here(block.text)
        if block.word == "python":
            script = self._state.with_name("script.py")
            script.write_text(text, encoding="utf-8")
            command = self._shell(f"python {script}")
        else:
            command = self._shell(text + _KEEP.format(state=self._state))
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        assert code == done.returncode, f"line {block.line}: {block.text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _serve(self, text: str) -> None:
        line = text.strip().replace("make demo", "grafana-sensor demo")
        self._servers.close()
        server = subprocess.Popen(
            self._shell(f"exec {line}"), cwd=self._folder, env=self._environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        told = deque[str](maxlen=20)
        reading = Thread(target=told.extend, args=(lines,), daemon=True)
        self._servers.callback(_stop, server, reading)
        for line in lines:
            told.append(line)
            if "Listening at: " in line:
                break
        else:
            raise AssertionError("".join(told))
        # What it says further is read, so that it never waits for that.
        reading.start()


def is_error(block: Block) -> bool:
    """Whether it shows an answer that is an error's."""
    return (block.role, block.word) == ("output", "json") and "error" in json.loads(block.text)


def _stop(server: subprocess.Popen[str], reading: Thread) -> None:
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGTERM)
    server.wait(SECONDS)
    if reading.ident is not None:
        reading.join()
    assert server.stderr is not None
    server.stderr.close()


def compare(block: Block, printed: str) -> None:
    """Raises AssertionError where a page's answer isn't what was printed; `...` stands for anything."""
    if block.word == "json":
        same(json.loads(block.text), json.loads(printed))
    else:
        expected = [re.escape(line.rstrip()).replace(r"\.\.\.", ".*") for line in block.text.splitlines()]
        found = [line.rstrip() for line in printed.splitlines()]
        wrong = [(e, f) for e, f in zip(expected, found, strict=False) if not re.fullmatch(e, f)]
        assert ([], len(expected)) == (wrong, len(found)), f"line {block.line}:\n{block.text}\n{printed}"


def same(expected: Any, found: Any) -> None:
    """Raises AssertionError where two JSON values differ; the text `...` is equal to anything."""
    if expected == "...":
        return
    assert type(expected) is type(found), (expected, found)
    if isinstance(expected, dict):
        assert list(expected) == list(found)
        for name in expected:
            same(expected[name], found[name])
    elif isinstance(expected, list):
        assert len(expected) == len(found), (expected, found)
        for one, other in zip(expected, found, strict=True):
            same(one, other)
    else:
        assert expected == found
