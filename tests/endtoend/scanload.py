"""A scan that is recorded, and read, through several servers while nodes die."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any, Final

from tests.endtoend.clients import Client, Load

KEY: Final = "01KDVDNA000000000000000002"
PATH: Final = f"/api/v1/scans/{KEY}"
STREAMS: Final = ("a", "b")


class ScanLoad:
    """One scan, whose points are `values`; `length`: points of each stream that are acknowledged."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.length = 0

    @property
    def post(self) -> str:
        """The points that come next, one of each stream, as they are sent to PATH/points."""
        return self._next(1)

    def begin(self, client: Client) -> None:
        """Begin the scan."""
        scan = {"name": "soak", "number": 1, "key": KEY, "streams": [{"name": name} for name in STREAMS]}
        answer = self._load.insist(client, "POST", "/api/v1/scans", json.dumps(scan))
        assert answer.status in (200, 201), answer

    def record(self, client: Client, random: Random, _: object = None) -> None:
        """Send the next points of all streams, until they are acknowledged."""
        count = random.randint(1, 8)
        answer = self._load.insist(client, "POST", f"{PATH}/points", self._next(count))
        assert answer.status in (200, 201), answer
        assert {"lengths": dict.fromkeys(STREAMS, self.length + count)} == answer.body
        self.length += count
        self._load.figures.points += count

    def read(self, client: Client, random: Random, _: object = None) -> None:
        """Points from some index on are all that were acknowledged, each once and in order."""
        place, start, length = random.randrange(len(STREAMS)), random.randrange(self.length + 1), self.length
        answer = self._load.insist(client, "GET", f"{PATH}/streams/{STREAMS[place]}?from={start}")
        assert 200 == answer.status, answer
        assert _shown(place, start, start + len(answer.body)) == answer.body
        assert start + len(answer.body) >= length
        self._load.figures.reads += 1

    def complete(self, client: Client) -> None:
        """Nothing is under way: each stream is exactly what was acknowledged."""
        for place, name in enumerate(STREAMS):
            answer = self._load.insist(client, "GET", f"{PATH}/streams/{name}?from=0")
            assert _shown(place, 0, self.length) == answer.body, answer.status

    def _next(self, count: int) -> str:
        return json.dumps(points(STREAMS, self.length, self.length + count))


def values(place: int, start: int, end: int) -> list[float]:
    """The points of stream number `place` at the indexes [start, end)."""
    return [index + place / 4 for index in range(start, end)]


def points(streams: Sequence[str], start: int, end: int) -> dict[str, Any]:
    """Those of all streams, as they are sent to a scan's points."""
    return {
        "streams": {name: {"start": start, "points": values(place, start, end)} for place, name in enumerate(streams)}
    }


def _shown(place: int, start: int, end: int) -> list[dict[str, Any]]:
    return [{"index": start + at, "value": value} for at, value in enumerate(values(place, start, end))]
