from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import (
    IdempotencyConflict,
    LimitError,
    RecordError,
    RecordExists,
    Rejected,
    RejectedRecords,
    Unavailable,
    Unprocessable,
)
from grafana_sensor.domain.limits import Limits
from grafana_sensor.ports import Key, Post
from grafana_sensor.service import ingest as service
from grafana_sensor.service.answers import Question, rows
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.ingest import Incoming, Receipt
from grafana_sensor.service.parts import MOST_CELLS, MOST_REJECTED, TooManyRejected
from grafana_sensor.service.session import Session
from grafana_sensor.settings import Settings
from tests.service.fakes import NOW, MicroClock, TroubledStore

CLOCK = MicroClock()
IDS = BatchIds(CLOCK)


def ingest(store: TroubledStore, incoming: Incoming, most: int = 1_000_000) -> Receipt:
    return service.ingest(store, incoming, limits=Limits(), ids=IDS, clock=CLOCK, most=most)


def insert_into(store: TroubledStore, flat: object, pk: str, sensor: str = "") -> None:
    service.insert_into(store, flat, pk, sensor, limits=Limits(), ids=IDS, clock=CLOCK)


def all_rows(store: TroubledStore, projection: object = "*") -> list[dict[str, Any]]:
    source = Session("alice", store, settings=Settings(), ids=IDS, clock=CLOCK)
    return rows(source, Question(select=projection), split_kinds=False).rows()


def count(store: TroubledStore) -> int:
    return int(all_rows(store, "CNT(*)")[0]["cnt"])


def test_records_are_flattened_and_stored_under_the_batch() -> None:
    """A post's records are there, each with the post's id and its place in the post."""
    store = TroubledStore()
    receipt = ingest(store, Incoming([{"time": 1, "air": {"t": "21.5"}}, {"time": 2, "on": True}], sensor="hall"))
    assert Receipt(2, store.posts[0].batch) == receipt
    assert [(receipt.batch, 0), (receipt.batch, 1)] == [store.posts[0].parts[0].block.ids[i] for i in (0, 1)]  # type: ignore[index]
    assert [
        {"time": 1_000_000, "sensor": "hall", "air_t": 21.5, "on": None},
        {"time": 2_000_000, "sensor": "hall", "air_t": None, "on": 1.0},
    ] == all_rows(store)


def test_the_sensor_field_parts_a_post() -> None:
    """Each record goes to the sensor that its field names, and keeps its place in the post as its id."""
    store = TroubledStore()
    records = [{"dev": {"id": name}, "t": place} for place, name in enumerate(["b", "a", "b"])]
    ingest(store, Incoming(records, sensor_field="dev.id"))
    parts = {part.sensor: part.block for part in store.posts[0].parts}
    assert {"b": [0, 2], "a": [1]} == {name: block.ids.position.tolist() for name, block in parts.items() if block.ids}


def test_records_without_a_time_get_the_time_of_receipt() -> None:
    """The server's clock is the time of a record that says none."""
    store = TroubledStore()
    ingest(store, Incoming([{"t": 1}], sensor="hall"))
    assert [NOW] == [row["time"] for row in all_rows(store)]


def test_one_bad_record_refuses_the_post() -> None:
    """Every bad record is listed with its index, and nothing is stored."""
    store = TroubledStore()
    with pytest.raises(RejectedRecords) as caught:
        ingest(store, Incoming([{"t": 1}, 5, {"t": float("nan")}], sensor="hall", key="k"))
    assert [1, 2] == [each.index for each in caught.value.rejected]
    assert ([], {}) == (store.posts, store.blobs.keys)


def test_skip_stores_the_good_ones() -> None:
    """With skip the good records are stored and the others listed."""
    store = TroubledStore()
    receipt = ingest(store, Incoming([5, {"t": 1}], sensor="hall", on_error="skip"))
    assert (1, [0], 1) == (receipt.accepted, [each.index for each in receipt.rejected], count(store))


def test_skip_refuses_a_post_of_bad_records_only() -> None:
    """Where no record is good, skip refuses the post too."""
    store = TroubledStore()
    with pytest.raises(RejectedRecords):
        ingest(store, Incoming([5, 6], sensor="hall", on_error="skip"))
    assert [] == store.posts


def test_an_empty_post_stores_nothing() -> None:
    """A post of no records is accepted as such; with a key its repeat is known."""
    store = TroubledStore()
    assert 0 == ingest(store, Incoming([], sensor="hall")).accepted
    assert [] == store.posts
    first = ingest(store, Incoming([], sensor="hall", key="k"))
    assert replace(first, duplicate=True) == ingest(store, Incoming([], sensor="hall", key="k"))
    assert {} == store.catalog().sensors


