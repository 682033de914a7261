"""Verifying a keyspace: every chunk, summary and rollup against the data beneath it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from grafana_sensor.chunks.epochs import Epoch, epochs
from grafana_sensor.chunks.grid import Grid, Ladder
from grafana_sensor.chunks.pieces import Piece
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.chunks.tree import all_nodes
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import Block, unite
from grafana_sensor.domain.layout import Layout, Reach
from grafana_sensor.domain.plans import BEGINNING, FOREVER
from grafana_sensor.ports import BlobStore

_TRIES: Final = 10
"""How often the nodes of a sensor that is sealed meanwhile are looked at anew."""


def check(blobs: BlobStore, ladder: Ladder) -> Iterator[str]:
    """A line for each fault: what is damaged or untrue, and where."""
    with blobs.reading() as reading:
        catalog, layouts = reading.catalog(), reading.layouts()
        for sensor in catalog.sensors:
            grid = Grid(layouts.get(sensor, Layout()), ladder)
            for epoch in epochs(reading, sensor, BEGINNING, FOREVER, grid):
                where = f"sensor {sensor!r}, epoch {epoch.start}"
                yield from (f"{where}{fault}" for fault in _epoch(epoch, grid, catalog))
    for sensor in catalog.sensors:
        yield from (f"sensor {sensor!r}, {fault}" for fault in _nodes(blobs, sensor, ladder))


def _epoch(epoch: Epoch, grid: Grid, catalog: Catalog) -> Iterator[str]:
    width = grid.width(epoch.start)
    if grid.epoch(epoch.start) != epoch.start or not _within(epoch.start, width, grid.reach):
        yield ": lies outside its sensor's layout"
    if epoch.live is not None:
        yield from (f", batches: {fault}" for fault in _kinds(epoch.live, catalog, epoch.sensor))
    for place, chunk in enumerate(epoch.rollup.chunks):
        try:
            faults = list(_chunk(epoch, place, width, catalog))
        except (ValueError, KeyError, IndexError) as error:
            faults = [f"can't be read: {error}"]
        yield from (f", chunk {chunk.id}: {fault}" for fault in faults)
    yield from (f": {fault}" for fault in _wholes(epoch))


def _within(start: int, width: int, reach: Reach | None) -> bool:
    return reach is not None and reach[0] <= start and start + width <= reach[1]


def _nodes(blobs: BlobStore, sensor: str, ladder: Ladder) -> Iterator[str]:
    for _ in range(_TRIES):
        with blobs.reading() as reading:
            generation = reading.generation(sensor)
            grid = Grid(reading.layouts().get(sensor, Layout()), ladder)
            held = reading.rollups(sensor, *grid.reach) if grid.reach is not None else []
            true = all_nodes({each.epoch: Rollup.decode(each.blob) for each in held}, grid)
            kept = reading.nodes(sensor, list(true))
            if generation != reading.generation(sensor):
                continue  # something was sealed in between
        for (start, width), blob in true.items():
            if kept.get((start, width)) != blob:
                yield f"the node of {width} µs from {start} differs from its chunks, or is missing"
        return


def _chunk(epoch: Epoch, place: int, width: int, catalog: Catalog) -> Iterator[str]:
    chunk = epoch.rollup.chunks[place]
    block = epoch.block([Piece((place,), 0, 0)])
    if len(block) != chunk.count:
        yield f"holds {len(block)} records where the rollup says {chunk.count}"
        return
    if (int(block.times[0]), int(block.times[-1])) != (chunk.first, chunk.last):
        yield f"spans {block.times[0]} to {block.times[-1]} where the rollup says {chunk.first} to {chunk.last}"
    if chunk.first < epoch.start or chunk.last >= epoch.start + width:
        yield "lies outside its epoch"
    if len(unite([block])) != len(block) or np.any(np.diff(block.times) < 0):
        yield "is not sorted by (time, record id), or holds a record twice"
    yield from _kinds(block, catalog, epoch.sensor)
    for name in block.columns:
        if Entry.of(block, name).packed() != epoch.rollup.attribute(name).get(place).packed():
            yield f"the summary of {name!r} differs from its data"


def _wholes(epoch: Epoch) -> Iterator[str]:
    for name in epoch.rollup.attributes():
        attribute = epoch.rollup.attribute(name)
        if Entry.merged(entry for _, entry in attribute.items()).packed() != attribute.whole.packed():
            yield f"the rollup's summary of {name!r} differs from its chunks'"


def _kinds(block: Block, catalog: Catalog, sensor: str) -> Iterator[str]:
    known = catalog.sensors.get(sensor, {})
    for name, column in block.columns.items():
        if column.kinds & ~known.get(name, 0):
            yield f"{name!r} has values of a kind that the catalog doesn't name"
