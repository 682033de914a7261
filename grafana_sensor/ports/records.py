"""What queries and ingest ask of a user's records."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import Block
from grafana_sensor.domain.plans import Request
from grafana_sensor.domain.summaries import Summary
from grafana_sensor.ports.scans import ScanWriting


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


@dataclass(frozen=True, slots=True)
class Able:
    """What a store is able to do, where not every store is.

    `records`: the most of one post, None for as many as come. `text`: the most bytes of a text in UTF-8, None for as
    many as a record may have. `seals`: whether records wait in batches to be sealed; where not, there is no backlog.
    `scans`: whether scans can be recorded there.
    """

    records: int | None = None
    text: int | None = None
    seals: bool = True
    scans: bool = True


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
    """The records of one user. `able`: what its kind of store is able to do."""

    able: ClassVar[Able] = Able()

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
    def scans(self) -> ScanWriting:
        """The user's scans, through the same connections. Raises Unprocessable where `able.scans` is False."""

    @abstractmethod
    def check(self) -> Iterator[str]:
        """Verify every summary and rollup against its data: a line for each fault found, none when all is well."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""
