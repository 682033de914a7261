"""Homes of records: the keyspaces that users have, each with the role that alone may use it.

Law: a home's name is claimed, for one user or for all who share it, before anything of that name is made; a role's
password is drawn here and known to the administrator's keyspace alone. Making a home again finishes what was left.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import Final

from cassandra import InvalidRequest

from grafana_sensor.adapters.cassandra import names, schema
from grafana_sensor.adapters.cassandra.connections import Connection, Connections, Cql
from grafana_sensor.adapters.cassandra.errors import unavailable
from grafana_sensor.adapters.cassandra.place import CHUNKED, Place
from grafana_sensor.adapters.cassandra.schema import Schema
from grafana_sensor.adapters.cassandra.store import Timing
from grafana_sensor.domain.errors import Unavailable
from grafana_sensor.ports import RecordStore

HOME: Final = Cql("SELECT owner, secret, version, layout FROM home WHERE name = ?")
VERSION: Final = Cql("SELECT version FROM home WHERE name = ?")
CLAIM: Final = Cql(
    "INSERT INTO home (name, owner, secret, layout, version) VALUES (?, ?, ?, ?, 0) IF NOT EXISTS", serial=True
)
RAISE: Final = Cql("UPDATE home SET version = ? WHERE name = ? IF EXISTS", serial=True)
_KEYSPACE: Final = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = '{0}'"
_TABLES: Final = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = '{0}'"
_RECORDS: Final = "SELECT name FROM {0}.sensor LIMIT 1"
_RIGHTS: Final = ("SELECT", "MODIFY")


@dataclass(frozen=True, slots=True)
class Layout:
    """Another way to keep the records of a user in a keyspace than in chunks.

    `rights`: those of the role to its keyspace. `open` makes the store over a login there, which it gives back when it
    is closed.
    """

    name: str
    schema: Schema
    rights: tuple[str, ...]
    open: Callable[[str, Connection, Callable[[Connection], None], Timing], RecordStore]


@dataclass(frozen=True, slots=True)
class Home:
    """A keyspace, and the role of its name. `owner`: its only user, "" where users share it. `layout`: "" for chunks."""

    name: str
    owner: str
    secret: str
    version: int
    layout: str


class Homes:
    """The homes at `place`, and the administrator's login, which is opened when it is first needed.

    `layouts`: by name, those that homes may have besides the chunked one.
    """

    def __init__(
        self, place: Place, connections: Connections, layouts: Mapping[str, Layout] = MappingProxyType({})
    ) -> None:
        self._place = place
        self._layouts = layouts
        self._connections = connections
        self._lock = Lock()
        self._held: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The administrator's login into the keyspace of that name; both are made where they are not there."""
        with self._lock:
            if self._held is None:
                self._held = self._opened()
            return self._held

    @property
    def shared_name(self) -> str:
        """The name of the home that users share."""
        return names.shared(self._place.prefix)

    def of(self, user: str) -> Home:
        """The user's own home, made where there is none.

        Raises Unavailable where a keyspace of its name holds records of somebody who is no user here.
        """
        for name in names.candidates(self._place.prefix, user):
            home = self._claimed(name, user, self._place.layout)
            if home.owner == user:
                return self._made(home)
        raise unavailable(f"all names for a keyspace of user {user!r} are taken")

    def shared(self) -> Home:
        """The home that users share, made where there is none."""
        return self._made(self._claimed(self.shared_name, "", CHUNKED))

    def get(self, name: str) -> Home:
        """The home of that name, with today's tables. Raises Unavailable where it isn't there, or is newer."""
        home = self._row(name)
        if home is None:
            raise unavailable(f"the keyspace {name!r} is missing from its list; put back a backup")
        return self._made(home)

    def layout(self, home: Home) -> Layout | None:
        """The layout of the home, None where it is the chunked one. Raises Unavailable where it isn't known."""
        if home.layout == CHUNKED:
            return None
        if home.layout not in self._layouts:
            raise unavailable(f"the keyspace {home.name!r} has a layout that isn't known here, {home.layout!r}")
        return self._layouts[home.layout]

    def close(self) -> None:
        """Let go of the administrator's login."""
        with self._lock:
            held, self._held = self._held, None
        if held is not None:
            self._connections.release(held)

    def _opened(self) -> Connection:
        keyspace, login = self._place.prefix, self._place.login
        outside = self._connections.take(login, None)
        try:
            if not outside.define(_KEYSPACE.format(keyspace)):
                schema.make_keyspace(outside, keyspace, self._place)
            if "claim" not in {name for (name,) in outside.define(_TABLES.format(keyspace))}:
                schema.make_claim_table(outside, keyspace)
            inside = self._connections.take(login, keyspace)
            try:
                self._prepare(inside)
            except BaseException:
                self._connections.release(inside)
                raise
            return inside
        finally:
            self._connections.release(outside)

    def _prepare(self, connection: Connection) -> None:
        """See that the administrator's keyspace has today's tables; its version is a row like a home's."""
        keyspace = self._place.prefix
        try:
            if self._version(connection, keyspace) == schema.USERS.version:
                return
        except Unavailable:
            pass  # a table that another server is making can be listed and not be there yet
        with schema.claimed(connection):
            version = self._version(connection, keyspace)
            if not schema.USERS.is_there(version, keyspace):
                schema.USERS.apply(connection, keyspace, version)
                connection.conditional((CLAIM, (keyspace, "", "", CHUNKED)))
                connection.conditional((RAISE, (schema.USERS.version, keyspace)))

    def _version(self, connection: Connection, keyspace: str) -> int:
        if "home" not in {name for (name,) in connection.define(_TABLES.format(keyspace))}:
            return 0
        rows = connection.run(VERSION, keyspace)
        version: int = rows[0][0] if rows else 0
        return version

    def _claimed(self, name: str, owner: str, layout: str) -> Home:
        """The home as it is claimed, now or before, by this owner or by another."""
        secret = secrets.token_hex(24)
        stands = self.connection.conditional((CLAIM, (name, owner, secret, layout)))
        if stands is None:
            return Home(name, owner, secret, 0, layout)
        return Home(name, stands["owner"], stands["secret"], stands["version"], stands["layout"] or CHUNKED)

    def _row(self, name: str) -> Home | None:
        rows = self.connection.run(HOME, name)
        if not rows:
            return None
        owner, secret, version, layout = rows[0]
        return Home(name, owner, secret, version, layout or CHUNKED)

    def _made(self, home: Home) -> Home:
        """The home, with today's tables and a role that may use them."""
        tables = self._schema(home)
        if tables.is_there(home.version, home.name):
            return home
        with schema.claimed(self.connection):
            now = self._row(home.name) or home
            if not tables.is_there(now.version, now.name):
                self._make(now)
        return now

    def _schema(self, home: Home) -> Schema:
        layout = self.layout(home)
        return schema.RECORDS if layout is None else layout.schema

    def _make(self, home: Home) -> None:
        connection, tables = self.connection, self._schema(home)
        schema.make_keyspace(connection, home.name, self._place)
        tables.apply(connection, home.name, home.version)
        if home.version == 0:
            if connection.define(_RECORDS.format(home.name)):
                raise unavailable(
                    f"the keyspace {home.name!r} holds records of somebody who is no user here; drop it or move it away"
                )
            self._make_role(home)
        elif steps := [step for place, step in tables.steps.items() if place >= home.version]:
            inside = self._connections.take(self._place.login, home.name)
            try:
                for step in steps:
                    step(inside)
            finally:
                self._connections.release(inside)
        connection.conditional((RAISE, (tables.version, home.name)))

    def _make_role(self, home: Home) -> None:
        """The role, with the home's secret and the rights to its keyspace alone."""
        role = f"{home.name} WITH PASSWORD = '{home.secret}' AND LOGIN = true"
        try:
            self.connection.define(f"CREATE ROLE {role}")
        except InvalidRequest:
            # One that was left over, perhaps with another password.
            self.connection.define(f"ALTER ROLE {role}")
        layout = self.layout(home)
        for right in _RIGHTS if layout is None else layout.rights:
            self.connection.define(f"GRANT {right} ON KEYSPACE {home.name} TO {home.name}")
