"""What a scan is: an experiment that runs, with streams of points that grow until they are sealed.

Law: a scan's states only rise; a stream only grows, and not at all once it is sealed. A point is known by its absolute
index from 0. Points carry no time of their own: where a scan has a time, it is a stream of it. The words are
blissdata's (ESRF).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

IDENTITY: Final = ("name", "number", "data_policy", "session", "proposal", "collection", "dataset", "path")
"""What a scan is known and searched by. The first three are never missing; `number` is an int, the others texts."""


class ScanState(IntEnum):
    """How far a scan has come."""

    CREATED = 0
    PREPARED = 1
    STARTED = 2
    STOPPED = 3
    CLOSED = 4


Kind = Literal["array", "json", "scan", "missing"]
"""Of a stream: numbers of one dtype; any JSON; keys of sub-scans; or what only an absent plugin could read."""


@dataclass(frozen=True, slots=True)
class StreamDefinition:
    """A stream as it was made. `dtype`: NumPy's name of it, "" where `kind` isn't "array".

    `shape`: of one point, () for a scalar; -1 where a dimension varies from point to point.
    """

    name: str
    kind: Kind
    dtype: str
    shape: tuple[int, ...]
    info: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as it is now: `length` points were sent, those before `first` were trimmed since."""

    definition: StreamDefinition
    length: int = 0
    first: int = 0
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it is now.

    `reached`: when each state was reached (UTC µs), for those known. `streams`: by name, in the order in which they
    were made; none before PREPARED.
    """

    key: str
    identity: Mapping[str, str | int]
    info: Mapping[str, Any]
    state: ScanState
    reached: Mapping[ScanState, int]
    streams: Mapping[str, Stream]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of a stream from index `start`: an array (n, *shape), or a list where they are JSON or vary in shape."""

    start: int
    values: NDArray[np.generic] | list[Any]

    def __len__(self) -> int:
        return len(self.values)
