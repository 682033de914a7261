"""What a user has: sensors, their attributes with the kinds of their values, and what is declared of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import DeclarationError

Kind = Literal["number", "text"]
NO_SENSOR: Final = ""
"""The sensor of records that have none; only queries per user find them."""

ALL_SENSORS: Final = ("*", ".*")
"""What stands for all of the user's sensors, unless one is called so: Grafana's custom values for All."""

_NAMES: Final = {0: "number", NUMBER: "number", TEXT: "text", NUMBER | TEXT: "mixed"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a user has said of an attribute; None is not said."""

    kind: Kind | None = None
    unit: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """`sensors`: by name, its attributes with the bits of the kinds (NUMBER, TEXT) that their values have.

    A sensor whose records all lack attributes has an empty mapping. It only grows, with the exception of
    the declarations, whose every change changes `version`. `titles`: what is shown in the place of a sensor's name.
    """

    sensors: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    declarations: Mapping[str, Declaration] = field(default_factory=dict)
    version: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)
    _kinds: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def kinds(self) -> Mapping[str, int]:
        """Every attribute of the user, declared ones included, with the bits of its kinds, in code point order.

        Counted once: a catalog is a look at what the user has, and does not change.
        """
        if not self._kinds:
            found = dict.fromkeys(self.declarations, 0)
            for name, bits in self.kinds_of(self.sensors).items():
                found[name] = bits
            self._kinds.update(sorted(found.items()))
        return self._kinds

    def kinds_of(self, sensors: Iterable[str]) -> dict[str, int]:
        """The attributes of these sensors, which are there, with the bits of their kinds, in code point order."""
        found: dict[str, int] = {}
        for sensor in sensors:
            for name, bits in self.sensors[sensor].items():
                found[name] = found.get(name, 0) | bits
        return dict(sorted(found.items()))

    def sensors_named(self, name: str) -> list[str] | None:
        """The sensors that a name stands for: that one, or all of them (ALL_SENSORS). None where it is unknown.

        >>> Catalog({"a": {}, "b": {}}).sensors_named("*")
        ['a', 'b']
        """
        if name != NO_SENSOR and name in self.sensors:
            return [name]
        return [sensor for sensor in self.sensors if sensor != NO_SENSOR] if name in ALL_SENSORS else None

    def kind(self, bits: int, attribute: str) -> str:
        """`number`, `text` or `mixed`: by the values (`bits`), else by what is declared, else number."""
        declared = self.declarations.get(attribute, Declaration()).kind
        return _NAMES[bits] if bits or declared is None else declared

    def declared_kinds(self) -> dict[str, Kind]:
        """The attributes whose kind is declared."""
        return {name: d.kind for name, d in self.declarations.items() if d.kind is not None}


def check_declaration(attribute: str, kind: Kind, bits: int) -> None:
    """Raises DeclarationError where values of the kinds `bits` contradict the declared `kind`."""
    if bits & (TEXT if kind == "number" else NUMBER):
        holds = "texts" if kind == "number" else "numbers"
        raise DeclarationError(f"attribute {attribute!r} can't be declared {kind!r}: it holds {holds} already")
