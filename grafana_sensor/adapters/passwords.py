"""Hashes of passwords, and the check of a password against one.

Law: a hash is Argon2id with the parameters that argon2-cffi holds right (those of RFC 9106 for machines where
memory is scarce: 64 MiB, 3 passes, 4 lanes), which stand in the hash itself. So they can grow: a login whose
hash has other parameters is told to be hashed anew. A user who isn't there costs what a wrong password costs.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError


class Passwords:
    """Makes and checks hashes; `hasher` carries the parameters."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        """The password's hash, under a fresh salt: never the same text twice."""
        return self._hasher.hash(_bytes(password))

    def verify(self, known: str | None, password: str) -> bool:
        """Whether the password is that of the hash; always False for None (no such user), after the same work."""
        if known is None:
            self._hasher.hash(_bytes(password))
            return False
        try:
            return self._hasher.verify(known, _bytes(password))
        except (Argon2Error, InvalidHashError):
            return False

    def is_outdated(self, known: str) -> bool:
        """Whether the hash was made with other parameters than a new one would be."""
        return self._hasher.check_needs_rehash(known)


def _bytes(password: str) -> bytes:
    # JSON can spell a lone surrogate; it is a password like any other.
    return password.encode("utf-8", "surrogatepass")
