"""Many users of one node over a small cache of sessions: `python -m tests.endtoend.many`.

What a server holds open — threads, descriptors, memory — is looked at after each fifth of the requests: when the cache
is full, and to the end.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import astuple, dataclass, fields
from functools import partial
from pathlib import Path
from random import Random
from typing import Final
from unittest.mock import patch

from argon2 import PasswordHasher
from flask.testing import FlaskClient

from grafana_sensor import connect
from grafana_sensor.settings import Settings
from tests.apps import client_of
from tests.cassandra import lent

PASSWORD: Final = "correct horse"
THREADS: Final = 4
FIFTHS: Final = 5
_RECORD: Final = {"time": "2026-01-01T00:00:00Z", "t": 1.0}
_QUERY: Final = "/api/v1/query?q=CNT(t)&from=2026-01-01&to=2026-01-02"


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds: threads, file descriptors, and bytes of memory."""

    threads: int
    descriptors: int
    memory: int

    @classmethod
    def now(cls) -> Held:
        """As it is now."""
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return cls(
            threading.active_count(), len(list(Path("/proc/self/fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE")
        )


def names(users: int) -> list[str]:
    """What the users are called."""
    return [f"user-{number}" for number in range(users)]


@contextmanager
def served(store: str, users: int, cache: int) -> Iterator[FlaskClient]:
    """A client of an app whose users have a record each, and whose cache holds the sessions of `cache` of them."""
    with connect(store, max_user_keyspaces=max(users, 100)) as database:
        for user in names(users):
            database.register(user, PASSWORD)
            with database.session_login(user, PASSWORD) as session:
                session.insert_into_sensor("roof", _RECORD)
    with client_of(Settings(store=store, cache_size=cache)) as client:
        yield client


def ask(client: FlaskClient, users: int, requests: int, seed: int) -> int:
    """Let users ask, some far more often than others; how many were answered rightly."""
    random = Random(seed)
    drawn = [min(users - 1, int(random.expovariate(4 / users))) for _ in range(requests)]

    def one(user: int) -> bool:
        answer = client.application.test_client().get(_QUERY, auth=(f"user-{user}", PASSWORD))
        return answer.status_code == 200 and [{"cnt_t": 1}] == answer.get_json()

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(one, drawn))


def held_while_asked(client: FlaskClient, users: int, requests: int) -> Iterator[tuple[int, Held]]:
    """After each fifth of the requests, how many of them were answered rightly, and what is held then."""
    for part in range(FIFTHS):
        right = ask(client, users, requests * (part + 1) // FIFTHS - requests * part // FIFTHS, part)
        yield right, Held.now()


def tell(users: int, cache: int, requests: int, tenancy: str) -> None:
    """Print what is held, memory in bytes."""
    store = f"{lent.uri()}?prefix=many{secrets.token_hex(4)}&tenancy={tenancy}"
    sys.stdout.write(f"requests answered rightly | {' | '.join(each.name for each in fields(Held))}\n")
    right = 0
    with served(store, users, cache) as client:
        for some, held in held_while_asked(client, users, requests):
            right += some
            sys.stdout.write(f"{right:,} | {' | '.join(f'{each:,}' for each in astuple(held))}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{right:,} of {requests:,} requests were answered rightly\n")


def light_hashes() -> AbstractContextManager[object]:
    """Passwords are hashed in no time meanwhile."""
    return patch("grafana_sensor.adapters.passwords.PasswordHasher", partial(PasswordHasher, 1, 64))


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=40)
    options.add_argument("--cache", type=int, default=16)
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--light-hashes", action="store_true", help="hash passwords in no time")
    options.add_argument("--tenancy", choices=("keyspaces", "shared"), default="keyspaces")
    given = options.parse_args()
    lent.begin_run()
    try:
        with light_hashes() if given.light_hashes else nullcontext():
            tell(given.users, given.cache, given.requests, given.tenancy)
    finally:
        lent.end_run()


if __name__ == "__main__":
    main()
