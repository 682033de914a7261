"""Keys of scans: ULIDs, as blissdata's are.

Law: 26 characters of Crockford's base 32: 10 of the milliseconds since 1970, 16 drawn. So keys sort by the time of the
scan's making, which can be read from them.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KEY = re.compile(rf"[0-7][{_DIGITS}]{{25}}").fullmatch


def ulid(now: int, entropy: int | None = None) -> str:
    """A new key, made at `now` (UTC µs); `entropy`: 80 bits, drawn where they aren't given.

    >>> ulid(1_767_225_600_000_000, 0)
    '01KDVDNA000000000000000000'
    """
    drawn = secrets.randbits(80) if entropy is None else entropy
    number = (now // 1_000 << 80) + drawn
    return "".join(_DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


def is_ulid(text: str) -> bool:
    """Whether the text is a key.

    >>> is_ulid("01KDVDNA000000000000000000"), is_ulid("first")
    (True, False)
    """
    return _KEY(text) is not None
