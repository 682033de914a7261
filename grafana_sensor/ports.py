"""What the core asks of the outside: users' keyspaces, their records, and the blobs beneath them.

Law: few methods, promises in words. Times are UTC µs, ranges half-open. Whatever a port promises holds for
any number of threads and processes at once, and across a crash at any point. Every method raises Unavailable
where the store does not answer.

RecordStore is what queries and ingest see. The chunk engine implements it over BlobStore; an adapter whose
database answers queries by itself implements it directly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import Block
from grafana_sensor.domain.plans import Request
from grafana_sensor.domain.summaries import Summary


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key, or a caller's record id, and the post that it belongs to.

    `path` and `digest` (SHA-256 of the body) tell a repeat from another post; `batch` and `received`
    (UTC µs) are the first post's. `answer`: what was answered, None while the post is unfinished.
    `lasting` keys are kept for ever, others for 7 days at least.
    """

    name: str
    path: str
    digest: bytes
    batch: str
    received: int
    answer: bytes | None = None
    lasting: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Records of one sensor ("" for none) in a post, with ids; in any order."""

    sensor: str
    block: Block


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """What one request stores: all of it or nothing.

    `batch` is the id of this post's records; `received` UTC µs. `version` is that of the catalog whose
    declarations the records were flattened by.
    """

    batch: str
    received: int
    parts: Sequence[Part]
    version: int
    key: Key | None = None


class StaleDeclarations(Exception):
    """The declarations changed since the post was flattened: flatten it anew and append again."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing did: epochs sealed, records in them that were in batches before, and epochs left to others."""

    epochs: int = 0
    records: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Backlog:
    """The unsealed batches of an epoch: how many, their records, and when the first was received (UTC µs)."""

    sensor: str
    epoch: int
    batches: int
    records: int
    since: int


class RecordReading(ABC):
    """A look at a user's records from which one answer is made.

    Whatever was acknowledged before it began is in it. What is acknowledged meanwhile may be.
    """

    @abstractmethod
    def catalog(self) -> Catalog:
        """The user's sensors, attributes and declarations: the same each time that one look is asked."""

    @abstractmethod
    def summarise(self, sensor: str, request: Request, budget: Budget) -> dict[str, list[Summary]]:
        """For each attribute of `request.wants` a list of b summaries, bucket by bucket.

        An attribute or sensor that is not there gives empty summaries.
        """

    @abstractmethod
    def records(
        self, sensor: str, attributes: Sequence[str], request: Request, budget: Budget, *, ids: bool = False
    ) -> Iterator[Block]:
        """The records of [edges[0], edges[-1]) that pass the conditions, in blocks of the given attributes.

        In the order of (time, record id) through all blocks, each record once; `ids` tells whether the
        blocks carry record ids. `request.wants` is left aside. Blocks are made as they are asked for.
        """


class RecordStore(ABC):
    """The records of one user."""

    @abstractmethod
    def append(self, post: Post) -> Key | None:
        """Store the post durably; None where it is stored now.

        Where the post has a key that is taken, nothing is stored and the taken key is returned: the caller
        tells a repeat from a conflict. Where its answer is None the first post is unfinished: the caller
        appends the same records again under that key's batch and receive time.

        Raises StaleDeclarations where a declaration changed since `post.version`.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[RecordReading]:
        """A look at the records; it ends with the context."""

    @abstractmethod
    def catalog(self) -> Catalog:
        """As in a reading of its own."""

    @abstractmethod
    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """Add to what is declared of the attribute; what `declaration` leaves None stays as it was.

        Returns what is declared now. Raises DeclarationError where values there contradict the kind.
        """

    @abstractmethod
    def backlog(self) -> list[Backlog]:
        """The unsealed batches, epoch by epoch, in no order."""

    @abstractmethod
    def seal(self, backlog: Iterable[Backlog], now: int) -> Sealed:
        """Seal these epochs; any number may do so at once. Also forgets expired keys (`now`: UTC µs)."""

    @abstractmethod
    def check(self) -> Iterator[str]:
        """Verify every summary and rollup against its data: a line for each fault found, none when all is well."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""


