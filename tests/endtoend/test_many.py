"""Many users over a small cache: what is opened for one is closed when another takes its place."""

from __future__ import annotations

import secrets

import pytest

from tests.cassandra import lent
from tests.endtoend.many import held_while_asked, served


@pytest.mark.parametrize(("tenancy", "users", "cache", "requests"), [("keyspaces", 5, 2, 60), ("shared", 12, 4, 100)])
def test_what_goes_from_the_cache_leaves_nothing_open(tenancy: str, users: int, cache: int, requests: int) -> None:
    """However often sessions are evicted, all requests are answered rightly, and no thread or descriptor is left."""
    store = f"{lent.uri()}?prefix=m{secrets.token_hex(6)}&tenancy={tenancy}"
    with served(store, users, cache) as client:
        (_, before), *_, (_, after) = found = list(held_while_asked(client, users, requests))
    assert requests == sum(right for right, _ in found)
    assert (True, True) == (after.threads <= before.threads, after.descriptors <= before.descriptors)
