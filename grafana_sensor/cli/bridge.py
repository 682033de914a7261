"""From messages to the store: gathered, stored as one post, and only then given back to be acknowledged.

Law: a message is given back when its records are durable, or when it can never be stored and that was told; until then
it is kept, here or at the broker. One that the broker sends again is stored once: it is known by its id in the session
and what it says, as long as it is among the last REMEMBERED, which is more than a broker may have unacknowledged. What
is kept is bounded: beyond MOST_GATHERED, messages that nobody would send again are left out, counted and told.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import uuid4

from grafana_sensor.cli.journal import Batch, Entry, Journal, Mark
from grafana_sensor.cli.messages import SENSOR_FIELD, TIME_FIELD, Message, Reader
from grafana_sensor.domain.errors import BadRequest, RejectedRecords, Unprocessable
from grafana_sensor.service.ingest import Incoming, Receipt
from grafana_sensor.service.parts import TooManyRejected

UNACKNOWLEDGED: Final = 500
"""Messages that the broker is asked to send, at most, before the first of them is acknowledged."""

REMEMBERED: Final = 2 * UNACKNOWLEDGED
"""Stored messages that are known when they come again."""

MOST_GATHERED: Final = 10_000
"""Messages that wait here for the store."""

_PATH: Final = "mqtt"

Store = Callable[[Incoming], Receipt]
Refuse = Callable[[Message, str], None]


@dataclass(slots=True)
class Tally:
    """What became of what came: messages, records stored; messages retained, refused, sent again, and left out."""

    messages: int = 0
    retained: int = 0
    records: int = 0
    refused: int = 0
    repeats: int = 0
    lost: int = 0

    def __str__(self) -> str:
        text = f"{self.messages:,} messages, {self.records:,} records stored"
        text += f", {self.repeats:,} sent again" if self.repeats else ""
        text += f", {self.retained:,} retained ones left out" if self.retained else ""
        text += f", {self.refused:,} refused" if self.refused else ""
        return text + (f", {self.lost:,} of QoS 0 left out, as the store was away" if self.lost else "")


@dataclass(slots=True)
class Bridge:
    """Messages on their way into the store.

    `store` is a session's ingest, `refuse` is told of each message that can't be stored, and why; `new_key` makes
    keys that never were. `overflowing`: a message was not taken, so that the connection is to end, for it to come again.
    It is used by one thread.
    """

    store: Store
    reader: Reader
    journal: Journal
    refuse: Refuse
    new_key: Callable[[], str] = lambda: f"mqtt-{uuid4().hex}"
    tally: Tally = field(default_factory=Tally)
    gathered: list[Message] = field(default_factory=list)
    overflowing: bool = False
    _pending: Batch | None = None
    _unacknowledged: list[Message] = field(default_factory=list)
    _stored: OrderedDict[Mark, None] = field(default_factory=OrderedDict)
    _journalled: bool = False
    _filters: Sequence[str] = ()

    def begin(self) -> None:
        """Take up what the journal says; to be called first, and followed by `flush`."""
        entry = self.journal.read()
        self._stored.update(dict.fromkeys(entry.stored))
        self._pending = entry.batch
        self._journalled = entry.batch is not None
        self._filters = entry.filters

    @property
    def left_behind(self) -> list[str]:
        """What an earlier process of this session asked the broker for, and nobody does any more."""
        return [each for each in self._filters if each not in self.reader.filters]

    def subscribed(self) -> None:
        """The broker sends what is asked for, and nothing else."""
        if self._filters != self.reader.filters:
            self._filters = self.reader.filters
            self._note(self._pending if self._journalled else None)

    @property
    def waiting(self) -> bool:
        """Whether something is to be stored."""
        return bool(self.gathered) or self._pending is not None

    @property
    def full(self) -> bool:
        """Whether the broker may be waiting for acknowledgements."""
        return len(self.gathered) >= UNACKNOWLEDGED

    def take(self, message: Message) -> None:
        """Gather a message."""
        self.tally.messages += 1
        if len(self.gathered) < MOST_GATHERED:
            self.gathered.append(message)
        elif message.mid:
            self.overflowing = True
        else:
            self.tally.lost += 1

    def disconnected(self) -> None:
        """The connection is gone: what was not acknowledged will come again, and what is stored can't be any more."""
        self.gathered = [message for message in self.gathered if message.mid == 0]
        self._unacknowledged = []

    def connected(self, *, resumed: bool) -> None:
        """There is a connection; unless the session is `resumed`, nothing comes again, and ids begin anew."""
        if not resumed:
            self._stored.clear()
            if self._pending is not None:
                nameless = [replace(message, mid=0) for message in self._pending.messages]
                self._pending = Batch(self._pending.key, nameless)

    def flush(self) -> Sequence[Message]:
        """Store what is there, and give back what may now be acknowledged, in the order in which it came.

        Raises Unavailable where the store is away; everything is kept then, to be flushed again.
        """
        done: list[Message] = []
        if self._pending is not None:
            done += self._store_pending()
        if self.gathered:
            self._pending = self._batch()
            self.gathered = []
            done += self._store_pending()
        self.overflowing = False
        return done

    def settle(self) -> None:
        """Note in the journal that nothing is being stored, where it says otherwise."""
        if self._journalled and self._pending is None:
            self._note(None)

    def _note(self, batch: Batch | None) -> None:
        """Have the journal say how things stand, with the batch that may be stored."""
        self.journal.write(Entry(list(self._stored), batch, self._filters))
        self._journalled = batch is not None

    def _batch(self) -> Batch:
        """The gathered messages, without those that are stored or were retained, in the journal before they are."""
        fresh = [message for message in self.gathered if not message.retained]
        new = [message for message in fresh if not (message.repeat and _mark(message) in self._stored)]
        self._unacknowledged = self.gathered
        self.tally.retained += len(self.gathered) - len(fresh)
        self.tally.repeats += len(fresh) - len(new)
        batch = Batch(self.new_key(), new)
        if new:
            self._note(batch)
        return batch

    def _store_pending(self) -> Sequence[Message]:
        batch = self._pending
        if batch is None:
            return ()
        self._store(batch)
        self._pending = None
        self._remember(batch.messages)
        done, self._unacknowledged = self._unacknowledged, []
        return done

    def _remember(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.mid:
                self._stored[_mark(message)] = None
                self._stored.move_to_end(_mark(message))
        while len(self._stored) > REMEMBERED:
            self._stored.popitem(last=False)

    def _store(self, batch: Batch) -> None:
        """Store the batch, or else each of its messages by itself, and tell what can't be."""
        read: list[tuple[Message, list[dict[str, Any]]]] = []
        refused: list[tuple[Message, str]] = []
        for message in batch.messages:
            try:
                read.append((message, self.reader.records(message)))
            except (BadRequest, Unprocessable) as error:
                refused.append((message, error.message))
        try:
            refused += self._post(batch.key, read, batch.messages)
        except Unprocessable:
            for place, one in enumerate(read):
                try:
                    refused += self._post(f"{batch.key}-{place}", [one], [one[0]])
                except Unprocessable as error:
                    refused.append((one[0], error.message))
        for message, why in refused:
            self.tally.refused += 1
            self.refuse(message, why)

    def _post(
        self, key: str, read: Sequence[tuple[Message, list[dict[str, Any]]]], of: Sequence[Message]
    ) -> list[tuple[Message, str]]:
        """Store these records `of` messages, and list what is refused. Raises Unprocessable where that can't be."""
        records = [record for _, found in read for record in found]
        owners = [message for message, found in read for _ in found]
        if not records:
            return []
        digest = hashlib.sha256(b"".join(_digest(message) for message in of)).digest()
        incoming = Incoming(
            records,
            sensor_field=SENSOR_FIELD,
            time_field=TIME_FIELD,
            key=key,
            path=_PATH,
            digest=digest,
            on_error="skip",
        )
        try:
            receipt = self.store(incoming)
        except TooManyRejected:
            raise
        except RejectedRecords as error:
            return [(owners[each.index], each.message) for each in error.rejected]
        self.tally.records += receipt.accepted
        # A repeat tells the places of the first post, which may have read other records by other patterns.
        told = [each for each in receipt.rejected if each.index < len(owners)]
        return [(owners[each.index], each.message) for each in told]


def _digest(message: Message) -> bytes:
    return hashlib.sha256(message.topic.encode("utf-8", "surrogatepass") + b"\0" + message.payload).digest()


def _mark(message: Message) -> Mark:
    return message.mid, _digest(message).hex()[:32]
