"""What Keyspaces promises of users, passwords and what each opens."""

from __future__ import annotations

from contextlib import closing

import pytest

from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.errors import NotFound, UserExists, WrongCredentials
from grafana_sensor.ports import Keyspaces
from tests.contract.blobs import together
from tests.contract.stores import Stores


@pytest.fixture
def keyspaces(stores: Stores) -> Keyspaces:
    """No users yet."""
    return stores.keyspaces


def test_an_adapter_is_whole() -> None:
    """Keyspaces that lack a method can't be made."""

    class Half(Keyspaces):
        def users(self) -> list[str]:
            return []

    with pytest.raises(TypeError, match="abstract"):
        Half()  # type: ignore[abstract]  # that is what is tested


def test_a_user_is_made_and_opened(keyspaces: Keyspaces) -> None:
    """A new user's password opens an empty keyspace."""
    keyspaces.create("alice", "secret")
    keyspaces.initialize("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as store:
        assert {} == store.catalog().sensors
    assert ["alice"] == keyspaces.users()


def test_initializing_again_is_harmless(keyspaces: Keyspaces) -> None:
    """What a user has stays through another initialize."""
    keyspaces.create("alice", "secret")
    keyspaces.initialize("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as store:
        store.declare("a", Declaration("text"))
        keyspaces.initialize("alice", "secret")
        assert {"a"} == set(store.catalog().declarations)
    with closing(keyspaces.open("alice", "secret")) as store:
        assert {"a"} == set(store.catalog().declarations)


def test_a_name_is_taken_once(keyspaces: Keyspaces) -> None:
    """A second user of a name is refused, and the first one's password stays."""
    keyspaces.create("alice", "secret")
    with pytest.raises(UserExists, match="'alice'"):
        keyspaces.create("alice", "other")
    keyspaces.open("alice", "secret").close()
    with pytest.raises(WrongCredentials):
        keyspaces.open("alice", "other")


def test_one_of_many_gets_a_name(keyspaces: Keyspaces) -> None:
    """Of 8 who want one name at once, one gets it, under that one's password."""

    def work(thread: int) -> bool:
        try:
            keyspaces.create("alice", f"secret{thread}")
        except UserExists:
            return False
        return True

    made = together(work)
    assert 1 == made.count(True)
    keyspaces.open("alice", f"secret{made.index(True)}").close()


@pytest.mark.parametrize("password", ["", "Secret", "secret ", "secret\0", "x" * 1_024])
def test_a_wrong_password_opens_nothing(keyspaces: Keyspaces, password: str) -> None:
    """Another text than the password is refused, by open and by initialize."""
    keyspaces.create("alice", "secret")
    with pytest.raises(WrongCredentials):
        keyspaces.open("alice", password)
    with pytest.raises(WrongCredentials):
        keyspaces.initialize("alice", password)


def test_an_unknown_user_is_told_as_a_wrong_password(keyspaces: Keyspaces) -> None:
    """Nobody learns from the error whether a user is there."""
    keyspaces.create("alice", "secret")
    with pytest.raises(WrongCredentials) as wrong:
        keyspaces.open("alice", "other")
    with pytest.raises(WrongCredentials) as unknown:
        keyspaces.open("bob", "secret")
    assert wrong.value.message == unknown.value.message
    with pytest.raises(WrongCredentials):
        keyspaces.initialize("bob", "secret")
    assert ["alice"] == keyspaces.users()


@pytest.mark.parametrize("password", ["x" * 1_024, "pässwörd ✓", "\ud800", " "])
def test_a_password_may_be_any_text(keyspaces: Keyspaces, password: str) -> None:
    """Long ones, ones of any script and what JSON can spell besides open what they closed."""
    keyspaces.create("alice", password)
    keyspaces.open("alice", password).close()
    with pytest.raises(WrongCredentials):
        keyspaces.open("alice", password + "x")


def test_the_administrator_needs_no_password(keyspaces: Keyspaces) -> None:
    """The administrator opens what the user opens, and is told of a user who isn't there."""
    keyspaces.create("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as store:
        store.declare("a", Declaration("text"))
    with closing(keyspaces.open_as_administrator("alice")) as store:
        assert {"a"} == set(store.catalog().declarations)
    with pytest.raises(NotFound, match="'bob'"):
        keyspaces.open_as_administrator("bob")


def test_a_new_password_replaces_the_old(keyspaces: Keyspaces) -> None:
    """After set_password the old one is refused, the new one opens, and what is open stays open."""
    keyspaces.create("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as store:
        keyspaces.set_password("alice", "other")
        store.declare("a", Declaration("text"))
    with pytest.raises(WrongCredentials):
        keyspaces.open("alice", "secret")
    with closing(keyspaces.open("alice", "other")) as store:
        assert {"a"} == set(store.catalog().declarations)


def test_a_new_password_is_for_users_alone(keyspaces: Keyspaces) -> None:
    """The password of nobody can't be set, and nobody comes to be by it."""
    with pytest.raises(NotFound, match="'bob'"):
        keyspaces.set_password("bob", "secret")
    assert [] == keyspaces.users()


def test_a_credential_changes_with_the_password(keyspaces: Keyspaces) -> None:
    """It is the same from call to call and login to login, another after every set_password, and never the password."""
    assert None is keyspaces.credential("alice")
    keyspaces.create("alice", "secret")
    first = keyspaces.credential("alice")
    keyspaces.open("alice", "secret").close()
    assert first == keyspaces.credential("alice")
    keyspaces.set_password("alice", "secret")
    second = keyspaces.credential("alice")
    assert None not in (first, second)
    assert first != second
    assert "secret" not in f"{first}{second}"


def test_users_come_in_code_point_order(keyspaces: Keyspaces) -> None:
    """Capitals before small letters, then all others by their code points."""
    for name in ("é", "b", "B", "a", "ab", "😀", "\uffee"):
        keyspaces.create(name, "secret")
    assert ["B", "a", "ab", "b", "é", "\uffee", "😀"] == keyspaces.users()


def test_names_that_look_alike_are_apart(keyspaces: Keyspaces) -> None:
    """Users whose names differ in case, in accents, or in what file systems make of them share nothing."""
    users = [
        "alice",
        "Alice",
        "ALICE",
        "alicé",
        "alice ",
        "alice.",
        ".",
        "..",
        "~",
        "con",
        "users",
        "a\\b",
        "*",
        "é",
        "e\u0301",
    ]
    for name in users:
        keyspaces.create(name, "secret")
        with closing(keyspaces.open(name, "secret")) as store:
            assert {} == store.catalog().declarations
            store.declare(name, Declaration("text"))
    for name in users:
        with closing(keyspaces.open(name, "secret")) as store:
            assert {name} == set(store.catalog().declarations)


def test_a_store_that_serves_is_ready(keyspaces: Keyspaces) -> None:
    """Before the first user and after, ready raises nothing."""
    keyspaces.ready()
    keyspaces.create("alice", "secret")
    keyspaces.ready()


def test_closing_twice_is_harmless(keyspaces: Keyspaces) -> None:
    """Keyspaces can be closed twice, and a store that is open stays open."""
    keyspaces.create("alice", "secret")
    with closing(keyspaces.open("alice", "secret")) as store:
        keyspaces.close()
        keyspaces.close()
        store.declare("a", Declaration("text"))
        assert {"a"} == set(store.catalog().declarations)
