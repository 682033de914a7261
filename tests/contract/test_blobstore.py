"""What BlobStore and BlobReading promise, and that each promise can be seen to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import DeclarationError
from grafana_sensor.ports import Backlog, BlobReading, BlobStore, Key, StaleDeclarations
from tests.contract.blobs import EVER, batch, key, post, seal, shown, together
from tests.contract.stores import BLOBS, BlobStores, blobs_of

NOTHING = {"markers": {}, "rollups": [], "batches": {}, "generation": 0, "kinds": None}


@pytest.fixture(params=sorted(BLOBS))
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStores]:
    """Empty stores of one adapter that keeps blobs."""
    with blobs_of(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def blobs(stores: BlobStores) -> BlobStore:
    """Alice's blobs, none yet."""
    return stores.blobs("alice")


def test_an_adapter_is_whole() -> None:
    """A store, or a reading, that lacks a method can't be made."""

    class HalfStore(BlobStore):
        def close(self) -> None: ...

    class HalfReading(BlobReading):
        def generation(self, sensor: str) -> int:
            return 0

    with pytest.raises(TypeError, match="abstract"):
        HalfStore()  # type: ignore[abstract]  # that is what is tested
    with pytest.raises(TypeError, match="abstract"):
        HalfReading()  # type: ignore[abstract]  # that is what is tested


def test_nothing_is_there_at_first(blobs: BlobStore) -> None:
    """Of an unknown sensor there are no markers, rollups, batches or chunks, and the generation is 0."""
    assert NOTHING == shown(blobs, "nobody")
    with blobs.reading() as reading:
        assert [] == reading.batches("nobody", 0, ["b1"])
        assert {} == reading.chunks("nobody", 0, [("c1", "#ts")])


def test_a_batch_is_its_marker_and_its_blob(stores: BlobStores, blobs: BlobStore) -> None:
    """What was appended is marked in its epoch, can be read under its id, and lies in the store as it was given."""
    assert None is blobs.append(post(batch("b1", epoch=-7), batch("b1", epoch=5), batch("b1", "other")))
    found = shown(blobs)
    assert ({-7: ["b1"], 5: ["b1"]}, {-7: [b"s/-7/b1"], 5: [b"s/5/b1"]}) == (found["markers"], found["batches"])
    assert {("s", -7, "b1", b"s/-7/b1"), ("s", 5, "b1", b"s/5/b1"), ("other", 0, "b1", b"other/0/b1")} == (
        stores.raw_batches()
    )


def test_markers_are_of_a_half_open_range(blobs: BlobStore) -> None:
    """The first epoch of a range is in it, the last is not."""
    blobs.append(post(*(batch("b1", epoch=epoch) for epoch in (10, 20, 30))))
    with blobs.reading() as reading:
        assert {10: ["b1"], 20: ["b1"]} == reading.markers("s", 10, 30)
        assert {} == reading.markers("s", 21, 30)


def test_a_batch_that_never_came_is_left_out(blobs: BlobStore) -> None:
    """Batches are those that are there, of the ids, the sensor and the epoch asked."""
    blobs.append(post(batch("b1"), batch("b2"), batch("b3", epoch=1), batch("b4", "other")))
    with blobs.reading() as reading:
        assert [b"s/0/b1", b"s/0/b2"] == sorted(reading.batches("s", 0, ["b2", "b3", "b4", "never", "b1"]))


def test_appending_again_changes_nothing(stores: BlobStores, blobs: BlobStore) -> None:
    """A batch appended twice is there once, and counted once."""
    blobs.append(post(batch("b1", count=3)))
    before = shown(blobs), stores.raw_batches()
    assert None is blobs.append(post(batch("b1", count=3)))
    assert before == (shown(blobs), stores.raw_batches())
    assert [Backlog("s", 0, batches=1, records=3, since=100)] == blobs.backlog()


def test_an_empty_post_is_a_post(blobs: BlobStore) -> None:
    """A post without batches is taken, and keeps its key."""
    assert None is blobs.append(post(key=key()))
    assert key() == blobs.append(post(batch("b2"), key=key(batch="b2")))


