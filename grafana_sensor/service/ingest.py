"""Taking what devices post: flattened, checked, stored as a whole, and never twice.

Law: a post is stored whole or not at all, and what is acknowledged is durable. Its key makes a repeat harmless: a
repeat gets the first answer, an unfinished first post is finished under its own batch id and receive time. The
declared kinds that a post was read by are those that hold when it is stored, else it is read anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from grafana_sensor.domain.catalog import NO_SENSOR, Catalog
from grafana_sensor.domain.columns import Block, Ids, columns_of
from grafana_sensor.domain.errors import (
    IdempotencyConflict,
    LimitError,
    RecordError,
    RecordExists,
    Rejected,
    RejectedRecords,
    Unavailable,
    Unprocessable,
)
from grafana_sensor.domain.leaves import check_text
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import named_kind, shown
from grafana_sensor.ports import Able, Key, Part, Post, RecordStore, StaleDeclarations
from grafana_sensor.service.columnar import count_of, of_columns, of_rows
from grafana_sensor.service.ids import BatchIds
from grafana_sensor.service.parts import Parts, Rules

MOST_RECORDS: Final = 1_000_000
"""Records of one post by default."""

LONGEST_KEY: Final = 255
"""Characters of an idempotency key, and of a caller's pk."""

_TRIES: Final = 8
"""How often a post is read anew because of declarations, or of a first post that turns out unfinished."""

_LIMITS: Final = Limits()
_GENERATED = re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}").fullmatch

Clock = Callable[[], int]
Records = Sequence[object] | Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One post: JSON objects, or columns (`form`), and how to read them.

    `records` may be what makes them of the time of receipt (UTC µs), where that is part of what they say.
    `sensor` is the sensor of all records, `sensor_field` the field that says each one's; without either they
    have none. `key` is the idempotency key; `path` and `digest` (SHA-256 of the unpacked body and of the
    parameters that change its meaning) tell its repeats from other posts. `on_error` "skip" stores the good
    records and lists the others.
    """

    records: Records | Callable[[int], Records]
    sensor: str | None = None
    sensor_field: str | None = None
    time_field: str | None = None
    key: str | None = None
    path: str = ""
    digest: bytes = b""
    on_error: Literal["reject", "skip"] = "reject"
    form: Literal["records", "columns"] = "records"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a post: records stored, the batch's id, whether it is a repeat, and what was left out."""

    accepted: int
    batch: str
    duplicate: bool = False
    rejected: tuple[Rejected, ...] = ()


def ingest(
    store: RecordStore,
    incoming: Incoming,
    *,
    limits: Limits,
    ids: BatchIds,
    clock: Clock,
    most: int = MOST_RECORDS,
) -> Receipt:
    """Store a post of at most `most` records; `clock` gives UTC µs.

    A post of no records is accepted, as 0 records, and stores nothing but its key. Raises RejectedRecords, with
    nothing stored, when a record is bad (with "skip" when all are), Unprocessable for a bad sensor, key or form,
    LimitError when the post is too large, IdempotencyConflict when the key belongs to another post, Unavailable
    when declarations change again and again meanwhile.
    """
    limits = _within(limits, store.able)
    most = most if store.able.records is None else min(most, store.able.records)
    _check(incoming, limits)
    batch, received, again = ids.draw(), clock(), False
    for _ in range(_TRIES):
        catalog = store.catalog()
        parts = _parts(incoming, batch, received, catalog, limits, most)
        if parts.rejected and (incoming.on_error == "reject" or not parts.accepted):
            raise RejectedRecords(parts.rejected)
        receipt = Receipt(parts.accepted, batch, again, parts.rejected)
        key = None if incoming.key is None else _key(incoming, receipt, received)
        if key is None and not parts.parts:
            return receipt
        try:
            taken = store.append(Post(batch, received, parts.parts, catalog.version, key))
        except StaleDeclarations:
            continue
        if taken is None:
            return receipt
        if (taken.path, taken.digest) != (incoming.path, incoming.digest):
            raise other_post(incoming.key)
        if taken.answer is not None:
            return _repeated(taken)
        batch, received, again = taken.batch, taken.received, True
    raise _restless()


