"""How an epoch is taken apart for reading and for sealing: into pieces that don't overlap in time.

Law: pieces follow one another in time, and no record of one can be a record of another. A piece of one chunk
alone is as its summary says; one of several chunks, or of chunks and batches, is united by (time, record id).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grafana_sensor.chunks.rollup import Chunk
from grafana_sensor.domain.columns import Ints


@dataclass(frozen=True, slots=True)
class Piece:
    """`chunks`: places in the rollup; [`start`, `stop`): the records of the live block that lie here."""

    chunks: tuple[int, ...]
    start: int
    stop: int

    @property
    def alone(self) -> bool:
        """Whether it is one chunk, and nothing of the batches."""
        return len(self.chunks) == 1 and self.start == self.stop


def pieces(chunks: Sequence[Chunk], live: Ints) -> list[Piece]:
    """The pieces of an epoch. `chunks`: in the order of (first, last); `live`: times of the batches, ascending."""
    clusters = _clusters(chunks)
    if not len(live):
        return [Piece(places, 0, 0) for _, _, places in clusters]
    starts = np.searchsorted(live, [first for first, _, _ in clusters], "left").tolist()
    stops = np.searchsorted(live, [last for _, last, _ in clusters], "right").tolist()
    found: list[Piece] = []
    done = 0
    for (_, _, places), start, stop in zip(clusters, starts, stops, strict=True):
        if done < start:
            found.append(Piece((), done, start))
        found.append(Piece(places, start, stop))
        done = stop
    if done < len(live):
        found.append(Piece((), done, len(live)))
    return found


def _clusters(chunks: Sequence[Chunk]) -> list[tuple[int, int, tuple[int, ...]]]:
    """(first, last, places) of the chunks that overlap one another, a time at both ends included."""
    clusters: list[tuple[int, int, tuple[int, ...]]] = []
    for place, chunk in enumerate(chunks):
        if clusters and chunk.first <= clusters[-1][1]:
            first, last, places = clusters[-1]
            clusters[-1] = (first, max(last, chunk.last), (*places, place))
        else:
            clusters.append((chunk.first, chunk.last, (place,)))
    return clusters
