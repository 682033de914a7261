from __future__ import annotations

import hashlib
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Barrier, Event, Thread

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from grafana_sensor.domain.errors import Unavailable, WrongCredentials
from grafana_sensor.ports import RecordStore
from grafana_sensor.service import sessions as module
from grafana_sensor.service.database import Database
from grafana_sensor.service.session import Session
from grafana_sensor.service.sessions import VERIFICATIONS, Cache, Sessions
from tests.service.fakes import Clock, CountedKeyspaces


@dataclass
class Thing:
    """Something closable that counts how often it was closed."""

    closed: int = 0

    def close(self) -> None:
        self.closed += 1


class CacheAgainstDict(RuleBasedStateMachine):
    """The cache, beside a list of what should be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.cache: Cache[Thing] = Cache(3, 10.0, self.clock)
        self.there: OrderedDict[str, tuple[Thing, float]] = OrderedDict()
        self.all: list[Thing] = []

    users = st.sampled_from("abcde")

    def drop(self, user: str) -> None:
        del self.there[user]

    @rule(user=users)
    def add(self, user: str) -> None:
        thing = Thing()
        self.all.append(thing)
        self.cache.add(user, thing)
        self.there.pop(user, None)
        self.there[user] = thing, self.clock.now + 10
        if len(self.there) > 3:
            self.drop(next(iter(self.there)))

    @rule(user=users)
    def add_again(self, user: str) -> None:
        if user in self.there:
            thing = self.there.pop(user)[0]
            self.cache.add(user, thing)
            self.there[user] = thing, self.clock.now + 10

    @rule(user=users, valid=st.booleans())
    def ask(self, user: str, valid: bool) -> None:
        if user in self.there and self.clock.now >= self.there[user][1]:
            self.drop(user)
        expected = self.there[user][0] if user in self.there else None
        if valid:
            assert (expected is not None) is self.cache.valid(user)
        else:
            assert expected is self.cache.get(user)

    @rule(seconds=st.sampled_from([0.5, 4.0, 5.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @invariant()
    def what_is_gone_is_closed_once(self) -> None:
        there = [thing for thing, _ in self.there.values()]
        assert [thing.closed for thing in self.all] == [0 if thing in there else 1 for thing in self.all]
        assert len(self.cache) == len(there)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__


def test_the_cache_keeps_its_law() -> None:
    """Through any adds, looks and waits at most `size` stay, and what goes, the oldest added first, is closed once."""
    run_state_machine_as_test(CacheAgainstDict)


def test_a_cache_holds_one_at_least() -> None:
    """A cache of size 0 is refused."""
    with pytest.raises(ValueError, match="1 session or more"):
        Cache(0)


def test_the_cache_is_safe_under_threads() -> None:
    """Eight threads that add and get at once leave at most `size` sessions open, and close all others once."""
    cache: Cache[Thing] = Cache(4)
    things = [[Thing() for _ in range(200)] for _ in range(8)]
    barrier = Barrier(8)

    def work(mine: list[Thing]) -> None:
        barrier.wait()
        for place, thing in enumerate(mine):
            cache.add(str(place % 7), thing)
            cache.get(str((place + 3) % 7))

    threads = [Thread(target=work, args=(mine,)) for mine in things]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [4, 1596] == [sum(t.closed == n for mine in things for t in mine) for n in (0, 1)]
    cache.close()
    assert {1} == {thing.closed for mine in things for thing in mine}


@dataclass
class Desk:
    """Sessions over counted users, and what they opened."""

    database: Database
    keyspaces: CountedKeyspaces
    clock: Clock
    sessions: Sessions
    opened: list[Session]


@pytest.fixture
def desk(database: Database, keyspaces: CountedKeyspaces) -> Desk:
    clock, opened = Clock(), list[Session]()
    for user in ("bob", "carol"):
        keyspaces.create(user, "secret")
    sessions = Sessions(keyspaces, database.session, size=2, timeout=100.0, opened=opened.append, clock=clock)
    return Desk(database, keyspaces, clock, sessions, opened)


def login(desk: Desk, user: str = "alice", password: str = "secret") -> Session:
    with desk.sessions.login(user, password) as session:
        return session


def test_a_cached_login_opens_nothing(desk: Desk) -> None:
    """The second login gets the first one's session, and neither the password is verified nor the store opened."""
    assert login(desk) is login(desk)
    assert (["alice"], 1) == (desk.keyspaces.opens, len(desk.opened))


def test_a_cached_login_looks_rarely(desk: Desk) -> None:
    """The credential is looked at again when the last look is more than half a second old, not before."""
    login(desk)
    looks = []
    for now in (0.1, 0.5, 0.6, 1.0, 1.2):
        desk.clock.now = now
        login(desk)
        looks.append(desk.keyspaces.looks)
    assert [1, 1, 2, 2, 3] == looks


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize(
    ("user", "password"), [("alice", "wrong"), ("alice", ""), ("alice", "secret "), ("alice", "\0")]
)
def test_a_wrong_password_is_refused_at_once(desk: Desk, cached: bool, user: str, password: str) -> None:
    """A wrong password is refused, cached or not, and the cached session of the right one stays."""
    first = login(desk) if cached else None
    with pytest.raises(WrongCredentials, match="the user or the password is wrong"):
        login(desk, user, password)
    assert cached is (login(desk) is first)