def insert_into(
    store: RecordStore,
    flat: object,
    pk: str,
    sensor: str = NO_SENSOR,
    *,
    limits: Limits,
    ids: BatchIds,
    clock: Clock,
) -> None:
    """Store one record under the caller's pk, which must be new; `clock` gives UTC µs.

    Raises RecordError when the record can't be stored, Unprocessable for a bad pk or sensor, RecordExists when
    the pk is taken.
    """
    limits = _within(limits, store.able)
    check_pk(pk)
    if sensor != NO_SENSOR:
        check_sensor(sensor, limits)
    batch, received, again = ids.draw(), clock(), False
    for _ in range(_TRIES):
        catalog = store.catalog()
        read = Rules(batch, received, catalog.declared_kinds(), limits).flatten(flat)
        block = Block(np.array([read.time], np.int64), Ids.of([(pk, -1)]), columns_of([read.attributes]))
        said = [sensor, sorted(read.attributes.items())]
        digest = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).digest()
        key = Key(f"p:{pk}", "", digest, batch, received, b"{}", lasting=True)
        try:
            taken = store.append(Post(batch, received, [Part(sensor, block)], catalog.version, key))
        except StaleDeclarations:
            continue
        if taken is None:
            return
        if taken.answer is not None or again or taken.digest != digest:
            raise RecordExists(f"there is a record {shown(pk)} already: a record's pk must be new")
        batch, received, again = taken.batch, taken.received, True
    raise _restless()


def check_name(text: object, what: str, longest: int, limits: Limits = _LIMITS) -> str:
    """The text, 1 to `longest` characters without U+0000. Raises Unprocessable, which calls it `what`, otherwise."""
    if not isinstance(text, str):
        raise Unprocessable(f"a {what} is a text, not {named_kind(text)}")
    if not 1 <= len(text) <= longest:
        raise Unprocessable(f"a {what} has 1 to {longest:,} characters, not {len(text):,}")
    try:
        check_text(text, limits)
    except RecordError as error:
        raise Unprocessable(f"the {what} {shown(text)} can't be one: {error.message}") from None
    return text


def check_sensor(sensor: object, limits: Limits) -> str:
    """The name of a sensor. Raises Unprocessable when it can't be one.

    >>> check_sensor("weather/roof (north)", Limits())
    'weather/roof (north)'
    """
    return check_name(sensor, "sensor's name", limits.name, limits)


def check_pk(pk: object) -> str:
    """A caller's record id. Raises Unprocessable when it can't be one, or looks like the server's own.

    >>> check_pk("door-2026-01-01")
    'door-2026-01-01'
    """
    found = check_name(pk, "pk", LONGEST_KEY)
    if _GENERATED(found):
        raise Unprocessable(
            f"the pk {shown(found)} has the form of those that are given here (32 hexadecimal digits, a dash, 8"
            " hexadecimal digits): choose another"
        )
    return found


def _within(limits: Limits, able: Able) -> Limits:
    """The limits of what the store is able to keep."""
    return limits if able.text is None or able.text >= limits.text else replace(limits, text=able.text)


def _check(incoming: Incoming, limits: Limits) -> None:
    """Raises Unprocessable for what is wrong with the post itself, its records aside."""
    if incoming.sensor is not None:
        check_sensor(incoming.sensor, limits)
    if incoming.key is not None:
        check_name(incoming.key, "idempotency key", LONGEST_KEY)


def _parts(incoming: Incoming, batch: str, received: int, catalog: Catalog, limits: Limits, most: int) -> Parts:
    """What of the post can be stored. Raises LimitError where it has more than `most` records."""
    records = incoming.records(received) if callable(incoming.records) else incoming.records
    count = count_of(records) if incoming.form == "columns" else len(records)
    if count > most:
        raise LimitError(f"the post has {count:,} records, more than the limit of {most:,}: send it in smaller posts")
    rules = Rules(
        batch,
        received,
        catalog.declared_kinds(),
        limits,
        incoming.sensor or NO_SENSOR,
        incoming.sensor_field,
        incoming.time_field,
    )
    if isinstance(records, Mapping):
        return of_columns(records, rules)
    return of_rows(records, rules)


def _key(incoming: Incoming, receipt: Receipt, received: int) -> Key:
    """The key of the post, with what is answered to it."""
    rejected = [[each.index, each.message] for each in receipt.rejected]
    answer = json.dumps([receipt.accepted, rejected], separators=(",", ":")).encode()
    return Key(f"k:{incoming.key}", incoming.path, incoming.digest, receipt.batch, received, answer)


def _repeated(taken: Key) -> Receipt:
    """The receipt of the first post, as a repeat gets it."""
    accepted, rejected = json.loads(taken.answer or b"[0,[]]")
    return Receipt(accepted, taken.batch, True, tuple(Rejected(index, message) for index, message in rejected))


def other_post(key: str | None) -> IdempotencyConflict:
    """The error of an idempotency key that is another post's."""
    return IdempotencyConflict(
        f"the idempotency key {shown(key)} was used for another post: a repeat has the same path and body, a new post a"
        " new key"
    )


def _restless() -> Unavailable:
    return Unavailable("the declarations of attributes changed again and again meanwhile: send it once more")
