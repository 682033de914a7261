"""Sealing in the background: when epochs are sealed, and the thread that does it.

Law: an epoch is sealed when it has enough unsealed batches or records, or its oldest batch is old enough,
whichever comes first. Sealing changes no answer, so it may come late, fail and be done again. One thread in a
process seals, so no user is sealed twice at once there; between processes the store's claim spares the work.
A failure is logged and tried again later; a session that is closed is let go.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Final, Protocol

from grafana_sensor.ports import Backlog, RecordStore, Sealed
from grafana_sensor.service.leases import Leases
from grafana_sensor.settings import Settings

_SECOND: Final = 1_000_000

PAUSE: Final = _SECOND
"""µs until the next look where a seal got nothing done, since another process was at it."""

RETRY: Final = 10 * _SECOND
"""µs until the next try where a look or a seal failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """An epoch is due at this many unsealed batches or records, or when its first batch is `age` µs old.

    64 batches, since each costs a reading as much as a chunk; 4,096 records, since they fill a chunk; 30 s, so
    that a sensor at rest is soon read from summaries alone.
    """

    batches: int = 64
    records: int = 4_096
    age: int = 30 * _SECOND

    @classmethod
    def of(cls, settings: Settings) -> Thresholds:
        """Those of the settings."""
        return cls(settings.seal_batches, settings.seal_records, int(settings.seal_seconds * _SECOND))


def due(backlog: Iterable[Backlog], now: int, thresholds: Thresholds) -> list[Backlog]:
    """What of the backlog is to be sealed at `now` (UTC µs), in its order.

    >>> [each.sensor for each in due([Backlog("a", 0, 64, 64, 0), Backlog("b", 0, 1, 1, 0)], 1, Thresholds())]
    ['a']
    """
    return [
        each
        for each in backlog
        if each.batches >= thresholds.batches
        or each.records >= thresholds.records
        or now - each.since >= thresholds.age
    ]


class Watch:
    """When one user's backlog is to be looked at next, by what this process has stored since the last look."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._posts = thresholds.batches
        self._records = thresholds.records
        self._at: int | None = None

    def note(self, records: int, now: int) -> None:
        """A post of so many records was stored."""
        self._posts -= 1
        self._records -= records
        self.look_by(now + self._thresholds.age)

    def look_by(self, at: int) -> None:
        """Look at `at` (UTC µs) at the latest."""
        self._at = at if self._at is None else min(self._at, at)

    def at(self, now: int) -> int | None:
        """When to look (UTC µs); None where nothing is waiting."""
        return now if self._posts <= 0 or self._records <= 0 else self._at

    def seal(self, store: RecordStore, now: int) -> Sealed:
        """Look, seal what is due, and see when to look again."""
        self._posts, self._records, self._at = self._thresholds.batches, self._thresholds.records, None
        backlog = store.backlog()
        ready = due(backlog, now, self._thresholds)
        sealed = Sealed()
        if ready:
            sealed = store.seal(ready, now)
            backlog = store.backlog()
        for each in backlog:
            self._posts = min(self._posts, self._thresholds.batches - each.batches)
            self._records = min(self._records, self._thresholds.records - each.records)
            self.look_by(each.since + self._thresholds.age)
        if ready and not sealed.records:
            self.put_off(now + PAUSE)
        return sealed

    def put_off(self, at: int) -> None:
        """Don't look before `at` (UTC µs) for what was stored up to now."""
        self._posts, self._records, self._at = self._thresholds.batches, self._thresholds.records, at


class Sealable(Protocol):
    """What the sealer is told of: a user's store, and the leases that keep it open. A Session is one."""

    @property
    def user(self) -> str:
        """Whose store it is."""

    @property
    def store(self) -> RecordStore:
        """The user's records."""

    @property
    def leases(self) -> Leases:
        """What keeps the store open meanwhile."""


class Sealer:
    """Seals what sessions store, in a thread that starts with the first of them; so it lives in the process that
    stores, also after a fork.

    `clock`: UTC µs. `report` is told of each seal that did something. Safe for threads.
    """

    def __init__(
        self,
        clock: Callable[[], int],
        thresholds: Thresholds | None = None,
        report: Callable[[Sealed], None] | None = None,
    ) -> None:
        self._clock = clock
        self._thresholds = thresholds or Thresholds()
        self.report = report
        self._condition = Condition()
        self._watched: dict[str, tuple[Sealable, Watch]] = {}
        self._changed = False
        self._closed = False
        self._thread: Thread | None = None

    def opened(self, session: Sealable) -> None:
        """A session was opened: see what others left unsealed."""
        self._tell(session, lambda watch: watch.look_by(self._clock()))

    def notify(self, session: Sealable, records: int) -> None:
        """A post of so many records was stored through the session."""
        self._tell(session, lambda watch: watch.note(records, self._clock()))

    def work(self) -> float | None:
        """Seal all that is due; the seconds until something will be, None where nothing is waiting."""
        while True:
            now = self._clock()
            with self._condition:
                self._changed = False
                self._watched = {user: each for user, each in self._watched.items() if not each[0].leases.retired}
                places = {user: at for user, (_, watch) in self._watched.items() if (at := watch.at(now)) is not None}
                if self._closed or not places:
                    return None
                user = min(places, key=places.__getitem__)
                if places[user] > now:
                    return (places[user] - now) / _SECOND
                session, watch = self._watched[user]
            self._seal(session, watch, now)

    def close(self) -> None:
        """Stop when the seal that is under way is done; harmless when done twice."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _tell(self, session: Sealable, what: Callable[[Watch], None]) -> None:
        with self._condition:
            if self._closed:
                return
            watch = self._watched[session.user][1] if session.user in self._watched else Watch(self._thresholds)
            self._watched[session.user] = session, watch
            what(watch)
            self._changed = True
            self._condition.notify()
            self._start()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="sealer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            seconds = self.work()
            with self._condition:
                if not self._changed and not self._closed:
                    self._condition.wait(seconds)
                if self._closed:
                    return

    def _seal(self, session: Sealable, watch: Watch, now: int) -> None:
        if not session.leases.take():
            return
        try:
            sealed = watch.seal(session.store, now)
            if self.report is not None and sealed.epochs:
                self.report(sealed)
        except Exception:
            log.exception("sealing failed; it is tried again in %.0f s", RETRY / _SECOND)
            watch.put_off(now + RETRY)
        finally:
            session.leases.give_back()
