from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.adapters.cassandra.names import LONGEST, candidates, shared

users = st.text(min_size=1, max_size=64)
prefixes = st.from_regex(r"[a-z][a-z0-9_]{0,19}", fullmatch=True)


@given(prefixes, users)
def test_names_are_such_as_cassandra_takes(prefix: str, user: str) -> None:
    """Of any user: up to 48 of a-z, 0-9 and _, all different, none the administrator's or the shared one."""
    found = list(candidates(prefix, user))
    assert len(found) == len(set(found))
    assert all(re.fullmatch(rf"[a-z][a-z0-9_]{{0,{LONGEST - 1}}}", name) for name in found)
    assert not {prefix, shared(prefix)} & set(found)


@given(users, users)
def test_two_users_have_names_apart(one: str, other: str) -> None:
    """However alike two users are, each has a candidate that isn't the other's."""
    if one != other:
        assert set(candidates("sensors", one)) - set(candidates("sensors", other))


def test_readable_names_stay_readable() -> None:
    """What of a user's name is letters and digits can be read in the keyspace's."""
    assert "sensors_u_alice" == next(candidates("sensors", "alice"))
    assert "sensors_u_zoe_lab_2" == next(candidates("sensors", "Zoë @ Lab-2"))
