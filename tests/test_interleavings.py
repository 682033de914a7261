"""The engine itself, interrupted at every call of its port by other whole operations.

No threads: before each call that a reader, a writer or a sealer makes of the store beneath, a drawn operation may
run to its end, which may be interrupted in its turn. So each failure has a seed that repeats it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
import pytest

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.seal import prepare
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Block, Ids, columns_of
from grafana_sensor.domain.exactsum import SCALE
from grafana_sensor.domain.plans import Need, Request
from grafana_sensor.ports import BlobReading, BlobStore, Part, Post, StaleDeclarations
from tests.chunks.ladders import adapting
from tests.contract.stores import BLOBS, blobs_of

SENSOR, WIDTH, SIZE = "press", 40, 4
MOST, DEEPEST = 50, 3
LADDER = adapting(WIDTH)
END = (MOST // 4 + 3) * WIDTH
SEEDS, LONG, TOPS = 120, 120, 16
OPERATIONS = ("nothing", "nothing", "append", "append", "repeat", "seal", "abandon", "look")

Pause = Callable[[], None]


class Interrupted:
    """Calls `pause` before each method of `inner`; what it opens is interrupted as well."""

    def __init__(self, inner: BlobStore | BlobReading, pause: Pause) -> None:
        self._inner = inner
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def called(*arguments: Any) -> Any:
            self._pause()
            return method(*arguments)

        return called

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A look whose every call is interrupted."""
        self._pause()
        with self._inner.reading() as reading:  # type: ignore[union-attr]  # a store has it, and only that is asked
            yield Interrupted(reading, self._pause)

    @contextmanager
    def sealing(self) -> Iterator[bool]:
        """Whoever wants to seal may, so that sealers race."""
        yield True


class World:
    """A user's store, what was begun and acknowledged there, and the operations to come.

    Record i has the value 2**i, so that the exact sum says which records were counted, and how often.
    """

    def __init__(self, blobs: BlobStore, script: Sequence[tuple[str, int]]) -> None:
        self._blobs = cast(BlobStore, Interrupted(blobs, self.pause))
        self.store = ChunkedStore(self._blobs, LADDER, SIZE)
        self._script = iter(script)
        self._depth = 0
        self._posts: list[tuple[Post, int]] = []
        self._records = 0
        self.begun = 0
        self.acknowledged = 0

    def pause(self) -> None:
        """Carry out the next operation of the script here, unless enough are under way."""
        if self._depth >= DEEPEST:
            return
        name, number = next(self._script, ("nothing", 0))
        self._depth += 1
        getattr(self, name)(number)
        self._depth -= 1

    def nothing(self, _: int) -> None:
        """Let the interrupted operation go on."""

    def append(self, number: int) -> None:
        """Post one to three new records, near the newest of the times so far or before: time goes on, late ones come."""
        count = 1 + number % 3
        if self._records + count > MOST:
            return
        numbers = range(self._records, self._records + count)
        self._records += count
        front = self._records // 4 * WIDTH
        times = [max(0, front - (number * 7 + i * 13) % (3 * WIDTH)) for i in range(count)]
        batch = f"{numbers[0]:032x}"
        ids = Ids.of([(batch, i) for i in range(count)])
        rows = [{"t": 2.0**i} for i in numbers]
        block = Block(np.array(times, np.int64), ids, columns_of(rows))
        self._posts.append((Post(batch, 0, [Part(SENSOR, block)], 0), sum(1 << i for i in numbers)))
        self.repeat(len(self._posts) - 1)

    def repeat(self, number: int) -> None:
        """Post one of the posts again: its first attempt may be under way, done, or sealed long since."""
        if self._posts:
            post, bits = self._posts[number % len(self._posts)]
            self.begun |= bits
            while True:
                version = self.store.catalog().version
                try:
                    self.store.append(replace(post, version=version))
                    break
                except StaleDeclarations:  # an epoch's width changed meanwhile
                    continue
            self.acknowledged |= bits

    def seal(self, _: int) -> None:
        """Seal what waits."""
        self.store.seal(self.store.backlog(), 0)

    def abandon(self, number: int) -> None:
        """A sealer that dies before its last step."""
        for waiting in self.store.backlog()[: number % 2 + 1]:
            prepare(self._blobs, SENSOR, waiting.epoch, LADDER, SIZE)

    def look(self, number: int) -> None:
        """Ask; the answer has all that was acknowledged before, once, and nothing that was never begun."""
        before = self.acknowledged
        edges = np.array([0, WIDTH // 2, 3 * WIDTH, END] if number % 2 else [0, END], np.int64)
        request = Request({"t": Need.COUNT | Need.SUM}, (), edges)
        with self.store.reading() as reading:
            if number % 3:
                summaries = reading.summarise(SENSOR, request, Budget())["t"]
                seen = sum(summary.total for summary in summaries) >> SCALE
                counted = sum(summary.numbers for summary in summaries)
            else:
                blocks = reading.records(SENSOR, ["t"], request, Budget())
                values = [int(value) for b in blocks for value in b.columns["t"].values(len(b)) if value is not None]
                seen, counted = sum(values), len(values)
        assert counted == seen.bit_count(), "a record was counted twice"
        assert 0 == before & ~seen, "an acknowledged record is missing"
        assert 0 == seen & ~self.begun, "a record was never sent"


def carried_out(blobs: BlobStore, seed: int) -> World:
    """A world after operations that the seed draws, each interrupted by others that it draws."""
    draw = Random(seed)
    world = World(blobs, [(draw.choice(OPERATIONS), draw.randrange(60)) for _ in range(LONG)])
    for number in range(TOPS):
        getattr(world, draw.choice(OPERATIONS))(number)
    return world


@pytest.mark.parametrize("adapter", sorted(BLOBS))
def test_no_interleaving_loses_or_doubles_a_record(adapter: str, tmp_path: Path) -> None:
    """Readers, writers, repeats, sealers and dying sealers, each within the others: every look is right."""
    with blobs_of(adapter, tmp_path) as stores:
        for seed in range(int(SEEDS * stores.share)):
            try:
                world = carried_out(stores.blobs(stores.fresh_user()), seed)
                for number in range(6):
                    world.look(number)
                assert world.acknowledged == world.begun
                assert [] == list(world.store.check())
            except Exception as error:
                error.add_note(f"seed {seed}")
                raise


class Hasty(MemoryStore):
    """A store that breaks its promise: what a seal covers or drops is gone at once, for looks under way too."""

    def _clear_graves(self) -> None:
        while self._graves:
            self._graves.popleft()[1].clear_graves(self._seals)


def test_the_interruptions_find_a_broken_promise() -> None:
    """Over a store that deletes covered batches at once the same looks fail: these tests can see such a fault."""
    wrong = 0
    for seed in range(SEEDS):
        try:
            carried_out(Hasty(), seed)
        except (AssertionError, ValueError):
            wrong += 1
    assert wrong > 0
