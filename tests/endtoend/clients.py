"""Clients of a soak: threads that post and ask through several servers, and try again where they are told to."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from threading import Event
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

from tests.endtoend.ledger import DAY, Form, Ledger, Question, Reading
from tests.endtoend.servers import AUTHORIZATION

START: Final = 1_767_225_600
"""2026-01-01 in UTC seconds."""
DAYS: Final = 40
SENSORS: Final = ("roof", "cellar")
MODES: Final = ("heating", "idle")
TRIES: Final = 8
"""How often a client sends one request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. `status`: 0 where it said nothing."""

    status: int
    body: Any

    @property
    def message(self) -> str:
        """The message of an error."""
        return str(self.body.get("message")) if isinstance(self.body, dict) else str(self.body)


class Client:
    """Connections to the servers at these ports, kept open; one thread's."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for port in ports]

    def ask(self, place: int, method: str, path: str, body: str | None = None, key: str | None = None) -> Answer:
        """Send one request to the server at `place`, counted round, once."""
        connection = self._connections[place % len(self._connections)]
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers | ({"Idempotency-Key": key} if key else {}))
            answer = connection.getresponse()
            return Answer(answer.status, json.loads(answer.read()))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, repr(error))

    def close(self) -> None:
        """Let go of the servers."""
        for connection in self._connections:
            connection.close()


@dataclass(slots=True)
class Figures:
    """What a soak counted. `points`: of each stream of its scan; `reads`: of those points.

    `again`: what was told each time that a client tried again; `waits`: seconds. `refused`: what was told, and after
    how many seconds, while too few nodes were up.
    """

    posts: int = 0
    repeats: int = 0
    questions: int = 0
    points: int = 0
    reads: int = 0
    again: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    refused: list[tuple[str, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Post:
    """A post with its key."""

    key: str
    readings: tuple[Reading, ...]

    @property
    def path(self) -> str:
        """Where it is sent."""
        return f"/api/v1/sensors/{self.readings[0].sensor}/records"

    @property
    def body(self) -> str:
        """It as JSON."""
        return json.dumps([{"time": each.time, "number": each.number, "mode": each.mode} for each in self.readings])


Turn = Callable[[Client, Random, list[Post]], None]
"""What a thread does again and again; the posts are those that it has sent."""


class Load:
    """Posts and questions through the servers at `ports`, all drawn by `seed`."""

    def __init__(self, ports: Sequence[int], seed: int = 1) -> None:
        self.ledger = Ledger()
        self.figures = Figures()
        self._ports = ports
        self._seed = seed
        self._numbers = count(1)
        self._turns = count()
        self._ended = Event()

    @contextmanager
    def running(self, writers: int, askers: int, *others: Turn) -> Iterator[None]:
        """The threads run meanwhile, one for each of `others`; what fails in one of them ends all."""
        with ThreadPoolExecutor(writers + askers + len(others)) as pool:
            self._run(self._write, Random(f"{self._seed} first"), turns=2 * len(SENSORS))
            work = [pool.submit(self._run, self._write, Random(f"{self._seed} w{n}")) for n in range(writers)]
            work += [pool.submit(self._run, self._question, Random(f"{self._seed} a{n}")) for n in range(askers)]
            work += [pool.submit(self._run, each, Random(f"{self._seed} o{n}")) for n, each in enumerate(others)]
            try:
                yield
            finally:
                self._ended.set()
                for each in work:
                    each.result()

    def post(self, client: Client, post: Post, *, repeated: bool = False) -> None:
        """Send the post until it is acknowledged."""
        if not repeated:
            self.ledger.begin(post.readings)
        answer = self.insist(client, "POST", post.path, post.body, post.key)
        assert answer.status in ((200,) if repeated else (200, 201)), answer
        assert len(post.readings) == answer.body["accepted"]
        if not repeated:
            self.ledger.acknowledge(post.readings)
        self.figures.posts += 1
        self.figures.repeats += repeated

    def drawn(self, random: Random, number: int) -> Post:
        """The next post: of 1 to 8 readings, one in four of which come days late."""
        sensor = SENSORS[number % len(SENSORS)]
        now = START + 30 * DAY + number * 600
        at = START + random.randrange(DAYS * DAY) if random.random() < 0.25 else now
        numbers = [next(self._numbers) for _ in range(random.randint(1, 8))]
        readings = [Reading(sensor, at + place, n, random.choice(MODES)) for place, n in enumerate(numbers)]
        return Post(f"post-{numbers[0]}", tuple(readings))

    def asked(self, client: Client, question: Question) -> None:
        """Ask, and compare the answer with what it may be."""
        query = {"q": question.text, "from": _iso(question.start), "to": _iso(question.end), "max_points": 1_000_000}
        sure = self.ledger.acknowledged()
        answer = self.insist(client, "GET", f"/api/v1/query?{urlencode(query)}")
        assert 200 == answer.status, answer
        question.check(answer.body, sure, self.ledger.sent())
        self.figures.questions += 1

    def insist(self, client: Client, method: str, path: str, body: str | None = None, key: str | None = None) -> Answer:
        """Send it to one server after the other while they say that it may be tried again; the last answer."""
        first = next(self._turns)
        for turn in range(TRIES):
            since = perf_counter()
            answer = client.ask(first + turn, method, path, body, key)
            self.figures.waits.append(perf_counter() - since)
            if answer.status not in (0, 503):
                break
            self.figures.again.append(answer.message)
        return answer

    def _run(self, turn: Turn, random: Random, turns: int = 100_000) -> None:
        client, posts = Client(self._ports), list[Post]()
        try:
            for _ in range(turns):
                if self._ended.is_set():
                    return
                turn(client, random, posts)
        except BaseException:
            self._ended.set()
            self.ledger.give_up()
            raise
        finally:
            client.close()

    def _write(self, client: Client, random: Random, posts: list[Post]) -> None:
        if posts and random.random() < 0.15:
            self.post(client, random.choice(posts), repeated=True)
        else:
            posts.append(self.drawn(random, len(posts)))
            self.post(client, posts[-1])

    def _question(self, client: Client, random: Random, _: list[Post]) -> None:
        self.asked(client, drawn_question(random))


def drawn_question(random: Random) -> Question:
    """A question: of whole histories, of days, or of the points of some hours."""
    form: Form = random.choice(("whole", "whole", "days", "points"))
    start = START + random.randrange(DAYS * DAY)
    end = start + random.randrange(1, DAYS * DAY)
    if form == "whole" and random.random() < 0.5:
        start, end = START - DAY, START + 1_000 * DAY
    sensor = random.choice((*SENSORS, None))
    mode = random.choice((*MODES, None, None))
    return Question(form, sensor, start, end, mode, random.choice((0, 0, random.randrange(2_000))))


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