@given(st.lists(st.sampled_from([{"t": 1}, {"t": "on"}, 5]), max_size=6))
def test_a_repeat_changes_nothing(records: list[object]) -> None:
    """A repeat of a post with a key gets the first answer, marked, and stores nothing."""
    store = TroubledStore()
    incoming = Incoming(records, sensor="hall", key="k", path="/p", digest=b"d", on_error="skip")
    try:
        first = ingest(store, incoming)
    except RejectedRecords:
        return
    before = count(store)
    assert replace(first, duplicate=True) == ingest(store, incoming)
    assert before == count(store)


@pytest.mark.parametrize("other", [{"path": "/q"}, {"digest": b"e"}])
def test_a_key_belongs_to_one_post(other: dict[str, Any]) -> None:
    """The same key with another path or body is a conflict that names the key."""
    store = TroubledStore()
    first = Incoming([{"t": 1}], sensor="hall", key="k", path="/p", digest=b"d")
    ingest(store, first)
    with pytest.raises(IdempotencyConflict, match="'k'"):
        ingest(store, replace(first, **other))
    assert 1 == count(store)


def test_without_a_key_a_repeat_is_another_post() -> None:
    """Posts without a key are never taken for repeats."""
    store = TroubledStore()
    batches = {ingest(store, Incoming([{"t": 1}], sensor="hall")).batch for _ in range(3)}
    assert (3, 3) == (len(batches), count(store))


def test_an_unfinished_post_is_finished_under_its_own_id() -> None:
    """A repeat of a post that crashed finishes it under its batch id and receive time, and says it is a repeat."""
    store, batch = TroubledStore(), "0" * 32
    store.blobs.keys["k:k"] = Key("k:k", "/p", b"d", batch, 5_000_000)
    receipt = ingest(store, Incoming([{"t": 1}], sensor="hall", key="k", path="/p", digest=b"d"))
    assert Receipt(1, batch, duplicate=True) == receipt
    assert [{"time": 5_000_000, "sensor": "hall", "t": 1.0}] == all_rows(store)
    assert [1, []] == json.loads(store.blobs.keys["k:k"].answer or b"")


