"""What BlobStore promises of layouts, of how far records reach, and of the rollup tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grafana_sensor.domain.layout import Layout
from grafana_sensor.ports import BlobStore, StaleDeclarations
from tests.contract.blobs import batch, post, seal, together
from tests.contract.stores import BLOBS, blobs_of


@pytest.fixture(params=sorted(BLOBS))
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    """Alice's blobs, none yet, in one adapter that keeps blobs."""
    with blobs_of(request.param, tmp_path) as made:
        yield made.blobs("alice")


def layout(blobs: BlobStore, sensor: str = "s") -> Layout:
    """The sensor's layout, as a new look sees it."""
    with blobs.reading() as reading:
        return reading.layouts().get(sensor, Layout())


def test_a_sensor_reaches_nowhere_at_first(blobs: BlobStore) -> None:
    """Of an unknown sensor, and of one without records, there is neither reach nor layout."""
    blobs.append(post(seen={"bare": {}}))
    assert [Layout(), Layout()] == [layout(blobs, "nobody"), layout(blobs, "bare")]


def test_a_reach_only_grows(blobs: BlobStore) -> None:
    """It goes from the start of the first epoch of any post to the end of the last, whatever came in which order."""
    for number, (low, high) in enumerate([(10, 20), (-30, -20), (15, 18), (40, 50)]):
        blobs.append(post(batch(f"b{number}"), batch("b", "t"), reach={"s": (low, high), "t": (0, 10)}))
    assert (Layout((), (-30, 50)), Layout((), (0, 10))) == (layout(blobs), layout(blobs, "t"))


def test_posts_at_once_all_reach(blobs: BlobStore) -> None:
    """Of posts that reach ever further at the same moment none is forgotten."""
    together(lambda n: blobs.append(post(batch(f"b{n}"), reach={"s": (-n, n + 1)})), 8)
    assert Layout((), (-7, 8)) == layout(blobs)


def test_a_layout_is_laid(blobs: BlobStore) -> None:
    """It replaces the one that it was made from; each is another version, and posts of the older one are stale."""
    blobs.append(post(batch("b1"), reach={"s": (0, 10)}))
    assert blobs.lay({"s": (Layout((), (0, 10)), ((20, 5),))})
    assert Layout(((20, 5),), (0, 10)) == layout(blobs)
    with pytest.raises(StaleDeclarations):
        blobs.append(post(batch("b2"), reach={"s": (20, 25)}))
    assert Layout(((20, 5),), (0, 10)) == layout(blobs)
    blobs.append(post(batch("b2"), reach={"s": (20, 25)}, version=1))
    assert blobs.lay({"s": (Layout(((20, 5),), (0, 25)), ((20, 5), (40, 20)))})
    assert Layout(((20, 5), (40, 20)), (0, 25)) == layout(blobs)
    with blobs.reading() as reading:
        assert 2 == reading.catalog().version


def test_a_layout_that_is_another_by_now_stays(blobs: BlobStore) -> None:
    """Where records reach further than was seen, or the widths are others, nothing is laid and nothing is stale."""
    blobs.append(post(batch("b1"), reach={"s": (0, 10)}))
    blobs.append(post(batch("b2"), reach={"s": (0, 20)}))
    assert not blobs.lay({"s": (Layout((), (0, 10)), ((10, 5),))})
    assert not blobs.lay({"s": (Layout(((20, 5),), (0, 20)), ((20, 10),))})
    assert not blobs.lay({"nobody": (Layout((), (0, 10)), ((10, 5),))})
    assert Layout((), (0, 20)) == layout(blobs)
    blobs.append(post(batch("b3"), reach={"s": (0, 20)}))


def test_many_layouts_are_laid_in_one_step(blobs: BlobStore) -> None:
    """Those that still stand as they were are laid, the others left, and the version is raised once."""
    for number, sensor in enumerate("abc"):
        blobs.append(post(batch(f"b{number}", sensor), reach={sensor: (0, 10)}))
    laid = ((10, 5),)
    old = Layout((), (0, 10))
    assert 2 == blobs.lay({"a": (old, laid), "b": (Layout((), (0, 20)), laid), "c": (old, laid), "d": (old, laid)})
    assert [laid, (), laid, ()] == [layout(blobs, sensor).widths for sensor in "abcd"]
    with blobs.reading() as reading:
        assert 1 == reading.catalog().version


