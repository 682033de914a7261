"""What the chunk engine asks of a database: one user's blobs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.ports.records import Backlog, Key


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