def test_a_large_blob_comes_back_whole(blobs: BlobStore) -> None:
    """Blobs of some MB, of every byte, come back as they were."""
    large = bytes(range(256)) * 20_000
    blobs.seal(seal(0, rollup=large, chunks={("c1", "#ts"): large}))
    with blobs.reading() as reading:
        assert [large] == [rollup.blob for rollup in reading.rollups("s", *EVER)]
        assert {("c1", "#ts"): large} == reading.chunks("s", 0, [("c1", "#ts")])


def test_seen_kinds_unite(blobs: BlobStore) -> None:
    """An attribute's kinds are all that were ever seen of it; a record without attributes shows its sensor."""
    blobs.append(post(seen={"s": {"a": NUMBER}, "bare": {}}))
    blobs.append(post(seen={"s": {"a": TEXT, "b": TEXT}}))
    blobs.append(post(seen={"s": {"a": NUMBER}}))
    with blobs.reading() as reading:
        assert {"s": {"a": NUMBER | TEXT, "b": TEXT}, "bare": {}} == reading.catalog().sensors


def test_a_sensor_of_a_batch_is_a_sensor(blobs: BlobStore) -> None:
    """A sensor that only a batch names is in the catalog."""
    blobs.append(post(batch("b1"), seen={}))
    with blobs.reading() as reading:
        assert {"s": {}} == reading.catalog().sensors


def test_seeing_is_no_declaration(blobs: BlobStore) -> None:
    """New sensors and attributes leave the catalog's version as it is; so posts don't become stale by them."""
    for name in "abc":
        assert None is blobs.append(post(batch(name, name), seen={name: {name: NUMBER}}))
    with blobs.reading() as reading:
        assert 0 == reading.catalog().version


def test_a_declaration_adds_to_what_is_declared(blobs: BlobStore) -> None:
    """What a declaration leaves None stays; each one that changes something changes the version."""
    assert Declaration(unit="°C") == blobs.declare("a", Declaration(unit="°C"))
    assert Declaration("number", "°C") == blobs.declare("a", Declaration("number"))
    assert Declaration("number", "K", "Air") == blobs.declare("a", Declaration(unit="K", title="Air"))
    with blobs.reading() as reading:
        catalog = reading.catalog()
    assert {"a": Declaration("number", "K", "Air")} == catalog.declarations
    assert None is blobs.append(post(batch("b1"), version=catalog.version))


def test_a_declaration_that_says_nothing_new_makes_nothing_stale(blobs: BlobStore) -> None:
    """Declaring again what is declared, or nothing at all, keeps the version."""
    blobs.declare("a", Declaration("text"))
    with blobs.reading() as reading:
        version = reading.catalog().version
    blobs.declare("a", Declaration("text"))
    blobs.declare("b", Declaration())
    with blobs.reading() as reading:
        assert (version, {"a"}) == (reading.catalog().version, set(reading.catalog().declarations))


@pytest.mark.parametrize(
    ("bits", "kind", "contradicts"),
    [
        (NUMBER, "text", True),
        (TEXT, "number", True),
        (NUMBER | TEXT, "text", True),
        (TEXT, "text", False),
        (0, "text", False),
    ],
)
def test_a_declaration_is_held_against_the_values(blobs: BlobStore, bits: int, kind: str, contradicts: bool) -> None:
    """A kind that values of any sensor contradict is refused, and changes nothing."""
    blobs.append(post(seen={"first": {"a": bits}, "second": {}}))
    declaration = Declaration(kind, "V")  # type: ignore[arg-type]  # mypy can't know the parameters
    if contradicts:
        with pytest.raises(DeclarationError, match="'a'"):
            blobs.declare("a", declaration)
    else:
        blobs.declare("a", declaration)
    with blobs.reading() as reading:
        assert ({} if contradicts else {"a": declaration}) == reading.catalog().declarations


def test_a_post_by_old_declarations_is_refused_whole(stores: BlobStores, blobs: BlobStore) -> None:
    """A post of another version than the catalog's stores nothing: no batch, no sensor, no key."""
    blobs.declare("a", Declaration("text"))
    with pytest.raises(StaleDeclarations):
        blobs.append(post(batch("b1"), key=key(), version=0))
    assert NOTHING == shown(blobs)
    assert (set(), set()) == (stores.raw_batches(), stores.raw_keys())


