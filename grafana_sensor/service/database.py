"""The library's front door: the users of a store, and their sessions.

Law: who can open the store is its administrator. A user's name and password keep the rules of accounts.py; a
user's data is reached by that user's password, or by the administrator.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self

from grafana_sensor.domain.errors import Error
from grafana_sensor.ports import Keyspaces, RecordStore, ScanStore
from grafana_sensor.service.accounts import check_password, check_user
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.scanmemory import ScanMemory
from grafana_sensor.service.sealing import Thresholds, Watch
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings

log = logging.getLogger(__name__)


class Database:
    """The users of one store, and `scans` that all of them see. `clock`: UTC µs.

    A context manager that closes it; safe for threads.
    """

    def __init__(
        self, keyspaces: Keyspaces, settings: Settings, clock: Callable[[], int], scans: ScanStore | None = None
    ) -> None:
        self.keyspaces = keyspaces
        self.scans = scans
        self.settings = settings
        self.clock = clock
        self.ids = BatchIds(clock)
        self.memory = ScanMemory(settings.scan_memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def register(self, user: str, password: str) -> None:
        """A new user with an empty keyspace. Raises UserExists, Unprocessable for a name or password.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.get_users()
        ['alice']
        """
        self.keyspaces.create(check_user(user), check_password(password))
        self.keyspaces.initialize(user, password)

    def initialize(self, user: str, password: str) -> None:
        """Make what the user's keyspace lacks, if anything. Raises WrongCredentials.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.initialize("alice", "secret")
        """
        self.keyspaces.initialize(check_user(user), check_password(password))

    def session_login(self, user: str, password: str) -> Session:
        """A session of the user's own, to be closed by the caller. Raises WrongCredentials.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> with database.session_login("alice", "secret") as session:
        ...     session.get_sensors()
        []
        """
        return self._sealing(user, self.keyspaces.open(check_user(user), check_password(password)))

    def open_as_administrator(self, user: str) -> Session:
        """A session with the user's data and the administrator's rights. Raises NotFound.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.open_as_administrator("alice").user
        'alice'
        """
        return self._sealing(user, self.keyspaces.open_as_administrator(check_user(user)))

    def session(self, user: str, store: RecordStore, stored: Callable[[Session, int], None] | None = None) -> Session:
        """The session over a store that is open; `stored` is told of every post and its records."""
        return Session(
            user,
            store,
            settings=self.settings,
            ids=self.ids,
            clock=self.clock,
            memory=self.memory,
            stored=stored,
            scans=self.scans,
        )

    def get_users(self) -> list[str]:
        """All users, in code point order.

        >>> from grafana_sensor import connect
        >>> connect("memory://").get_users()
        []
        """
        return self.keyspaces.users()

    def set_password(self, user: str, password: str) -> None:
        """Replace a user's password; a server refuses the old one within a second. Raises NotFound.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.set_password("alice", "new secret")
        >>> session = database.session_login("alice", "new secret")
        """
        self.keyspaces.set_password(check_user(user), check_password(password))

    def ready(self) -> None:
        """Raises Unavailable where the store would not serve a request."""
        self.keyspaces.ready()

    def close(self) -> None:
        """Let go of the store; harmless when done twice."""
        self.keyspaces.close()
        if self.scans is not None:
            self.scans.close()

    def _sealing(self, user: str, store: RecordStore) -> Session:
        """A session that seals as it goes, since nobody does it in the background."""
        watch = Watch(Thresholds.of(self.settings))

        def stored(session: Session, records: int) -> None:
            now = self.clock()
            watch.note(records, now)
            at = watch.at(now)
            if at is not None and at <= now:
                try:
                    watch.seal(session.store, now)
                except Error:
                    log.exception("sealing failed; what was stored is safe")

        return self.session(user, store, stored)
