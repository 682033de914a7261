"""Users and their blobs in the memory of this process: the reference that other adapters are held to.

Law: plain dicts under one lock, nothing clever. A reading sees what is there at each of its calls, not a
snapshot. What a seal drops stays readable in a graveyard until every reading that began before is over. What
is kept ends with the process; closing a store closes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock

from grafana_sensor.adapters.declarations import amended
from grafana_sensor.adapters.memory_scans import MemoryScans
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.errors import NotFound, UserExists, WrongCredentials
from grafana_sensor.domain.layout import Layout, Widths
from grafana_sensor.ports import (
    Append,
    Backlog,
    Batch,
    BlobReading,
    BlobStore,
    Key,
    Keyspaces,
    RecordStore,
    Rollup,
    ScanWriting,
    Seal,
    StaleDeclarations,
)


@dataclass(slots=True)
class Epoch:
    """What is kept of one epoch. The dead are what seals dropped, with the count of the seal that did."""

    batches: dict[str, Batch] = field(default_factory=dict)
    chunks: dict[tuple[str, str], bytes] = field(default_factory=dict)
    rollup: bytes | None = None
    dead_batches: dict[str, tuple[int, Batch]] = field(default_factory=dict)
    dead_chunks: dict[tuple[str, str], tuple[int, bytes]] = field(default_factory=dict)

    def batch(self, name: str) -> Batch | None:
        """The batch, alive or dead."""
        return self.batches.get(name) or self.dead_batches.get(name, (0, None))[1]

    def chunk(self, name: tuple[str, str]) -> bytes | None:
        """The chunk's column, alive or dead."""
        return self.chunks[name] if name in self.chunks else self.dead_chunks.get(name, (0, None))[1]

    def apply(self, seal: Seal, count: int) -> None:
        """What the seal, the `count`th, changes in its epoch."""
        for batch in seal.covered:
            if batch in self.batches:
                self.dead_batches[batch] = (count, self.batches.pop(batch))
        for name in [name for name in self.chunks if name[0] in set(seal.dropped)]:
            self.dead_chunks[name] = (count, self.chunks.pop(name))
        self.rollup = seal.rollup
        self.chunks.update(seal.chunks)

    def clear_graves(self, oldest: int) -> None:
        """Forget the dead of the seals up to the `oldest`."""
        self.dead_batches = {name: grave for name, grave in self.dead_batches.items() if grave[0] > oldest}
        self.dead_chunks = {name: grave for name, grave in self.dead_chunks.items() if grave[0] > oldest}