def test_a_post_of_nothing_new_by_old_declarations_is_refused(stores: BlobStores, blobs: BlobStore) -> None:
    """Also a post whose sensors and kinds are known, and known to be, is refused by another version."""
    blobs.append(post(batch("b1"), seen={"s": {"a": NUMBER}}))
    assert {"a": NUMBER} == shown(blobs)["kinds"]
    blobs.declare("a", Declaration(unit="V"))
    with pytest.raises(StaleDeclarations):
        blobs.append(post(batch("b2"), seen={"s": {"a": NUMBER}}, version=0))
    assert {("s", 0, "b1", b"s/0/b1")} == stores.raw_batches()


def test_a_refused_post_goes_through_anew(blobs: BlobStore) -> None:
    """A post that was refused shows all that it has seen once it is appended by the right version."""
    blobs.declare("a", Declaration("text"))
    again = post(batch("b1"), seen={"s": {"b": NUMBER}}, key=key())
    with pytest.raises(StaleDeclarations):
        blobs.append(again)
    assert None is blobs.append(replace(again, version=1))
    assert ({0: ["b1"]}, {"b": NUMBER}) == (shown(blobs)["markers"], shown(blobs)["kinds"])


def test_a_taken_key_stores_nothing_and_is_told(stores: BlobStores, blobs: BlobStore) -> None:
    """A key that is there comes back as it was first stored, and of the second post nothing is kept."""
    first = key(answer=b"\x00first", batch="b1")
    assert None is blobs.append(post(batch("b1"), key=first))
    before = shown(blobs), shown(blobs, "new"), stores.raw_batches()
    later = Key("k", "/elsewhere", b"other", "b2", 999, b"second", lasting=True)
    assert first == blobs.append(post(batch("b2"), batch("b2", "new"), key=later))
    assert before == (shown(blobs), shown(blobs, "new"), stores.raw_batches())


def test_what_a_repeat_has_seen_is_not_there_yet(blobs: BlobStore) -> None:
    """Sensors and attributes of a post that wasn't stored are shown once another post has them."""
    blobs.append(post(key=key()))
    repeat = post(batch("b2"), seen={"s": {"a": NUMBER}}, key=key(batch="b2"))
    assert key() == blobs.append(repeat)
    assert None is shown(blobs)["kinds"]
    assert None is blobs.append(replace(repeat, key=None))
    assert {"a": NUMBER} == shown(blobs)["kinds"]


def test_a_repeat_is_told_even_by_old_declarations(blobs: BlobStore) -> None:
    """A repeat is answered as one though a declaration changed since."""
    blobs.append(post(batch("b1"), key=key()))
    blobs.declare("a", Declaration("text"))
    assert key() == blobs.append(post(batch("b2"), key=key(batch="b2"), version=0))


def test_an_unfinished_post_is_finished_under_its_batch(blobs: BlobStore) -> None:
    """A key without an answer is told to others, and takes its answer from a post under its own batch."""
    unfinished, done = key(answer=None), key(answer=b"{}")
    assert None is blobs.append(post(batch("b1"), key=unfinished))
    assert unfinished == blobs.append(post(batch("b2"), key=key(batch="b2")))
    assert None is blobs.append(post(batch("b1"), batch("b1", epoch=1), key=done))
    assert done == blobs.append(post(batch("b1"), key=done))
    assert {0: ["b1"], 1: ["b1"]} == shown(blobs)["markers"]


def test_old_keys_are_forgotten_but_the_lasting(stores: BlobStores, blobs: BlobStore) -> None:
    """Keys received before the moment go; those received at it, and lasting ones, stay."""
    for name, received, lasting in (("old", 99, False), ("edge", 100, False), ("pk", 1, True)):
        blobs.append(post(key=key(name, received=received, lasting=lasting)))
    blobs.forget_keys(100)
    assert {"edge", "pk"} == stores.raw_keys()
    assert None is blobs.append(post(batch("b9"), key=key("old")))
    assert key("pk", received=1, lasting=True) == blobs.append(post(key=key("pk")))


def test_many_old_keys_are_all_forgotten(stores: BlobStores, blobs: BlobStore) -> None:
    """However many keys are old, none of them is left."""

    def work(thread: int) -> None:
        for number in range(thread, 2_100, 8):
            blobs.append(post(key=key(f"k{number}")))

    together(work)
    blobs.forget_keys(101)
    assert set() == stores.raw_keys()


