"""The REST routes by which scans are read: lists, one scan, points of its streams, and streams that are followed.

Law: a list is a bare JSON array, or with `limit` a page. A scan or a stream in a path that is not there is a 404. A
follower is a response without an end of its own: it is counted, bounded, and gives back what it holds however it ends.
"""

from __future__ import annotations

import time
from typing import Any, Final

from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import BadRequest, NotFound, Unavailable, UnknownScan, UnknownStream
from grafana_sensor.domain.scan import IDENTITY, Points, Scan, Stream
from grafana_sensor.query.fields import parse_names
from grafana_sensor.query.scannames import LAST, parse_identity
from grafana_sensor.service.following import AT_ONCE, Patience, follow
from grafana_sensor.service.scanlists import scans as scans_table
from grafana_sensor.service.scanlooks import ScanLooks
from grafana_sensor.service.session import Session
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.encode import JSON, json_answer, table_answer
from grafana_sensor.web.parameters import Parameter, decode, plain, texts, whole, word
from grafana_sensor.web.points import NDJSON, json_rows, lines, table_of
from grafana_sensor.web.rest import QUERY
from grafana_sensor.web.scan_bodies import described
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("scans", __name__, url_prefix="/api/v1")

_TEXT: Final = {"type": "string"}
_INDEX: Final = {"type": "integer", "minimum": 0}
_COUNT: Final = {"type": "integer", "minimum": 1}
_FORMS: Final = tuple(parameter for parameter in QUERY if parameter.name in ("format", "time"))

SCANS: Final = (
    *(
        Parameter(
            name,
            f"Only scans whose {name} is this one"
            + ("." if name == "number" else ", in any case; `abc*`, `*abc`, `*abc*` a part of it, `x|y` either."),
            plain,
            _TEXT,
        )
        for name in IDENTITY
    ),
    Parameter("limit", 'Scans of a page; the answer is then `{"data", "next"}`.', whole(1), _COUNT),
    Parameter("cursor", "The `next` of the page before.", plain, _TEXT),
    *_FORMS,
)
"""The parameters of `/scans`."""

_RANGE: Final = (
    Parameter("from", "The first index.", whole(0), {**_INDEX, "default": 0}),
    Parameter("to", "The first index that is not in the range any more.", whole(0), _INDEX),
)
_FOLLOW: Final = Parameter(
    "follow",
    "`1`: JSON lines, of what is there and then of what comes, until the end of the stream.",
    word("0", "1"),
    {"type": "string", "enum": ["0", "1"], "default": "0"},
)
POINTS: Final = (*_RANGE, _FOLLOW, _FORMS[0])
"""The parameters of `/scans/{key}/streams/{name}`."""

SEVERAL: Final = (
    Parameter("stream", "Streams: repeated, or `{a,b}`; without it all that can be read.", texts, _TEXT, several=True),
    _RANGE[0],
)
"""The parameters of `/scans/{key}/points`."""


@blueprint.get("/scans")
@signed_in
def listed(session: Session) -> Response:
    """The scans, the newest first."""
    given = decode(SCANS, request.args)
    identity = parse_identity({name: given[name] for name in IDENTITY if name in given})
    looks, budget, limit = ScanLooks(session), session.settings.budget(time.monotonic), given.get("limit")
    table = scans_table(looks, identity, budget, limit=limit, cursor=given.get("cursor"), most=None)
    return table_answer(table, given.get("format", "json"), given.get("time", "iso"), paged=limit is not None)


@blueprint.get("/scans/<name:key>")
@signed_in
def scan(session: Session, key: str) -> Response:
    """One scan, with its info and its streams; `last` is the newest one."""
    return json_answer(described(_found(session, key)[1]))


@blueprint.get("/scans/<name:key>/streams/<name:name>")
@signed_in
def points(session: Session, key: str, name: str) -> Response:
    """Points of a stream by index, or the stream followed."""
    given = decode(POINTS, request.args)
    start, end = given.get("from", 0), given.get("to")
    if end is not None and end < start:
        raise BadRequest(f"the range is reversed: from {start} lies after to {end}")
    if given.get("follow") == "1":
        if end is not None or given.get("format", "json") != "json":
            raise BadRequest("a stream is followed to its end, in JSON lines: leave out to and format")
        return _followed(session, key, [name], start, named=False)
    looks, found = _found(session, key)
    if name not in found.streams:
        raise NotFound(UnknownStream.named(name, list(found.streams)).message)
    parts = _read(session, looks, found, found.streams[name], start, end)
    form = given.get("format", "json")
    if form == "json":
        return Response(b"".join(json_rows(parts)), mimetype=JSON)
    return table_answer(table_of(parts), form, "iso", paged=False)


@blueprint.get("/scans/<name:key>/points")
@signed_in
def several(session: Session, key: str) -> Response:
    """Several streams followed at once, each line naming its stream."""
    given = decode(SEVERAL, request.args)
    names = parse_names(given["stream"], "stream") if "stream" in given else []
    if not names:
        _, found = _found(session, key)
        names = [name for name, each in found.streams.items() if each.definition.kind != "missing"]
    if not names:
        raise BadRequest("the scan has no streams yet: name those to be followed, as stream=a&stream=b")
    return _followed(session, key, list(dict.fromkeys(names)), given.get("from", 0), named=True)


def _followed(session: Session, key: str, names: list[str], start: int, *, named: bool) -> Response:
    """The response of a follower, who is counted and keeps the session until it is closed."""
    settings, followers = session.settings, services().followers
    looks = ScanLooks(session)
    patience = Patience(time.monotonic, settings.follow_inactive, settings.follow_seconds, followers.stopping)
    try:
        events = follow(looks.store, _key(looks, key), names, start, patience)
    except UnknownStream as error:
        raise NotFound(error.message) from None
    followers.enter()
    response = Response(lines(events, named=named), mimetype=NDJSON)
    response.call_on_close(followers.leave)
    if not session.leases.take():
        response.close()
        raise Unavailable("the session that answers has just ended: ask again")
    response.call_on_close(session.leases.give_back)
    return response


def _key(looks: ScanLooks, key: str) -> str:
    """The key of a scan, that of the newest one for `last`."""
    try:
        return looks.newest(LAST).key if key == LAST else key
    except UnknownScan as error:
        raise NotFound(error.message) from None


def _found(session: Session, key: str) -> tuple[ScanLooks, Scan]:
    looks = ScanLooks(session)
    return looks, looks.load(_key(looks, key))


def _read(session: Session, looks: ScanLooks, found: Scan, stream: Stream, start: int, end: int | None) -> list[Points]:
    """The points of [start, end), a bounded number at a time. Raises LimitError where they are too many for an answer."""
    budget = session.settings.budget(time.monotonic)
    stop = stream.length if end is None else min(end, stream.length)
    start = max(start, stream.first)
    budget.give(max(0, stop - start))
    parts: list[Points] = []
    while start < stop:
        part = looks.store.points(found.key, stream.definition.name, start, min(start + AT_ONCE, stop))
        if not len(part):
            break
        values = part.values
        budget.hold(sum(map(_size, values)) if isinstance(values, list) else values.size)
        parts.append(part)
        start = part.start + len(part)
    return parts


def _size(value: Any) -> int:
    return int(getattr(value, "size", 1))
