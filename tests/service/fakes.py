"""Clocks that are told, users whose passwords cost little, and a store that can be made to trouble its callers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher

from grafana_sensor.adapters.memory import MemoryKeyspaces, MemoryStore
from grafana_sensor.adapters.passwords import Passwords
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.ports import Key, Post, RecordStore

NOW = 1_767_225_600_000_000
"""2026-01-01."""


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: float = 0

    def __call__(self) -> float:
        return self.now


@dataclass
class MicroClock:
    """UTC µs, standing still until told."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


class CountedKeyspaces(MemoryKeyspaces):
    """Users in memory, with cheap hashes; counts what a login asks of it."""

    def __init__(self) -> None:
        super().__init__(passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
        self.opens: list[str] = []
        self.looks = 0

    def open(self, user: str, password: str) -> RecordStore:
        self.opens.append(user)
        return super().open(user, password)

    def credential(self, user: str) -> str | None:
        self.looks += 1
        return super().credential(user)


class TroubledStore(ChunkedStore):
    """Records in memory; `before` is called with each post before it is appended. Keeps the posts."""

    def __init__(self) -> None:
        self.blobs = MemoryStore()
        super().__init__(self.blobs)
        self.posts: list[Post] = []
        self.before: Callable[[Post], None] = lambda _: None

    def append(self, post: Post) -> Key | None:
        self.posts.append(post)
        self.before(post)
        return super().append(post)
