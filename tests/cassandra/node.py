"""A real node of Apache Cassandra as a plain java process, from the jars that pom.xml resolves.

    python -m tests.cassandra.node start FOLDER [options]  configure, start, wait until a login works; harmless if up
    python -m tests.cassandra.node stop FOLDER [--kill]    end it by its own pid (--kill: as a crash would)
    python -m tests.cassandra.node nodetool FOLDER ARGS... nodetool against it

The folder holds all that the node writes. Each node has a loopback address of its own; a cluster of three is

    for i in 1 2 3; do python -m tests.cassandra.node start n$i --address 127.0.0.$i --seeds 127.0.0.1 --copies 3 --no-wait; done

Java is $JAVA_HOME's, or the one on the path.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.cassandra import configuration
from tests.cassandra.login import login
from tests.ports import free_port

ROOT: Final = Path(__file__).resolve().parent.parent.parent
JARS: Final = ROOT / "build" / "cassandra-jars"
POM: Final = Path(__file__).with_name("pom.xml")
USER, PASSWORD = "cassandra", "cassandra"
"""The role that a new cluster has."""
_LAST_SAID: Final = 3_000
"""Characters of each log."""


class NoNode(Exception):
    """A node can't be had, and why."""


class Missing(NoNode):
    """What a node needs is not on this machine."""


@dataclass(frozen=True)
class Options:
    """How a node is started. `copies`: of the roles and rights; `port`, `storage_port`: 0 takes a free one.

    `throwaway`: for a node that nobody wants to find again after a crash: it spares most of its syncs. `patient`: with
    longer timeouts than Cassandra's own, for a small machine that others share. `tls`: a folder of certificates
    (certificates.py), for a node that takes clients only by them.
    """

    address: str = "127.0.0.1"
    port: int = 9042
    storage_port: int = 7000
    seeds: str = ""
    copies: int = 1
    heap: str = "1g"
    auth_cache_ms: int = 200
    throwaway: bool = False
    patient: bool = True
    tls: str = ""

    def settled(self) -> Options:
        """With ports and seeds chosen."""
        port = self.port or free_port(self.address)
        storage_port = self.storage_port or free_port(self.address)
        return Options(
            **asdict(self) | {"port": port, "storage_port": storage_port, "seeds": self.seeds or self.address}
        )


