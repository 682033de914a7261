"""Names of keyspaces for users.

Law: a name has at most 48 characters of a-z, 0-9 and _, as Cassandra wants, and is the name of the role too. What of
a user's name can be read stays so; who gets which is settled where names are claimed, so that no two share one.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b32encode
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import Final

LONGEST: Final = 48
SHARED: Final = "shared"


def candidates(prefix: str, user: str) -> Iterator[str]:
    """Names for the user's keyspace, best first: readable ones, then ever longer pieces of the user's hash.

    >>> list(candidates("sensors", "Alice Ä."))[:3]
    ['sensors_u_alice_a', 'sensors_u_alice_a_2', 'sensors_u_alice_a_3']
    """
    plain = unicodedata.normalize("NFKD", user).encode("ascii", "ignore").decode("ascii").lower()
    readable = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "user"
    digest = b32encode(sha256(user.encode("utf-8", "surrogatepass")).digest()).decode("ascii").lower().rstrip("=")
    ends = chain([""], (f"_{number}" for number in range(2, 10)), (f"_{digest[:size]}" for size in (16, 20, 24)))
    begin = f"{prefix}_u_"
    for end in ends:
        yield begin + readable[: LONGEST - len(begin) - len(end)].rstrip("_") + end


def shared(prefix: str) -> str:
    """The name of the keyspace that users share; no user's own is called so."""
    return f"{prefix}_{SHARED}"