def test_the_backlog_is_what_is_unsealed(blobs: BlobStore) -> None:
    """By sensor and epoch: how many batches, how many records, and since when; sealed ones are not in it."""
    assert [] == blobs.backlog()
    blobs.append(post(batch("b1", count=2, received=50), batch("b1", "t", 1, count=7, received=50)))
    blobs.append(post(batch("b2", count=3, received=40)))
    expected = {Backlog("s", 0, batches=2, records=5, since=40), Backlog("t", 1, batches=1, records=7, since=50)}
    assert expected == set(blobs.backlog())
    assert blobs.seal(seal(0, covered=["b1", "b2"]))
    assert [Backlog("t", 1, batches=1, records=7, since=50)] == blobs.backlog()


def test_a_seal_does_all_that_it_says(stores: BlobStores, blobs: BlobStore) -> None:
    """Chunks and rollup are there, covered batches are gone, others stay, and the generation is one more."""
    blobs.append(post(batch("b1"), batch("b2"), batch("b1", epoch=1), batch("b1", "other")))
    assert blobs.seal(seal(0, rollup=b"r1", chunks={("c1", "#ts"): b"t", ("c1", "a:x"): b"x"}, covered=["b1"]))
    found = shown(blobs)
    assert ({0: ["b2"], 1: ["b1"]}, [(0, b"r1")], 1) == (found["markers"], found["rollups"], found["generation"])
    with blobs.reading() as reading:
        wanted = [("c1", "a:x"), ("c1", "#ts"), ("c1", "a:none"), ("c2", "#ts")]
        assert {("c1", "#ts"): b"t", ("c1", "a:x"): b"x"} == reading.chunks("s", 0, wanted)
        assert {} == reading.chunks("s", 1, wanted)
        assert {} == reading.chunks("other", 0, wanted)
    stores.settle()
    assert {("s", 0, "b2"), ("s", 1, "b1"), ("other", 0, "b1")} == {name[:3] for name in stores.raw_batches()}
    assert {("s", 0, "c1", "#ts", b"t"), ("s", 0, "c1", "a:x", b"x")} == stores.raw_chunks()


def test_a_later_seal_replaces_the_rollup_and_drops_chunks(stores: BlobStores, blobs: BlobStore) -> None:
    """Of dropped chunks no column is left; those of the same id in another epoch stay."""
    blobs.seal(seal(0, chunks={("c1", "#ts"): b"1", ("c1", "a:x"): b"2", ("c2", "#ts"): b"3"}))
    blobs.seal(seal(1, epoch=1, chunks={("c1", "#ts"): b"4"}))
    assert blobs.seal(seal(2, rollup=b"r2", chunks={("c3", "#ts"): b"5"}, dropped=["c1"]))
    stores.settle()
    assert {
        ("s", 0, "c2", "#ts", b"3"),
        ("s", 0, "c3", "#ts", b"5"),
        ("s", 1, "c1", "#ts", b"4"),
    } == stores.raw_chunks()
    assert {("s", 0, b"r2"), ("s", 1, b"r")} == stores.raw_rollups()


def test_rollups_ascend_within_a_half_open_range(blobs: BlobStore) -> None:
    """Rollups come by epoch, the first of the range in it, the last not."""
    for generation, epoch in enumerate((30, -10, 20, 10)):
        assert blobs.seal(seal(generation, epoch=epoch, rollup=str(epoch).encode()))
    with blobs.reading() as reading:
        assert [-10, 10, 20, 30] == [rollup.epoch for rollup in reading.rollups("s", *EVER)]
        assert [(10, b"10"), (20, b"20")] == [(rollup.epoch, rollup.blob) for rollup in reading.rollups("s", 10, 30)]


@pytest.mark.parametrize("generation", [0, 2, -1])
def test_a_lost_seal_changes_nothing(stores: BlobStores, blobs: BlobStore, generation: int) -> None:
    """A seal of another generation than the sensor's is False, and nothing that is kept changes."""
    blobs.append(post(batch("b1"), batch("b2")))
    assert blobs.seal(seal(0, chunks={("c1", "#ts"): b"1"}, covered=["b1"]))
    before = shown(blobs), stores.raw_batches(), stores.raw_chunks(), stores.raw_rollups()
    lost = seal(generation, rollup=b"no", chunks={("c2", "#ts"): b"no"}, dropped=["c1"], covered=["b2"])
    assert False is blobs.seal(lost)
    assert before == (shown(blobs), stores.raw_batches(), stores.raw_chunks(), stores.raw_rollups())


