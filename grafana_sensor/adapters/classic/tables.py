"""The tables of attributes: made when a kind of value is first seen, written and read by statements of their own.

Law: a table is there before the catalog tells of its kind. It is made by the user's own role, with an id that follows
from its name, so that servers that make it at once make the same one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid5

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.classic.names import table_name
from grafana_sensor.domain.catalog import Catalog
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.errors import LimitError

Table = tuple[str, int]
"""An attribute and the kind, NUMBER or TEXT, of the values in the table."""

MOST: Final = 200
"""Tables of one keyspace: each costs the heap of every node 0.4 MB to 2.4, and Cassandra warns from 150 on."""
KINDS: Final = {"number": NUMBER, "text": TEXT}

_TYPES: Final = {NUMBER: "double", TEXT: "text"}
_SPACE: Final = UUID("5d0b4f0e-6c0c-5f6e-9a53-0c5e2f1d7b31")
_CREATE: Final = (
    'CREATE TABLE IF NOT EXISTS {0}."{1}" (pk text, attribute_value {2}, PRIMARY KEY (pk, attribute_value))'
    " WITH ID = {3} AND compaction = {{'class': 'UnifiedCompactionStrategy'}}"
)
_PUT: Final = 'INSERT INTO "{0}" (pk, attribute_value) VALUES (?, ?)'
_GET: Final = 'SELECT attribute_value FROM "{0}" WHERE pk = ?'


def tables_of(catalog: Catalog) -> set[Table]:
    """The tables that are surely there."""
    found = {(name, KINDS[kind]) for name, kind in catalog.declared_kinds().items()}
    return found | {(name, kind) for name, bits in catalog.kinds().items() for kind in (NUMBER, TEXT) if bits & kind}


def make(connection: Connection, there: set[Table], wanted: Iterable[Table]) -> None:
    """Make the tables that are wanted and not there. Raises LimitError, with none made, where there would be too many."""
    missing = sorted(set(wanted) - there)
    if missing and len(there) + len(missing) > MOST:
        raise LimitError(
            f"the classic layout keeps the values of each attribute in tables of their own, {MOST} at most, and these"
            f" would be {len(there) + len(missing):,}: use fewer attributes, or the chunked layout, which has no such limit"
        )
    for attribute, kind in missing:
        name = table_name(attribute, kind)
        table_id = uuid5(_SPACE, f"{connection.keyspace}.{name}")
        connection.define(_CREATE.format(connection.keyspace, name, _TYPES[kind], table_id))


@lru_cache(4 * MOST)
def put(attribute: str, kind: int) -> Cql:
    """The statement that writes a value: of pk and value."""
    return Cql(_PUT.format(table_name(attribute, kind)))


@lru_cache(4 * MOST)
def get(attribute: str, kind: int) -> Cql:
    """The statement that reads a record's value: of the pk."""
    return Cql(_GET.format(table_name(attribute, kind)))
