from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from grafana_sensor.domain.errors import WrongCredentials
from grafana_sensor.simulator import run
from grafana_sensor.simulator.client import Client
from grafana_sensor.simulator.fleet import Fleet
from grafana_sensor.simulator.weather import DAY
from tests.endtoend.servers import kill, serving

START = 20_560 * DAY
"""2026-04-17, whose first device is offline for a while."""
FLEET = Fleet(seed=2, size=2, every=300)

Rows = dict[tuple[str, int], dict[str, Any]]


def ignore(_: object) -> None:
    """Neither wait nor listen."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server where anybody may register."""
    store = f"sqlite://{tmp_path_factory.mktemp('live') / 'store'}"
    with serving(store, "--open-registration", "--workers", "2") as (_, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def entered(url: str, user: str, pause: Callable[[float], None] = ignore) -> Iterator[Client]:
    """The client of a user who has come in."""
    with closing(Client(url, user, "secret", pause, ignore)) as client:
        run.enter(client, user, "secret")
        yield client


def stored(client: Client) -> Rows:
    """Every record that the server has, by sensor and second."""
    asked = urlencode({"q": "*", "from": 0, "to": "2190-01-01", "time": "ms"})
    rows = [dict(row) for row in client.get(f"/api/v1/query?{asked}").body]
    found = {(row.pop("sensor"), row.pop("time") // 1_000): row for row in rows}
    assert len(rows) == len(found)
    return found


def expected(fleet: Fleet, start: int, end: int) -> Rows:
    """What the devices' own books say has arrived."""
    names = tuple(run.DECLARED)
    return {
        (sensor, reading.time): {name: reading.attributes.get(name) for name in sorted(names)}
        for sensor, reading in fleet.acknowledged(start, end)
    }


def fast(client: Client, start: int, end: int) -> run.Count:
    """Post all of [start, end) without waiting."""
    pace = run.Pace(lambda: 0.0, ignore, start, 0.0, math.inf)
    return run.live(client, FLEET, pace, start, end, ignore)


def test_a_day_ends_with_what_was_acknowledged(url: str) -> None:
    """Late, lost and repeated posts of a day, and then all of them again, leave exactly what the oracle says."""
    with entered(url, "day") as client:
        posts = list(FLEET.posts(START, START + DAY))
        assert {0, 1, 2} == {post.sends for post in posts}
        assert any(post.late for post in posts)
        count = fast(client, START, START + DAY)
        assert expected(FLEET, START, START + DAY) == stored(client)
        assert (len(stored(client)), sum(p.sends == 2 for p in posts), 0) == (
            count.stored,
            count.repeated,
            count.refused,
        )
        assert 0 == fast(client, START, START + DAY).stored
        assert expected(FLEET, START, START + DAY) == stored(client)


def test_the_past_is_stored_once(url: str) -> None:
    """What is stored in bulk, live and in bulk again, over spans that overlap, is each reading once."""
    cut, end = START + DAY // 2 + 17, START + DAY + 5_000
    with entered(url, "past") as client:
        first = sum(count for _, count in run.catch_up(client, FLEET, START, cut))
        fast(client, cut, cut + 7_200)
        second = sum(count for _, count in run.catch_up(client, FLEET, START, end))
        third = sum(count for _, count in run.catch_up(client, FLEET, START + 1_000, end))
        assert expected(FLEET, START, end) == stored(client)
    live = sum(1 for _ in FLEET.acknowledged(cut, cut + 7_200))
    assert (len(expected(FLEET, START, cut)), len(expected(FLEET, START, end)) - first - live, 0) == (
        first,
        second,
        third,
    )


def test_a_span_of_days_is_told_day_by_day(url: str) -> None:
    """The past is told as it is done: so many seconds, up to its end."""
    with entered(url, "days") as client:
        spans = [done for done, _ in run.catch_up(client, Fleet(1, 1, 3_600), START + 60, START + 2 * DAY + 7)]
    assert [DAY - 60, 2 * DAY - 60, 2 * DAY - 53] == spans


def test_units_and_titles_are_declared(url: str) -> None:
    """After a day each attribute has the unit and title that the devices declare, and status is a text."""
    with entered(url, "units") as client:
        assert [] != list(run.catch_up(client, Fleet(1, 1, 3_600), START, START + DAY))
        rows = client.get("/api/v1/attributes").body
    assert run.DECLARED == {row["attribute"]: (row.get("unit") or "", row["title"]) for row in rows}
    assert {"status": "text"} == {row["attribute"]: row["kind"] for row in rows if row["kind"] != "number"}


def test_time_goes_at_its_pace() -> None:
    """A simulated time is waited for at the speed asked, in pauses of a minute at most; what is past isn't."""
    clock, waits = [100.0], list[float]()

    def pause(seconds: float) -> None:
        waits.append(seconds)
        clock[0] += seconds

    pace = run.Pace(lambda: clock[0], pause, START, 100.0, 60.0)
    for at in (START - 5, START, START + 60, START + 7_260):
        pace.until(at)
    assert [1.0, 60.0, 60.0] == waits


def test_a_live_device_posts_when_it_measures(url: str) -> None:
    """In real time each post goes out when the clock has reached it, and those of the past at once."""
    clock, sent = [START + 900.0], list[tuple[float, int]]()

    def pause(seconds: float) -> None:
        sent.append((clock[0], len(stored(client))))
        clock[0] += seconds
        if clock[0] > START + 3_600:
            raise EOFError

    with entered(url, "pace") as client:
        pace = run.Pace(lambda: clock[0], pause, START + 900, START + 900)
        with pytest.raises(EOFError):
            run.live(client, FLEET, pace, START, None, ignore)
        assert sent == sorted(sent)
        for at, records in sent:
            assert len(expected(FLEET, START, math.floor(at) + 1)) == records


def test_who_may_not_come_in_is_told(tmp_path: Path, url: str) -> None:
    """A wrong password, and a user where none can register, are errors that say so."""
    with entered(url, "known"):
        pass
    with closing(Client(url, "known", "wrong", ignore, ignore)) as client, pytest.raises(WrongCredentials):
        run.enter(client, "known", "wrong")
    with serving(f"sqlite://{tmp_path}/closed", "--workers", "1") as (_, port):
        stranger = Client(f"http://127.0.0.1:{port}", "ann", "secret", ignore, ignore)
        with closing(stranger), pytest.raises(WrongCredentials, match="grafana-sensor register"):
            run.enter(stranger, "ann", "secret")


def test_a_refusal_is_told_and_left_out(url: str) -> None:
    """What the server refuses is told with its message, and the posting goes on."""
    told: list[str] = []
    with entered(url, "strict") as client:
        assert 200 == client.send("PUT", "/api/v1/attributes/status", {"kind": "number"}).status
        pace = run.Pace(lambda: 0.0, ignore, START, 0.0, math.inf)
        count = run.live(client, Fleet(1, 1, 3_600), pace, START, START + DAY, told.append)
    assert (0, len(told)) == (count.stored, count.refused)
    assert told[0].startswith("greenhouse-1 is refused: record 0: ")


def test_a_server_that_dies_meanwhile_has_all_in_the_end(tmp_path: Path) -> None:
    """Killed among the posts of a day, and again, and back each time when a device asks, it ends with the oracle's."""
    flags = (f"sqlite://{tmp_path}/store", "--open-registration", "--workers", "1")
    turns, waits = [0], list[float]()
    with ExitStack() as servers:
        server, port = servers.enter_context(serving(*flags))
        running = [server]

        def now() -> float:
            turns[0] += 1
            if turns[0] in (100, 101, 400):
                kill(running[-1])
            return START + DAY

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if running[-1].poll() is not None:
                running.append(servers.enter_context(serving(*flags, "--port", str(port)))[0])

        with entered(f"http://127.0.0.1:{port}", "alice", pause) as client:
            count = run.live(client, FLEET, run.Pace(now, pause, START, START), START, START + DAY, ignore)
            assert (4, 0) == (len(running), count.refused)
            assert len(waits) >= 3
            assert expected(FLEET, START, START + DAY) == stored(client)
