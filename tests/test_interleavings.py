from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain import exactsum
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Catalog, Declaration
from grafana_sensor.domain.columns import Block, Ids, columns_of
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from grafana_sensor.ports import Append, Backlog, BlobReading, BlobStore, Key, Part, Post, Rollup, Seal
from tests.contract.stores import ADAPTERS, stores_of

WIDTH, SIZE, SPAN, MOST = 10, 4, 30, 50
"""Of an epoch, a full chunk, the times and the records of a run: each record is one bit of a sum."""
DEEPEST = 3

Turn = tuple[str, list[int]]


class Meddled(BlobStore):
    """A store at whose every call something else may happen first; `meddle` does it."""

    def __init__(self, blobs: BlobStore, meddle: Callable[[], None]) -> None:
        self._blobs = blobs
        self._meddle = meddle

    def append(self, append: Append) -> Key | None:
        self._meddle()
        return self._blobs.append(append)

    @contextmanager
    def reading(self) -> Iterator[BlobReading]:
        self._meddle()
        with self._blobs.reading() as reading:
            yield MeddledReading(reading, self._meddle)

    def seal(self, seal: Seal) -> bool:
        self._meddle()
        return self._blobs.seal(seal)

    def sealing(self) -> AbstractContextManager[bool]:
        return nullcontext(True)  # a claim spares work only: without it sealers race

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        return self._blobs.declare(attribute, declaration)

    def backlog(self) -> list[Backlog]:
        self._meddle()
        return self._blobs.backlog()

    def forget_keys(self, before: int) -> None:
        self._blobs.forget_keys(before)

    def close(self) -> None:
        self._blobs.close()