def test_sensors_are_sealed_apart(blobs: BlobStore) -> None:
    """A generation is one sensor's: sealing another doesn't raise it."""
    blobs.append(post(batch("b1"), batch("b1", "t")))
    assert blobs.seal(seal(0))
    assert blobs.seal(seal(0, sensor="t"))
    assert (1, 1) == (shown(blobs)["generation"], shown(blobs, "t")["generation"])


def test_what_a_look_has_seen_stays_readable(stores: BlobStores, blobs: BlobStore) -> None:
    """Batches that markers named, and chunks of a rollup seen, are read to the look's end, whatever is sealed."""
    blobs.append(post(batch("b1")))
    blobs.seal(seal(0, chunks={("c1", "#ts"): b"1"}))
    with blobs.reading() as reading:
        assert {0: ["b1"]} == reading.markers("s", *EVER)
        assert [b"r"] == [rollup.blob for rollup in reading.rollups("s", *EVER)]
        with blobs.reading():  # another look that ends meanwhile takes nothing away
            assert blobs.seal(seal(1, chunks={("c2", "#ts"): b"2"}, dropped=["c1"], covered=["b1"]))
        assert [b"s/0/b1"] == reading.batches("s", 0, ["b1"])
        assert {("c1", "#ts"): b"1"} == reading.chunks("s", 0, [("c1", "#ts")])
    stores.settle()
    with blobs.reading() as reading:
        assert ([], {}) == (reading.batches("s", 0, ["b1"]), reading.chunks("s", 0, [("c1", "#ts")]))


def test_a_look_sees_all_that_was_acknowledged_before(stores: BlobStores, blobs: BlobStore) -> None:
    """What one who opened the store has appended, another sees in the look that begins next."""
    other = stores.blobs("alice")
    for name in ("b1", "b2", "b3"):
        blobs.append(post(batch(name), seen={"s": {name: NUMBER}}))
        found = shown(other)
        assert (name, name) == (found["markers"][0][-1], max(found["kinds"]))


def test_a_look_ends_with_an_exception(blobs: BlobStore) -> None:
    """A look that an exception ends hands the exception on, and later writes and looks go on."""
    with pytest.raises(ZeroDivisionError), blobs.reading():
        raise ZeroDivisionError
    assert None is blobs.append(post(batch("b1")))
    assert {0: ["b1"]} == shown(blobs)["markers"]


def test_users_share_nothing(stores: BlobStores) -> None:
    """Nothing that one user appends, declares, seals or keys is there for another."""
    alice, bob = stores.blobs("alice"), stores.blobs("bob")
    alice.append(post(batch("b1"), seen={"s": {"a": TEXT}}, key=key()))
    alice.seal(seal(0, chunks={("c1", "#ts"): b"1"}))
    alice.declare("a", Declaration("text"))
    assert NOTHING == shown(bob)
    assert [] == bob.backlog()
    with bob.reading() as reading:
        catalog = reading.catalog()
        assert ({}, {}, 0) == (catalog.sensors, catalog.declarations, catalog.version)
        assert ([], {}) == (reading.batches("s", 0, ["b1"]), reading.chunks("s", 0, [("c1", "#ts")]))
    assert None is bob.append(post(batch("b1"), key=key()))


def test_one_at_a_time_claims_to_seal(stores: BlobStores, blobs: BlobStore) -> None:
    """While one seals, others are told; when that one is done, the next may. Another user's claim is apart."""
    other = stores.blobs("alice")
    with blobs.sealing() as mine:
        with other.sealing() as theirs, stores.blobs("bob").sealing() as bobs:
            assert (True, False, True) == (mine, theirs, bobs)
        with other.sealing() as theirs:
            assert False is theirs
    with other.sealing() as theirs:
        assert True is theirs


def test_a_claim_spares_work_only(stores: BlobStores, blobs: BlobStore) -> None:
    """Who has no claim may append and seal all the same."""
    other = stores.blobs("alice")
    with blobs.sealing():
        assert None is other.append(post(batch("b1")))
        assert other.seal(seal(0, covered=["b1"]))


