"""Nodes of Cassandra that die and return under servers with load."""

from __future__ import annotations

from tests.cassandra import lent
from tests.cassandra.three import three
from tests.endtoend.soak import soak


def test_nodes_may_die_and_return() -> None:
    """A server starts before its nodes; under 15 s of load one of three dies and returns, and no request fails, no
    answer is wrong, no record, and no point of a scan, is lost or doubled; with two dead all is 503, and when they are
    back, the third started anew meanwhile, all goes on.
    """
    with lent.or_skipped(), three() as nodes:
        figures = soak(nodes, seconds=5, posts=20, clients=1)
    assert figures.posts > 60
    assert figures.questions > 20
    assert figures.points > 60
    assert figures.reads > 20
