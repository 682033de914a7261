from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from grafana_sensor import connect
from tests.chunks.ladders import adapting
from tests.contract.stores import ADAPTERS, stores_of
from tests.oracle import drawn
from tests.oracle.driver import Driver, LibraryDriver

USUAL = 250
HISTORIES = int(os.environ.get("GRAFANA_SENSOR_TEST_HISTORIES", USUAL))
"""Histories for a store of the usual speed; each is asked drawn.PHASES * drawn.QUESTIONS questions."""

DRAWN = settings(suppress_health_check=list(HealthCheck))


def carry_out(driver: Driver, world: drawn.World) -> None:
    """Take all the steps, ask all the questions, and verify what is kept."""
    driver.declare(world)
    for phase in world.phases:
        for step in phase.steps:
            driver.take(step)
        for text, question in phase.questions:
            try:
                driver.ask(text, question)
            except Exception as error:
                error.add_note(f"{text!r}, that is {question}")
                raise
    assert [] == list(driver.store.check())


def test_enough_is_asked() -> None:
    """Together the stores are asked at least 10,000 random queries, unless the environment wants it otherwise."""
    histories = sum(int(stores.share * USUAL) for stores in ADAPTERS.values())
    assert 10_000 <= histories * drawn.PHASES * drawn.QUESTIONS


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_every_answer_equals_a_pass_over_all_records(adapter: str, tmp_path: Path) -> None:
    """Whatever was posted, repeated, late or sealed: rows, series and values are the brute-force oracle's.

    Epochs and chunks are small, so that the records of a history lie in many of them, and their widths change often.
    """
    with stores_of(adapter, tmp_path) as stores:

        @settings(DRAWN, max_examples=max(1, int(stores.share * HISTORIES)))
        @given(world=drawn.worlds())
        def every_history(world: drawn.World) -> None:
            store = stores.records(stores.fresh_user(), adapting(world.width), world.size)
            carry_out(Driver(store), world)
            store.close()

        every_history()


@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
def test_the_library_answers_as_a_pass_over_all_records_does(adapter: str, tmp_path: Path) -> None:
    """Session.query and the range queries, on every store that `connect` knows, give what the oracle gives."""
    with stores_of(adapter, tmp_path) as stores, connect(stores.uri) as database:

        @settings(DRAWN, max_examples=max(1, int(stores.share * HISTORIES / 10)))
        @given(world=drawn.worlds())
        def every_history(world: drawn.World) -> None:
            user = stores.fresh_user()
            database.register(user, "secret")
            with database.session_login(user, "secret") as session:
                carry_out(LibraryDriver(session), world)

        every_history()
