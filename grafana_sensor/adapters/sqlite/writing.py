"""What changes one user's blobs, as work inside a transaction that its caller begins and ends.

Law: each function checks and writes in that one transaction, and raises before it has to take anything back.
`catalog_state` changes whenever what a catalog shows does; `catalog_version` with declarations alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import apsw

from grafana_sensor.adapters.declarations import amended
from grafana_sensor.adapters.sqlite.reading import SENSOR, VERSION
from grafana_sensor.domain.catalog import Declaration
from grafana_sensor.domain.layout import Layout, Reach, Widths
from grafana_sensor.ports import Append, Batch, Key, Seal, StaleDeclarations

Seen = Mapping[str, Mapping[str, int]]

KEYS_AT_ONCE: Final = 1_000
"""How many keys one transaction forgets, so that none keeps other writers waiting for long."""

BUMP = "UPDATE meta SET value = value + 1 WHERE name = ?"
ADD_SENSOR = "INSERT INTO sensor (name) VALUES (?) ON CONFLICT DO NOTHING"
ADD_ATTRIBUTE = """
INSERT INTO attribute (sensor, name, kinds) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET kinds = kinds | excluded.kinds WHERE kinds | excluded.kinds != kinds
"""
ADD_BLOB = "INSERT INTO batch_blob (blob) VALUES (?)"
ADD_BATCH = """
INSERT INTO batch (sensor, epoch, id, records, first, last, received, place) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
"""
DROP_BLOB = "DELETE FROM batch_blob WHERE place = ?"
DROP_BATCH = "DELETE FROM batch WHERE sensor = ? AND epoch = ? AND id = ? RETURNING place"
KEY = "SELECT name, path, digest, batch, received, answer, lasting FROM key WHERE name = ?"
PUT_KEY = """
INSERT OR REPLACE INTO key (name, path, digest, batch, received, answer, lasting) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
OLD_KEYS = "SELECT name FROM key WHERE NOT lasting AND received < ? LIMIT ?"
DROP_KEY = "DELETE FROM key WHERE name = ?"
SEALED = "UPDATE sensor SET generation = generation + 1 WHERE id = ? AND generation = ?"
DROP_CHUNK = "DELETE FROM chunk WHERE sensor = ? AND epoch = ? AND id = ?"
PUT_CHUNK = "INSERT OR REPLACE INTO chunk (sensor, epoch, id, name, blob) VALUES (?, ?, ?, ?, ?)"
PUT_ROLLUP = """
INSERT INTO rollup (sensor, epoch, blob) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET blob = excluded.blob
"""
PUT_NODE = """
INSERT INTO node (sensor, start, width, blob) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET blob = excluded.blob
"""
REACH = """
UPDATE sensor SET low = min(ifnull(low, :low), :low), high = max(ifnull(high, :high), :high)
WHERE name = :name AND (low IS NULL OR low > :low OR high < :high)
"""
LAID = "SELECT start, width FROM layout WHERE sensor = ? ORDER BY start"
REACHED = "SELECT low, high FROM sensor WHERE id = ? AND low IS NOT NULL"
UNLAY = "DELETE FROM layout WHERE sensor = ?"
LAY = "INSERT INTO layout (sensor, start, width) VALUES (?, ?, ?)"
DECLARED = "SELECT kind, unit, title FROM declaration WHERE attribute = ?"
KINDS = "SELECT kinds FROM attribute WHERE name = ?"
DECLARE = "INSERT OR REPLACE INTO declaration (attribute, kind, unit, title) VALUES (?, ?, ?, ?)"


def append(connection: apsw.Connection, append: Append, news: Seen, reaches: Mapping[str, Reach]) -> Key | None:
    """As BlobStore.append; `news` and `reaches` are what of `seen` and `reach` isn't known to be there."""
    if append.key is not None and (taken := _taken(connection, append.key)):
        return taken
    version = _value(connection, VERSION)
    if append.version != version:
        raise StaleDeclarations(f"flattened by version {append.version}; it is {version} now")
    _see(connection, news)
    for sensor, (low, high) in reaches.items():
        connection.execute(REACH, {"name": sensor, "low": low, "high": high})
        if connection.changes():
            connection.execute(BUMP, ("catalog_state",))
    numbers: dict[str, int] = {}
    for batch in append.batches:
        if batch.sensor not in numbers:
            numbers[batch.sensor] = _sensor(connection, batch.sensor)
        _add_batch(connection, numbers[batch.sensor], batch)
    if (key := append.key) is not None:
        row = (key.name, key.path, key.digest, key.batch, key.received, key.answer, int(key.lasting))
        connection.execute(PUT_KEY, row)
    return None


