"""How a sensor's time is cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.chunks.grid import LADDER, WEEK, Grid, Span
from grafana_sensor.domain.layout import Layout
from tests.chunks.ladders import adapting

WIDTH = 10
SMALL = adapting(WIDTH)
FAR = 2_000


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Grids whose layout was continued some times, each time after records had reached further."""
    layout = Layout((), (0, 2 * WIDTH))
    for width in draw(st.lists(st.sampled_from(SMALL.epochs), max_size=6)):
        layout = Layout(Grid(layout, SMALL).continued(width), layout.reach)
        time = draw(st.integers(0, FAR // 2))
        grid = Grid(layout, SMALL)
        layout = layout.reaching((grid.epoch(time), grid.epoch(time) + grid.width(time)))
    return Grid(layout, SMALL)


@given(grid=grids(), time=st.integers(-FAR, FAR))
def test_a_time_lies_in_its_epoch(grid: Grid, time: int) -> None:
    """One by one and all at once, an epoch holds its times, and every time of it has the same epoch and width."""
    start = grid.epoch(time)
    width = grid.width(start)
    assert start <= time < start + width
    times = np.arange(start, start + width)
    assert [start] * width == grid.epochs(times).tolist()
    assert {width} == {grid.width(each) for each in times.tolist()}


@given(grid=grids(), start=st.integers(-FAR, FAR))
def test_spans_nest(grid: Grid, start: int) -> None:
    """A span that is no epoch is made of spans without gap or overlap, down to epochs, which name the spans above."""
    for top in grid.top(start, start + 1):
        waiting: list[tuple[Span, list[Span]]] = [(top, [])]
        while waiting:
            span, above = waiting.pop()
            if grid.is_epoch(span):
                assert [*reversed(above)] == grid.above(span[0])
                continue
            below = grid.below(span)
            ends = [start + width for start, width in below]
            assert [span[0], *ends] == [*(start for start, _ in below), span[0] + span[1]]
            waiting.extend((each, [*above, span]) for each in below)


@given(grid=grids(), width=st.sampled_from(SMALL.epochs))
def test_a_layout_is_continued_beyond_all_data(grid: Grid, width: int) -> None:
    """Before the end of the reach every time keeps its epoch; from some moment on epochs have the new width."""
    assert grid.reach is not None
    later = Grid(Layout(grid.continued(width), grid.reach), SMALL)
    for time in range(-5 * WIDTH, grid.reach[1]):
        assert (grid.epoch(time), grid.width(time)) == (later.epoch(time), later.width(time))
    assert width == later.width(FAR)


def test_what_no_layout_says_is_a_week() -> None:
    """A sensor begins with epochs of a week, and without records it stays so."""
    grid = Grid(Layout(), LADDER)
    assert (WEEK, ()) == (grid.width(0), grid.continued(LADDER.epochs[0]))


def test_each_width_divides_the_next() -> None:
    """Of the epochs and of the nodes, together, and no epoch is wider than the widest node."""
    for ladder in (LADDER, SMALL):
        widths = sorted({*ladder.epochs, *ladder.nodes})
        assert [0] * (len(widths) - 1) == [b % a for a, b in pairwise(widths)]
        assert ladder.nodes[-1] == widths[-1]
        assert ladder.first in ladder.epochs
