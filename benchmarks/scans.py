"""`python -m benchmarks.scans`: how long a point takes from its sender to who follows, and what a picture costs that is
drawn anew each second.

Law: sender, server and each reader are processes of their own, on one clock; a point's value is the time at which it was
sent. Every point must have come once and in order, or the benchmark fails.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import numpy as np
import orjson

from benchmarks.server import PASSWORD, USER, Server, serving
from benchmarks.timing import Effort, Spread, spread
from grafana_sensor import connect
from grafana_sensor.domain.scan import Points, ScanState, StreamDefinition
from tests.scans.redis import RedisServer

STREAMS: Final = tuple(f"s{number}" for number in range(10))
OWN: Final = "own scans, by HTTP"
BLISSDATA: Final = "blissdata's own cursor, from Redis"
THROUGH: Final = "scans of that Redis, by HTTP"
_IDENTITY: Final[dict[str, str | int]] = {"name": "bench", "number": 1, "data_policy": "none"}
_PATIENCE: Final = 120.0
"""Seconds for which a process is waited for."""


Work = tuple[Callable[..., None], Any]
"""What a process does, and with what."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Points of each stream in a second, and for how many seconds."""

    rate: int = 1_000
    seconds: float = 10.0

    @property
    def points(self) -> int:
        """Points of each stream."""
        return round(self.rate * self.seconds)


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds from a point's sender to its reader, of all points."""

    reader: str
    points: int
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel of ten streams of so many points: drawn for the first time, and again with what a second brought."""

    points: int
    first: float
    again: Spread


def own_lags(folder: Path, pace: Pace) -> list[Lag]:
    """A follower of a scan in the user's own keyspace, on SQLite."""
    uri = f"sqlite://{folder / 'store'}"
    with connect(uri) as database:
        database.register(USER, PASSWORD)
    with serving(uri) as server:
        return _lags({OWN: (follow_http, server.port)}, (produce_own, uri), pace)


def redis_lags(folder: Path, pace: Pace) -> list[Lag]:
    """The library's own reader and ours of one scan in a Redis, at once."""
    uri, redis = f"sqlite://{folder / 'other'}", RedisServer(folder / "redis")
    with connect(uri) as database:
        database.register(USER, PASSWORD)
    try:
        redis.start()
        redis.clear()
        with serving(uri, flags=("--scans", redis.url)) as server:
            readers: dict[str, Work] = {BLISSDATA: (follow_blissdata, redis.url), THROUGH: (follow_http, server.port)}
            return _lags(readers, (produce_blissdata, redis.url), pace)
    finally:
        redis.stop()


def _lags(readers: Mapping[str, Work], producer: Work, pace: Pace) -> list[Lag]:
    """The lags of readers that follow one producer."""
    context = multiprocessing.get_context("spawn")
    go, keys, ready, found = context.Event(), context.Queue(), context.Queue(), context.Queue()
    sender = _process(context, producer[0], producer[1], keys, go, pace)
    key = keys.get(timeout=_PATIENCE)
    processes = [
        _process(context, work, where, key, name, ready, found, pace.points) for name, (work, where) in readers.items()
    ]
    for _ in processes:
        ready.get(timeout=_PATIENCE)
    go.set()
    lags = {lag.reader: lag for lag in (found.get(timeout=_PATIENCE) for _ in processes)}
    for process in (sender, *processes):
        process.join(_PATIENCE)
    return [lags[name] for name in readers]


def _process(context: SpawnContext, work: Callable[..., None], *given: Any) -> SpawnProcess:
    process = context.Process(target=work, args=given, daemon=True)
    process.start()
    return process


def produce_own(uri: str, keys: Any, go: Any, pace: Pace) -> None:
    """Record a scan into the user's own keyspace."""
    from grafana_sensor.service.producing import ProducedScan

    with connect(uri) as database, database.session_login(USER, PASSWORD) as session:
        scan = ProducedScan(session.store.scans(), _IDENTITY, {}, session.clock)
        streams = [scan.create_stream(name) for name in STREAMS]
        scan.prepare()
        scan.start()
        keys.put(scan.key)
        go.wait(_PATIENCE)
        _send([stream.send for stream in streams], pace)
        scan.stop()
        scan.close()


def produce_blissdata(url: str, keys: Any, go: Any, pace: Pace) -> None:
    """Record a scan by the library."""
    from tests.scans.blissproducer import BlissProducer, defined

    producer = BlissProducer(url)
    scan, streams = producer.started(*map(defined, STREAMS))
    keys.put(scan.key)
    go.wait(_PATIENCE)
    _send([streams[name].send for name in STREAMS], pace)
    scan.stop()
    scan.close()
    producer.close()


def _send(sends: Sequence[Callable[[float], object]], pace: Pace) -> None:
    """One point of each stream at each tick; late ticks are made up for."""
    begun = time.time()
    for tick in range(pace.points):
        if (early := begun + tick / pace.rate - time.time()) > 0:
            time.sleep(early)
        for send in sends:
            send(float(time.time()))


