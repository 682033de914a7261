from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.columns import NUMBER, TEXT, Block, Column, Ids, RecordId, Value, columns_of, unite

VALUE = st.one_of(st.none(), st.sampled_from((0.0, -0.0, 1.5, -2.0)), st.sampled_from(("", "on", "Ω", "1.5")))
VALUES = st.lists(VALUE, max_size=12)
IDENTITY = st.tuples(st.sampled_from(("a", "aa", "b", "B")), st.integers(-1, 3))


def of_bits(values: Sequence[Value | None]) -> list[str]:
    """The values so that 0.0 and -0.0 differ."""
    return [repr(value) for value in values]


@given(values=VALUES)
def test_a_column_gives_back_its_values(values: list[Value | None]) -> None:
    """Numbers come back to the bit, texts and gaps as they were."""
    assert of_bits(values) == of_bits(Column.of(values).values(len(values)))


@given(values=VALUES)
def test_kinds_are_those_of_the_values(values: list[Value | None]) -> None:
    """A column of plain values names exactly the kinds that occur in it."""
    kinds = {float: NUMBER, str: TEXT, type(None): 0}
    expected = 0
    for value in values:
        expected |= kinds[type(value)]
    assert expected == Column.of(values).kinds


@given(values=VALUES)
def test_present_is_where_a_value_is(values: list[Value | None]) -> None:
    """A record has the attribute where its value is not missing."""
    assert [value is not None for value in values] == Column.of(values).present(len(values)).tolist()


@given(values=VALUES, data=st.data())
def test_take_picks_values(values: list[Value | None], data: st.DataObject) -> None:
    """Positions, in any order and repeated, a mask and a slice pick what they pick of a list."""
    n = len(values)
    column = Column.of(values)
    places = data.draw(st.lists(st.integers(0, n - 1)) if n else st.just([]))
    taken = column.take(np.array(places, np.intp)).values(len(places))
    assert of_bits([values[place] for place in places]) == of_bits(taken)
    mask = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    kept = [value for value, here in zip(values, mask, strict=True) if here]
    assert of_bits(kept) == of_bits(column.take(np.array(mask, np.bool_)).values(len(kept)))
    cut = data.draw(st.slices(n))
    assert of_bits(values[cut]) == of_bits(column.take(cut).values(len(values[cut])))


@given(parts=st.lists(st.one_of(VALUES, st.integers(0, 4)), max_size=5))
def test_concatenated_columns_are_concatenated_values(parts: list[list[Value | None] | int]) -> None:
    """Columns one after the other hold their values one after the other; what is no column holds gaps."""
    lists = [part if isinstance(part, list) else [None] * part for part in parts]
    columns = [(Column.of(part), len(part)) if isinstance(part, list) else (None, part) for part in parts]
    joined = [value for part in lists for value in part]
    assert of_bits(joined) == of_bits(Column.concatenate(columns).values(len(joined)))


@given(identities=st.lists(IDENTITY, max_size=12))
def test_ids_give_back_the_pairs(identities: list[RecordId]) -> None:
    """Each id is the pair it was made of, in a concatenation too."""
    ids = Ids.of(identities)
    assert identities == [ids[i] for i in range(len(identities))]
    twice = Ids.concatenate([ids, Ids.of(identities[::-1])])
    assert identities + identities[::-1] == [twice[i] for i in range(2 * len(identities))]


@given(identities=st.lists(IDENTITY, max_size=12))
def test_ranks_order_as_ids_do(identities: list[RecordId]) -> None:
    """Sorting by (rank, position) is sorting by id, in the order of code points."""
    ids = Ids.of(identities)
    keys = list(zip(ids.rank().tolist(), ids.position.tolist(), strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    assert sorted(identities) == [identities[i] for i in order]


Record = tuple[int, RecordId, dict[str, Value]]
TIMES = st.integers(0, 5)
ATTRIBUTES = st.dictionaries(st.sampled_from(("t", "s")), st.sampled_from((1.0, 2.5, "on")), max_size=2)
RECORDS = st.dictionaries(IDENTITY, st.tuples(TIMES, ATTRIBUTES), max_size=12).map(
    lambda found: [(time, identity, attributes) for identity, (time, attributes) in found.items()]
)


def block_of(records: Sequence[Record]) -> Block:
    times = np.array([time for time, _, _ in records], np.int64)
    ids = Ids.of(identity for _, identity, _ in records)
    return Block(times, ids, columns_of([attributes for _, _, attributes in records]))


def records_of(block: Block) -> list[Record]:
    n = len(block)
    assert block.ids is not None
    columns = {name: column.values(n) for name, column in block.columns.items()}
    found = []
    for i in range(n):
        attributes = {name: value for name, values in columns.items() if (value := values[i]) is not None}
        found.append((int(block.times[i]), block.ids[i], attributes))
    return found


@given(records=RECORDS, data=st.data())
def test_the_union_has_each_record_once_in_order(records: list[Record], data: st.DataObject) -> None:
    """Blocks that share records, cut and ordered anyhow, unite to all of them, by (time, id)."""
    picks = st.lists(st.sampled_from(records), max_size=12) if records else st.just([])
    parts = [list(part) for part in data.draw(st.lists(picks, max_size=3))]
    cut = data.draw(st.integers(0, len(records)))
    blocks = [block_of(part) for part in (*parts, records[cut:], records[:cut])]
    assert sorted(records, key=lambda record: record[:2]) == records_of(unite(blocks))


def test_blocks_without_ids_are_not_united() -> None:
    """Without ids nobody can tell whether two records are one: an error, not a guess."""
    with pytest.raises(TypeError, match="without ids"):
        unite([Block(np.zeros(2, np.int64), None, {})])
