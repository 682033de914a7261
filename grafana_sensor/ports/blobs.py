"""What the chunk engine asks of a database: one user's blobs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.layout import Layout, Reach, Widths
from grafana_sensor.ports.records import Backlog, Key
from grafana_sensor.ports.scans import ScanWriting


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
    """A post as blobs. `seen`: by sensor and attribute the bits of the kinds of values in it.

    `reach`: by sensor from the start of its first epoch to the end of its last. `version` is that of the catalog
    whose declarations and layouts it was made by.
    """

    batches: Sequence[Batch]
    seen: Mapping[str, Mapping[str, int]]
    version: int
    key: Key | None = None
    reach: Mapping[str, Reach] = field(default_factory=dict)


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
    of the batches whose records are in the chunks; `nodes`: (start, width) -> blob, of the rollup tree.
    """

    sensor: str
    epoch: int
    generation: int
    rollup: bytes
    chunks: Mapping[tuple[str, str], bytes]
    dropped: Sequence[str]
    covered: Sequence[str]
    nodes: Mapping[tuple[int, int], bytes] = field(default_factory=dict)


class BlobReading(ABC):
    """A look at one user's blobs. Ask for layouts, then markers, then rollups and nodes, then data, in this order.

    A batch that was unsealed when `markers` answered, and a chunk that a rollup seen here names, can be
    read until this look ends, whatever is sealed meanwhile.
    """

    @abstractmethod
    def catalog(self) -> Catalog:
        """The user's sensors, attributes and declarations."""

    @abstractmethod
    def layouts(self) -> Mapping[str, Layout]:
        """The layouts of the sensors, as they were with the catalog of this look; none of an unknown sensor."""

    @abstractmethod
    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        """The ids of the unsealed batches by epoch, for epochs of [start, end)."""

    @abstractmethod
    def rollups(self, sensor: str, start: int, end: int, only: Sequence[int] | None = None) -> list[Rollup]:
        """The rollups of the sensor's epochs of [start, end), ascending; `only` those, where they are named."""

    @abstractmethod
    def nodes(self, sensor: str, spans: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
        """The nodes of these (start, width); one that isn't there is left out."""

    @abstractmethod
    def generation(self, sensor: str) -> int:
        """How often the sensor was sealed; 0 for an unknown one."""

    @abstractmethod
    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        """The blobs of these batches; one that never came is left out."""

    @abstractmethod
    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """The blobs of these (chunk id, column); one that isn't there is left out."""

    def batches_of(self, sensor: str, wanted: Mapping[int, Sequence[str]]) -> dict[int, list[bytes]]:
        """As `batches`, for several epochs: together, where the store can."""
        return {epoch: self.batches(sensor, epoch, ids) for epoch, ids in wanted.items()}

    def chunks_of(
        self, sensor: str, wanted: Mapping[int, Sequence[tuple[str, str]]]
    ) -> dict[int, dict[tuple[str, str], bytes]]:
        """As `chunks`, for several epochs: together, where the store can."""
        return {epoch: self.chunks(sensor, epoch, columns) for epoch, columns in wanted.items()}


class BlobStore(ABC):
    """One user's blobs: batches behind markers, chunks, rollups, the catalog and the keys."""

    @abstractmethod
    def append(self, append: Append) -> Key | None:
        """As RecordStore.append: the reaches, then the markers, then the batches; durable when it returns.

        In the step that compares the version the layouts are made to reach as far as the post. Appending a batch
        again under its id changes nothing that can be seen.
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
    def lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        """Have these widths in the layouts of sensors, each where its layout is still the one that is given beside them.

        How many were laid; where any was, the catalog's version is another one. A layout that is another one by now,
        or reaches further, is left.
        """

    @abstractmethod
    def backlog(self) -> list[Backlog]:
        """As RecordStore.backlog."""

    @abstractmethod
    def scans(self) -> ScanWriting:
        """As RecordStore.scans."""

    @abstractmethod
    def forget_keys(self, before: int) -> None:
        """Drop the keys that were received before (UTC µs), lasting ones aside."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""
