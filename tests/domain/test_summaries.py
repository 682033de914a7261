from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from grafana_sensor.domain import exactsum
from grafana_sensor.domain.columns import Block, Column, Ids, Value
from grafana_sensor.domain.plans import Need
from grafana_sensor.domain.summaries import End, Summary, add_block

ALL = Need.COUNT | Need.SUM | Need.SQUARES | Need.EXTREMES | Need.ENDS | Need.VALUES | Need.TEXTS

NUMBER = st.sampled_from((0.0, -0.0, 1.5, -2.0, 5e-324, 1.7e308, 0.1))
VALUE = st.one_of(st.none(), NUMBER, NUMBER, st.sampled_from(("", "on", "off", "Ω")))
Rows = list[tuple[int, Value | None]]
ROWS = st.lists(st.tuples(st.integers(0, 4), VALUE), max_size=14).map(lambda rows: sorted(rows, key=lambda row: row[0]))


def block_of(rows: Rows, first: int = 0) -> tuple[Column, Block]:
    """The values as a column, in a block sorted by (time, id); ids count on from `first`."""
    times = np.array([time for time, _ in rows], np.int64)
    ids = Ids.of(("b", first + i) for i in range(len(rows)))
    return Column.of([value for _, value in rows]), Block(times, ids, {})


def summary_of(rows: Rows, first: int = 0, need: Need = ALL) -> Summary:
    summary = Summary()
    column, block = block_of(rows, first)
    add_block([summary], np.zeros(len(rows), np.intp), column, block, need)
    return summary


def bits(summary: Summary) -> list[str]:
    """All that a summary says, with the sign of zeros, and its values in no order."""
    values = np.concatenate([np.zeros(0), *summary.values])
    ends = [None if end is None else (end, repr(end.value)) for end in _ends(summary)]
    members = [
        *(summary.numbers, summary.texts, summary.total, summary.squares, summary.minimum, summary.maximum),
        *(summary.least_text, summary.greatest_text, *ends),
    ]
    return [*map(repr, members), *map(repr, sorted(values.view(np.int64).tolist()))]


def _ends(summary: Summary) -> Sequence[End | None]:
    return summary.first, summary.last, summary.first_text, summary.last_text


def merged(*parts: Summary) -> Summary:
    whole = Summary()
    for part in parts:
        whole.add(part)
    return whole


@given(rows=ROWS)
def test_a_summary_is_that_of_plain_python(rows: Rows) -> None:
    """Counts, exact sums, extremes, ends and values are what a pass over a list gives."""
    summary = summary_of(rows)
    numbers = [(time, i, v) for i, (time, v) in enumerate(rows) if isinstance(v, float)]
    texts = [(time, i, v) for i, (time, v) in enumerate(rows) if isinstance(v, str)]
    assert (len(numbers), len(texts)) == (summary.numbers, summary.texts)
    assert sum(Fraction(v) for *_, v in numbers) == Fraction(summary.total, 2**exactsum.SCALE)
    assert sum(Fraction(v) ** 2 for *_, v in numbers) == Fraction(summary.squares, 2 ** (2 * exactsum.SCALE))
    assert min((v for *_, v in numbers), default=np.inf) == summary.minimum
    assert max((v for *_, v in numbers), default=-np.inf) == summary.maximum
    assert min((v for *_, v in texts), default=None) == summary.least_text
    assert max((v for *_, v in texts), default=None) == summary.greatest_text
    places = [found and (found[0][0], found[0][1], repr(found[0][2])) for found in (numbers, texts)]
    places += [found and (found[-1][0], found[-1][1], repr(found[-1][2])) for found in (numbers, texts)]
    ends = (summary.first, summary.first_text, summary.last, summary.last_text)
    assert places == [[] if end is None else (end.time, end.id[1], repr(end.value)) for end in ends]
    assert [v for *_, v in numbers] == [v for part in summary.values for v in part.tolist()]


@given(rows=ROWS, data=st.data())
@example(rows=[(0, 0.0), (1, -0.0)], data=None)
def test_any_cut_gives_the_same_summary(rows: Rows, data: st.DataObject | None) -> None:
    """Blocks cut anywhere, added or merged in any order, give the summary of one pass, to the bit."""
    cuts = [1] if data is None else sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    bounds = list(zip([0, *cuts], [*cuts, len(rows)], strict=True))
    order = bounds if data is None else data.draw(st.permutations(bounds))
    added = Summary()
    for start, stop in order:
        column, block = block_of(rows[start:stop], start)
        add_block([added], np.zeros(stop - start, np.intp), column, block, ALL)
    parts = [summary_of(rows[start:stop], start) for start, stop in order]
    expected = bits(summary_of(rows))
    assert expected == bits(added)
    assert expected == bits(merged(*parts))
    assert expected == bits(merged(*reversed(parts)))


@given(a=ROWS, b=ROWS, c=ROWS)
def test_merging_is_commutative_and_associative(a: Rows, b: Rows, c: Rows) -> None:
    """Summaries of disjoint sets merge to one, whatever the order and the brackets."""
    x, y, z = summary_of(a), summary_of(b, 100), summary_of(c, 200)
    assert bits(merged(x, y)) == bits(merged(y, x))
    assert bits(merged(merged(x, y), z)) == bits(merged(x, merged(y, z)))


_MEMBERS: dict[Need, Callable[[Summary], object]] = {
    Need.SUM: lambda s: s.total,
    Need.SQUARES: lambda s: s.squares,
    Need.EXTREMES: lambda s: (s.minimum, s.maximum),
    Need.ENDS: lambda s: (s.first, s.last),
    Need.VALUES: lambda s: [v for part in s.values for v in part.tolist()],
    Need.TEXTS: lambda s: (s.least_text, s.greatest_text, s.first_text, s.last_text),
    Need.COUNT: lambda s: s.numbers,
}


@given(rows=ROWS, need=st.sampled_from(list(Need)))
def test_what_is_not_needed_changes_nothing(rows: Rows, need: Need) -> None:
    """What was needed is there as if all were needed; the counts always are."""
    some, every = summary_of(rows, need=need), summary_of(rows)
    assert (every.numbers, every.texts) == (some.numbers, some.texts)
    assert _MEMBERS[need](every) == _MEMBERS[need](some)


@given(rows=ROWS, data=st.data())
def test_groups_are_summarised_apart(rows: Rows, data: st.DataObject) -> None:
    """One call over several groups gives each the summary that its records have alone."""
    group = sorted(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    found = [Summary() for _ in range(4)]
    column, block = block_of(rows)
    add_block(found, np.array(group, np.intp), column, block, ALL)
    for place, summary in enumerate(found):
        start, stop = np.searchsorted(group, [place, place + 1]).tolist()
        assert bits(summary_of(rows[start:stop], start)) == bits(summary)
