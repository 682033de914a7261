"""Several workers for one user at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import perf_counter

from grafana_sensor import connect
from tests.endtoend.servers import PASSWORD, USER, connected, count, post, serving

CLIENTS, TURNS = 4, 60


def test_four_workers_store_and_answer_one_user_at_once(
    store: str, record_property: Callable[[str, object], None]
) -> None:
    """No post or question of eight clients fails, and each count is between what was stored and what was sent."""
    acknowledged: list[int] = []
    begun: list[int] = []
    waits: list[float] = []
    together = Barrier(2 * CLIENTS)

    def posting(client: int, port: int) -> None:
        with connected(port) as connection:
            together.wait(60)
            for number in range(client * TURNS, (client + 1) * TURNS):
                begun.append(number)
                since = perf_counter()
                assert 201 == post(connection, number)
                waits.append(perf_counter() - since)
                acknowledged.append(number)

    def asking(port: int) -> None:
        with connected(port) as connection:
            together.wait(60)
            for _ in range(TURNS):
                least, since = len(acknowledged), perf_counter()
                found = count(connection) if least else least
                waits.append(perf_counter() - since)
                assert least <= found <= len(begun)

    with (
        serving(store, "--workers", "4", "--threads", "4", "--seal-batches", "8") as (_, port),
        ThreadPoolExecutor(2 * CLIENTS) as pool,
    ):
        work = [pool.submit(posting, client, port) for client in range(CLIENTS)]
        work += [pool.submit(asking, port) for _ in range(CLIENTS)]
        for each in work:
            each.result()
    record_property("worst_wait_ms", round(1000 * max(waits)))
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        assert CLIENTS * TURNS == session.query_per_user(["CNT(number)"], [])
        assert [] == list(session.check())