def follow_http(port: int, key: str, name: str, ready: Any, found: Any, points: int) -> None:
    """Follow all streams over one connection."""
    from benchmarks.server import AUTHORIZATION

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    connection.request("GET", f"/api/v1/scans/{key}/points", headers={"Authorization": AUTHORIZATION})
    answer = connection.getresponse()
    ready.put(answer.status)
    lags, places, rest = [], dict.fromkeys(STREAMS, 0), b""
    while piece := answer.read1(1 << 20):
        now = time.time()
        *lines, rest = (rest + piece).split(b"\n")
        for line in map(orjson.loads, lines):
            if "index" in line:
                if line["index"] != places[line["stream"]]:
                    raise AssertionError(f"{line} came where {places[line['stream']]} should")
                places[line["stream"]] += 1
                lags.append(now - line["value"])
    connection.close()
    found.put(_lag(name, lags, places, points))


def follow_blissdata(url: str, key: str, name: str, ready: Any, found: Any, points: int) -> None:
    """Follow all streams by the library's own group of cursors."""
    warnings.simplefilter("ignore")
    from blissdata import DataStore
    from blissdata.exceptions import EndOfStream
    from blissdata.streams import CursorGroup

    scan = DataStore(f"{url}?protocol=2").load_scan(key)
    group = CursorGroup(list(scan.streams.values()))
    ready.put(True)
    lags, places = [], dict.fromkeys(STREAMS, 0)
    with suppress(EndOfStream):
        while True:
            views = group.read(timeout=10)
            now = time.time()
            for stream, view in views.items():
                if view.index != places[stream.name]:
                    raise AssertionError(f"{stream.name} came from {view.index}, {places[stream.name]} should")
                values = view.get_data()
                places[stream.name] += len(values)
                lags += (now - values).tolist()
    found.put(_lag(name, lags, places, points))


def _lag(name: str, lags: Sequence[float], places: dict[str, int], points: int) -> Lag:
    if set(places.values()) != {points}:
        raise AssertionError(f"{name}: of {points} points a stream came {places}")
    p50, p95 = np.percentile(lags, [50, 95]).tolist()
    return Lag(name, len(lags), p50, p95, max(lags))


def drawn(folder: Path, points: int, effort: Effort) -> Drawn:
    """A panel of ten streams with a time, at a server on SQLite, while a thousand points of each come between two draws."""
    from grafana_sensor.service.ulids import ulid

    uri = f"sqlite://{folder / f'drawn{points}'}"
    with connect(uri) as database:
        database.register(USER, PASSWORD)
        with database.session_login(USER, PASSWORD) as session, serving(uri, workers=1) as server:
            scans, key, now = session.store.scans(), ulid(session.clock() // 1_000), session.clock()
            names = ("epoch", *STREAMS)
            scans.create(key, _IDENTITY, {}, now)
            made = [StreamDefinition(name, "array", "float64", (), {}) for name in names]
            scans.advance(key, ScanState.PREPARED, now, {}, made)
            scans.advance(key, ScanState.STARTED, now)
            length = 0

            def send(n: int) -> None:
                nonlocal length
                epoch = now / 1e6 + np.arange(length, length + n) / 1_000
                scans.send(key, {name: Points(length, epoch) for name in names})
                length += n

            for _ in range(points // 10_000 or 1):
                send(min(points, 10_000))
            return _drawn(server, points, now, send, effort)


def _drawn(server: Server, points: int, now: int, send: Callable[[int], None], effort: Effort) -> Drawn:
    targets = [{"refId": name, "target": f"scan:last/{name}"} for name in STREAMS]
    span = {"from": now // 1_000, "to": now // 1_000 + 3_600_000}
    body = orjson.dumps({"targets": targets, "range": span, "maxDataPoints": 1_000})
    with server.client() as client:
        client.get("/api/v1/scans", {"limit": 1})
        begun = perf_counter()
        client.post("/query", body)
        first = perf_counter() - begun
        times: list[float] = []

        def again() -> None:
            send(1_000)
            begun = perf_counter()
            client.post("/query", body)
            times.append(perf_counter() - begun)

        spread(again, effort)
    return Drawn(points, first, Spread(float(np.percentile(times, 50)), float(np.percentile(times, 99))))


def markdown(lags: Sequence[Lag], pictures: Sequence[Drawn]) -> str:
    """The figures as tables."""
    lines = ["| reader | points | lag p50, ms | p95, ms | longest, ms |", "| :-- | --: | --: | --: | --: |"]
    for each in lags:
        figures = " | ".join(Spread.milliseconds(value) for value in (each.p50, each.p95, each.longest))
        lines.append(f"| {each.reader} | {each.points:,} | {figures} |")
    lines += [
        "",
        "| points of each of 10 streams | first drawn, ms | drawn again, ms (p50 / p99) |",
        "| --: | --: | --: |",
    ]
    for picture in pictures:
        lines.append(f"| {picture.points:,} | {Spread.milliseconds(picture.first)} | {picture.again} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scans", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="see in seconds that everything runs; the figures are none"
    )
    quick = parser.parse_args(arguments).quick
    pace, effort = (Pace(50, 0.4), Effort(0.1, 3)) if quick else (Pace(), Effort(20.0, 20))
    with TemporaryDirectory(prefix="grafana-sensor-bench-") as name:
        folder = Path(name)
        print("following ...", file=sys.stderr)
        lags = own_lags(folder, pace) + redis_lags(folder, pace)
        print("drawing ...", file=sys.stderr)
        pictures = [drawn(folder, points, effort) for points in ((1_000,) if quick else (10_000, 100_000, 1_000_000))]
    print(markdown(lags, pictures))


if __name__ == "__main__":
    main()
