"""The bridge from messages to the store, and its journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from grafana_sensor.cli.bridge import MOST_GATHERED, REMEMBERED, Bridge
from grafana_sensor.cli.journal import Batch, Entry, Journal, journal_at
from grafana_sensor.cli.messages import Message, Reader
from grafana_sensor.cli.topics import patterns
from grafana_sensor.domain.errors import BadRequest, LimitError, Rejected, RejectedRecords, Unavailable
from grafana_sensor.service.ingest import Incoming, Receipt

READER = Reader(patterns(["{sensor}/json"]))


@dataclass
class Store:
    """A store that counts the posts under each key, and can be away."""

    posts: dict[str, int] = field(default_factory=dict)
    error: Callable[[int], Exception | None] = lambda _: None

    def ingest(self, incoming: Incoming) -> Receipt:
        assert not callable(incoming.records)
        assert incoming.key is not None
        records = len(incoming.records)
        if error := self.error(records):
            raise error
        known = incoming.key in self.posts
        self.posts.setdefault(incoming.key, records)
        return Receipt(records, "batch", known)


def bridge(folder: Path, store: Store, refused: list[str] | None = None) -> Bridge:
    """A bridge whose keys are counted on."""
    keys = count(len(store.posts))
    told = [] if refused is None else refused
    found = Bridge(
        store.ingest, READER, Journal(folder / "journal"), lambda m, why: told.append(f"{m.topic}: {why}"),
        new_key=lambda: f"k{next(keys)}",
    )  # fmt: skip
    found.begin()
    return found


def message(mid: int, payload: str = '{"t": 1}', *, repeat: bool = False, topic: str = "a/json") -> Message:
    """A message."""
    return Message(topic, payload.encode(), 1_772_349_720_000_000, mid, repeat=repeat)


def test_messages_are_given_back_when_they_are_stored(tmp_path: Path) -> None:
    """What is gathered is one post, given back in its order."""
    store = Store()
    found = bridge(tmp_path, store)
    given = [message(mid) for mid in (3, 1, 0, 2)]
    for each in given:
        found.take(each)
    assert given == list(found.flush())
    assert {"k0": 4} == store.posts
    assert [] == list(found.flush())


def test_a_repeat_is_given_back_and_not_stored(tmp_path: Path) -> None:
    """What the broker may have sent before is known by id and content; without its word an equal message is new."""
    store = Store()
    found = bridge(tmp_path, store)
    for each in (
        message(1),
        message(1, repeat=True),
        message(1),
        message(2, repeat=True),
        message(1, "{}", repeat=True),
    ):
        found.take(each)
        assert [each] == list(found.flush())
    assert [1, 0, 1, 1, 1] == [store.posts.get(f"k{place}", 0) for place in range(5)]
    assert 1 == found.tally.repeats


def test_a_new_session_has_no_repeats(tmp_path: Path) -> None:
    """Ids begin anew with a session, so that what was stored before says nothing about them."""
    store = Store()
    found = bridge(tmp_path, store)
    for resumed in (True, False):
        found.take(message(1, repeat=True))
        found.flush()
        found.disconnected()
        found.connected(resumed=resumed)
    found.take(message(1, repeat=True))
    found.flush()
    assert 2 == sum(store.posts.values())


def test_a_store_that_is_away_keeps_all(tmp_path: Path) -> None:
    """Nothing is given back until it is stored, and then all in order; what a lost connection sends again is known."""
    store = Store(error=lambda _: Unavailable("away"))
    found = bridge(tmp_path, store)
    found.take(message(1))
    with pytest.raises(Unavailable):
        found.flush()
    found.take(message(2))
    found.disconnected()
    found.connected(resumed=True)
    again = [message(1, repeat=True), message(2, repeat=True)]
    for each in again:
        found.take(each)
    store.error = lambda _: None
    assert again == list(found.flush())
    assert [1, 1] == list(store.posts.values())


def test_a_crash_is_taken_up(tmp_path: Path) -> None:
    """A batch that may be stored is stored under its key by the next process, which knows its messages."""
    for stored in (True, False):
        store = Store()
        folder = tmp_path / str(stored)
        folder.mkdir()
        first = bridge(folder, store)
        first.take(message(1))
        if not stored:
            store.error = lambda _: Unavailable("away")
            with pytest.raises(Unavailable):
                first.flush()
            store.error = lambda _: None
        else:
            first.flush()
        second = bridge(folder, store)
        assert [] == list(second.flush())
        second.take(message(1, repeat=True))
        assert 1 == len(second.flush())
        assert [1] == list(store.posts.values())


def test_a_settled_journal_has_no_batch(tmp_path: Path) -> None:
    """When nothing is being stored any more the journal says so, since a key is not kept for ever."""
    found = bridge(tmp_path, Store())
    found.take(message(1))
    found.flush()
    assert Journal(tmp_path / "journal").read().batch is not None
    found.settle()
    assert (None, 1) == ((entry := Journal(tmp_path / "journal").read()).batch, len(entry.stored))


def test_what_is_no_longer_asked_for_is_known(tmp_path: Path) -> None:
    """The next process knows what the one before it asked the broker for, and what of it nobody does any more."""
    first = bridge(tmp_path, Store())
    assert [] == first.left_behind
    first.subscribed()
    second = bridge(tmp_path, Store())
    second.reader = Reader(patterns(["b/{sensor}"]))
    assert ["+/json"] == second.left_behind
    second.subscribed()
    assert ([], ["b/+"]) == (second.left_behind, Journal(tmp_path / "journal").read().filters)


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    """The last REMEMBERED messages are known, and no others."""
    found = bridge(tmp_path, Store())
    for mid in range(1, REMEMBERED + 2):
        found.take(message(mid))
    found.flush()
    found.take(message(1, repeat=True))
    found.take(message(2, repeat=True))
    found.flush()
    assert 1 == found.tally.repeats


def test_what_waits_is_bounded(tmp_path: Path) -> None:
    """Beyond the bound a message of QoS 0 is left out and counted, and for one of QoS 1 the connection is to end."""
    found = bridge(tmp_path, Store())
    for _ in range(MOST_GATHERED):
        found.take(message(0))
    assert not found.overflowing
    found.take(message(0))
    found.take(message(7))
    assert (1, True, MOST_GATHERED) == (found.tally.lost, found.overflowing, len(found.gathered))
    assert MOST_GATHERED == len(found.flush())
    assert not found.overflowing
    assert "1 of QoS 0 left out" in str(found.tally)


def test_what_can_not_be_stored_is_told_and_given_back(tmp_path: Path) -> None:
    """A message that is no record, and one that the store refuses, are told; the others are stored."""
    refused: list[str] = []
    store = Store()
    found = bridge(tmp_path, store, refused)
    given = [message(1, "{"), message(2), message(3, topic="x")]
    for each in given:
        found.take(each)
    assert given == list(found.flush())
    assert [("a/json", "invalid JSON"), ("x", "no pattern")] == [
        (t, why[: len(w)])
        for (t, _, why), w in zip(
            (each.partition(": ") for each in refused), ("invalid JSON", "no pattern"), strict=True
        )
    ]
    store.error = lambda _: RejectedRecords([Rejected(0, "too long")])
    found.take(message(4))
    assert 1 == len(found.flush())
    assert "a/json: too long" == refused[-1]


def test_messages_that_are_too_much_together_are_stored_one_by_one(tmp_path: Path) -> None:
    """Where a post of all is refused by a limit each has its own, and one that alone is too much is told."""
    refused: list[str] = []
    store = Store(error=lambda records: LimitError("too many") if records > 2 else None)
    found = bridge(tmp_path, store, refused)
    for mid, payload in enumerate(('[{"t": 1}, {"t": 2}]', "[{}, {}, {}]", "{}"), start=1):
        found.take(message(mid, payload))
    assert 3 == len(found.flush())
    assert ({"k0-0": 2, "k0-2": 1}, ["a/json: too many"]) == (store.posts, refused)


def test_the_journal_says_what_it_was_told(tmp_path: Path) -> None:
    """What was written is read by another, payloads that are no text too; without a file it says nothing."""
    journal = Journal(tmp_path / "journal")
    assert Entry() == journal.read()
    entry = Entry([(1, "ab")], Batch("k", [Message("a/ä", b"\xff\0", 5, 6, repeat=True)]), ["a/+"])
    journal.write(entry)
    assert entry == Journal(tmp_path / "journal").read()


def test_a_journal_is_one_process_and_readable(tmp_path: Path) -> None:
    """A second one is refused, and so is a file that is no journal and a place that can't be written."""
    path = tmp_path / "journal"
    with journal_at(path), pytest.raises(BadRequest, match="another process's"), journal_at(path):
        pass
    path.write_text('{"stored": 1}')
    with journal_at(path) as journal, pytest.raises(BadRequest, match="can't be read"):
        journal.read()
    with pytest.raises(BadRequest, match="can't be written"), journal_at(tmp_path / "none" / "journal"):
        pass
