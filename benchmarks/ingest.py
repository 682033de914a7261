"""How many records are stored in a second, each post on disk before it is answered."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, Literal

from benchmarks import rowtable
from benchmarks.data import ATTRIBUTES, SENSOR, Readings, readings
from benchmarks.server import PASSWORD, USER, Server, serving
from grafana_sensor import connect

Form = Literal["json", "columns"]

THREADS: Final = (1, 4)
_POSTS: Final = {1: 10_000, 100: 4_000, 10_000: 40}
"""How many posts of each size are made ready for each number of threads; when used up, the measure ends early."""
_LOGINS: Final = 12
"""Connections that meet every worker, by all chances."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Records in a second: by one client thread, by several, and those of a plain table; of which size and form."""

    size: int
    form: Form
    by_threads: dict[int, float]
    table: float

    @property
    def best(self) -> float:
        """The most records in a second."""
        return max(self.by_threads.values())

    @property
    def values(self) -> float:
        """The most values in a second."""
        return self.best * len(ATTRIBUTES)


def rates(seconds: float, sizes: Sequence[tuple[int, Form]], share: float = 1.0) -> list[Rate]:
    """The rates of each size, each measured for `seconds`; with `share` of the posts made ready."""
    found = []
    with TemporaryDirectory() as folder:
        for place, (size, form) in enumerate(sizes):
            posts = max(2, int(_POSTS[size] * share))
            made = readings(size * posts * len(THREADS))
            bodies = [_body(made, size * i, size * (i + 1), form) for i in range(posts * len(THREADS))]
            by_threads = _by_threads(f"sqlite://{folder}/{place}", bodies, size, form, seconds)
            table = rowtable.rate(Path(folder) / f"{place}.sqlite", made, size, seconds)
            found.append(Rate(size, form, by_threads, table))
    return found


def _body(made: Readings, start: int, end: int, form: Form) -> bytes:
    return json.dumps(made.columns(start, end) if form == "columns" else made.records(start, end)).encode()


def path_of(form: Form) -> str:
    """Where records of the form are posted."""
    return f"/api/v1/sensors/{SENSOR}/records" + ("?format=columns" if form == "columns" else "")


def _by_threads(store: str, bodies: Sequence[bytes], size: int, form: Form, seconds: float) -> dict[int, float]:
    """The rate of each number of threads, each with posts of its own, one after the other."""
    with connect(store) as database:
        database.register(USER, PASSWORD)
    share = len(bodies) // len(THREADS)
    with serving(store) as server:
        _warm(server)
        return {
            threads: _rate(server, bodies[share * place : share * (place + 1)], size, form, threads, seconds)
            for place, threads in enumerate(THREADS)
        }


def _warm(server: Server) -> None:
    """Have every worker log the user in, which takes a while on purpose."""
    with ExitStack() as stack:
        for client in [stack.enter_context(server.client()) for _ in range(_LOGINS)]:
            client.get("/api/v1/sensors", {})


def _rate(server: Server, bodies: Sequence[bytes], size: int, form: Form, threads: int, seconds: float) -> float:
    places = itertools.count()
    begun = perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        posts = sum(pool.map(lambda _: _post(server, bodies, path_of(form), places, begun + seconds), range(threads)))
    return posts * size / (perf_counter() - begun)


def _post(server: Server, bodies: Sequence[bytes], path: str, places: itertools.count[int], end: float) -> int:
    """Post what nobody else has posted until the time is over; how many posts that were."""
    posts = 0
    with server.client() as client:
        while perf_counter() < end and (place := next(places)) < len(bodies):
            client.post(path, bodies[place])
            posts += 1
    return posts
