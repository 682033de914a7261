"""Timetags of scans that are kept here: `MILLISECONDS-0`, as those of blissdata look.

Law: a later scan's is greater, whatever the clock says; texts of them compare as they do.
"""

from __future__ import annotations

from typing import Final

NONE: Final = "0-0"
"""Before all scans."""


def following(last: int, now: int) -> int:
    """The timetag (UTC ms) of a scan that is created at `now` (UTC µs), the one before having `last`."""
    return max(last + 1, now // 1_000)


def text(tag: int) -> str:
    """The timetag as the ports give it.

    >>> text(following(0, 1_767_225_600_000_000))
    '1767225600000-0'
    """
    return f"{tag}-0"


def milliseconds(timetag: str) -> int:
    """The milliseconds of a timetag; 0 of a text that is none.

    >>> milliseconds("1767225600000-0"), milliseconds("0-0")
    (1767225600000, 0)
    """
    digits = timetag.partition("-")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0
