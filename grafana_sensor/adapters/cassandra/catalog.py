"""A user's catalog: one partition, changed by conditional batches alone.

Law: a change holds only where the version that it was made by is still the one; a declaration, only where nothing
at all changed since the kinds were read. Every change draws another `state`, which tells that a catalog read before
still holds. The state is taken from the rows themselves: one that was seen elsewhere may be ahead of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

import msgpack

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.declarations import amended
from grafana_sensor.domain.catalog import Catalog, Declaration, Kind
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.domain.layout import Layout, Widths
from grafana_sensor.ports import Append, StaleDeclarations

AT_ONCE: Final = 500
"""Changes of one conditional batch: a post with more new sensors shows them bit by bit."""
_TRIES: Final = 100

STATE: Final = Cql("SELECT version, state FROM sensor WHERE owner = ? LIMIT 1")
ROWS: Final = Cql(
    "SELECT version, state, kind, name, numbers, texts, declared, unit, title, low, high, laid FROM sensor"
    " WHERE owner = ?"
)
SEE: Final = Cql("UPDATE sensor SET state = ? WHERE owner = ? IF version = ?", serial=True)
ADD_SENSOR: Final = Cql("INSERT INTO sensor (owner, kind, name) VALUES (?, 's', ?)")
ADD_NUMBERS: Final = Cql("UPDATE sensor SET numbers = numbers + ? WHERE owner = ? AND kind = 's' AND name = ?")
ADD_TEXTS: Final = Cql("UPDATE sensor SET texts = texts + ? WHERE owner = ? AND kind = 's' AND name = ?")
REACH: Final = Cql(
    "UPDATE sensor SET low = ?, high = ? WHERE owner = ? AND kind = 's' AND name = ? IF low = ? AND high = ?",
    serial=True,
)
LAY: Final = Cql("UPDATE sensor SET laid = ? WHERE owner = ? AND kind = 's' AND name = ?")
DECLARE: Final = Cql(
    "UPDATE sensor SET version = ?, state = ? WHERE owner = ? IF version = ? AND state = ?", serial=True
)
DECLARED: Final = Cql("INSERT INTO sensor (owner, kind, name, declared, unit, title) VALUES (?, 'a', ?, ?, ?, ?)")

Change = tuple[Cql, Sequence[object]]
Known = tuple[Catalog, Mapping[str, Layout]]


class Catalogs:
    """The catalog of one owner, and what this process remembers of it."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner
        self._remembered: tuple[str | None, Known] | None = None

    def read(self) -> Catalog:
        """The catalog as it is now."""
        return self.known()[0]

    def known(self) -> Known:
        """The catalog and the layouts as they are now."""
        remembered = self._remembered
        if remembered is not None and self._connection.run(STATE, self._owner)[0][1] == remembered[0]:
            return remembered[1]
        known, state = self._read()
        if state is not None:
            self._remembered = state, known
        return known

    def see(self, append: Append) -> None:
        """Have in the catalog what the post has seen, and how far it reaches.

        Raises StaleDeclarations where the post was made by older declarations or layouts.
        """
        sensors = list(dict.fromkeys((*append.seen, *(batch.sensor for batch in append.batches))))
        known = self._remembered[1] if self._remembered is not None else (Catalog(), {})
        for _ in range(_TRIES):
            changes = [change for sensor in sensors for change in self._changes(sensor, append, known)]
            if not changes:
                rows = self._connection.run(STATE, self._owner)
                return _check(append.version, rows[0][0] if rows else None)
            if all(self._changed(append.version, changes[at : at + AT_ONCE]) for at in range(0, len(changes), AT_ONCE)):
                return None
            known, _ = self._read()
            _check(append.version, known[0].version)
        raise Unavailable("the catalog changes again and again meanwhile: send the post once more")

    def _changed(self, version: int, changes: Sequence[Change]) -> bool:
        """Make the changes, where the version is this one, and each reach the one that it is known to be."""
        change = SEE, (secrets.token_hex(8), self._owner, version or None)
        return self._connection.conditional(change, *changes) is None

    def show(self, sensor: str) -> None:
        """Have the sensor in the catalog."""
        for _ in range(_TRIES):
            catalog = self.read()
            if sensor in catalog.sensors or self._changed(catalog.version, [(ADD_SENSOR, (self._owner, sensor))]):
                return

    def declare(self, attribute: str, declaration: Declaration) -> Declaration:
        """As BlobStore.declare."""
        for _ in range(_TRIES):
            (catalog, _), state = self._read()
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

    def lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        """As BlobStore.lay, so many at once."""
        names = list(changes)
        return sum(
            self._lay({name: changes[name] for name in names[at : at + AT_ONCE]})
            for at in range(0, len(names), AT_ONCE)
        )

    def _lay(self, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
        for _ in range(_TRIES):
            (catalog, layouts), state = self._read()
            rows = [
                (LAY, (msgpack.packb(widths), self._owner, sensor))
                for sensor, (before, widths) in changes.items()
                if layouts.get(sensor, Layout()) == before
            ]
            if not rows:
                return 0
            version = catalog.version
            change = DECLARE, (version + 1, secrets.token_hex(8), self._owner, version or None, state)
            if self._connection.conditional(change, *rows) is None:
                return len(rows)
        return 0

    def _read(self) -> tuple[Known, str | None]:
        """What is there, and its state; None where it changed while it was read, or was never changed."""
        rows = self._connection.run(ROWS, self._owner)
        sensors: dict[str, dict[str, int]] = {}
        declarations: dict[str, Declaration] = {}
        layouts: dict[str, Layout] = {}
        for _, _, kind, name, numbers, texts, declared, unit, title, low, high, laid in rows:
            if kind == "a":
                declarations[name] = Declaration(cast("Kind | None", declared), unit, title)
            elif kind == "s":
                sensors[name] = _kinds(numbers, texts)
                widths = tuple((start, width) for start, width in msgpack.unpackb(laid)) if laid else ()
                layouts[name] = Layout(widths, None if low is None else (low, high))
        states = {row[1] for row in rows}
        version = (rows[0][0] or 0) if rows else 0
        return (Catalog(sensors, declarations, version), layouts), states.pop() if len(states) == 1 else None

    def _changes(self, sensor: str, append: Append, known: Known) -> Iterator[Change]:
        """What makes the catalog have the sensor as the post has it, as far as that isn't known to be there."""
        before = known[0].sensors.get(sensor)
        fresh = {
            name: bits
            for name, bits in append.seen.get(sensor, {}).items()
            if before is None or bits & ~before.get(name, 0)
        }
        if before is None:
            yield ADD_SENSOR, (self._owner, sensor)
        for statement, bit in ((ADD_NUMBERS, NUMBER), (ADD_TEXTS, TEXT)):
            if added := {name for name, bits in fresh.items() if bits & bit}:
                yield statement, (added, self._owner, sensor)
        if sensor in append.reach:
            layout = known[1].get(sensor, Layout())
            wider = layout.reaching(append.reach[sensor])
            if wider.reach != layout.reach:
                yield REACH, (*(wider.reach or ()), self._owner, sensor, *(layout.reach or (None, None)))


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