@dataclass(frozen=True, slots=True)
class Batch:
    """An unsealed batch of one epoch: `count` records from `first` to `last` (UTC µs, both included)."""

    sensor: str
    epoch: int
    id: str
    count: int
    first: int
    last: int
    received: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """A post as blobs. `seen`: by sensor and attribute the bits of the kinds of values in it."""

    batches: Sequence[Batch]
    seen: Mapping[str, Mapping[str, int]]
    version: int
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Rollup:
    """The rollup of an epoch: names its chunks, and holds their summaries (chunks/rollup.py)."""

    epoch: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """What sealing one epoch changes, all or nothing.

    `generation` is the sensor's that was read with the markers, before the data. `chunks`: (chunk id,
    column) -> blob, new ones; `dropped`: ids of chunks that the new rollup no longer names; `covered`: ids
    of the batches whose records are in the chunks.
    """

    sensor: str
    epoch: int
    generation: int
    rollup: bytes
    chunks: Mapping[tuple[str, str], bytes]
    dropped: Sequence[str]
    covered: Sequence[str]


class BlobReading(ABC):
    """A look at one user's blobs. Ask for markers, then rollups, then data, never in another order.

    A batch that was unsealed when `markers` answered, and a chunk that a rollup seen here names, can be
    read until this look ends, whatever is sealed meanwhile.
    """

    @abstractmethod
    def catalog(self) -> Catalog:
        """The user's sensors, attributes and declarations."""

    @abstractmethod
    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """The ids of the unsealed batches by epoch, for epochs of [start, end)."""

    @abstractmethod
    def rollups(self, sensor: str, start: int, end: int) -> list[Rollup]:
        """The rollups of the sensor's epochs of [start, end), ascending."""

    @abstractmethod
    def generation(self, sensor: str) -> int:
        """How often the sensor was sealed; 0 for an unknown one."""

    @abstractmethod
    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """The blobs of these batches; one that never came is left out."""

    @abstractmethod
    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """The blobs of these (chunk id, column); one that isn't there is left out."""


class BlobStore(ABC):
    """One user's blobs: batches behind markers, chunks, rollups, the catalog and the keys."""

    @abstractmethod
    def append(self, append: Append) -> Key | None:
        """As RecordStore.append: the markers, then the batches; durable when it returns.

        Appending a batch again under its id changes nothing that can be seen.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[BlobReading]:
        """A look at the blobs; it ends with the context."""

    @abstractmethod
    def seal(self, seal: Seal) -> bool:
        """Apply the seal where the sensor's generation is still `seal.generation`, and raise that by one.

        False, with nothing changed, where another seal came first.
        """

    @abstractmethod
    def sealing(self) -> AbstractContextManager[bool]:
        """A claim to seal this user's epochs: False where another process holds it. Spares double work only."""

    @abstractmethod
    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """As RecordStore.declare."""

    @abstractmethod
    def backlog(self) -> list[Backlog]:
        """As RecordStore.backlog."""

    @abstractmethod
    def forget_keys(self, before: int) -> None:
        """Drop the keys that were received before (UTC µs), lasting ones aside."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""


class Keyspaces(ABC):
    """The users, each with a keyspace of their own that their password opens."""

    elsewhere: ClassVar[bool] = False
    """Whether they are on other machines, which may be away for a while: a server starts without them."""

    @abstractmethod
    def create(self, user: str, password: str) -> None:
        """A keyspace and a role for a new user. Raises UserExists."""

    @abstractmethod
    def initialize(self, user: str, password: str) -> None:
        """The tables of the user's keyspace; harmless when done twice. Raises WrongCredentials."""

    @abstractmethod
    def open(self, user: str, password: str) -> RecordStore:
        """The user's records, with the user's own rights. Raises WrongCredentials."""

    @abstractmethod
    def open_as_administrator(self, user: str) -> RecordStore:
        """The user's records, with the administrator's rights. Raises NotFound."""

    @abstractmethod
    def set_password(self, user: str, password: str) -> None:
        """Replace the password; what is open stays open. Raises NotFound."""

    @abstractmethod
    def credential(self, user: str) -> str | None:
        """A text that changes whenever the user's password does; None for no such user. Cheap."""

    @abstractmethod
    def users(self) -> list[str]:
        """All users, in code point order."""

    @abstractmethod
    def ready(self) -> None:
        """Raises Unavailable where the store would not serve a request."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""
