"""What RecordStore promises beyond its answers, which the queries and the oracle ask; what not all are able to, by `able`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import DeclarationError, Error, RecordExists, Unprocessable
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.ports import RecordStore
from grafana_sensor.query import engine
from grafana_sensor.query.parse import parse_query
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.ingest import Incoming, Receipt, ingest, insert_into
from grafana_sensor.service.moving import count as counted
from tests.contract.blobs import together
from tests.contract.stores import Stores

NOW = 1_767_225_600_000_000
DAY = 86_400_000_000


@pytest.fixture
def records(stores: Stores) -> Iterator[RecordStore]:
    """Alice's records, none yet."""
    store = stores.records("alice")
    yield store
    store.close()


def posted(store: RecordStore, *records: dict[str, Any], sensor: str = "s", **more: Any) -> Receipt:
    """The receipt of a post, at NOW or `at`."""
    at = more.pop("at", NOW)
    incoming = Incoming(records, sensor=sensor, **more)
    return ingest(store, incoming, limits=Limits(), ids=BatchIds(lambda: at), clock=lambda: at)


def test_a_post_is_there_as_a_whole_under_its_key_once(records: RecordStore) -> None:
    """A repeat is told the first post's receipt and stores nothing, also where the first had nothing to store."""
    first = posted(records, {"t": 1}, {"t": 2}, {}, key="k", path="p", digest=b"d")
    again = posted(records, {"t": 1}, {"t": 2}, {}, key="k", path="p", digest=b"d")
    assert (3, first.batch, True) == (again.accepted, again.batch, again.duplicate)
    empty = [posted(records, key="none", path="p", digest=b"d") for _ in range(2)]
    assert [(0, False), (0, True)] == [(each.accepted, each.duplicate) for each in empty]
    assert 3 == counted(records)


def test_one_key_at_once_stores_once(stores: Stores) -> None:
    """Of 6 that post under one key at once one stores, and all are told the same batch."""
    records = stores.records("alice")
    found = together(lambda _: posted(records, {"t": 1}, key="k", path="p", digest=b"d"), 6)
    assert 1 == len({receipt.batch for receipt in found})
    assert 1 == counted(records)
    records.close()


def test_keys_are_kept_for_a_week(records: RecordStore) -> None:
    """A key holds for 7 days of the posts' clock, whatever is sealed meanwhile; a caller's pk is taken for ever."""

    def repeated(at: int) -> bool:
        return posted(records, {"t": 1}, at=at, key="k", path="p", digest=b"d").duplicate

    def insert(at: int) -> None:
        insert_into(records, {"t": 2}, "own", limits=Limits(), ids=BatchIds(lambda: at), clock=lambda: at)

    assert not repeated(NOW)
    insert(NOW)
    for days in (7, 400):
        at = NOW + days * DAY
        posted(records, {"t": 3}, at=at)
        records.seal(records.backlog(), at)
        assert days > 7 or repeated(at)
        with pytest.raises(RecordExists):
            insert(at)


def test_texts_are_kept_up_to_what_the_store_is_able_to(records: RecordStore) -> None:
    """The longest text comes back whole, in a record of its own words; one byte more is refused as a bad record."""
    most = Limits().text if records.able.text is None else records.able.text
    posted(records, {"note": "x" * (most - 2) + "é"})
    with pytest.raises(Error, match="bytes in UTF-8") as refused:
        posted(records, {"note": "ok"}, {"note": "x" * (most - 1) + "é"})
    assert "record 1: " in str(refused.value)
    assert 422 == refused.value.status
    skipped = posted(records, {"note": "ok"}, {"note": "x" * (most - 1) + "é"}, on_error="skip")
    assert (1, [1]) == (skipped.accepted, [each.index for each in skipped.rejected])
    assert 2 == counted(records)


def test_posts_are_as_large_as_the_store_is_able_to(records: RecordStore) -> None:
    """A post of one record more than the store takes is refused before anything is stored."""
    if records.able.records is None:
        assert 30_000 == posted(records, *[{}] * 30_000).accepted
    else:
        with pytest.raises(Error, match="smaller posts") as refused:
            posted(records, *[{}] * (records.able.records + 1))
        assert 422 == refused.value.status
        assert 0 == counted(records)


def test_only_what_is_able_to_seal_has_a_backlog(records: RecordStore) -> None:
    """Sealing changes no answer; where nothing is ever left to seal, none is told and nothing is done."""
    posted(records, {"t": 1})
    backlog = records.backlog()
    assert records.able.seals is bool(backlog)
    sealed = records.seal(backlog, NOW)
    assert (int(records.able.seals), 0) == (sealed.records, len(records.backlog()))
    assert 1 == counted(records)
    assert [] == list(records.check())


def test_declarations_stand_against_values(records: RecordStore) -> None:
    """A kind that values contradict is refused; what is declared before decides how texts are kept."""
    records.declare("code", Declaration("text", "unit"))
    posted(records, {"code": 5, "t": 1})
    assert {"code": Declaration("text", "unit")} == records.catalog().declarations
    with pytest.raises(DeclarationError):
        records.declare("t", Declaration("text"))
    with records.reading() as reading:
        ask = engine.Ask(parse_query("code, t"), BEGINNING, FOREVER, NOW, None, 10, 0)
        assert [("5", 1.0)] == [(row["code"], row["t"]) for row in engine.table(reading, ask, Budget()).rows()]


def test_what_is_stored_is_there_for_who_opens_next(stores: Stores) -> None:
    """A store that was closed, twice, has lost nothing."""
    records = stores.records("alice")
    posted(records, {"t": 1})
    records.close()
    records.close()
    again = stores.records("alice")
    assert 1 == counted(again)
    again.close()


def test_a_store_that_keeps_no_scans_says_so(records: RecordStore) -> None:
    """Where `able.scans` is False, scans are refused with a message that names a way out."""
    if records.able.scans:
        assert [] == records.scans().search({})
    else:
        with pytest.raises(Unprocessable, match="keeps no scans; register"):
            records.scans()
