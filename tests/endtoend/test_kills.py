"""Servers that are killed while they store."""

from __future__ import annotations

import http.client
from collections import Counter
from threading import Event, Thread

from grafana_sensor import connect
from tests.endtoend.servers import PASSWORD, USER, connected, kill, post, serving

ROUNDS, THREADS, MOST = 20, 4, 400


def test_what_was_acknowledged_outlives_twenty_kills(store: str) -> None:
    """After 20 kills of all workers amid posts and seals, each acknowledged record is there once, and check is clean."""
    acknowledged: list[int] = []
    begun: list[int] = []
    for turn in range(ROUNDS):
        _killed_amid_posts(store, turn, acknowledged, begun)
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        stored = Counter(int(value) for value in session.get_all_values_on("number"))
        assert [] == [number for number, times in stored.items() if times > 1]
        assert set() == set(acknowledged) - stored.keys()
        assert set() == stored.keys() - set(begun)
        assert len(stored) == session.query_per_user(["CNT(number)"], [])
        assert [] == list(session.check())
    assert len(acknowledged) >= ROUNDS * 10


def _killed_amid_posts(store: str, turn: int, acknowledged: list[int], begun: list[int]) -> None:
    """Post from several threads until some were acknowledged, more of them each turn; then kill all workers."""
    enough = Event()
    wanted = len(acknowledged) + 10 + 5 * turn

    def posting(thread: int, port: int) -> None:
        try:
            with connected(port) as connection:
                for number in range(thread * MOST, (thread + 1) * MOST):
                    begun.append(turn * THREADS * MOST + number)
                    if post(connection, turn * THREADS * MOST + number) == 201:
                        acknowledged.append(turn * THREADS * MOST + number)
                    if len(acknowledged) >= wanted:
                        enough.set()
        except (OSError, http.client.HTTPException):
            pass  # the server was killed: what was under way is not acknowledged

    with serving(store, "--workers", "2", "--seal-batches", "8") as (server, port):
        threads = [Thread(target=posting, args=(thread, port)) for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        kill(server)
        for thread in threads:
            thread.join()
