"""Which records of a block a request is about, and their summaries.

Law: the block is sorted by time; records outside the request's range, or that fail a condition, count for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Block, Column, Mask
from grafana_sensor.domain.conditions import TIME
from grafana_sensor.domain.plans import EVERYTHING, Need, Request
from grafana_sensor.domain.summaries import Summary, add_block

_NO_COLUMNS: Final[Mapping[str, Column]] = {}


def conditioned(request: Request) -> list[str]:
    """The attributes that the request's conditions look at."""
    return [c.attribute for c in request.conditions if c.attribute != TIME]


def passing(block: Block, request: Request) -> Block:
    """The records of the block that lie in the range and pass all conditions."""
    times, n = block.times, len(block)
    start = int(np.searchsorted(times, request.edges[0], "left"))
    stop = int(np.searchsorted(times, request.edges[-1], "left"))
    if (start, stop) != (0, n):
        block = block.take(slice(start, stop))
        n = len(block)
    if not request.conditions:
        return block
    met: Mask = np.ones(n, np.bool_)
    for c in request.conditions:
        met &= c.mask_times(block.times) if c.attribute == TIME else c.mask(block.columns.get(c.attribute), n)
    return block if met.all() else block.take(met)


def summarise_block(block: Block, request: Request, answer: Mapping[str, Sequence[Summary]], budget: Budget) -> None:
    """Add what the request wants of the block, whose records have passed, to the summaries of its buckets."""
    if not len(block):
        return
    within = np.diff(np.searchsorted(block.times, request.edges, "left"))
    group = np.repeat(np.arange(len(within)), within)
    for name, need in request.wants.items():
        column = block.columns.get(name)
        if column is not None:
            if Need.VALUES in need:
                budget.hold(len(block))
            add_block(answer[name], group, column, block, need)
    if EVERYTHING in request.wants:
        ones = Column(np.zeros(len(block)), None)
        add_block(answer[EVERYTHING], group, ones, Block(block.times, None, _NO_COLUMNS), Need.ENDS)
