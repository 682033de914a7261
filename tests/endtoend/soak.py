"""Three nodes, two servers, and clients, while nodes die and return: `python -m tests.endtoend.soak`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from random import Random
from time import perf_counter
from typing import Final

from grafana_sensor import connect
from tests.cassandra.three import Three, three
from tests.endtoend import scanload
from tests.endtoend.clients import START, Answer, Client, Figures, Load, Post
from tests.endtoend.ledger import DAY, Question
from tests.endtoend.scanload import ScanLoad
from tests.endtoend.servers import PASSWORD, USER, serving

FLAGS: Final = ("--workers", "2", "--threads", "4", "--seal-batches", "8", "--seal-seconds", "5", "--open-registration")
LONGEST: Final = 40.0
"""Seconds after which a server must have said that it can't serve."""
PATIENCE: Final = 180.0
"""Seconds in which nodes that were started again must serve."""

WHOLE: Final = Question("whole", None, START - DAY, START + 1_000 * DAY, None, 0)
POINTS: Final = Question("points", None, START - DAY, START + 1_000 * DAY, None, 0)


def soak(nodes: Three, seconds: float, posts: int, clients: int) -> Figures:
    """The whole story, in which each third of the load takes `seconds`, and so many posts, at least.

    So many clients post and as many ask, each one request after the other; two more record a scan and read it.

    A server is started before the nodes, a second one after; one node dies and returns under load; then two, and all.
    """
    with ExitStack() as stack:
        _, first = stack.enter_context(serving(nodes.uri, *FLAGS))
        with_nothing(first)
        nodes.start(0, 1, 2)
        nodes.wait(0, 1, 2)
        ready(first)
        registered(first)
        _, second = stack.enter_context(serving(nodes.uri, *FLAGS))
        load = Load((first, second))
        scan = begun(load, (first, second))
        with load.running(clients, clients, scan.record, scan.read):
            load.ledger.advance(posts, seconds)
            nodes.kill(1)
            load.ledger.advance(posts, seconds)
            nodes.start(1)
            nodes.wait(1)
            load.ledger.advance(posts, seconds)
        complete(load, scan, (first, second))
        two_dead(nodes, load, scan, (first, second))
        complete(load, scan, (first, second))
    stored_once(nodes, load)
    return load.figures


def with_nothing(port: int) -> None:
    """A server that was started while no node is up lives, and says that it isn't ready."""
    client = Client((port,))
    assert 200 == client.ask(0, "GET", "/health").status
    unready = client.ask(0, "GET", "/ready")
    assert (503, True) == (unready.status, "none of its nodes can be reached" in unready.message), unready
    client.close()


def ready(port: int) -> None:
    """The server becomes ready by itself."""
    client, deadline = Client((port,)), perf_counter() + PATIENCE
    while (answer := client.ask(0, "GET", "/ready")).status != 200:
        assert 503 == answer.status
        assert perf_counter() < deadline, answer
    client.close()


def registered(port: int) -> None:
    """The user is there."""
    client = Client((port,))
    answer = client.ask(0, "POST", "/api/v1/users", json.dumps({"user": USER, "password": PASSWORD}))
    assert 201 == answer.status, answer
    client.close()


def begun(load: Load, ports: tuple[int, ...]) -> ScanLoad:
    """A scan that takes points."""
    client, scan = Client(ports), ScanLoad(load)
    scan.begin(client)
    client.close()
    return scan


def complete(load: Load, scan: ScanLoad, ports: tuple[int, ...]) -> None:
    """Now that nothing is under way, both servers' answers are exactly what was acknowledged, which is all."""
    assert Counter(load.ledger.sent()) == Counter(load.ledger.acknowledged())
    for port in ports:
        client = Client((port,))
        for question in (WHOLE, POINTS):
            load.asked(client, question)
        scan.complete(client)
        client.close()


def two_dead(nodes: Three, load: Load, scan: ScanLoad, ports: tuple[int, ...]) -> None:
    """With two of three nodes dead all is 503, soon and plainly; when they return the same posts are taken once.

    So it is when the third was started anew meanwhile, which alone can't tell whether any login is right.
    """
    nodes.kill(1, 2)
    client, random = Client(ports), Random(9)
    posts = [load.drawn(random, n) for n in range(4)]
    for post in posts:
        load.ledger.begin(post.readings)
    all_refused(load, scan, client, posts)
    nodes.kill(0)
    nodes.start(0)
    nodes.wait_alone(0)
    all_refused(load, scan, client, posts)
    nodes.start(1, 2)
    nodes.wait(1, 2)
    deadline = perf_counter() + PATIENCE
    for place, post in enumerate(posts):
        while (answer := client.ask(place, "POST", post.path, post.body, post.key)).status not in (200, 201):
            assert 503 == answer.status, answer
            assert perf_counter() < deadline, answer
        load.ledger.acknowledge(post.readings)
    scan.record(client, random)
    client.close()
    while not all(nodes.users(place) for place in range(3)):
        assert perf_counter() < deadline, "a node that is back isn't used again"


def all_refused(load: Load, scan: ScanLoad, client: Client, posts: Sequence[Post]) -> None:
    """Posts, points and questions are told, and the servers live."""
    for place, post in enumerate(posts):
        refused(load, client, place, "POST", post.path, post.body, post.key)
        refused(load, client, place, "POST", f"{scanload.PATH}/points", scan.post)
        refused(load, client, place, "GET", "/api/v1/query?q=CNT(number)&from=2026-01-01&to=2027-01-01")
        assert 200 == client.ask(place, "GET", "/health").status


def refused(load: Load, client: Client, place: int, *request: str) -> None:
    """One request is told, in time, that too few nodes are up."""
    since = perf_counter()
    answer = client.ask(place, *request)
    took = perf_counter() - since
    load.figures.refused.append((answer.message, took))
    assert 503 == answer.status, answer
    assert took < LONGEST, (answer, took)
    assert clear(answer), answer


def clear(answer: Answer) -> bool:
    """Whether the message tells what is wrong."""
    return any(said in answer.message for said in ("too few of its nodes are up", "its nodes don't answer in time"))


def stored_once(nodes: Three, load: Load) -> None:
    """Behind the servers, too, each acknowledged record is there once, and every summary is right."""
    with connect(nodes.uri) as database, database.session_login(USER, PASSWORD) as session:
        stored = Counter(int(value) for value in session.get_all_values_on("number"))
        assert stored == Counter(each.number for each in load.ledger.acknowledged())
        assert [] == list(session.check())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.endtoend.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long the load runs")
    given = parser.parse_args()
    with three() as nodes:
        began = perf_counter()
        figures = soak(nodes, given.seconds / 3, posts=50, clients=2)
    waits = sorted(figures.waits)
    sys.stdout.write(
        f"{figures.posts:,} posts, {figures.repeats:,} of them repeats, {figures.questions:,} questions,"
        f" {figures.points:,} points of each stream of a scan and {figures.reads:,} reads of them in"
        f" {perf_counter() - began:.0f} s: none failed, none was wrong, nothing was lost or doubled\n"
        f"tried again: {len(figures.again)} {dict(Counter(figures.again))}\n"
        f"seconds of a request: median {waits[len(waits) // 2]:.3f}, 99th percentile"
        f" {waits[len(waits) * 99 // 100]:.3f}, longest {waits[-1]:.1f}\n"
        f"two nodes dead: {dict(Counter(said for said, _ in figures.refused))},"
        f" longest {max(took for _, took in figures.refused):.1f} s\n"
    )


if __name__ == "__main__":
    main()
