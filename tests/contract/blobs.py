"""Posts and seals in few words, and all that a store shows of a sensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Final, TypeVar

from grafana_sensor.domain.layout import Reach
from grafana_sensor.ports import Append, Batch, BlobStore, Key, Seal

T = TypeVar("T")
EVER: Final = (-(2**62), 2**62)


def batch(name: str, sensor: str = "s", epoch: int = 0, *, count: int = 1, received: int = 100) -> Batch:
    """A batch whose blob tells where it belongs."""
    return Batch(sensor, epoch, name, count, epoch, epoch + 9, received, f"{sensor}/{epoch}/{name}".encode())


def post(
    *batches: Batch,
    seen: Mapping[str, Mapping[str, int]] | None = None,
    version: int = 0,
    key: Key | None = None,
    reach: Mapping[str, Reach] | None = None,
) -> Append:
    """A post of these batches; it has seen their sensors."""
    seen = seen if seen is not None else {each.sensor: {} for each in batches}
    return Append(batches, seen, version, key, reach or {})


def key(
    name: str = "k", batch: str = "b1", *, received: int = 100, answer: bytes | None = b"{}", lasting: bool = False
) -> Key:
    """A key of a post."""
    return Key(name, "/records", b"digest", batch, received, answer, lasting)


def seal(
    generation: int,
    *,
    sensor: str = "s",
    epoch: int = 0,
    rollup: bytes = b"r",
    chunks: Mapping[tuple[str, str], bytes] | None = None,
    dropped: Sequence[str] = (),
    covered: Sequence[str] = (),
    nodes: Mapping[tuple[int, int], bytes] | None = None,
) -> Seal:
    """A seal of one epoch."""
    return Seal(sensor, epoch, generation, rollup, chunks or {}, dropped, covered, nodes or {})


def shown(blobs: BlobStore, sensor: str = "s") -> dict[str, Any]:
    """All that a look shows of a sensor."""
    with blobs.reading() as reading:
        markers = reading.markers(sensor, *EVER)
        return {
            "markers": {epoch: sorted(ids) for epoch, ids in markers.items()},
            "rollups": [(rollup.epoch, rollup.blob) for rollup in reading.rollups(sensor, *EVER)],
            "batches": {epoch: sorted(reading.batches(sensor, epoch, ids)) for epoch, ids in markers.items()},
            "generation": reading.generation(sensor),
            "kinds": reading.catalog().sensors.get(sensor),
        }


def together(work: Callable[[int], T], threads: int = 8) -> list[T]:
    """What `work` returns for each of 0, 1, ... in a thread of its own, all let go at once."""
    barrier = Barrier(threads)

    def run(number: int) -> T:
        barrier.wait(30)
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))
