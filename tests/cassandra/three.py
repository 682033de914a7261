"""Three nodes on loopback, each record on all of them: to kill some of and start them again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable
from cassandra.policies import WhiteListRoundRobinPolicy
from tests.cassandra.node import PASSWORD, USER, Node, Options, install, java
from tests.ports import free_port

ADDRESSES: Final = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Three:
    """The nodes, whose files are in `folder`; none is started by making it."""

    def __init__(self, folder: Path) -> None:
        port, storage_port = free_port(ADDRESSES[0]), free_port(ADDRESSES[0])
        self._options = [
            Options(address, port, storage_port, ADDRESSES[0], copies=3, heap="640m", patient=False)
            for address in ADDRESSES
        ]
        self._nodes = [Node(folder / address) for address in ADDRESSES]
        self._hosts = ",".join(f"{address}:{port}" for address in ADDRESSES)

    @property
    def uri(self) -> str:
        """The store's URI."""
        return f"cassandra://cassandra:cassandra@{self._hosts}/?replication=3"

    def start(self, *places: int) -> None:
        """Start the nodes at these places, all at once; `wait` tells when they answer."""
        for place in places:
            self._nodes[place].start(self._options[place], wait=False)

    def wait(self, *places: int) -> None:
        """Wait until a login works at each of these. Raises NoNode when it doesn't in five minutes."""
        for place in places:
            self._nodes[place].wait(300)

    def wait_alone(self, place: int) -> None:
        """Wait until the node at this place refuses a login since it can't ask the others, which are dead."""
        self._nodes[place].wait(300, until="Cannot achieve consistency level")

    def users(self, place: int) -> set[str]:
        """Whose connections the node at this place has, the first role's aside; none where it can't be asked."""
        here = ExecutionProfile(WhiteListRoundRobinPolicy([ADDRESSES[place]]))
        node = Cluster(
            [ADDRESSES[place]],
            port=self._options[place].port,
            auth_provider=PlainTextAuthProvider(USER, PASSWORD),
            execution_profiles={EXEC_PROFILE_DEFAULT: here},
        )
        try:
            rows = node.connect().execute("SELECT username FROM system_views.clients")
            return {row.username for row in rows} - {USER}
        except NoHostAvailable:
            return set()
        finally:
            node.shutdown()

    def kill(self, *places: int) -> None:
        """End the nodes as a crash would."""
        for place in places:
            self._nodes[place].stop(kill=True)


@contextmanager
def three() -> Iterator[Three]:
    """The nodes in a folder of their own; what runs at the end is killed. Raises Missing where there can be none."""
    java()
    install()
    folder = Path(mkdtemp(prefix="grafana-sensor-three-"))
    nodes = Three(folder)
    try:
        yield nodes
    finally:
        nodes.kill(0, 1, 2)
        shutil.rmtree(folder, ignore_errors=True)
