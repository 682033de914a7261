"""Names made of parts: `{host}/{measurement}`, where each name in braces stands for what a line says of it.

Law: a part is a list of names, the first that is there counts; where none is, the name can't be made, and the message
says which would do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

_PART = re.compile(r"\{([^{}]+)\}").split
_SEPARATOR: Final = "|"


class Template:
    """A text with parts in braces: `{sensor|host}` is the first of both that is there.

    `known` are the names that there can be, anything where it is None. Raises BadRequest, which calls it `what`, when
    the text has no part, a brace without the other, a control character, or names what there can't be.

    >>> Template("sensor", "{site}/{sensor|host}").of({"site": "north", "host": "gw-1"})
    'north/gw-1'
    """

    def __init__(self, what: str, text: str, known: frozenset[str] | None = None) -> None:
        self._what = what
        pieces = _PART(text)
        self._texts = pieces[::2]
        self._parts = [tuple(part.split(_SEPARATOR)) for part in pieces[1::2]]
        names = [name for part in self._parts for name in part]
        if not names or "" in names or any(brace in piece for piece in self._texts for brace in "{}"):
            raise BadRequest(f"{what} is {shown(text)}; it has names in braces, like {{host}} or {{sensor|host}}")
        if not text.isprintable():
            raise BadRequest(f"{what} is {shown(text)}; it has a character that can't be printed")
        for name in names:
            if known is not None and name not in known:
                raise BadRequest(f"{what} names {{{name}}}; there is {' and '.join(f'{{{n}}}' for n in sorted(known))}")

    def of(self, values: Mapping[str, str]) -> str:
        """The name of these values. Raises ValueError where none of a part's names is there."""
        found = [self._texts[0]]
        for part, text in zip(self._parts, self._texts[1:], strict=True):
            found += (values[self._named(part, values)], text)
        return "".join(found)

    def used(self, values: Mapping[str, str]) -> set[str]:
        """The names that the name of these values is made of."""
        return {self._named(part, values) for part in self._parts}

    def _named(self, part: tuple[str, ...], values: Mapping[str, str]) -> str:
        for name in part:
            if name in values:
                return name
        raise ValueError(
            f"it has no {' and no '.join(map(shown, part))}, of which the {self._what} is made; say {self._what}="
            f"{{{_SEPARATOR.join((*part, 'measurement'))}}} to take the measurement's name then"
        )