class MeddledReading(BlobReading):
    """A look at whose every call something else may happen first."""

    def __init__(self, reading: BlobReading, meddle: Callable[[], None]) -> None:
        self._reading = reading
        self._meddle = meddle

    def catalog(self) -> Catalog:
        self._meddle()
        return self._reading.catalog()

    def markers(self, sensor: str, start: int, end: int) -> dict[int, list[str]]:
        self._meddle()
        return self._reading.markers(sensor, start, end)

    def rollups(self, sensor: str, start: int, end: int) -> list[Rollup]:
        self._meddle()
        return self._reading.rollups(sensor, start, end)

    def generation(self, sensor: str) -> int:
        self._meddle()
        return self._reading.generation(sensor)

    def batches(self, sensor: str, epoch: int, ids: Sequence[str]) -> list[bytes]:
        self._meddle()
        return self._reading.batches(sensor, epoch, ids)

    def chunks(self, sensor: str, epoch: int, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        self._meddle()
        return self._reading.chunks(sensor, epoch, wanted)


@dataclass
class Run:
    """One run over a store: the turns that are left, the posts, and the records begun and acknowledged, as bits."""

    blobs: BlobStore
    turns: Iterator[Turn]
    store: ChunkedStore = field(init=False)
    posts: list[tuple[Post, int]] = field(default_factory=list)
    records: int = 0
    begun: int = 0
    acknowledged: int = 0
    depth: int = 0

    def __post_init__(self) -> None:
        self.store = ChunkedStore(Meddled(self.blobs, self.meddle), WIDTH, SIZE)

    def meddle(self) -> None:
        """The next turn, whole, inside of whatever is under way."""
        if self.depth < DEEPEST:
            self.take(next(self.turns, ("rest", [])))

    def take(self, turn: Turn) -> None:
        """Take a turn."""
        what, times = turn
        self.depth += 1
        match what:
            case "post" if self.records + len(times) <= MOST:
                self._append(*self._post(times))
            case "repeat" if self.posts:
                self._append(*self.posts[times[0] % len(self.posts)])
            case "seal":
                self.store.seal(self.store.backlog(), 0)
            case "read":
                self.read()
        self.depth -= 1

    def _post(self, times: list[int]) -> tuple[Post, int]:
        places = range(self.records, self.records + len(times))
        self.records += len(times)
        columns = columns_of([{"bit": 2.0**place} for place in places])
        batch = f"{places[0]:032x}"
        ids = Ids.of((batch, i) for i in range(len(times)))
        post = Post(batch, 0, [Part("s", Block(np.array(times, np.int64), ids, columns))], 0)
        self.posts.append((post, sum(1 << place for place in places)))
        return self.posts[-1]

    def _append(self, post: Post, bits: int) -> None:
        self.begun |= bits
        self.store.append(replace(post))
        self.acknowledged |= bits

    def read(self) -> None:
        """Read all there is, as summaries and as records; both must hold what was acknowledged before, once."""
        before = self.acknowledged
        edges = np.array([0, 7, WIDTH, 2 * WIDTH + 3, SPAN], np.int64)
        wants = {"bit": Need.COUNT | Need.SUM, EVERYTHING: Need.COUNT}
        with self.store.reading() as reading:
            found = reading.summarise("s", Request(wants, (), edges), Budget())
            listed = list(reading.records("s", ["bit"], Request({}, (), edges), Budget(), ids=True))
        total = sum(summary.total for summary in found["bit"]) >> exactsum.SCALE
        counts = [sum(summary.numbers for summary in found[name]) for name in ("bit", EVERYTHING)]
        self._check(before, total, counts)
        bits = [
            int(bit) for block in listed for bit in block.columns["bit"].values(len(block)) if isinstance(bit, float)
        ]
        self._check(before, sum(bits), [len(bits)])
        keys = [(time, block.ids[i]) for block in listed if block.ids for i, time in enumerate(block.times.tolist())]
        assert sorted(set(keys)) == keys

    def _check(self, before: int, total: int, counts: list[int]) -> None:
        assert [total.bit_count()] * len(counts) == counts
        assert before == before & total
        assert total == total & self.begun

    def to_the_end(self) -> None:
        """Take all turns; at rest, before and after a last seal, the records are those that were acknowledged."""
        for turn in self.turns:
            self.take(turn)
        self.read()
        self.store.seal(self.store.backlog(), 0)
        assert [] == self.store.backlog()
        self.read()
        assert self.begun == self.acknowledged
        assert [] == list(self.store.check())


TIMES = st.lists(st.integers(0, SPAN - 1), min_size=1, max_size=5)
TURNS = st.lists(
    st.tuples(st.sampled_from(("post", "post", "repeat", "seal", "seal", "read", "rest", "rest", "rest")), TIMES),
    min_size=10,
    max_size=80,
)
DRAWN = settings(suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_whatever_happens_between_two_calls_no_answer_is_wrong(adapter: str, tmp_path: Path) -> None:
    """Posts, repeats, seals and readings that run inside of others lose no record, double none and invent none."""
    users = iter(range(1_000_000))
    with stores_of(adapter, tmp_path) as stores:

        @settings(DRAWN, max_examples=150)
        @given(turns=TURNS)
        def every_interleaving(turns: list[Turn]) -> None:
            Run(stores.blobs(f"user-{next(users)}"), iter(turns)).to_the_end()

        every_interleaving()


class Hasty(MemoryStore):
    """A near miss: what a seal drops is gone at once."""

    def _clear_graves(self) -> None:
        while self._graves:
            self._graves.popleft()[1].clear_graves(self._seals)


class Careless(MemoryStore):
    """A near miss: a seal counts whatever came before it."""

    def seal(self, seal: Seal) -> bool:
        return super().seal(replace(seal, generation=self.generations.get(seal.sensor, 0)))


class Greedy(MemoryStore):
    """A near miss: a seal takes all the markers of its epoch away, seen or not."""

    def seal(self, seal: Seal) -> bool:
        waiting = list(self.epochs[seal.sensor][seal.epoch].batches)
        return super().seal(replace(seal, covered=waiting))


@pytest.mark.parametrize("near_miss", [Hasty, Careless, Greedy])
def test_near_misses_are_found(near_miss: type[MemoryStore]) -> None:
    """The same search finds the fault of a store that leaves out one rule."""

    @settings(DRAWN, max_examples=1_000, database=None, derandomize=True, phases=[Phase.generate])
    @given(turns=TURNS)
    def every_interleaving(turns: list[Turn]) -> None:
        Run(near_miss(), iter(turns)).to_the_end()

    with pytest.raises((AssertionError, LookupError, ValueError)):
        every_interleaving()
