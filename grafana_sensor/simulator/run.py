"""The devices at work: what they'd have sent is stored, then they post on as time goes.

Law: the clock and the waiting are arguments. A reading is stored once, however often this starts and wherever it was
stopped: live posts have keys, and of the past only readings are sent whose times the server doesn't have.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from grafana_sensor.domain.errors import BadRequest, Forbidden, UserExists, WrongCredentials
from grafana_sensor.domain.shown import shown
from grafana_sensor.simulator.client import Answer, Client
from grafana_sensor.simulator.device import Device, days
from grafana_sensor.simulator.fleet import Fleet, Post, day_of_posts
from grafana_sensor.simulator.weather import DAY

BULK: Final = 1_000
"""Readings of one post of the past."""

DECLARED: Final = {
    "air_temperature": ("celsius", "Air temperature"),
    "air_humidity": ("humidity", "Air humidity"),
    "soil_moisture": ("percent", "Soil moisture"),
    "light": ("lux", "Light"),
    "battery": ("percent", "Battery"),
    "rssi": ("dBm", "Wi-Fi signal"),
    "status": ("", "Status"),
}
"""Units, by Grafana's names of them, and titles of what the devices measure."""

_LONGEST_WAIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Simulated time: `begin` at the moment `started`, then `speed` seconds a second; infinite: no waiting.

    `now` gives UTC seconds, `pause` waits for so many of them, or raises what ends it all.
    """

    now: Callable[[], float]
    pause: Callable[[float], None]
    begin: float
    started: float
    speed: float = 1.0

    def until(self, at: float) -> None:
        """Wait for a simulated time."""
        if math.isinf(self.speed):
            return
        due = self.started + (at - self.begin) / self.speed
        while (left := due - self.now()) > 0:
            self.pause(min(left, _LONGEST_WAIT))


@dataclass(slots=True)
class Count:
    """What became of the devices' posts, and of the readings in them."""

    stored: int = 0
    repeated: int = 0
    lost: int = 0
    refused: int = 0

    def __str__(self) -> str:
        text = f"{self.stored:,} readings stored"
        for count, what in ((self.repeated, "posts sent again"), (self.lost, "lost"), (self.refused, "refused")):
            text += f", {count:,} {what}" if count else ""
        return text


def enter(client: Client, user: str, password: str) -> None:
    """Wait for the server, be its user, and declare what the devices measure.

    A user that isn't there is registered where that is open to anybody. Raises WrongCredentials where it isn't, and for
    a wrong password.
    """
    client.get("/ready")
    answer = client.get("/api/v1/attributes")
    if answer.status == WrongCredentials.status:
        made = client.send("POST", "/api/v1/users", {"user": user, "password": password})
        if made.status == Forbidden.status:
            raise WrongCredentials(
                f"{answer.message}: register {shown(user)} first, by `grafana-sensor register`, or start the server with"
                " --open-registration"
            )
        if made.status == UserExists.status:
            raise WrongCredentials(answer.message)
        _taken(made, user)
    for attribute, (unit, title) in DECLARED.items():
        said = {"title": title, **({"unit": unit} if unit else {})}
        _taken(client.send("PUT", f"/api/v1/attributes/{attribute}", said), attribute)


def catch_up(client: Client, fleet: Fleet, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Store what the devices sent in [start, end), UTC seconds, as far as the server doesn't have it.

    Yields, day by day, how many seconds of it are done and how many readings were stored.
    """
    for day in days(start, end):
        last = min((day + 1) * DAY, end)
        stored = sum(_stored(client, device, day, start, last) for device in fleet.devices)
        yield last - start, stored


def _stored(client: Client, device: Device, day: int, start: int, end: int) -> int:
    """Store what the server lacks of what the device sent on that day within [start, end); how many readings."""
    posts = [post for post in day_of_posts(device, day) if post.sends and start <= post.at < end]
    there = _times(client, device.sensor, day * DAY, (day + 1) * DAY)
    missing = [reading for post in posts for reading in post.readings if reading.time not in there]
    for place in range(0, len(missing), BULK):
        records = [reading.record for reading in missing[place : place + BULK]]
        digest = hashlib.sha256(json.dumps(records).encode()).hexdigest()
        _taken(client.send("POST", _records(device.sensor), records, key=digest, packed=True), device.sensor)
    return len(missing)


def live(client: Client, fleet: Fleet, pace: Pace, start: int, end: int | None, tell: Callable[[str], None]) -> Count:
    """Post what the devices send in [start, end) when they do; without an end, until something is raised.

    What the server refuses is told, and left out. Raises WrongCredentials where it doesn't know the user any more.
    """
    count = Count()
    for post in fleet.posts(start, end):
        pace.until(post.at)
        if not post.sends:
            count.lost += len(post.readings)
        for _ in range(post.sends):
            answer = _posted(client, post)
            if answer.status == 201:
                count.stored += len(post.readings)
            elif answer.status == 200:
                count.repeated += 1
            elif answer.status == WrongCredentials.status:
                raise WrongCredentials(answer.message)
            else:
                count.refused += len(post.readings)
                tell(f"{post.sensor} is refused: {answer.message}")
    return count


def _posted(client: Client, post: Post) -> Answer:
    records = [reading.record for reading in post.readings]
    body = records if post.late else records[0]
    return client.send("POST", _records(post.sensor), body, key=post.key, packed=post.late)


def _times(client: Client, sensor: str, start: int, end: int) -> frozenset[int]:
    """The seconds of [start, end) at which the sensor has a record of a device's."""
    asked = urlencode({"q": f'battery FROM "{sensor}"', "from": start, "to": end, "time": "ms"})
    answer = client.get(f"/api/v1/query?{asked}")
    if answer.code in ("unknown_sensor", "unknown_attribute"):
        return frozenset()
    _taken(answer, sensor)
    return frozenset(row["time"] // 1_000 for row in answer.body)


def _records(sensor: str) -> str:
    return f"/api/v1/sensors/{quote(sensor, safe='')}/records"


def _taken(answer: Answer, what: str) -> None:
    """Raises WrongCredentials, or BadRequest, for an answer that is none."""
    if answer.status == WrongCredentials.status:
        raise WrongCredentials(answer.message)
    if answer.status not in (200, 201):
        raise BadRequest(f"the server refuses {what}: {answer.message}")
