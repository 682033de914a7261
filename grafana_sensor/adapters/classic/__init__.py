"""Users' records on Apache Cassandra in the layout of the library that this began with.

store: a user's records; writing, reading: what a post and an answer are made of; tables, names: a table for each
attribute; pks: what records are called; check: whether the tables agree. Users, homes and logins are those of
adapters.cassandra, which is given this layout.
"""

from importlib.resources import files
from typing import Final

from grafana_sensor.adapters.cassandra import schema
from grafana_sensor.adapters.cassandra.homes import Layout
from grafana_sensor.adapters.cassandra.schema import Schema
from grafana_sensor.adapters.classic.store import ClassicStore

CLASSIC: Final = Layout(
    "classic",
    Schema((files(__package__).joinpath("schema.cql").read_text(encoding="utf-8"), schema.REACHES)),
    ("SELECT", "MODIFY", "CREATE"),
    ClassicStore,
)

__all__ = ["CLASSIC", "ClassicStore"]
