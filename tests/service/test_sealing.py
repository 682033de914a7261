from __future__ import annotations

import logging
from collections.abc import Iterable
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.ports import Backlog, Sealed
from grafana_sensor.service.database import Database
from grafana_sensor.service.sealing import PAUSE, RETRY, Sealer, Thresholds, Watch, due
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import CountedKeyspaces, MicroClock

SECOND = 1_000_000
FEW = Thresholds(batches=3, records=10, age=30 * SECOND)


class StillSealer(Sealer):
    """A sealer without a thread: `work` is called by the test."""

    def _start(self) -> None:
        pass


def post(session: Session, records: int = 1) -> None:
    session.insert_many("hall", [{"t": place} for place in range(records)])


def unsealed(session: Session) -> int:
    return sum(each.batches for each in session.store.backlog())


@pytest.fixture
def sealer(micros: MicroClock) -> StillSealer:
    return StillSealer(micros, FEW)


@pytest.fixture
def told(keyspaces: CountedKeyspaces, database: Database, sealer: StillSealer) -> Session:
    return database.session("alice", keyspaces.open("alice", "secret"), sealer.notify)


@given(st.integers(0, 5), st.integers(0, 20), st.integers(0, 40))
def test_an_epoch_is_due_by_batches_records_or_age(batches: int, records: int, age: int) -> None:
    """An epoch is due at its threshold of batches, of records, or of the age of its first batch."""
    backlog = Backlog("hall", 0, batches, records, 100 * SECOND)
    expected = batches >= 3 or records >= 10 or age >= 30
    assert expected is bool(due([backlog], (100 + age) * SECOND, FEW))


def test_thresholds_are_settings() -> None:
    """The settings' defaults are those thresholds."""
    assert Thresholds() == Thresholds.of(Settings())


def test_many_posts_are_sealed_at_once(told: Session, sealer: StillSealer) -> None:
    """At the threshold of batches the epoch is sealed, before that it isn't."""
    post(told)
    post(told)
    assert 30.0 == sealer.work()
    assert 2 == unsealed(told)
    post(told)
    assert None is sealer.work()
    assert 0 == unsealed(told)


def test_many_records_are_sealed_at_once(told: Session, sealer: StillSealer) -> None:
    """At the threshold of records the epoch is sealed."""
    post(told, 10)
    sealer.work()
    assert 0 == unsealed(told)


def test_a_sensor_at_rest_is_sealed_by_age(told: Session, sealer: StillSealer, micros: MicroClock) -> None:
    """30 s after its first batch the epoch is sealed, and the thread is told to wait just so long."""
    post(told)
    micros.now += 10 * SECOND
    post(told)
    assert 20.0 == sealer.work()
    micros.now += 20 * SECOND
    assert None is sealer.work()
    assert 0 == unsealed(told)


def test_what_others_left_is_picked_up(session: Session, sealer: StillSealer, micros: MicroClock) -> None:
    """When a session opens, batches that are old enough are sealed at once, and young ones in time."""
    post(session)
    micros.now += 30 * SECOND
    session.insert_into_sensor("roof", {"t": 1})
    sealer.opened(session)
    assert 30.0 == sealer.work()
    assert ["roof"] == [each.sensor for each in session.store.backlog()]


def test_what_others_stored_counts(session: Session, told: Session, sealer: StillSealer) -> None:
    """Batches that another process stored count: the epoch is due when both together reach the threshold."""
    post(session)
    post(session)
    sealer.opened(told)
    sealer.work()
    assert 2 == unsealed(told)
    post(told)
    sealer.work()
    assert 0 == unsealed(told)


def test_the_report_tells_what_was_sealed(told: Session, sealer: StillSealer) -> None:
    """Who asked for reports gets what each seal did."""
    reports: list[Sealed] = []
    sealer.report = reports.append
    post(told, 10)
    sealer.work()
    assert [Sealed(1, 10)] == reports


def test_a_failure_is_logged_and_tried_again(
    told: Session,
    sealer: StillSealer,
    micros: MicroClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A seal that fails is logged, doesn't stop the sealer, and is tried again later."""

    def fail(*_: object) -> Sealed:
        raise Unavailable("the store is away")

    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
        patch.setattr(told.store, "seal", fail)
        post(told, 10)
        assert RETRY / SECOND == sealer.work()
    assert ["sealing failed; it is tried again in 10 s"] == caplog.messages
    micros.now += RETRY
    sealer.work()
    assert (0, False) == (unsealed(told), told.leases.retired)


def test_work_of_another_process_is_left_to_it(
    told: Session, sealer: StillSealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process holds the claim, the next look is a second later and not at once."""

    def taken(backlog: Iterable[Backlog], _: int) -> Sealed:
        return Sealed(lost=len(list(backlog)))

    monkeypatch.setattr(told.store, "seal", taken)
    post(told, 10)
    assert PAUSE / SECOND == sealer.work()


def test_a_closed_session_is_let_go(told: Session, sealer: StillSealer, micros: MicroClock) -> None:
    """A session that was closed is not sealed through any more."""
    post(told)
    told.close()
    micros.now += 60 * SECOND
    assert None is sealer.work()
    assert {} == sealer._watched


def test_a_session_stays_open_while_it_is_sealed(
    told: Session, sealer: StillSealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that is closed while its store is sealed is closed after the seal."""
    order: list[str] = []
    told.leases._close = lambda: order.append("closed")
    seal = told.store.seal

    def closing(backlog: Iterable[Backlog], now: int) -> Sealed:
        told.close()
        done = seal(backlog, now)
        order.append("sealed")
        return done

    monkeypatch.setattr(told.store, "seal", closing)
    post(told, 10)
    sealer.work()
    assert ["sealed", "closed"] == order


def test_the_thread_seals_and_stops(told: Session, micros: MicroClock) -> None:
    """The real sealer's thread seals what it is told of, ends when it is closed, and takes nothing more."""
    sealed = Event()
    sealer = Sealer(micros, FEW, lambda _: sealed.set())
    told._stored = sealer.notify
    post(told, 10)
    assert sealed.wait(10)
    thread = sealer._thread
    assert thread is not None
    sealer.close()
    sealer.close()
    assert not thread.is_alive()
    post(told, 10)
    assert (thread, 1) == (sealer._thread, unsealed(told))


def test_a_library_session_seals_as_it_goes(session: Session) -> None:
    """Without a server, a session that stores many batches never leaves more than the threshold unsealed."""
    most = 0
    for place in range(200):
        session.insert_into_sensor("hall", {"t": place})
        most = max(most, unsealed(session))
    assert 63 == most
    assert 200 == session.query_per_user(["CNT(*)"])


def test_a_watch_asks_nothing_where_nothing_waits() -> None:
    """Nothing is due for a user who has stored nothing."""
    assert None is Watch(FEW).at(5)