def test_of_those_who_lay_at_once_one_does(blobs: BlobStore) -> None:
    """One of many layouts that were made from the same one is laid, whole."""
    blobs.append(post(batch("b1"), reach={"s": (0, 10)}))
    laid = together(lambda n: blobs.lay({"s": (Layout((), (0, 10)), ((10, n + 1),))}), 4)
    assert [1] == [each for each in laid if each]
    assert ((10, laid.index(1) + 1),) == layout(blobs).widths


def test_no_post_is_let_through_beyond_a_layout_it_does_not_know(blobs: BlobStore) -> None:
    """Posts and a new layout at once: the layout begins beyond each post that was taken, or isn't laid."""
    blobs.append(post(batch("b0"), reach={"s": (0, 10)}))

    def change(number: int) -> bool:
        if number == 0:
            return 1 == blobs.lay({"s": (Layout((), (0, 10)), ((10, 5),))})
        try:
            blobs.append(post(batch(f"b{number}"), reach={"s": (10, 10 + number)}))
        except StaleDeclarations:
            return False
        return True

    laid, *taken = together(change, 4)
    assert laid != any(taken)
    assert (0, 10 + 3 * any(taken)) == layout(blobs).reach or not all(taken)


def test_nodes_are_written_with_a_seal(blobs: BlobStore) -> None:
    """Nodes are those of the last seal that wrote them, by start and width; a lost seal writes none."""
    spans = [(0, 10), (0, 20), (20, 20), (-40, 10)]
    assert blobs.seal(seal(0, nodes={(0, 10): b"1", (0, 20): b"2"}))
    assert blobs.seal(seal(1, nodes={(0, 20): b"3", (-40, 10): b"4"}))
    assert not blobs.seal(seal(1, nodes={(0, 10): b"no", (20, 20): b"no"}))
    with blobs.reading() as reading:
        assert {(0, 10): b"1", (0, 20): b"3", (-40, 10): b"4"} == reading.nodes("s", spans)
        assert {} == reading.nodes("other", spans)
        assert {} == reading.nodes("s", [])


def test_many_nodes_are_read_at_once(blobs: BlobStore) -> None:
    """However many are asked for, all that are there come."""
    nodes = {(10 * n, 10): str(n).encode() for n in range(250)}
    assert blobs.seal(seal(0, nodes=nodes))
    with blobs.reading() as reading:
        assert nodes == reading.nodes("s", [*nodes, (7, 10)])


def test_some_rollups_of_a_range(blobs: BlobStore) -> None:
    """Where epochs are named only those of the range come, ascending."""
    for generation, epoch in enumerate((30, -10, 20, 10)):
        assert blobs.seal(seal(generation, epoch=epoch))
    with blobs.reading() as reading:
        assert [10, 20] == [rollup.epoch for rollup in reading.rollups("s", -5, 30, [-10, 10, 15, 20, 30])]
        assert [] == reading.rollups("s", -5, 30, [])


def test_epochs_are_read_together(blobs: BlobStore) -> None:
    """Of several epochs each has its own batches and columns, as if they were asked for one by one."""
    blobs.append(post(batch("b1"), batch("b2"), batch("b1", epoch=10)))
    for generation, epoch in enumerate((0, 10, 20)):
        assert blobs.seal(seal(generation, epoch=epoch, chunks={("c", "#t"): str(epoch).encode(), ("c", "a:x"): b"x"}))
    with blobs.reading() as reading:
        batches = reading.batches_of("s", {0: ["b1", "b2", "never"], 10: ["b1"], 20: ["b1"], 30: []})
        assert {0: [b"s/0/b1", b"s/0/b2"], 10: [b"s/10/b1"], 20: [], 30: []} == {
            epoch: sorted(found) for epoch, found in batches.items()
        }
        chunks = reading.chunks_of("s", {0: [("c", "#t")], 10: [("c", "#t"), ("c", "a:x")], 30: [("c", "#t")]})
        assert {0: {("c", "#t"): b"0"}, 10: {("c", "#t"): b"10", ("c", "a:x"): b"x"}, 30: {}} == chunks
        assert ({}, {}) == (reading.batches_of("s", {}), reading.chunks_of("s", {}))
