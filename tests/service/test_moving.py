from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings

from grafana_sensor.adapters.memory import MemoryStore
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import Conflict, DeclarationError, RecordExists
from grafana_sensor.domain.limits import Limits
from grafana_sensor.ports import Key, Post
from grafana_sensor.service import moving
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.ingest import Incoming, ingest, insert_into
from grafana_sensor.service.moving import Moved
from tests.chunks.ladders import adapting
from tests.oracle import drawn
from tests.oracle.driver import Driver
from tests.service.fakes import NOW

GIVEN: Final[dict[str, Any]] = {"limits": Limits(), "ids": BatchIds(lambda: NOW), "clock": lambda: NOW}


class Crash(Exception):
    """The run is killed here."""


class Dying(ChunkedStore):
    """A store whose process dies at its `lives`th post: before it is stored, or right after."""

    def __init__(self, blobs: MemoryStore, lives: int, *, stores_it: bool) -> None:
        super().__init__(blobs)
        self.lives = lives
        self.stores_it = stores_it

    def append(self, post: Post) -> Key | None:
        self.lives -= 1
        if self.lives:
            return super().append(post)
        if self.stores_it:
            super().append(post)
        raise Crash


def nothing(_: int) -> None:
    """Tells nobody how far it is."""


def move(source: ChunkedStore, target: ChunkedStore) -> Moved:
    """Move all of it."""
    return moving.move(source, target, lambda: NOW, nothing)


def differences(source: ChunkedStore, target: ChunkedStore) -> list[str]:
    """What differs after that."""
    return list(moving.differences(source, target, nothing))


def filled() -> ChunkedStore:
    """Twelve records of two sensors and none, with two under their caller's pks."""
    store = ChunkedStore(MemoryStore())
    store.declare("code", Declaration("text", unit="none"))
    for sensor in ("a", "b"):
        ingest(store, Incoming([{"time": n // 2, "t": n, "code": 7} for n in range(5)], sensor), **GIVEN)
    insert_into(store, {"time": 1, "mix": 1}, "own-1", **GIVEN)
    insert_into(store, {"time": 1, "mix": "x"}, "own-2", "a", **GIVEN)
    return store


def test_all_of_it_is_moved_and_equal() -> None:
    """Records, ids and declarations are there afterwards, and the move tells how many."""
    source, target = filled(), ChunkedStore(MemoryStore())
    told: list[int] = []
    assert Moved(12, 0) == moving.move(source, target, lambda: NOW, told.append)
    assert (12, 12) == (told[-1], moving.count(target))
    assert [] == differences(source, target)
    assert source.catalog().declarations == target.catalog().declarations
    assert source.catalog().sensors == target.catalog().sensors


def test_a_second_run_stores_nothing_twice() -> None:
    """What is there already is told as such."""
    source, target = filled(), ChunkedStore(MemoryStore())
    move(source, target)
    assert Moved(0, 12) == move(source, target)
    assert 12 == moving.count(target)


@pytest.mark.parametrize("stores_it", [False, True])
@pytest.mark.parametrize("lives", range(1, 6))
def test_a_run_that_died_is_begun_again(lives: int, stores_it: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it was killed, the next run moves the rest, and each record is there once."""
    monkeypatch.setattr(moving, "AT_ONCE", 4)
    source, blobs = filled(), MemoryStore()
    with pytest.raises(Crash):
        move(source, Dying(blobs, lives, stores_it=stores_it))
    target = ChunkedStore(blobs)
    before = moving.count(target)
    assert Moved(12 - before, before) == move(source, target)
    assert ([], 12) == (differences(source, target), moving.count(target))


def test_more_that_comes_to_the_source_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records posted between two runs, which cut the posts otherwise, are moved too, and all are there once."""
    monkeypatch.setattr(moving, "AT_ONCE", 3)
    source, target = filled(), ChunkedStore(MemoryStore())
    move(source, target)
    target.seal(target.backlog(), NOW)
    ingest(source, Incoming([{"time": 0, "t": -1}], "a"), **GIVEN)
    move(source, target)
    assert ([], 13) == (differences(source, target), moving.count(target))


def test_pks_of_callers_are_taken_there_too() -> None:
    """A pk that was moved can't be given again, and one that is another record there stops the move."""
    source, target = filled(), ChunkedStore(MemoryStore())
    move(source, target)
    with pytest.raises(RecordExists):
        insert_into(target, {"t": 1}, "own-1", **GIVEN)
    other = ChunkedStore(MemoryStore())
    insert_into(other, {"time": 1, "mix": 2}, "own-1", **GIVEN)
    with pytest.raises(Conflict, match="another record 'own-1'"):
        move(source, other)


def test_a_declaration_that_contradicts_stops_the_move() -> None:
    """Numbers can't be moved to where their attribute is declared a text."""
    source, target = filled(), ChunkedStore(MemoryStore())
    target.declare("t", Declaration("text"))
    with pytest.raises(DeclarationError, match="'t'"):
        move(source, target)


def test_differences_are_told() -> None:
    """A record that is missing, has another value, or has one more, is told; records beside them are not."""
    source, target = filled(), ChunkedStore(MemoryStore())
    move(source, target)
    ingest(target, Incoming([{"time": 0, "t": 5}], "a"), **GIVEN)
    assert [] == differences(source, target)
    found = differences(target, source)
    assert 1 == len(found)
    assert "is missing" in found[0]
    one, other = ChunkedStore(MemoryStore()), ChunkedStore(MemoryStore())
    insert_into(one, {"time": 1, "t": 0.0, "u": 1}, "p", **GIVEN)
    insert_into(other, {"time": 1, "t": -0.0}, "p", **GIVEN)
    assert ["sensor '': record ('p', -1) is {'t': -0.0}, not {'t': 0.0, 'u': 1.0}"] == differences(one, other)


@settings(max_examples=25)
@given(world=drawn.worlds())
def test_whatever_was_stored_is_moved(world: drawn.World) -> None:
    """Of any history all records are there afterwards, and no others."""
    source, target = ChunkedStore(MemoryStore(), adapting(world.width), world.size), ChunkedStore(MemoryStore())
    driver = Driver(source)
    driver.declare(world)
    for phase in world.phases:
        for step in phase.steps:
            driver.take(step)
        move(source, target)
    assert ([], []) == (differences(source, target), differences(target, source))
