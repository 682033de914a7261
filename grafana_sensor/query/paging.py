"""Pages of an answer, and the tokens that lead from one to the next.

Law: a token holds the range as it was resolved and the place of the last row given; the next page has the
rows after that place, whatever was stored meanwhile, so nothing is given twice. A token fits the question
that it was made for, and no other.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from typing import Any, Final

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.query.plan import Ask, Plan

_SEAL: Final = 12
"""Bytes that tell a token's question and that it is whole."""
_FAR: Final = 2**62


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: rows go by time (UTC µs), then sensor, then record id (raw rows only)."""

    time: int
    sensor: str
    batch: str = ""
    position: int = -1


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` rows (None: all) that come after a place (None: from the first).

    `question` is the digest of what was asked, `now` when it first was (UTC µs).
    """

    limit: int | None
    after: Place | None
    question: bytes
    now: int

    def token(self, plan: Plan, place: Place) -> str:
        """The token of the page that follows the row at `place`."""
        held = [plan.start, plan.end, self.now, place.time, place.sensor, place.batch, place.position]
        text = json.dumps(held, separators=(",", ":")).encode()
        return urlsafe_b64encode(_seal(self.question, text) + text).decode().rstrip("=")


def open_page(ask: Ask, limit: int | None, cursor: str | None, *, split_kinds: bool) -> tuple[Ask, Page]:
    """The page asked for, and the question with the range that its cursor remembers.

    Raises BadRequest when `limit` is below 1, or the cursor is damaged or of another question.
    """
    if limit is not None and limit < 1:
        raise BadRequest(f"limit is {limit}; it must be 1 or more")
    question = _digest(ask, split_kinds)
    if cursor is None:
        return ask, Page(limit, None, question, ask.now)
    start, end, now, place = _read(cursor, question)
    return replace(ask, start=start, end=end, now=now), Page(limit, place, question, now)


def _digest(ask: Ask, split_kinds: bool) -> bytes:
    """What tells questions apart, the range aside: that one moves with the clock."""
    query = ask.query
    asked: list[Any] = [
        [[p.attribute, p.aggregate, p.alias] for p in query.projections],
        None if query.sensors is None else [name.text for name in query.sensors],
        [[c.attribute, c.operator, c.values] for c in query.conditions],
        query.by_sensor,
        query.every if ask.every is None else ask.every,
        ask.max_points,
        ask.interval,
        split_kinds,
    ]
    return hashlib.sha256(json.dumps(asked).encode()).digest()


def _seal(question: bytes, text: bytes) -> bytes:
    return hashlib.sha256(question + text).digest()[:_SEAL]


def _read(cursor: str, question: bytes) -> tuple[int, int, int, Place]:
    """The range, the instant and the place that a token holds."""
    try:
        token = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        held = json.loads(token[_SEAL:])
    except (ValueError, RecursionError):
        raise _unfit() from None
    if token[:_SEAL] != _seal(question, token[_SEAL:]) or not _sound(held):
        raise _unfit()
    start, end, now, time, sensor, batch, position = held
    return start, end, now, Place(time, sensor, batch, position)


def _sound(held: Any) -> bool:
    """Whether a token's content is what `Page.token` puts there."""
    kinds = (int, int, int, int, str, str, int)
    if not isinstance(held, list) or tuple(map(type, held)) != kinds:
        return False
    return held[0] <= held[1] and all(abs(part) <= _FAR for part in held if isinstance(part, int))


def _unfit() -> BadRequest:
    return BadRequest("the cursor is damaged or belongs to another question; take it unchanged from the answer before")
