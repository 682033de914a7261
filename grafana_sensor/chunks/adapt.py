"""How wide a sensor's next epochs should be, by what those that were sealed hold.

Law: what is proposed holds for epochs that no record can be in yet; it may be left undone without harm.
"""

from __future__ import annotations

from grafana_sensor.chunks.grid import Grid, Ladder
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.domain.layout import Widths
from grafana_sensor.domain.plans import BEGINNING
from grafana_sensor.ports import BlobReading


def adapted(reading: BlobReading, sensor: str, grid: Grid, epoch: int, rollup: Rollup, *, new: bool) -> Widths:
    """The widths that the sensor should have from beyond its data on, now that the epoch has this rollup.

    Narrower ones as soon as the epoch holds too much; the next wider ones when a `new` epoch and the two before it hold
    little. Only epochs that are cut as the newest ones are tell anything.
    """
    width = grid.width(epoch)
    since, newest = grid.widths[-1] if grid.widths else (BEGINNING, grid.ladder.first)
    if since > epoch or newest != width or grid.reach is None:
        return grid.widths
    load = _load(rollup, grid.ladder)
    if load > 1:
        narrower = [each for each in grid.ladder.epochs if each < width and load * each <= width]
        return grid.continued(narrower[-1] if narrower else grid.ladder.epochs[0])
    wider = [each for each in grid.ladder.epochs if each > width]
    before = epoch - 2 * width
    if new and wider and max(since, grid.reach[0]) <= before and load * grid.ladder.spare < 1:
        loads = [_load(Rollup.decode(each.blob), grid.ladder) for each in reading.rollups(sensor, before, epoch)]
        if all(load * grid.ladder.spare < 1 for load in loads):
            return grid.continued(wider[0])
    return grid.widths


def _load(rollup: Rollup, ladder: Ladder) -> float:
    """How full an epoch of this rollup is; beyond 1 it is too full."""
    size = sum(chunk.size for chunk in rollup.chunks)
    return max(size / ladder.size, len(rollup.chunks) / ladder.chunks)
