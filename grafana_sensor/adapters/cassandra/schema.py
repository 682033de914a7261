"""The tables of a keyspace, and how an older one gets today's.

Law: the script at place n takes a keyspace from version n to n + 1. Scripts, and whatever else changes tables, roles
or rights, run one at a time in the whole cluster, under a claim; each statement is harmless when done again, so a
server that dies in the midst leaves nothing that the next one can't finish. A newer version is refused untouched.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from threading import Lock
from typing import Final
from uuid import UUID, uuid5

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.cassandra.errors import unavailable
from grafana_sensor.adapters.cassandra.place import Place
from grafana_sensor.adapters.cassandra.upgrade import make_trees

MOST_COPIES: Final = 3
"""Copies of each record where nothing is said and nodes are enough."""

_CLAIM_SECONDS: Final = 120
_PAUSE: Final = 0.05

# Its id is fixed, so that servers that start at once, before there is a claim to make, make the same table.
_CLAIM_TABLE: Final = "CREATE TABLE IF NOT EXISTS {0}.claim (name text PRIMARY KEY, holder text) WITH ID = {1}"
_CLAIM_SPACE: Final = UUID("7a1e54a6-0b1c-5a53-9d3b-6f0c6e1f2a54")
_CLAIM: Final = Cql("INSERT INTO claim (name, holder) VALUES ('schema', ?) IF NOT EXISTS USING TTL 120", serial=True)
_RELEASE: Final = Cql("DELETE FROM claim WHERE name = 'schema' IF holder = ?", serial=True)

_turn = Lock()


@dataclass(frozen=True, slots=True)
class Schema:
    """Scripts, in which KEYSPACE stands for the keyspace's name.

    `steps`: by the place of a script, what is done after it in a keyspace that is older, by a login into that.
    """

    scripts: tuple[str, ...]
    steps: Mapping[int, Callable[[Connection], None]] = field(default_factory=dict, hash=False)

    @property
    def version(self) -> int:
        """Today's version."""
        return len(self.scripts)

    def is_there(self, version: int, keyspace: str) -> bool:
        """Whether a keyspace of that version has today's tables. Raises Unavailable where it is newer."""
        if version > self.version:
            raise unavailable(
                f"the tables of keyspace {keyspace!r} are of version {version}, newer than {self.version};"
                " upgrade this program"
            )
        return version == self.version

    def apply(self, connection: Connection, keyspace: str, version: int) -> None:
        """Give the keyspace, which is of that version, today's tables; to be called under the claim."""
        for script in self.scripts[version:]:
            for statement in statements(script):
                connection.define(statement.replace("KEYSPACE", keyspace))


def statements(script: str) -> list[str]:
    r"""The statements of a script, without its comments.

    >>> statements("-- what; it is\nCREATE x;\nCREATE y;\n")
    ['CREATE x', 'CREATE y']
    """
    plain = re.sub(r"--[^\n]*", "", script)
    return [each.strip() for each in plain.split(";") if each.strip()]


def make_keyspace(connection: Connection, keyspace: str, place: Place) -> None:
    """Make the keyspace where there is none, with as many copies as the place says."""
    hosts = connection.cluster.metadata.all_hosts()
    where = place.datacenter or hosts[0].datacenter
    nodes = sum(host.datacenter == where for host in hosts)
    copies = place.replication or min(MOST_COPIES, nodes)
    strategy = f"{{'class': 'NetworkTopologyStrategy', '{where}': {copies}}}"
    connection.define(f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {strategy}")


def make_claim_table(connection: Connection, keyspace: str) -> None:
    """Make the table that claims are kept in, where there is none."""
    connection.define(_CLAIM_TABLE.format(keyspace, uuid5(_CLAIM_SPACE, keyspace)))


@contextmanager
def claimed(connection: Connection) -> Iterator[None]:
    """The claim to change tables, roles and rights; waits for it. `connection`: into the administrator's keyspace.

    Who holds it and dies lets go of it after two minutes.
    """
    holder, deadline = secrets.token_hex(8), time.monotonic() + _CLAIM_SECONDS + 10
    with _turn:
        while (stands := connection.conditional((_CLAIM, (holder,)))) is not None and stands["holder"] != holder:
            if time.monotonic() > deadline:
                raise unavailable("another server is changing its tables, and doesn't come to an end; try again")
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            connection.conditional((_RELEASE, (holder,)))


def _script(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


REACHES: Final = _script("tree.cql")
"""What came to the catalog later, in any layout that has one."""

RECORDS: Final = Schema((_script("schema.cql"), REACHES, _script("scans.cql")), {1: make_trees})
USERS: Final = Schema((_script("users.cql"), _script("layouts.cql")))
