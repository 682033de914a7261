"""The users on a cluster: who there is, by whose password, and the home of each one's records.

Law: what a user reads or writes goes through a login of the home's role, which Cassandra lets into that keyspace
alone; the administrator's login serves to tell users and to make homes. The table of accounts is the truth: a user
is there once the account is, which is the last step of making one, and the one of two that is told to be the first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

from grafana_sensor.adapters.cassandra.connections import Connection, Connections, Cql
from grafana_sensor.adapters.cassandra.homes import Home, Homes
from grafana_sensor.adapters.cassandra.place import Login, Place
from grafana_sensor.adapters.cassandra.store import CassandraStore, Timing
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.errors import LimitError, NotFound, UserExists, WrongCredentials
from grafana_sensor.ports import BlobStore, Keyspaces, RecordStore

ACCOUNT: Final = Cql("SELECT hash, home FROM account WHERE name = ?")
NAMES: Final = Cql("SELECT name, home FROM account")
ANY: Final = Cql("SELECT name FROM account LIMIT 1")
ADD: Final = Cql(
    "INSERT INTO account (name, hash, home, created) VALUES (?, ?, ?, toTimestamp(now())) IF NOT EXISTS", serial=True
)
SET_HASH: Final = Cql("UPDATE account SET hash = ? WHERE name = ? IF EXISTS", serial=True)
RENEW_HASH: Final = Cql("UPDATE account SET hash = ? WHERE name = ? IF hash = ?", serial=True)


def _now() -> int:
    return time.time_ns() // 1_000


class CassandraKeyspaces(Keyspaces):
    """The users at `place`; `make_store` puts the engine over a user's blobs.

    `most`: users who may have a keyspace of their own. `clock`: UTC µs. `keep`: seconds for which an answer may read
    what was replaced after it began.
    """

    elsewhere = True

    def __init__(
        self,
        place: Place,
        make_store: Callable[[BlobStore], RecordStore] = ChunkedStore,
        *,
        passwords: Passwords | None = None,
        most: int = 100,
        keep: float = 60.0,
        clock: Callable[[], int] = _now,
    ) -> None:
        self._place = place
        self._make_store = make_store
        self._passwords = passwords or Passwords()
        self._most = most
        self._timing = Timing(clock, keep)
        # By process: a forked child begins with nothing.
        self._processes: dict[int, tuple[Connections, Homes]] = {}

    def create(self, user: str, password: str) -> None:
        """See the port."""
        homes = self._homes()
        if self._account(user) is not None:
            raise _taken(user)
        known = self._passwords.hash(password)
        if self._place.shared:
            home = homes.shared()
        else:
            self._check_room()
            home = homes.of(user)
        stands = homes.connection.conditional((ADD, (user, known, home.name)))
        if stands is not None and stands["hash"] != known:
            raise _taken(user)

    def initialize(self, user: str, password: str) -> None:
        """See the port."""
        self._homes().get(self._authenticate(user, password))

    def open(self, user: str, password: str) -> RecordStore:
        """See the port."""
        home = self._homes().get(self._authenticate(user, password))
        return self._open(user, home, Login(home.name, home.secret))

    def open_as_administrator(self, user: str) -> RecordStore:
        """See the port."""
        if (account := self._account(user)) is None:
            raise _missing(user)
        return self._open(user, self._homes().get(account[1]), self._place.login)

    def set_password(self, user: str, password: str) -> None:
        """See the port."""
        if self._homes().connection.conditional((SET_HASH, (self._passwords.hash(password), user))) is not None:
            raise _missing(user)

    def credential(self, user: str) -> str | None:
        """See the port."""
        account = self._account(user)
        return account[0] if account is not None else None

    def users(self) -> list[str]:
        """See the port."""
        return sorted(name for name, _ in self._homes().connection.run(NAMES))

    def ready(self) -> None:
        """See the port."""
        self._homes().connection.run(ANY)

    def close(self) -> None:
        """See the port."""
        _, homes = self._processes.pop(os.getpid(), (None, None))
        if homes is not None:
            homes.close()

    @property
    def administrator(self) -> Connection:
        """The administrator's login into the keyspace of that name."""
        return self._homes().connection

    def _homes(self) -> Homes:
        """This process's own: a forked child finds its parent's here, whose connections it can't use."""
        found = self._processes.get(os.getpid())
        if found is None:
            connections = Connections(self._place)
            found = self._processes.setdefault(os.getpid(), (connections, Homes(self._place, connections)))
        return found[1]

    def _open(self, user: str, home: Home, login: Login) -> RecordStore:
        connections = self._processes[os.getpid()][0]
        connection = connections.take(login, home.name)

        def release(held: Connection) -> None:
            connections.release(held)

        return self._make_store(CassandraStore(user, connection, release, self._timing))

    def _authenticate(self, user: str, password: str) -> str:
        """The name of the user's home. Raises WrongCredentials."""
        known, home = self._account(user) or (None, "")
        if not self._passwords.verify(known, password) or known is None:
            raise WrongCredentials("the user or the password is wrong")
        if self._passwords.is_outdated(known):
            self._homes().connection.conditional((RENEW_HASH, (self._passwords.hash(password), user, known)))
        return home

    def _account(self, user: str) -> tuple[str, str] | None:
        rows = self._homes().connection.run(ACCOUNT, user)
        return (rows[0][0], rows[0][1]) if rows else None

    def _check_room(self) -> None:
        homes = self._homes()
        shared = homes.shared_name
        if sum(home != shared for _, home in homes.connection.run(NAMES)) >= self._most:
            raise LimitError(
                f"{self._most:,} users have a keyspace of their own, as many as max_user_keyspaces allows: raise it, or"
                " let further users share one by tenancy=shared in the store's URI"
            )


def _taken(user: str) -> UserExists:
    return UserExists(f"user {user!r} exists already; take another name")


def _missing(user: str) -> NotFound:
    return NotFound(f"there is no user {user!r}")
