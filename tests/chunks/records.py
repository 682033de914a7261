"""Posts of plain records, for the tests of the engine."""

from typing import Any

import numpy as np

from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.chunks.store import ChunkedStore
from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.columns import Block, Ids, columns_of
from grafana_sensor.domain.plans import Need, Request
from grafana_sensor.ports import Part, Post

SENSOR = "roof"


def post(batch: str, times: list[int], **attributes: Any) -> Any:
    """A post of one sensor; each attribute is a list of values, one a time, None where it is missing."""
    rows = [{a: v[i] for a, v in attributes.items() if v[i] is not None} for i in range(len(times))]
    ids = Ids.of([(batch, i) for i in range(len(times))])
    return Post(batch, 0, [Part(SENSOR, Block(np.array(times, np.int64), ids, columns_of(rows)))], 0)


def seal(store: ChunkedStore) -> Any:
    """Seal all that waits."""
    return store.seal(store.backlog(), now=0)


def request(start: int, end: int, needs: Need = Need.COUNT, *conditions: Any) -> Any:
    """One bucket of [start, end), of the attribute `t`."""
    return Request({"t": needs}, conditions, np.array([start, end], np.int64))


def summary(store: ChunkedStore, ask: Request) -> Any:
    """The summary of `t` in the only bucket."""
    with store.reading() as reading:
        return reading.summarise(SENSOR, ask, Budget())["t"][0]


def times(store: ChunkedStore, start: int, end: int) -> Any:
    """The times of the records of [start, end), as the store lists them."""
    with store.reading() as reading:
        blocks = reading.records(SENSOR, ["t"], request(start, end), Budget())
        return [time for block in blocks for time in block.times.tolist()]


def chunks(store: ChunkedStore) -> Any:
    """(first, last, count) of every chunk of the sensor."""
    with store._blobs.reading() as reading:
        rollups = [Rollup.decode(r.blob) for r in reading.rollups(SENSOR, -(2**62), 2**62)]
    return [(c.first, c.last, c.count) for rollup in rollups for c in rollup.chunks]