def test_records_that_are_made_of_the_receive_time_are_made_of_the_first_one() -> None:
    """A repeat that finishes a post makes its relative times of the first receive time, so no record is another's."""
    store, batch = TroubledStore(), "0" * 32
    store.blobs.keys["k:k"] = Key("k:k", "/p", b"d", batch, 5_000_000)

    def made(received: int) -> list[object]:
        return [{"time": (received - 2_000_000) // 1_000_000, "t": 1}]

    ingest(store, Incoming(made, sensor="hall", key="k", path="/p", digest=b"d"))
    assert [{"time": 3_000_000, "sensor": "hall", "t": 1.0}] == all_rows(store)
    with pytest.raises(LimitError):
        ingest(store, Incoming(lambda _: [{}, {}], sensor="hall"), most=1)


def test_a_declaration_meanwhile_reads_the_post_anew() -> None:
    """Where an attribute is declared while a post is under way, the post is stored by the new declaration."""
    store = TroubledStore()

    def declare(_: Post) -> None:
        store.before = lambda _: None
        store.declare("version", Declaration("text"))

    store.before = declare
    ingest(store, Incoming([{"version": "1.10"}], sensor="hall"))
    assert ["1.10"] == [row["version"] for row in all_rows(store)]


def test_restless_declarations_end_in_an_error() -> None:
    """Where declarations change at every try, the post is refused as one to send again, and nothing is stored."""
    store = TroubledStore()
    units = iter(range(100))

    def declare(_: Post) -> None:
        store.declare("t", Declaration(unit=str(next(units))))

    store.before = declare
    with pytest.raises(Unavailable, match="again"):
        ingest(store, Incoming([{"t": 1}], sensor="hall"))
    assert {} == store.catalog().sensors


def test_declared_kinds_are_kept() -> None:
    """A text for an attribute that is declared numeric is refused with its field."""
    store = TroubledStore()
    store.declare("t", Declaration("number"))
    with pytest.raises(RejectedRecords, match=r"'t'.*declared numeric"):
        ingest(store, Incoming([{"t": "on"}], sensor="hall"))


@pytest.mark.parametrize("sensor", ["x", "a/b (c)", "ä" * 255, " ", "\n"])
def test_sensor_names_may_have_any_character(sensor: str) -> None:
    """A name of 1 to 255 characters is a sensor."""
    store = TroubledStore()
    ingest(store, Incoming([{"t": 1}], sensor=sensor))
    assert [sensor] == list(store.catalog().sensors)


@pytest.mark.parametrize("sensor", ["", "x" * 256, "a\0", "\ud800"])
def test_other_sensor_names_are_refused(sensor: str) -> None:
    """An empty or long name, U+0000 and lone surrogates are refused, and the message says it is the sensor's."""
    store = TroubledStore()
    with pytest.raises(Unprocessable, match="sensor's name"):
        ingest(store, Incoming([{"t": 1}], sensor=sensor))
    with pytest.raises(RejectedRecords, match="sensor_field"):
        ingest(store, Incoming([{"t": 1, "s": sensor}], sensor_field="s"))
    assert [] == store.posts


def test_a_post_has_a_limit_of_records() -> None:
    """A post of more records than the limit is refused, and the limit is named."""
    store = TroubledStore()
    with pytest.raises(LimitError, match="3 records, more than the limit of 2"):
        ingest(store, Incoming([{}, {}, {}], sensor="hall"), most=2)
    with pytest.raises(LimitError, match="3 records"):
        ingest(store, Incoming({"t": [1, 2, 3]}, sensor="hall", form="columns"), most=2)


def test_endless_rejections_end() -> None:
    """A post of very many bad records is refused without reading all of it, even with skip."""
    with pytest.raises(TooManyRejected) as caught:
        ingest(TroubledStore(), Incoming([{"t": 1}] + [5] * (MOST_REJECTED + 5), sensor="hall", on_error="skip"))
    assert MOST_REJECTED == len(caught.value.rejected)
    assert "10,000" in str(caught.value)


def test_attributes_of_every_record_its_own_are_bounded() -> None:
    """Records that each have attributes of their own are refused before their columns are built."""
    side = int(MOST_CELLS**0.5) + 1
    records = [{f"a{place}": 1} for place in range(side)]
    with pytest.raises(LimitError, match="smaller posts"):
        ingest(TroubledStore(), Incoming(records, sensor="hall"))


@pytest.mark.parametrize("key", ["", "x" * 256, "a\0"])
def test_a_bad_key_is_refused(key: str) -> None:
    """A key has 1 to 255 characters."""
    with pytest.raises(Unprocessable, match="idempotency key"):
        ingest(TroubledStore(), Incoming([{"t": 1}], sensor="hall", key=key))


def test_a_pk_is_the_record_id() -> None:
    """A record under a caller's pk has the id (pk, -1) and a key that is kept for ever."""
    store = TroubledStore()
    insert_into(store, {"time": 1, "t": 2}, "first", "hall")
    ids = store.posts[0].parts[0].block.ids
    assert ids is not None
    assert ("first", -1) == ids[0]
    assert store.blobs.keys["p:first"].lasting
    assert [{"time": 1_000_000, "sensor": "hall", "t": 2.0}] == all_rows(store)


def test_a_pk_is_taken_once() -> None:
    """A pk that is there is refused, for the same record too, and nothing is stored."""
    store = TroubledStore()
    insert_into(store, {"t": 1}, "first")
    for flat in ({"t": 1}, {"t": 2}):
        with pytest.raises(RecordExists, match="'first'"):
            insert_into(store, flat, "first")
    assert 1 == count(store)


def test_an_unfinished_insert_can_be_repeated() -> None:
    """An insert that crashed before it was stored is finished by the same insert, once, and is refused to others."""
    store, batch = TroubledStore(), "0" * 32
    insert_into(store, {"time": 1, "t": 1}, "first")
    begun = replace(store.blobs.keys["p:first"], answer=None, batch=batch)
    for flat, stored in (({"time": 1, "t": 2}, 0), ({"time": 1, "t": 1}, 1)):
        store = TroubledStore()
        store.blobs.keys["p:first"] = begun
        if stored:
            insert_into(store, flat, "first")
            assert batch == store.posts[-1].batch
        else:
            with pytest.raises(RecordExists):
                insert_into(store, flat, "first")
        assert stored == count(store)


@pytest.mark.parametrize("pk", ["", "x" * 256, "a\0", "\ud800", f"{'0' * 32}-0000000a", 5])
def test_a_bad_pk_is_refused(pk: Any) -> None:
    """Empty and long pks, those that can't be stored and those of the server's own form are refused."""
    store = TroubledStore()
    with pytest.raises(Unprocessable, match="pk"):
        insert_into(store, {"t": 1}, pk)
    assert [] == store.posts


def test_a_bad_record_under_a_pk_is_refused() -> None:
    """A record that can't be stored leaves its pk free."""
    store = TroubledStore()
    with pytest.raises(RecordError):
        insert_into(store, 5, "first")
    insert_into(store, {"t": 1}, "first")
    assert 1 == count(store)


def test_a_rejected_record_is_a_value() -> None:
    """What a repeat lists is what the first post listed."""
    store = TroubledStore()
    incoming = Incoming([5, {"t": 1}], sensor="hall", key="k", on_error="skip")
    first = ingest(store, incoming)
    assert (Rejected(0, "a record is a JSON object, not a number"),) == first.rejected
    assert first.rejected == ingest(store, incoming).rejected