class Node:
    """The node whose files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @property
    def described(self) -> dict[str, Any]:
        """How it was started: its options, and its port for nodetool."""
        found: dict[str, Any] = json.loads((self.folder / "node.json").read_text())
        return found

    @property
    def uri(self) -> str:
        """The store's URI."""
        node = self.described
        return f"cassandra://{USER}:{PASSWORD}@{node['address']}:{node['port']}/"

    def pid(self) -> int | None:
        """The node's pid while it runs; a pid that another process has since got is not its own."""
        try:
            pid = int((self.folder / "pid").read_text())
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if f"-Dcassandra.storagedir={self.folder}".encode() in command else None

    def start(self, options: Options, *, wait: bool = True) -> bool:
        """Start it, unless it runs; whether it was started. Raises NoNode where it can't be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "lock"):
            started = self.pid() is None
            if started:
                self._start(options.settled())
        if wait:
            self.wait()
        return started

    def wait(self, seconds: float = 180, until: str = "") -> None:
        """Wait until a login works, or, where `until` is given, until what stands in its way is told with these words.

        Raises NoNode when that isn't so in that time, or at once when the node has ended.
        """
        node, deadline = self.described, time.monotonic() + seconds
        why: OSError | None = None
        while time.monotonic() < deadline:
            try:
                return login(node["address"], node["port"], USER, PASSWORD, node["tls"])
            except OSError as error:  # it doesn't listen yet, or the role isn't there yet
                why = error
            if until and until in str(why):
                return None
            pid = self.pid()
            if pid is None or _ended(pid, 0.1):
                raise NoNode(f"the node at {node['address']} ended:\n{self._last_said()}")
        raise NoNode(f"no login within {seconds:.0f} s: {why}")

    def stop(self, *, kill: bool = False, seconds: float = 60) -> None:
        """End it where it runs; raises NoNode when it doesn't end in that time."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL if kill else signal.SIGTERM)
        if not _ended(pid, seconds):
            raise NoNode(f"pid {pid} still runs")
        (self.folder / "pid").unlink(missing_ok=True)

    def end_with(self, pid: int) -> None:
        """See that the node and its files end with that process, however it ends."""
        command = [sys.executable, "-m", "tests.cassandra.node", "watch", str(self.folder), "--pid", str(pid)]
        watcher = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        watcher.returncode = 0  # nobody waits for it

    def watch(self, pid: int) -> None:
        """Wait until that process has ended; then end the node and delete its files."""
        _ended(pid, None)
        self.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def nodetool(self, *arguments: str) -> int:
        """Run nodetool against it; its exit status."""
        command = configuration.nodetool(java(), JARS, self.folder, self.described["jmx_port"])
        return subprocess.run([*command, *arguments], check=False).returncode

    def _last_said(self) -> str:
        """The ends of its logs: its folder may be gone when somebody wants to look."""
        logs = (self.folder / "logs" / name for name in ("system.log", "stdout.log"))
        return "\n".join(log.read_text(errors="replace")[-_LAST_SAID:] for log in logs if log.exists())

    def _start(self, options: Options) -> None:
        program = java()
        install()
        for name in ("conf", "logs"):
            (self.folder / name).mkdir(exist_ok=True)
        node = asdict(options) | {"jmx_port": free_port("127.0.0.1")}
        for name, text in configuration.files(self.folder, node).items():
            (self.folder / "conf" / name).write_text(text)
        (self.folder / "node.json").write_text(json.dumps(node))
        with (self.folder / "logs" / "stdout.log").open("ab") as out:
            # A session of its own: it outlives whoever starts it.
            process = subprocess.Popen(
                configuration.command(program, JARS, self.folder, node),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process.returncode = 0  # it is ended by its pid, perhaps by another process
        (self.folder / "pid").write_text(f"{process.pid}\n")
        # For a moment it has no command line, by which it is known.
        while self.pid() is None and not _ended(process.pid, 0.01):
            pass


def install() -> None:
    """Have the jars, by Maven. Raises NoNode where that fails."""
    JARS.parent.mkdir(exist_ok=True)
    with locked(JARS.with_suffix(".lock")):
        if any(JARS.glob("cassandra-all-*.jar")):
            return
        if shutil.which("mvn") is None:
            raise Missing("Maven (mvn) is missing: install it, it gets Cassandra from Maven Central")
        new = JARS.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={new}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoNode(f"Maven can't get Cassandra: {(done.stdout + done.stderr)[-500:]}")
        shutil.rmtree(JARS, ignore_errors=True)
        new.rename(JARS)


def java() -> str:
    """The java that is used. Raises Missing where there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which(str(Path(home) / "bin" / "java") if home else "java")
    if found is None:
        raise Missing("Java is missing: Cassandra runs on Java 11 or 17")
    return found


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _ended(pid: int, seconds: float | None) -> bool:
    """Whether the process ends within that time; waits no longer than until then."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["start", "stop", "nodetool", "watch"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9042)
    parser.add_argument("--seeds", default="", help="addresses with commas between; its own where nothing is said")
    parser.add_argument("--copies", type=int, default=1, help="of roles and rights")
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--no-wait", action="store_true")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--pid", type=int, default=0, help="whose end the node is watched to share")
    given, rest = parser.parse_known_args()
    node = Node(given.folder)
    try:
        if given.command == "nodetool":
            sys.exit(node.nodetool(*rest))
        if given.command == "watch":
            node.watch(given.pid)
            return
        if given.command == "stop":
            node.stop(kill=given.kill)
            return
        options = Options(given.address, given.port, seeds=given.seeds, copies=given.copies, heap=given.heap)
        node.start(options, wait=not given.no_wait)
    except NoNode as error:
        sys.exit(f"error: {error}")
    sys.stdout.write(f"{node.uri}\n")


if __name__ == "__main__":
    main()
