"""The rollup of an epoch: its chunks, and the summaries of all their attributes.

Law: it is written whole with each seal, under the sensor's generation. The summaries of an attribute are
decoded only where they are asked for. The epoch's own summary stands beside those of its chunks, so that an
epoch that is taken or left whole costs one entry an attribute; above it stands the rollup tree (tree.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grafana_sensor.chunks import codec
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.domain.summaries import Summary


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk: `count` records from `first` to `last` (UTC µs, both included), in `size` bytes, 0 where not known."""

    id: str
    count: int
    first: int
    last: int
    size: int = 0


@dataclass(slots=True, eq=False)
class Rollup:
    """An epoch's chunks in the order of (first, last), and by attribute their summaries.

    `_packed`: attribute -> [the epoch's entry, [place of a chunk, its entry] …], still packed; only chunks
    that have the attribute are there.
    """

    chunks: tuple[Chunk, ...]
    _packed: Mapping[str, bytes] = field(default_factory=dict)
    _cache: dict[str, Attribute] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """The records of all chunks."""
        return sum(chunk.count for chunk in self.chunks)

    def attributes(self) -> list[str]:
        """The attributes that occur, in no order."""
        return list(self._packed)

    def attribute(self, name: str) -> Attribute:
        """The summaries of an attribute; empty where no chunk has it."""
        found = self._cache.get(name)
        if found is None:
            blob = self._packed.get(name)
            found = Attribute(Entry(Summary())) if blob is None else Attribute.unpack(blob)
            self._cache[name] = found
        return found

    @classmethod
    def of(cls, chunks: Sequence[Chunk], entries: Mapping[str, Mapping[str, Entry]]) -> Rollup:
        """The rollup of these chunks; `entries`: attribute -> chunk id -> entry."""
        ordered = tuple(sorted(chunks, key=lambda chunk: (chunk.first, chunk.last, chunk.id)))
        places = {chunk.id: place for place, chunk in enumerate(ordered)}
        packed = {}
        for name, by_chunk in entries.items():
            by_place = {places[identity]: entry for identity, entry in by_chunk.items()}
            if by_place:
                packed[name] = Attribute.pack(by_place)
        return cls(ordered, packed)

    def encode(self) -> bytes:
        """The rollup as a blob."""
        return codec.pack([[[c.id, c.count, c.first, c.last, c.size] for c in self.chunks], self._packed])

    @classmethod
    def decode(cls, blob: bytes) -> Rollup:
        """The rollup of a blob."""
        chunks, packed = codec.unpack(blob)
        return cls(tuple(Chunk(*chunk) for chunk in chunks), packed)


@dataclass(slots=True, eq=False)
class Attribute:
    """The summaries of one attribute: of the `whole` epoch, and by the place of a chunk."""

    whole: Entry
    _packed: Mapping[int, Sequence[Any]] = field(default_factory=dict)

    def __contains__(self, place: int) -> bool:
        return place in self._packed

    def __getitem__(self, place: int) -> Entry:
        return Entry.unpacked(self._packed[place])

    def get(self, place: int) -> Entry:
        """The chunk's entry; an empty one where the chunk lacks the attribute."""
        return self[place] if place in self._packed else Entry(Summary())

    def items(self) -> Iterator[tuple[int, Entry]]:
        """The places of the chunks that have the attribute, with their entries."""
        return ((place, self[place]) for place in self._packed)

    @classmethod
    def pack(cls, entries: Mapping[int, Entry]) -> bytes:
        """As bytes; an only chunk's entry is the epoch's, and stands there once."""
        whole = None if len(entries) == 1 else Entry.merged(entries.values()).packed()
        return codec.pack([whole, [[place, entry.packed()] for place, entry in entries.items()]])

    @classmethod
    def unpack(cls, blob: bytes) -> Attribute:
        """The summaries that were packed."""
        whole, places = codec.unpack(blob)
        return cls(Entry.unpacked(places[0][1] if whole is None else whole), dict(places))
