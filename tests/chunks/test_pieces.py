"""Epochs are taken apart into pieces that don't overlap."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.chunks.pieces import Piece, pieces
from grafana_sensor.chunks.rollup import Chunk

SPANS = st.tuples(st.integers(0, 30), st.integers(0, 6)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(SPANS, max_size=6), st.lists(st.integers(-2, 40), max_size=12))
def test_pieces_cover_all_and_never_overlap(spans: Any, times: list[int]) -> None:
    """Every chunk and every live record is in one piece, and pieces follow one another in time."""
    chunks = [Chunk(str(i), 1, a, b) for i, (a, b) in enumerate(sorted(spans))]
    live = np.array(sorted(times), np.int64)
    found = pieces(chunks, live)
    assert list(range(len(chunks))) == [place for piece in found for place in piece.chunks]
    assert list(range(len(live))) == [at for piece in found for at in range(piece.start, piece.stop)]
    extents = []
    for piece in found:
        inside = [t for place in piece.chunks for t in (chunks[place].first, chunks[place].last)]
        inside += live[piece.start : piece.stop].tolist()
        extents.append((min(inside), max(inside)))
    assert all(a[1] < b[0] for a, b in pairwise(extents))


def test_a_chunk_beside_the_batches_stays_alone() -> None:
    """Newer records leave the chunks before them to their summaries."""
    found = pieces([Chunk("a", 2, 0, 9), Chunk("b", 2, 10, 19)], np.array([20, 25]))
    assert [Piece((0,), 0, 0), Piece((1,), 0, 0), Piece((), 0, 2)] == found


def test_chunks_that_share_a_time_are_united() -> None:
    """Two chunks that meet in one time may share a record, so they are one piece."""
    assert [Piece((0, 1), 0, 0)] == pieces([Chunk("a", 2, 0, 5), Chunk("b", 2, 5, 9)], np.zeros(0, np.int64))
