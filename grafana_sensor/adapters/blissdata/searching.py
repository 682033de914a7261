"""Which of blissdata's scans a search means.

Law: the Redis' index finds what it can find by itself; the rest is looked for among the identities of all scans, so
that every store answers a search alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from grafana_sensor.adapters.blissdata.opened import PREFIX, Opened
from grafana_sensor.domain import scansearch

_SHORTEST: Final = 2
"""Characters from which on the index knows a text by its begin, midst or end."""
_AT_ONCE: Final = 1_000


def search(opened: Opened, identity: Mapping[str, str | int]) -> list[str]:
    """The keys, oldest first. Raises ConditionError."""
    meant = scansearch.search(identity)
    if all(_indexed(value) for value in identity.values()):
        keys = opened.store.search_existing_scans(**identity)[1]
        return _oldest_first(opened, opened.there(keys))
    keys = opened.there(opened.store.search_existing_scans()[1])
    found = []
    for begin in range(0, len(keys), _AT_ONCE):
        some = keys[begin : begin + _AT_ONCE]
        known: list[dict[str, Any] | None] = opened.identities(some)
        found += [key for key, each in zip(some, known, strict=True) if each is not None and meant(_given(each))]
    return _oldest_first(opened, found)


def _indexed(value: str | int) -> bool:
    """Whether the index finds it as scansearch does: plain ASCII, without what its own syntax would change."""
    if isinstance(value, int):
        return True
    parts = value.split("|")
    return value.isascii() and "\\" not in value and all(len(part.strip(" *")) >= _SHORTEST for part in parts)


def _oldest_first(opened: Opened, keys: list[str]) -> list[str]:
    """By the millisecond in the key (a ULID); scans of one millisecond as the Redis' history of scans has them."""
    keys = sorted(keys)
    if all(_millisecond(one) != _millisecond(next_one) for one, next_one in pairwise(keys)):
        return keys
    places = {key: place for place, key in enumerate(opened.history())}
    return sorted(keys, key=lambda key: (_millisecond(key), places.get(key, 0)))


def _millisecond(key: str) -> str:
    return key[len(PREFIX) : len(PREFIX) + 10]


def _given(identity: Mapping[str, Any]) -> dict[str, str | int]:
    return {name: value for name, value in identity.items() if value is not None}
