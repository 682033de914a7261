from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from grafana_sensor.adapters.passwords import Passwords


class CountingHasher(PasswordHasher):
    """Counts the Argon2 computations that it is asked for."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.count = 0

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self.count += 1
        return super().hash(password, salt=salt)

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002  # the base's
        self.count += 1
        return super().verify(hash, password)


def test_a_hash_is_that_of_its_password_alone() -> None:
    """The password verifies, others don't, and no two hashes are alike."""
    passwords = Passwords(CountingHasher())
    known = passwords.hash("secret")
    assert (True, False, False) == tuple(passwords.verify(known, word) for word in ("secret", "Secret", ""))
    assert known != passwords.hash("secret")


def test_an_unknown_user_costs_what_a_wrong_password_costs() -> None:
    """Both take one Argon2 computation with the same parameters."""
    hasher = CountingHasher()
    passwords = Passwords(hasher)
    known = passwords.hash("secret")
    before = hasher.count
    assert False is passwords.verify(known, "wrong")
    assert 1 == hasher.count - before
    assert False is passwords.verify(None, "wrong")
    assert 2 == hasher.count - before


@pytest.mark.parametrize("known", ["", "plain", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_a_broken_hash_opens_nothing(known: str) -> None:
    """What is no hash verifies no password, its own text neither."""
    assert False is Passwords(CountingHasher()).verify(known, known)


def test_a_hash_of_other_parameters_is_outdated() -> None:
    """A hash is up to date until the parameters grow."""
    known = Passwords(CountingHasher()).hash("secret")
    assert False is Passwords(CountingHasher()).is_outdated(known)
    assert True is Passwords().is_outdated(known)
    assert True is Passwords().verify(known, "secret")


def test_hashes_are_argon2id_as_the_library_advises() -> None:
    """By default a hash names Argon2id and the library's own parameters."""
    advised = PasswordHasher()
    expected = f"$argon2id$v=19$m={advised.memory_cost},t={advised.time_cost},p={advised.parallelism}$"
    assert Passwords().hash("secret").startswith(expected)
