"""Basic authentication."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.domain.errors import WrongCredentials
from grafana_sensor.web.auth import credentials
from tests.web.conftest import Make, basic

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(TEXT.filter(lambda user: ":" not in user), TEXT)
def test_any_credentials_are_read(user: str, password: str) -> None:
    """User and password in UTF-8 are read as they are, colons in the password too."""
    assert (user, password) == credentials(basic(user, password)["Authorization"])


def test_older_clients_are_read() -> None:
    """Credentials that are no UTF-8 are read as ISO 8859-1, and the scheme in any case."""
    assert ("jürgen", "é") == credentials("BASIC " + b64encode("jürgen:é".encode("latin-1")).decode())


@given(st.text(max_size=30).filter(lambda text: not text.lower().startswith("basic")) | st.none())
def test_other_headers_are_wrong_credentials(header: str | None) -> None:
    """A missing header, and one of another scheme, are wrong credentials that say how to send right ones."""
    with pytest.raises(WrongCredentials, match="Authorization: Basic"):
        credentials(header)


def test_a_changed_password_is_what_counts(make: Make) -> None:
    """After a change by the user the new password opens, and another one never did."""
    client = make().test_client()
    old, new = basic("alice", "secret"), basic("alice", "änders:wo")
    assert [200, 401] == [client.get("/api/v1/sensors", headers=h).status_code for h in (old, new)]
    assert 200 == client.put("/api/v1/users/me", json={"password": "änders:wo"}, headers=old).status_code
    assert 200 == client.get("/api/v1/sensors", headers=new).status_code


def test_users_see_their_own_data(make: Make) -> None:
    """What one user posts no other user sees."""
    client = make(open_registration=True).test_client()
    client.post("/api/v1/users", json={"user": "bob", "password": "secret"})
    client.post("/api/v1/sensors/hall/records", json={"t": 1}, headers=basic("alice", "secret"))
    seen = [client.get("/api/v1/sensors", headers=basic(user, "secret")).get_json() for user in ("alice", "bob")]
    assert [1, 0] == list(map(len, seen))
