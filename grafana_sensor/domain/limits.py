"""How much one record may hold.

Law: a limit that bites is named, with its figure, in the error; nothing is cut off silently.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one record.

    `nesting` counts objects and lists inside each other, the record itself being the first; `attributes` the
    attributes of one record; `name` the characters of an attribute's name; `text` the bytes of a text in UTF-8.
    """

    nesting: int = 64
    attributes: int = 1_000
    name: int = 255
    text: int = 65_536
