"""Patterns of MQTT topics: which topics are asked for, and what their levels say.

Law: `+` is one level, `#` all that follow; `{sensor}` and `{attribute}` are one level that says so, `{sensor#}` and
`{attribute#}` all that follow. Several levels that say the sensor are joined by `/`. No two patterns have a topic in
common, since a broker may then send its messages twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

LONGEST: Final = 65_535
"""Bytes of a topic in UTF-8."""

_ONE: Final = "+"
_REST: Final = "#"
_ROLES: Final = {f"{{{role}{rest}}}": (role, rest) for role in ("sensor", "attribute") for rest in ("", _REST)}


@dataclass(frozen=True, slots=True)
class Said:
    """What a topic says: the sensor and the attribute, None where its pattern has neither."""

    sensor: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern: the levels of the `filter` that the broker is asked for, and the role of each, "" where it has none."""

    levels: tuple[str, ...]
    roles: tuple[str, ...]

    @property
    def filter(self) -> str:
        """What the broker is asked for."""
        return "/".join(self.levels)

    def match(self, topic: str) -> Said | None:
        """What the topic says, None where it is not of this pattern.

        >>> pattern("shellies/{sensor}/sensor/{attribute}").match("shellies/hall/sensor/temperature")
        Said(sensor='hall', attribute='temperature')
        """
        levels = topic.split("/")
        found: dict[str, list[str]] = {}
        for place, (level, role) in enumerate(zip(self.levels, self.roles, strict=True)):
            if level == _REST:
                found.setdefault(role, []).extend(levels[place:])
                return _said(found)
            if place >= len(levels) or level not in (_ONE, levels[place]):
                return None
            found.setdefault(role, []).append(levels[place])
        return _said(found) if len(levels) == len(self.levels) else None


def pattern(text: str) -> Pattern:
    """The pattern that a text is. Raises BadRequest, which says what is wrong, where it is none."""
    if not text or "\0" in text or len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        raise BadRequest(f"the topic {shown(text)} has 1 to {LONGEST:,} bytes, none of them U+0000")
    levels, roles = [], []
    parts = text.split("/")
    for place, part in enumerate(parts, start=1):
        role, rest = _ROLES.get(part, ("", ""))
        level = part if not role else rest or _ONE
        if level not in (_ONE, _REST) and not {_ONE, _REST, "{", "}"}.isdisjoint(level):
            raise BadRequest(
                f"the topic {shown(text)}: the level {shown(part)} is none; +, #, {', '.join(_ROLES)} stand for whole"
                " levels"
            )
        if level == _REST and place < len(parts):
            raise BadRequest(f"the topic {shown(text)}: {shown(part)} stands for all that follow, so that it is last")
        levels.append(level)
        roles.append(role)
    if roles.count("attribute") > 1:
        raise BadRequest(f"the topic {shown(text)}: the attribute is said more than once")
    return Pattern(tuple(levels), tuple(roles))


def patterns(texts: Sequence[str]) -> list[Pattern]:
    """The patterns that texts are. Raises BadRequest where one is none, or two have a topic in common."""
    found = [pattern(text) for text in texts]
    for (one, first), (other, second) in combinations(zip(texts, found, strict=True), 2):
        if _meet(first.levels, second.levels):
            raise BadRequest(
                f"the topics {shown(one)} and {shown(other)} have topics in common, whose messages the broker may send"
                " twice: make them exclude each other, or give each a process of its own, with a --client-id"
            )
    return found


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether there is a topic of both filters."""
    for first, second in zip(one, other, strict=False):
        if _REST in (first, second):
            return True
        if first != second and _ONE not in (first, second):
            return False
    longer = max(one, other, key=len)[min(len(one), len(other)) :]
    return longer in ((), (_REST,))  # sport/# is sport too


def _said(found: dict[str, list[str]]) -> Said:
    names = {role: "/".join(levels) or None for role, levels in found.items()}
    return Said(names.get("sensor"), names.get("attribute"))
