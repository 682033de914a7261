"""A scan that is recorded, and read, through several servers while nodes die."""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

from tests.endtoend.clients import Client, Load

KEY: Final = "01KDVDNA000000000000000002"
PATH: Final = f"/api/v1/scans/{KEY}"
STREAMS: Final = ("a", "b")


class ScanLoad:
    """One scan, whose every point of stream number n at index i is i + n / 4; `length`: points that are acknowledged."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.length = 0

    @property
    def post(self) -> str:
        """The points that come next, one of each stream, as they are sent to PATH/points."""
        return self._points(1)

    def begin(self, client: Client) -> None:
        """Begin the scan."""
        scan = {"name": "soak", "number": 1, "key": KEY, "streams": [{"name": name} for name in STREAMS]}
        answer = self._load.insist(client, "POST", "/api/v1/scans", json.dumps(scan))
        assert answer.status in (200, 201), answer

    def record(self, client: Client, random: Random, _: object = None) -> None:
        """Send the next points of all streams, until they are acknowledged."""
        count = random.randint(1, 8)
        answer = self._load.insist(client, "POST", f"{PATH}/points", self._points(count))
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

    def _points(self, count: int) -> str:
        streams = {
            name: {"start": self.length, "points": [_value(place, self.length + at) for at in range(count)]}
            for place, name in enumerate(STREAMS)
        }
        return json.dumps({"streams": streams})


def _value(place: int, index: int) -> float:
    return index + place / 4


def _shown(place: int, start: int, end: int) -> list[dict[str, Any]]:
    return [{"index": index, "value": _value(place, index)} for index in range(start, end)]
