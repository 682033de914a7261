"""A real broker, Mosquitto, and a wire to it that can be cut."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, Final

import paho.mqtt.publish
import pytest

from tests.ports import free_port

SECONDS: Final = 120
"""How long anything is waited for, before it is a failure."""


def mosquitto() -> str:
    """The program. Skips the test, or fails it in CI, where it is missing."""
    found = shutil.which(
        "mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    )
    if found is None:
        message = "mosquitto is missing: Debian and Ubuntu have it by `apt install mosquitto`"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return found


@dataclass
class Broker:
    """A broker whose sessions outlive it, in a folder; `lines` are more of its configuration."""

    folder: Path
    lines: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    _said: Queue[str] = field(default_factory=Queue)
    _reader: Thread = field(default_factory=Thread)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.folder.mkdir(exist_ok=True)
        settings = ("persistence true", f"persistence_location {self.folder}/", "max_queued_messages 0", *self.lines)
        anonymous = () if "allow_anonymous false" in self.lines else ("allow_anonymous true",)
        user = ("user root",) if os.geteuid() == 0 else ()
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join((f"listener {self.port} 127.0.0.1", *user, *anonymous, *settings)) + "\n")
        self.process = subprocess.Popen(
            [mosquitto(), "-v", "-c", str(config)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        self._said = Queue()
        self._reader = Thread(target=self._read, args=(self.process.stderr, self._said), daemon=True)
        self._reader.start()
        self._until("running")

    def crash(self) -> None:
        """Have it save what it knows, and kill it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)
        self._until("Saving in-memory database")
        self.publish(("saved", "yes"))  # it answers when it has done what it said
        self.stop(signal.SIGKILL)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        assert self.process is not None
        self.process.send_signal(by)
        self.process.wait(SECONDS)
        self._reader.join()
        self.process = None

    def _until(self, text: str) -> None:
        while text not in self._said.get(timeout=SECONDS):
            pass

    @staticmethod
    def _read(lines: IO[str], said: Queue[str]) -> None:
        with lines:
            for line in lines:
                said.put(line)

    def publish(self, *messages: tuple[str, str | bytes], qos: int = 1, retain: bool = False) -> None:
        """Publish messages, in their order, by a client of its own."""
        given = [{"topic": topic, "payload": payload, "qos": qos, "retain": retain} for topic, payload in messages]
        paho.mqtt.publish.multiple(given, "127.0.0.1", self.port)  # type: ignore[arg-type]  # as its page has them


@contextmanager
def running(folder: Path, *lines: str) -> Iterator[Broker]:
    """A broker, ended at the end."""
    broker = Broker(folder, lines)
    broker.start()
    try:
        yield broker
    finally:
        if broker.process is not None:
            broker.stop()


class Wire:
    """A wire to a port, over a port of its own: what clients say can be swallowed, and all connections be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [Thread(target=self._accept, daemon=True)]
        self.swallows = False
        self.port: int = self._server.getsockname()[1]
        self._threads[0].start()

    def cut(self) -> None:
        """End every connection, and let the next ones through whole."""
        self.swallows = False
        gone, self._sockets = self._sockets, []
        for each in gone:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End it."""
        self._server.shutdown(socket.SHUT_RDWR)
        self.cut()
        for each in self._threads:
            each.join(SECONDS)

    def _accept(self) -> None:
        with self._server, suppress(OSError):
            while True:
                client, _ = self._server.accept()
                broker = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [client, broker]
                for way in ((client, broker, True), (broker, client, False)):
                    self._threads.append(Thread(target=self._pass, args=way, daemon=True))
                    self._threads[-1].start()

    def _pass(self, source: socket.socket, target: socket.socket, said: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not (said and self.swallows):
                    target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        source.close()
