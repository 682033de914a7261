"""A user's catalog: one partition, changed by conditional batches alone.

Law: a change holds only where the version that it was made by is still the one; a declaration, only where nothing
at all changed since the kinds were read. Every change draws another `state`, which tells that a catalog read before
still holds. The state is taken from the rows themselves: one that was seen elsewhere may be ahead of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.declarations import amended
from grafana_sensor.domain.catalog import Catalog, Declaration, Kind
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.ports import Append, StaleDeclarations

Seen = Mapping[str, Mapping[str, int]]

AT_ONCE: Final = 500
"""Changes of one conditional batch: a post with more new sensors shows them bit by bit."""
_TRIES: Final = 100

STATE: Final = Cql("SELECT version, state FROM sensor WHERE owner = ? LIMIT 1")
ROWS: Final = Cql(
    "SELECT version, state, kind, name, numbers, texts, declared, unit, title FROM sensor WHERE owner = ?"
)
SEE: Final = Cql("UPDATE sensor SET state = ? WHERE owner = ? IF version = ?", serial=True)
ADD_SENSOR: Final = Cql("INSERT INTO sensor (owner, kind, name) VALUES (?, 's', ?)")
ADD_NUMBERS: Final = Cql("UPDATE sensor SET numbers = numbers + ? WHERE owner = ? AND kind = 's' AND name = ?")
ADD_TEXTS: Final = Cql("UPDATE sensor SET texts = texts + ? WHERE owner = ? AND kind = 's' AND name = ?")
DECLARE: Final = Cql(
    "UPDATE sensor SET version = ?, state = ? WHERE owner = ? IF version = ? AND state = ?", serial=True
)
DECLARED: Final = Cql("INSERT INTO sensor (owner, kind, name, declared, unit, title) VALUES (?, 'a', ?, ?, ?, ?)")

Change = tuple[Cql, Sequence[object]]


class Catalogs:
    """The catalog of one owner, and what this process remembers of it."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner
        self._remembered: tuple[str | None, Catalog] | None = None

    def read(self) -> Catalog:
        """The catalog as it is now."""
        remembered = self._remembered
        if remembered is not None and self._connection.run(STATE, self._owner)[0][1] == remembered[0]:
            return remembered[1]
        catalog, state = self._read()
        if state is not None:
            self._remembered = state, catalog
        return catalog

    def see(self, append: Append) -> None:
        """Have in the catalog what the post has seen. Raises StaleDeclarations where it was read by older ones."""
        sensors = (*append.seen, *(batch.sensor for batch in append.batches))
        changes = list(self._changes(sensors, append.seen))
        if not changes:
            rows = self._connection.run(STATE, self._owner)
            _check(append.version, rows[0][0] if rows else None)
        for at in range(0, len(changes), AT_ONCE):
            change = SEE, (secrets.token_hex(8), self._owner, append.version or None)
            stands = self._connection.conditional(change, *changes[at : at + AT_ONCE])
            if stands is not None:
                raise _stale(append.version, stands["version"])

    def show(self, sensor: str) -> None:
        """Have the sensor in the catalog."""
        for _ in range(_TRIES):
            changes = list(self._changes((sensor,), {}))
            if not changes:
                return
            change = SEE, (secrets.token_hex(8), self._owner, self.read().version or None)
            if self._connection.conditional(change, *changes) is None:
                return

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """As BlobStore.declare."""
        for _ in range(_TRIES):
            catalog, state = self._read()
            old = catalog.declarations.get(attribute, Declaration())
            new = amended(attribute, old, declaration, catalog.kinds().get(attribute, 0))
            if new == old:
                return new
            version = catalog.version
            change = DECLARE, (version + 1, secrets.token_hex(8), self._owner, version or None, state)
            row = DECLARED, (self._owner, attribute, new.kind, new.unit, new.title)
            if self._connection.conditional(change, row) is None:
                return new
        raise Unavailable("the catalog changes again and again meanwhile: declare the attribute once more")

    def _read(self) -> tuple[Catalog, str | None]:
        """The catalog and its state; None where it changed while it was read, or was never changed."""
        rows = self._connection.run(ROWS, self._owner)
        sensors: dict[str, dict[str, int]] = {}
        declarations: dict[str, Declaration] = {}
        for _, _, kind, name, numbers, texts, declared, unit, title in rows:
            if kind == "a":
                declarations[name] = Declaration(cast("Kind | None", declared), unit, title)
            elif kind == "s":
                sensors[name] = _kinds(numbers, texts)
        states = {row[1] for row in rows}
        version = (rows[0][0] or 0) if rows else 0
        return Catalog(sensors, declarations, version), states.pop() if len(states) == 1 else None

    def _changes(self, sensors: Iterable[str], seen: Seen) -> Iterator[Change]:
        """What makes the catalog have them, as far as that isn't known to be there."""
        known: Seen = {} if self._remembered is None else self._remembered[1].sensors
        for sensor in dict.fromkeys(sensors):
            before = known.get(sensor)
            fresh = {
                name: bits
                for name, bits in seen.get(sensor, {}).items()
                if before is None or bits & ~before.get(name, 0)
            }
            if before is None:
                yield ADD_SENSOR, (self._owner, sensor)
            for statement, bit in ((ADD_NUMBERS, NUMBER), (ADD_TEXTS, TEXT)):
                if added := {name for name, bits in fresh.items() if bits & bit}:
                    yield statement, (added, self._owner, sensor)


def _kinds(numbers: Any, texts: Any) -> dict[str, int]:
    found = dict.fromkeys(numbers or (), NUMBER)
    for name in texts or ():
        found[name] = found.get(name, 0) | TEXT
    return found


def _check(wanted: int, version: int | None) -> None:
    if wanted != (version or 0):
        raise _stale(wanted, version)


def _stale(wanted: int, version: int | None) -> StaleDeclarations:
    return StaleDeclarations(f"flattened by version {wanted}; it is {version or 0} now")