def seal(connection: apsw.Connection, seal: Seal) -> bool:
    """As BlobStore.seal."""
    if seal.generation == 0:
        _see(connection, {seal.sensor: {}})
    number = _value(connection, SENSOR, seal.sensor)
    connection.execute(SEALED, (number, seal.generation))
    if connection.changes() == 0:
        return False
    for batch in seal.covered:
        connection.executemany(DROP_BLOB, connection.execute(DROP_BATCH, (number, seal.epoch, batch)).fetchall())
    connection.executemany(DROP_CHUNK, ((number, seal.epoch, chunk) for chunk in seal.dropped))
    rows = ((number, seal.epoch, *name, blob) for name, blob in seal.chunks.items())
    connection.executemany(PUT_CHUNK, rows)
    connection.execute(PUT_ROLLUP, (number, seal.epoch, seal.rollup))
    connection.executemany(PUT_NODE, [(number, *span, blob) for span, blob in seal.nodes.items()])
    return True


def lay(connection: apsw.Connection, changes: Mapping[str, tuple[Layout, Widths]]) -> int:
    """As BlobStore.lay."""
    laid = 0
    for sensor, (before, widths) in changes.items():
        number = _value(connection, SENSOR, sensor)
        now: list[Any] = connection.execute(LAID, (number,)).fetchall()
        reached: list[Any] = connection.execute(REACHED, (number,)).fetchall()
        if Layout(tuple(now), reached[0] if reached else None) == before:
            connection.execute(UNLAY, (number,))
            connection.executemany(LAY, [(number, *each) for each in widths])
            laid += 1
    if laid:
        connection.execute(BUMP, ("catalog_version",))
        connection.execute(BUMP, ("catalog_state",))
    return laid


def declare(connection: apsw.Connection, attribute: str, declaration: Declaration) -> Declaration:
    """As BlobStore.declare."""
    rows: list[Any] = connection.execute(DECLARED, (attribute,)).fetchall()
    old = Declaration(*rows[0]) if rows else Declaration()
    bits = 0
    for (kinds,) in cast("Iterable[tuple[int]]", connection.execute(KINDS, (attribute,))):
        bits |= kinds
    new = amended(attribute, old, declaration, bits)
    if new != old:
        connection.execute(DECLARE, (attribute, new.kind, new.unit, new.title))
        connection.execute(BUMP, ("catalog_version",))
        connection.execute(BUMP, ("catalog_state",))
    return new


def forget_keys(connection: apsw.Connection, before: int) -> bool:
    """Forget some of the keys that BlobStore.forget_keys means; whether there may be more of them."""
    old = connection.execute(OLD_KEYS, (before, KEYS_AT_ONCE)).fetchall()
    connection.executemany(DROP_KEY, old)
    return len(old) == KEYS_AT_ONCE


def _taken(connection: apsw.Connection, key: Key) -> Key | None:
    """The key as it is there; None where it isn't, or is this very post's and unfinished."""
    rows: list[Any] = connection.execute(KEY, (key.name,)).fetchall()
    if not rows:
        return None
    name, path, digest, batch, received, answer, lasting = rows[0]
    known = Key(name, path, digest, batch, received, answer, bool(lasting))
    return None if known.answer is None and known.batch == key.batch else known


def _see(connection: apsw.Connection, news: Seen) -> None:
    before = connection.total_changes()
    for sensor, kinds in news.items():
        connection.execute(ADD_SENSOR, (sensor,))
        number = _value(connection, SENSOR, sensor)
        connection.executemany(ADD_ATTRIBUTE, [(number, attribute, bits) for attribute, bits in kinds.items()])
    if connection.total_changes() != before:
        connection.execute(BUMP, ("catalog_state",))


def _sensor(connection: apsw.Connection, name: str) -> int:
    return cast(int, _value(connection, SENSOR, name))


def _add_batch(connection: apsw.Connection, number: int, batch: Batch) -> None:
    connection.execute(ADD_BLOB, (batch.blob,))
    place = connection.last_insert_rowid()
    row = (number, batch.epoch, batch.id, batch.count, batch.first, batch.last, batch.received, place)
    connection.execute(ADD_BATCH, row)
    if connection.changes() == 0:
        connection.execute(DROP_BLOB, (place,))


def _value(connection: apsw.Connection, query: str, *values: object) -> object:
    rows = connection.execute(query, values).fetchall()
    return rows[0][0] if rows else None