class MemoryReading(BlobReading):
    """A look at what is there now, and at what was dropped since it began."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def catalog(self) -> Catalog:
        """See the port."""
        with self._store.lock:
            sensors = {sensor: dict(kinds) for sensor, kinds in self._store.sensors.items()}
            return Catalog(sensors, dict(self._store.declarations), self._store.version)

    def layouts(self) -> Mapping[str, Layout]:
        """See the port."""
        with self._store.lock:
            return dict(self._store.layouts)

    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """See the port."""
        with self._store.lock:
            return {number: list(epoch.batches) for number, epoch in self._range(sensor, start, end) if epoch.batches}

    def rollups(self, sensor: str, start: int, end: int, only: Sequence[int] | None = None) -> list[Rollup]:
        """See the port."""
        with self._store.lock:
            found = [(number, epoch.rollup) for number, epoch in self._range(sensor, start, end)]
        wanted = None if only is None else set(only)
        return [Rollup(n, blob) for n, blob in found if blob is not None and (wanted is None or n in wanted)]

    def nodes(self, sensor: str, spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """See the port."""
        with self._store.lock:
            nodes = self._store.nodes.get(sensor, {})
            return {span: nodes[span] for span in spans if span in nodes}

    def generation(self, sensor: str) -> int:
        """See the port."""
        with self._store.lock:
            return self._store.generations.get(sensor, 0)

    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """See the port."""
        with self._store.lock:
            found = [self._epoch(sensor, epoch).batch(batch) for batch in ids]
        return [batch.blob for batch in found if batch is not None]

    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """See the port."""
        with self._store.lock:
            found = {name: self._epoch(sensor, epoch).chunk(name) for name in wanted}
        return {name: blob for name, blob in found.items() if blob is not None}

    def _range(self, sensor: str, start: int, end: int) -> list[tuple[int, Epoch]]:
        epochs = self._store.epochs.get(sensor, {})
        return [(number, epochs[number]) for number in sorted(epochs) if start <= number < end]

    def _epoch(self, sensor: str, epoch: int) -> Epoch:
        return self._store.epochs.get(sensor, {}).get(epoch) or Epoch()


class MemoryStore(BlobStore):
    """One user's blobs. Its attributes are for its readings, under `lock`."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.sensors: dict[str, dict[str, int]] = {}
        self.declarations: dict[str, Declaration] = {}
        self.layouts: dict[str, Layout] = {}
        self.version = 0
        self.generations: dict[str, int] = {}
        self.epochs: dict[str, dict[int, Epoch]] = {}
        self.nodes: dict[str, dict[tuple[int, int], bytes]] = {}
        self.keys: dict[str, Key] = {}
        self._scans = MemoryScans()
        self._claim = Lock()
        # Seals are counted: each open reading began at a count, and each grave is of one. Ascending, both.
        self._seals = 0
        self._readings: list[int] = []
        self._graves: deque[tuple[int, Epoch]] = deque()

    def append(self, append: Append) -> Key | None:
        """See the port."""
        with self.lock:
            if append.key is not None and (taken := self._taken(append.key)):
                return taken
            if append.version != self.version:
                raise StaleDeclarations(f"flattened by version {append.version}; it is {self.version} now")
            for sensor in (*append.seen, *(batch.sensor for batch in append.batches)):
                kinds = self.sensors.setdefault(sensor, {})
                for attribute, bits in append.seen.get(sensor, {}).items():
                    kinds[attribute] = kinds.get(attribute, 0) | bits
            for sensor, reach in append.reach.items():
                self.layouts[sensor] = self.layouts.get(sensor, Layout()).reaching(reach)
            for batch in append.batches:
                self._epoch(batch.sensor, batch.epoch).batches.setdefault(batch.id, batch)
            if append.key is not None:
                self.keys[append.key.name] = append.key
        return None

    def _taken(self, key: Key) -> Key | None:
        """The key as it is there; None where it isn't, or is this very post's and unfinished."""
        known = self.keys.get(key.name)
        return None if known is not None and known.answer is None and known.batch == key.batch else known

    def _epoch(self, sensor: str, epoch: int) -> Epoch:
        return self.epochs.setdefault(sensor, {}).setdefault(epoch, Epoch())

    @contextmanager
    def reading(self) -> Iterator[BlobReading]:
        """See the port."""
        with self.lock:
            began = self._seals
            self._readings.append(began)
        try:
            yield MemoryReading(self)
        finally:
            with self.lock:
                self._readings.remove(began)
                self._clear_graves()

    def _clear_graves(self) -> None:
        """Forget what was dropped before the oldest open reading began."""
        oldest = self._readings[0] if self._readings else self._seals
        while self._graves and self._graves[0][0] <= oldest:
            self._graves.popleft()[1].clear_graves(oldest)

    def seal(self, seal: Seal) -> bool:
        """See the port."""
        with self.lock:
            if self.generations.get(seal.sensor, 0) != seal.generation:
                return False
            self.generations[seal.sensor] = seal.generation + 1
            self.sensors.setdefault(seal.sensor, {})
            self._seals += 1
            epoch = self._epoch(seal.sensor, seal.epoch)
            epoch.apply(seal, self._seals)
            self.nodes.setdefault(seal.sensor, {}).update(seal.nodes)
            self._graves.append((self._seals, epoch))
            self._clear_graves()
        return True

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        """See the port."""
        claimed = self._claim.acquire(blocking=False)
        try:
            yield claimed
        finally:
            if claimed:
                self._claim.release()

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """See the port."""
        with self.lock:
            old = self.declarations.get(attribute, Declaration())
            bits = Catalog(self.sensors).kinds().get(attribute, 0)
            new = amended(attribute, old, declaration, bits)
            if new != old:
                self.declarations[attribute] = new
                self.version += 1
        return new

    def lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        """See the port."""
        with self.lock:
            laid = {
                sensor: Layout(widths, before.reach)
                for sensor, (before, widths) in changes.items()
                if self.layouts.get(sensor, Layout()) == before
            }
            self.layouts.update(laid)
            self.version += bool(laid)
        return len(laid)

    def backlog(self) -> list[Backlog]:
        """See the port."""
        with self.lock:
            return [
                Backlog(
                    sensor,
                    number,
                    batches=len(epoch.batches),
                    records=sum(batch.count for batch in epoch.batches.values()),
                    since=min(batch.received for batch in epoch.batches.values()),
                )
                for sensor, epochs in self.epochs.items()
                for number, epoch in epochs.items()
                if epoch.batches
            ]

    def scans(self) -> ScanWriting:
        """See the port."""
        return self._scans

    def forget_keys(self, before: int) -> None:
        """See the port."""
        with self.lock:
            self.keys = {name: key for name, key in self.keys.items() if key.lasting or key.received >= before}

    def close(self) -> None:
        """See the port."""


class MemoryKeyspaces(Keyspaces):
    """The users of this process; `make_store` puts the engine over a user's blobs."""

    def __init__(
        self, make_store: Callable[[BlobStore], RecordStore] = ChunkedStore, *, passwords: Passwords | None = None
    ) -> None:
        self._make_store = make_store
        self._passwords = passwords or Passwords()
        self._lock = Lock()
        self._hashes: dict[str, str] = {}
        self._stores: dict[str, MemoryStore] = {}

    @property
    def stores(self) -> Mapping[str, MemoryStore]:
        """The blobs by user."""
        return self._stores

    def create(self, user: str, password: str) -> None:
        """See the port."""
        made = self._passwords.hash(password)
        with self._lock:
            if user in self._hashes:
                raise UserExists(f"user {user!r} exists already; take another name")
            self._hashes[user], self._stores[user] = made, MemoryStore()

    def initialize(self, user: str, password: str) -> None:
        """See the port."""
        self._authenticate(user, password)

    def open(self, user: str, password: str) -> RecordStore:
        """See the port."""
        self._authenticate(user, password)
        return self.open_as_administrator(user)

    def open_as_administrator(self, user: str) -> RecordStore:
        """See the port."""
        if (store := self._stores.get(user)) is None:
            raise _no_user(user)
        return self._make_store(store)

    def set_password(self, user: str, password: str) -> None:
        """See the port."""
        made = self._passwords.hash(password)
        with self._lock:
            if user not in self._hashes:
                raise _no_user(user)
            self._hashes[user] = made

    def credential(self, user: str) -> str | None:
        """See the port."""
        return self._hashes.get(user)

    def users(self) -> list[str]:
        """See the port."""
        with self._lock:
            return sorted(self._hashes)

    def ready(self) -> None:
        """See the port."""

    def close(self) -> None:
        """See the port."""

    def _authenticate(self, user: str, password: str) -> None:
        if not self._passwords.verify(self._hashes.get(user), password):
            raise WrongCredentials("the user or the password is wrong")


def _no_user(user: str) -> NotFound:
    return NotFound(f"there is no user {user!r}")
