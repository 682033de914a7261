"""Logins: a cache of open sessions, and who may use them.

Law: a cached login compares a keyed digest of the password, and looks every half second whether the user's
credential is still the one it was opened by: so it costs microseconds, and a password that was changed anywhere
is refused within a second. Any other password, though a session is cached, goes to the keyspaces' own
verification. A failed login changes nothing: the cached session stays, and nobody is evicted.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import Final, Generic, Protocol, TypeVar

from grafana_sensor.domain.errors import Unprocessable, WrongCredentials
from grafana_sensor.ports import Keyspaces, RecordStore
from grafana_sensor.service.accounts import check_password, check_user
from grafana_sensor.service.session import Session

LOOK_SECONDS: Final = 0.5
"""How old the last look at a credential may be: half of the second in which a change must be seen."""

VERIFICATIONS: Final = 2
"""Passwords verified at once: each takes a processor and 64 MiB for a while, on purpose."""


class Closable(Protocol):
    """What is cached: something that is closed when it goes."""

    def close(self) -> None:
        """Let go of what is held."""


T = TypeVar("T", bound=Closable)


class Cache(Generic[T]):
    """At most `size` sessions by user, each for `timeout` seconds of `clock` after it was added.

    The oldest added goes when it is full, and adding a user's again restarts its time. What is evicted, expired
    or replaced is closed, outside the lock. Safe for threads. Raises ValueError when `size` is below 1.
    """

    def __init__(self, size: int, timeout: float = 3_000.0, clock: Callable[[], float] = time.monotonic) -> None:
        if size < 1:
            raise ValueError(f"a cache holds 1 session or more, not {size}")
        self._size = size
        self._timeout = timeout
        self._clock = clock
        self._lock = Lock()
        self._entries: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, user: str, session: T) -> None:
        """Keep the user's session, in the place of an older one of that user.

        >>> from io import StringIO
        >>> cache, first = Cache(size=1), StringIO()
        >>> cache.add("alice", first)
        >>> cache.add("bob", StringIO())
        >>> cache.get("alice"), first.closed, cache.valid("bob")
        (None, True, True)
        """
        gone: list[T] = []
        with self._lock:
            before = self._entries.pop(user, None)
            if before is not None and before[0] is not session:
                gone.append(before[0])
            self._entries[user] = session, self._clock() + self._timeout
            while len(self._entries) > self._size:
                gone.append(self._entries.popitem(last=False)[1][0])
        _close(gone)

    def get(self, user: str) -> T | None:
        """The user's session; None where there is none or its time is over, and then it is removed.

        >>> from io import StringIO
        >>> cache, session = Cache(size=2), StringIO()
        >>> cache.add("alice", session)
        >>> cache.get("alice") is session, cache.get("bob")
        (True, None)
        """
        gone: list[T] = []
        with self._lock:
            session, ends = self._entries.get(user, (None, 0.0))
            if session is not None and self._clock() >= ends:
                del self._entries[user]
                gone.append(session)
                session = None
        _close(gone)
        return session

    def valid(self, user: str) -> bool:
        """Whether the user's session is there and its time not over; one whose time is over is removed.

        >>> from io import StringIO
        >>> seconds = iter([0.0, 2_999.0, 3_000.0])
        >>> cache, session = Cache(size=2, timeout=3_000.0, clock=lambda: next(seconds)), StringIO()
        >>> cache.add("alice", session)
        >>> cache.valid("alice"), cache.valid("alice"), session.closed
        (True, False, True)
        """
        return self.get(user) is not None

    def close(self) -> None:
        """Remove and close all."""
        with self._lock:
            gone = [session for session, _ in self._entries.values()]
            self._entries.clear()
        _close(gone)


def _close(sessions: list[T]) -> None:
    for session in sessions:
        session.close()


@dataclass(slots=True)
class _Login:
    """A session, the digest of the password that opened it, and the credential at the last look (seconds)."""

    session: Session
    digest: bytes
    credential: str | None
    looked: float

    def close(self) -> None:
        self.session.close()


@dataclass(slots=True)
class _Turn:
    """The turn of those who log in with the same user and password."""

    lock: Lock = field(default_factory=Lock)
    waiting: int = 0


class Sessions:
    """Opens a session at a user's first login and lends it at the next ones.

    `make` turns a user's store into a session, `opened` is told of each new one, `clock` gives seconds
    (monotonic). At most `size` users' sessions are kept, each for `timeout` seconds. Safe for threads.
    """

    def __init__(
        self,
        keyspaces: Keyspaces,
        make: Callable[[str, RecordStore], Session],
        *,
        size: int = 64,
        timeout: float = 3_000.0,
        opened: Callable[[Session], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keyspaces = keyspaces
        self._make = make
        self._opened = opened
        self._clock = clock
        self._cache: Cache[_Login] = Cache(size, timeout, clock)
        self._secret = os.urandom(32)
        self._verifications = BoundedSemaphore(VERIFICATIONS)
        self._lock = Lock()
        self._turns: dict[tuple[str, bytes], _Turn] = {}

    def __len__(self) -> int:
        """How many sessions are cached."""
        return len(self._cache)

    @contextmanager
    def login(self, user: str, password: str) -> Iterator[Session]:
        """The user's session; it stays open at least to the end of the context.

        Raises WrongCredentials when the user or the password is wrong, Unavailable when it can't be told.
        """
        session = self._taken(user, password)
        try:
            yield session
        finally:
            session.leases.give_back()

    def close(self) -> None:
        """Close all sessions, those in use when their last user leaves."""
        self._cache.close()

    def _taken(self, user: str, password: str) -> Session:
        """The session, taken from its leases."""
        digest = hashlib.blake2b(password.encode("utf-8", "surrogatepass"), key=self._secret).digest()
        session = self._cached(user, digest)
        if session is not None:
            return session
        try:
            check_user(user)
            check_password(password)
        except Unprocessable:
            raise WrongCredentials("the user or the password is wrong") from None
        with self._turn(user, digest):
            return self._cached(user, digest) or self._open(user, password, digest)

    def _cached(self, user: str, digest: bytes) -> Session | None:
        """The cached session, taken, where this password opened it and is still the user's."""
        login = self._cache.get(user)
        if login is None or not hmac.compare_digest(login.digest, digest):
            return None
        now = self._clock()
        if now - login.looked > LOOK_SECONDS:
            if self._keyspaces.credential(user) != login.credential:
                return None
            login.looked = now
        return login.session if login.session.leases.take() else None

    def _open(self, user: str, password: str, digest: bytes) -> Session:
        """A new session, taken and cached."""
        # Looked at before the password is verified: a change in between is seen at the next look.
        looked, credential = self._clock(), self._keyspaces.credential(user)
        with self._verifications:
            store = self._keyspaces.open(user, password)
        session = self._make(user, store)
        session.leases.take()
        self._cache.add(user, _Login(session, digest, credential, looked))
        if self._opened is not None:
            self._opened(session)
        return session

    @contextmanager
    def _turn(self, user: str, digest: bytes) -> Iterator[None]:
        """One at a time of those with the same password, so that wrong ones never keep the right one waiting."""
        with self._lock:
            turn = self._turns.setdefault((user, digest), _Turn())
            turn.waiting += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.waiting -= 1
                if not turn.waiting:
                    del self._turns[user, digest]
