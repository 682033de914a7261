"""The files of SQLite show what the reference in memory shows, after any history."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import DeclarationError
from grafana_sensor.ports import Append, BlobStore, Key, Seal, StaleDeclarations
from tests.adapters.workers import store_at
from tests.contract.blobs import batch, shown

sensors = st.sampled_from(["s", "t", ""])
attributes = st.sampled_from(["a", "b"])
epochs = st.integers(-1, 1)
ids = st.sampled_from(["i", "j", "k"])
batches = st.builds(batch, ids, sensors, epochs, count=st.integers(1, 5), received=st.integers(0, 9))
keys = st.builds(
    Key,
    name=ids,
    path=st.just("/"),
    digest=st.just(b"d"),
    batch=ids,
    received=st.integers(0, 9),
    answer=st.sampled_from([None, b"{}"]),
    lasting=st.booleans(),
)
seen = st.dictionaries(sensors, st.dictionaries(attributes, st.integers(1, 3)), max_size=2)
declarations = st.builds(Declaration, st.sampled_from([None, "number", "text"]), st.sampled_from([None, "V"]))
chunk_names = st.tuples(ids, st.sampled_from(["#ts", "a:a"]))


class Both(RuleBasedStateMachine):
    """A store of each kind, told the same."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.stores: list[BlobStore] = []
        self.version = 0

    @initialize()
    def open(self) -> None:
        self.stores = [MemoryStore(), store_at(Path(self.folder.name) / "a.sqlite3")]

    @rule(posted=st.lists(batches, max_size=3), seen=seen, key=st.none() | keys, stale=st.booleans())
    def append(self, posted: list[object], seen: dict[str, dict[str, int]], key: Key | None, stale: bool) -> None:
        told: list[object] = []
        for store in self.stores:
            try:
                told.append(store.append(Append(posted, seen, self.version - stale, key)))  # type: ignore[arg-type]  # drawn as batches
            except StaleDeclarations:
                told.append(StaleDeclarations)
        assert told[0] == told[1]

    @rule(
        sensor=sensors,
        epoch=epochs,
        late=st.integers(0, 1),
        chunks=st.dictionaries(chunk_names, st.binary(max_size=3), max_size=3),
        dropped=st.lists(ids, max_size=2),
        covered=st.lists(ids, max_size=3),
    )
    def seal(
        self,
        sensor: str,
        epoch: int,
        late: int,
        chunks: dict[tuple[str, str], bytes],
        dropped: list[str],
        covered: list[str],
    ) -> None:
        generation = shown(self.stores[0], sensor)["generation"] - late
        told = [store.seal(Seal(sensor, epoch, generation, b"r", chunks, dropped, covered)) for store in self.stores]
        assert [not late] * 2 == told

    @rule(attribute=attributes, declaration=declarations)
    def declare(self, attribute: str, declaration: Declaration) -> None:
        told: list[object] = []
        for store in self.stores:
            try:
                told.append(store.declare(attribute, declaration))
            except DeclarationError as error:
                told.append(error.message)
        assert told[0] == told[1]

    @rule(before=st.integers(0, 9))
    def forget_keys(self, before: int) -> None:
        for store in self.stores:
            store.forget_keys(before)

    @rule()
    def reopen(self) -> None:
        self.stores[1].close()
        self.stores[1] = store_at(Path(self.folder.name) / "a.sqlite3")

    @invariant()
    def they_show_the_same(self) -> None:
        if not self.stores:
            return
        memory, sqlite = self.stores
        for sensor in ("s", "t", ""):
            assert shown(memory, sensor) == shown(sqlite, sensor)
            wanted = [(name, column) for name in "ijk" for column in ("#ts", "a:a")]
            with memory.reading() as expected, sqlite.reading() as actual:
                for epoch in (-1, 0, 1):
                    assert expected.chunks(sensor, epoch, wanted) == actual.chunks(sensor, epoch, wanted)
        with memory.reading() as expected, sqlite.reading() as actual:
            assert expected.catalog() == actual.catalog()
            self.version = expected.catalog().version
        assert set(memory.backlog()) == set(sqlite.backlog())

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()


TestBoth = Both.TestCase
TestBoth.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
