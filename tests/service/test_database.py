from __future__ import annotations

import pytest

from grafana_sensor.domain.errors import NotFound, Unprocessable, UserExists, WrongCredentials
from grafana_sensor.service.database import Database


def test_a_registered_user_can_log_in(database: Database) -> None:
    """Registering makes a user whose session is empty; users are listed in code point order."""
    database.register("Zoë", "pässwörd")
    with database.session_login("Zoë", "pässwörd") as session:
        assert ("Zoë", []) == (session.user, session.get_sensors())
    assert ["Zoë", "alice"] == database.get_users()


def test_users_see_only_their_own(database: Database) -> None:
    """What one user stores, another doesn't see."""
    database.register("bob", "secret")
    with database.session_login("alice", "secret") as alice, database.session_login("bob", "secret") as bob:
        alice.insert_into_sensor("hall", {"t": 1})
        assert (["hall"], []) == (alice.get_sensors(), bob.get_sensors())


def test_names_and_passwords_keep_their_rules(database: Database) -> None:
    """A name or password that can't be one is refused, and a taken name too."""
    for user, password in (("a:b", "secret"), ("bob", "")):
        with pytest.raises(Unprocessable):
            database.register(user, password)
    with pytest.raises(UserExists, match="'alice'"):
        database.register("alice", "other")
    assert ["alice"] == database.get_users()


def test_initialize_may_be_repeated(database: Database) -> None:
    """Initializing again keeps what is there; a wrong password can't."""
    with database.session_login("alice", "secret") as session:
        session.insert_into_sensor("hall", {"t": 1})
        database.initialize("alice", "secret")
        database.initialize("alice", "secret")
        assert ["hall"] == session.get_sensors()
    with pytest.raises(WrongCredentials):
        database.initialize("alice", "wrong")


def test_a_changed_password_replaces_the_old(database: Database) -> None:
    """After a change the old password is refused; only a known user has one, and it keeps the rules."""
    database.set_password("alice", "new")
    database.session_login("alice", "new").close()
    with pytest.raises(WrongCredentials):
        database.session_login("alice", "secret")
    with pytest.raises(NotFound):
        database.set_password("bob", "new")
    with pytest.raises(Unprocessable):
        database.set_password("alice", "")


def test_the_administrator_needs_no_password(database: Database) -> None:
    """Who can open the store reads a user's data; an unknown user is not found."""
    with database.session_login("alice", "secret") as session:
        session.insert_into_sensor("hall", {"t": 1})
    with database.open_as_administrator("alice") as session:
        assert (["hall"], 1) == (session.get_sensors(), session.seal().records)
    with pytest.raises(NotFound):
        database.open_as_administrator("bob")


def test_a_database_is_ready_until_it_is_closed(database: Database) -> None:
    """A database that is open is ready; it closes with its context, and again without harm."""
    with database:
        database.ready()
    database.close()