@pytest.mark.parametrize("user", ["nobody", "", "a:b", "../alice", "x" * 65, "a\0", "\ud800"])
def test_an_unknown_user_is_refused(desk: Desk, user: str) -> None:
    """Whoever isn't there is refused with the same words as a wrong password."""
    with pytest.raises(WrongCredentials, match="the user or the password is wrong"):
        login(desk, user)


def test_failing_logins_evict_nobody(desk: Desk) -> None:
    """Any number of failed logins leaves the cached sessions where they are."""
    alice, bob = login(desk), login(desk, "bob")
    for user in ("carol", "nobody", "alice"):
        with pytest.raises(WrongCredentials):
            login(desk, user, "wrong")
    assert (alice, bob) == (login(desk), login(desk, "bob"))
    assert 2 == len(desk.sessions)


def test_a_changed_password_is_refused_within_a_second(desk: Desk) -> None:
    """After a change elsewhere the old password is refused at the next look, and the new one taken at once."""
    old = login(desk)
    desk.keyspaces.set_password("alice", "new")
    assert old is not login(desk, password="new")
    assert old.leases.retired
    with pytest.raises(WrongCredentials):
        login(desk)


def test_an_old_password_lives_no_longer_than_a_look(desk: Desk) -> None:
    """Where nobody uses the new password, the old one is refused as soon as the look is due, again and again."""
    login(desk)
    desk.keyspaces.set_password("alice", "new")
    desk.clock.now = 0.51
    for _ in range(2):
        with pytest.raises(WrongCredentials):
            login(desk)


def test_a_change_between_verification_and_look_is_seen(desk: Desk) -> None:
    """A password that is changed while it is being verified is refused at the next look."""
    keyspaces_open = desk.keyspaces.open

    def change_after(user: str, password: str) -> RecordStore:
        store = keyspaces_open(user, password)
        desk.keyspaces.set_password("alice", "new")
        return store

    desk.keyspaces.open = change_after  # type: ignore[method-assign]  # a race, told
    login(desk)
    desk.clock.now = 0.51
    with pytest.raises(WrongCredentials):
        login(desk)


def test_the_oldest_login_is_closed_when_full(desk: Desk) -> None:
    """A third user's login closes the session that was opened first."""
    alice, bob, carol = login(desk), login(desk, "bob"), login(desk, "carol")
    assert [True, False, False] == [each.leases.retired for each in (alice, bob, carol)]


def test_a_session_in_use_is_closed_when_its_users_leave(desk: Desk) -> None:
    """An evicted session works until the last of those who are in it leaves, and is closed then."""
    closed: list[str] = []
    with ExitStack() as outer:
        alice = outer.enter_context(desk.sessions.login("alice", "secret"))
        alice.leases._close = lambda: closed.append("alice")
        with desk.sessions.login("alice", "secret"):
            login(desk, "bob")
            login(desk, "carol")
            alice.insert_into_sensor("hall", {"t": 1})
        assert [] == closed
    assert ["alice"] == closed
    assert alice is not login(desk)


def test_an_expired_session_is_opened_anew(desk: Desk) -> None:
    """After the timeout a login verifies the password again."""
    first = login(desk)
    desk.clock.now = 100.0
    assert first is not login(desk)
    assert first.leases.retired


def test_closing_closes_all(desk: Desk) -> None:
    """Closing the sessions closes the cached ones."""
    found = [login(desk), login(desk, "bob")]
    desk.sessions.close()
    assert [True, True] == [each.leases.retired for each in found]


def test_two_threads_open_one_session(desk: Desk) -> None:
    """Threads that log in the same user at once get one session, opened once."""
    barrier = Barrier(6)
    got: list[Session] = []

    def work() -> None:
        barrier.wait()
        got.append(login(desk))

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (1, ["alice"], {}) == (len(set(map(id, got))), desk.keyspaces.opens, desk.sessions._turns)


def test_wrong_passwords_are_verified_few_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many log in with different wrong passwords at once, only so many are verified at a time."""
    inside: list[int] = []
    most: list[int] = []
    full = Event()

    def slow(*_: str) -> RecordStore:
        inside.append(1)
        most.append(len(inside))
        if len(inside) == VERIFICATIONS:
            full.set()
        full.wait(10)
        inside.pop()
        raise WrongCredentials("the user or the password is wrong")

    def work(password: str) -> None:
        with pytest.raises(WrongCredentials):
            login(desk, password=password)

    monkeypatch.setattr(desk.keyspaces, "open", slow)
    threads = [Thread(target=work, args=(f"wrong {place}",)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (VERIFICATIONS, {}) == (max(most), desk.sessions._turns)


def test_no_password_is_kept(desk: Desk) -> None:
    """What is remembered of a password is a digest under a key of this process."""
    login(desk)
    kept = desk.sessions._cache.get("alice")
    assert kept is not None
    assert kept.digest not in (b"secret", hashlib.blake2b(b"secret").digest())
    assert 64 == len(kept.digest)


def test_a_store_that_does_not_answer_is_no_wrong_password(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the credential can't be looked at, the login is unavailable, and works again afterwards."""

    def down(_: str) -> str:
        raise Unavailable("the store is away")

    first = login(desk)
    desk.clock.now = 1.0
    with monkeypatch.context() as patch:
        patch.setattr(desk.keyspaces, "credential", down)
        with pytest.raises(Unavailable):
            login(desk)
    assert first is login(desk)


def test_half_a_second_is_within_a_second() -> None:
    """The look at a credential is due early enough for the promise of one second."""
    assert module.LOOK_SECONDS <= 0.5