def test_threads_lose_nothing(stores: BlobStores, blobs: BlobStore) -> None:
    """What 8 threads append at once, to one sensor and to their own, is all there."""

    def work(thread: int) -> None:
        for number in range(20):
            name = f"{thread}-{number}"
            assert None is blobs.append(post(batch(name), batch(name, f"t{thread}"), seen={"s": {name: NUMBER}}))

    together(work)
    names = {f"{thread}-{number}" for thread in range(8) for number in range(20)}
    found = shown(blobs)
    assert (names, names) == (set(found["markers"][0]), set(found["kinds"]))
    assert 320 == len(stores.raw_batches())


def test_one_of_many_gets_a_key(blobs: BlobStore) -> None:
    """Of 8 posts with one key at once, one is stored, and the others are told of that one."""
    told = together(lambda thread: blobs.append(post(batch(f"b{thread}"), key=key(batch=f"b{thread}"))))
    (stored,) = shown(blobs)["markers"][0]
    assert 1 == told.count(None)
    assert {stored} == {each.batch for each in told if each is not None}


def test_one_of_many_seals(blobs: BlobStore) -> None:
    """Of 8 seals of one generation at once, one is applied, and what is there is that one's."""
    won = together(lambda thread: blobs.seal(seal(0, rollup=str(thread).encode())))
    assert 1 == won.count(True)
    assert ([(0, str(won.index(True)).encode())], 1) == (shown(blobs)["rollups"], shown(blobs)["generation"])


def test_declaring_and_posting_at_once_never_contradict(blobs: BlobStore) -> None:
    """Of a post of texts and a declaration as number at once, exactly one goes through."""

    def work(thread: int) -> bool:
        attribute = f"a{thread // 2}"
        try:
            if thread % 2:
                blobs.declare(attribute, Declaration("number"))
            else:
                for _ in range(1_000):
                    with blobs.reading() as reading:
                        catalog = reading.catalog()
                    if attribute in catalog.declarations:
                        return False
                    try:
                        blobs.append(post(seen={"s": {attribute: TEXT}}, version=catalog.version))
                    except StaleDeclarations:
                        continue
                    return True
        except DeclarationError:
            return False
        return True

    through = together(work)
    assert [1, 1, 1, 1] == [through[2 * pair] + through[2 * pair + 1] for pair in range(4)]


def test_closing_twice_is_harmless(stores: BlobStores, blobs: BlobStore) -> None:
    """A store can be closed twice, and what others have open of the same user goes on."""
    other = stores.blobs("alice")
    blobs.close()
    blobs.close()
    assert None is other.append(post(batch("b1")))
    assert {0: ["b1"]} == shown(other)["markers"]


def test_what_was_closed_is_still_there(stores: BlobStores, blobs: BlobStore) -> None:
    """What was appended before the last close is there at the next opening."""
    blobs.append(post(batch("b1"), seen={"s": {"a": TEXT}}, key=key()))
    blobs.declare("a", Declaration("text"))
    before = shown(blobs)
    blobs.close()
    again = stores.blobs("alice")
    assert before == shown(again)
    assert key() == again.append(post(batch("b2"), key=key()))


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@pytest.mark.parametrize("adapter", sorted(BLOBS))
@settings(max_examples=30)
@given(sensor=names, attribute=names, column=names, other=names)
def test_names_may_be_any_text(adapter: str, sensor: str, attribute: str, column: str, other: str) -> None:
    """Sensors, attributes, columns and keys of any characters, NUL and the empty text too, come back as they were."""
    with TemporaryDirectory() as folder, blobs_of(adapter, Path(folder)) as stores:
        blobs = stores.blobs()
        blobs.append(post(batch("b1", sensor), seen={sensor: {attribute: TEXT}}, key=key(other)))
        blobs.declare(attribute, Declaration("text", unit=other, title=column))
        blobs.seal(seal(0, sensor=sensor, chunks={("c1", column): b"1"}))
        found = shown(blobs, sensor)
        assert ({0: ["b1"]}, {attribute: TEXT}) == (found["markers"], found["kinds"])
        assert {other} == stores.raw_keys()
        with blobs.reading() as reading:
            assert {attribute: Declaration("text", other, column)} == reading.catalog().declarations
            assert {("c1", column): b"1"} == reading.chunks(sensor, 0, [("c1", column), ("c1", column + "x")])
            assert other == sensor or {} == reading.markers(other, *EVER)
