"""The rollup tree: for each epoch that was sealed, and for each span above it, one summary of all its chunks.

Law: a seal writes its epoch's node and those of all spans above in the one step that writes the rollup, under the
sensor's generation; so a node is as true as a rollup, and stands for everything sealed in its span. A span with a
marker in it is never answered by its node.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_sensor.chunks import codec
from grafana_sensor.chunks.grid import Grid, Span
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.chunks.tables import Entry
from grafana_sensor.domain.columns import Ints
from grafana_sensor.domain.summaries import Summary
from grafana_sensor.ports import BlobReading

Nodes = dict[Span, bytes]


@dataclass(frozen=True, slots=True)
class Node:
    """`count` records from `first` to `last` (UTC µs, both included), and by attribute their summary, packed."""

    count: int
    first: int
    last: int
    entries: Mapping[str, Any]

    def entry(self, attribute: str) -> Entry:
        """The summary of an attribute; an empty one where no record has it."""
        packed = self.entries.get(attribute)
        return Entry(Summary()) if packed is None else Entry.unpacked(packed)

    def encode(self) -> bytes:
        """The node as a blob."""
        return codec.pack([self.count, self.first, self.last, self.entries])

    @classmethod
    def decode(cls, blob: bytes) -> Node:
        """The node of a blob."""
        return cls(*codec.unpack(blob))

    @classmethod
    def of(cls, rollup: Rollup) -> Node:
        """The node of an epoch, which has chunks."""
        entries = {name: rollup.attribute(name).whole.packed() for name in sorted(rollup.attributes())}
        last = max(chunk.last for chunk in rollup.chunks)
        return cls(rollup.count, rollup.chunks[0].first, last, entries)

    @classmethod
    def merged(cls, nodes: Sequence[Node]) -> Node:
        """The node of a span, of those that it is made of."""
        if len(nodes) == 1:
            return nodes[0]
        entries: dict[str, Any] = {}
        for name in sorted({name for node in nodes for name in node.entries}):
            found = [node.entries[name] for node in nodes if name in node.entries]
            entries[name] = found[0] if len(found) == 1 else Entry.merged(map(Entry.unpacked, found)).packed()
        first, last = min(node.first for node in nodes), max(node.last for node in nodes)
        return cls(sum(node.count for node in nodes), first, last, entries)


def rewritten(reading: BlobReading, sensor: str, grid: Grid, epoch: int, rollup: Rollup) -> Nodes:
    """The nodes that are other ones once the epoch has this rollup: its own, and those above it."""
    own = epoch, grid.width(epoch)
    above = grid.above(epoch)
    fresh = {own: Node.of(rollup)}
    beside = [span for parent in above for span in grid.below(parent)]
    known = reading.nodes(sensor, [span for span in beside if span not in {own, *above}])
    for parent in above:
        under = [
            fresh.get(span) or (Node.decode(known[span]) if span in known else None) for span in grid.below(parent)
        ]
        fresh[parent] = Node.merged([node for node in under if node is not None])
    return {span: node.encode() for span, node in fresh.items()}


def all_nodes(rollups: Mapping[int, Rollup], grid: Grid) -> Nodes:
    """All nodes of a sensor, made of its rollups by epoch: for verifying, and for stores from before there were any."""
    found: dict[Span, Node] = {(epoch, grid.width(epoch)): Node.of(rollup) for epoch, rollup in rollups.items()}
    parts: dict[Span, list[Node]] = {}
    for epoch, _ in list(found):
        for span in grid.above(epoch):
            parts.setdefault(span, []).append(found[epoch, grid.width(epoch)])
    found.update((span, Node.merged(nodes)) for span, nodes in parts.items())
    return {span: node.encode() for span, node in found.items()}


@dataclass(slots=True)
class Cover:
    """What answers for a range: by `nodes`, as far as they tell, and by the data of the other `epochs`.

    A node's records lie in one bucket, or, of an epoch at an end of the range, perhaps beyond it.
    """

    nodes: list[Span]
    epochs: list[int]


def cover(grid: Grid, edges: Ints, marked: Iterable[int]) -> Cover:
    """The widest spans without a marked epoch that no edge of a bucket cuts, and the epochs that remain.

    `edges`: of the buckets, ascending. `marked`: the starts of epochs. Both halves are ascending.
    """
    found = Cover([], [])
    if grid.reach is not None:
        low, high = max(grid.reach[0], int(edges[0])), min(grid.reach[1], int(edges[-1]))
        _cover(grid.top(low, high), found, grid, edges, sorted(marked))
    return found


def _cover(spans: Iterable[Span], found: Cover, grid: Grid, edges: Ints, marked: Sequence[int]) -> None:
    low, high = grid.reach or (0, 0)
    for start, width in spans:
        end = start + width
        if end <= max(low, edges[0]) or start >= min(high, edges[-1]):
            continue
        # Where there are no records before or after, the span may stick out.
        inside = edges[(edges > max(start, low)) & (edges < min(end, high))]
        quiet = bisect_left(marked, start) == bisect_left(marked, end)
        if quiet and not len(inside):
            found.nodes.append((start, width))
        elif not grid.is_epoch((start, width)):
            _cover(grid.below((start, width)), found, grid, edges, marked)
        elif quiet and {*inside.tolist()} <= {int(edges[0]), int(edges[-1])}:
            found.nodes.append((start, width))  # its node tells whether it has records beyond
        else:
            found.epochs.append(start)
