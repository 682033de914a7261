"""Logins to the cluster, each as one role into one keyspace, and how statements are carried out there.

Law: every statement is prepared and its values are bound. All reads and writes are at QUORUM, conditional ones at
SERIAL: what was acknowledged is in the next read, through whatever node. Statements that may be sent twice are, to
another node, when one fails or is slow; conditional ones never by the driver. A login is opened where it is used,
after a fork, and shared by all who want the same; the last to release it shuts it down.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from cassandra import AuthenticationFailed, ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.concurrent import execute_concurrent
from cassandra.metadata import KeyspaceMetadata
from cassandra.policies import (
    ConstantReconnectionPolicy,
    ConstantSpeculativeExecutionPolicy,
    DCAwareRoundRobinPolicy,
    RetryPolicy,
    RoundRobinPolicy,
    TokenAwarePolicy,
)
from cassandra.query import BatchStatement, BatchType, PreparedStatement, tuple_factory

from grafana_sensor.adapters.cassandra.errors import OwnErrors, Unsure, is_unsure
from grafana_sensor.adapters.cassandra.place import Login, Place
from grafana_sensor.domain.errors import Unavailable

AT_ONCE: Final = 64
"""Statements of one call that are under way together."""
PATIENCE: Final = 10.0
"""Seconds that a statement may take."""
_RETRIES: Final = 3
_SPECULATE: Final = 0.5
"""Seconds after which a statement is sent to a second node too."""
_RECONNECT: Final = 1.0
_PAGE: Final = 5_000
_TABLE: Final = re.compile(r"\b(?:FROM|INTO|UPDATE) ")
"""What stands before a statement's table."""
_REPLICATION: Final = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = %s"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Cql:
    """A statement. `page`: rows that are fetched at once. `serial`: whether it is conditional, or reads serially."""

    text: str
    page: int = _PAGE
    serial: bool = False


class Retries(RetryPolicy):  # type: ignore[misc]  # the driver comes without types
    """What the driver tries again by itself, some times: what may be done twice, and what was not begun."""

    def on_read_timeout(self, query: Any, *, retry_num: int, **details: Any) -> Any:
        """A read that was too slow."""
        return self._again(query, retry_num, self.RETRY)

    def on_write_timeout(self, query: Any, *, retry_num: int, **details: Any) -> Any:
        """A write whose outcome is not known."""
        return self._again(query, retry_num, self.RETRY)

    def on_unavailable(self, query: Any, *, retry_num: int, **details: Any) -> Any:
        """A node that knows of too few others, as it seems to it."""
        return (self.RETRY_NEXT_HOST, None) if retry_num < _RETRIES else (self.RETHROW, None)

    def on_request_error(self, query: Any, consistency: Any, error: Any, retry_num: int) -> Any:
        """A node that failed, or is gone."""
        return self._again(query, retry_num, self.RETRY_NEXT_HOST)

    def _again(self, query: Any, retry_num: int, how: Any) -> Any:
        return (how, None) if query.is_idempotent and retry_num < _RETRIES else (self.RETHROW, None)


class NodeConnection(Cluster.connection_class):  # type: ignore[misc]
    """A connection to one node, as the driver makes it; but for a login that it can't look up it is tried again.

    The driver gives a node up that refuses a login. Refusing it for want of other nodes is no reason to.
    """

    @classmethod
    def factory(cls, endpoint: Any, timeout: float, *args: Any, **kwargs: Any) -> Any:
        """A connection that is ready. Raises Unsure where the node can't look the login up."""
        try:
            return super().factory(endpoint, timeout, *args, **kwargs)
        except AuthenticationFailed as error:
            if is_unsure(error):
                raise Unsure(str(error), endpoint) from error
            raise


class Connection:
    """One login, into `keyspace` where there is one. Made by `Connections.take`, ended by `Connections.release`."""

    def __init__(self, place: Place, login: Login, keyspace: str | None) -> None:
        self.errors = OwnErrors()
        self.holders = 0
        self.keyspace = keyspace
        self._prepared: dict[Cql, PreparedStatement] = {}
        with self.errors:
            self.cluster = _cluster(place, login)
            try:
                self.session: Session = self.cluster.connect()
                if keyspace is not None:
                    self._route(keyspace)
            except BaseException:
                self.cluster.shutdown()
                raise

    def run(self, statement: Cql, *values: object) -> list[Row]:
        """The rows of a statement, to the last page."""
        with self.errors:
            return list(self.session.execute(self._bound(statement, values)))

    def run_all(self, statements: Iterable[tuple[Cql, Sequence[object]]]) -> list[list[Row]]:
        """The rows of each of many statements, in their order; they are carried out together, in none."""
        with self.errors:
            bound = [(self._bound(statement, values), None) for statement, values in statements]
            found = execute_concurrent(self.session, bound, concurrency=AT_ONCE)
            return [list(result.result_or_exc) for result in found]

    def conditional(self, *statements: tuple[Cql, Sequence[object]]) -> Mapping[str, Any] | None:
        """Carry out conditional statements of one partition, all or none: None where they were.

        Else the row that stands against them. Where the outcome can't be told they are tried again: only for what
        is recognised when it was done before.
        """
        for _ in range(_RETRIES):
            try:
                return self.conditional_once(*statements)
            except Unavailable as error:
                last = error
        raise last

    def conditional_once(self, *statements: tuple[Cql, Sequence[object]]) -> Mapping[str, Any] | None:
        """As `conditional`, tried once. Raises Unavailable where the outcome can't be told."""
        with self.errors:
            result = self.session.execute(self._together(statements))
            rows = list(result)
        return None if rows[0][0] else dict(zip(result.column_names, rows[0], strict=True))

    def together(self, *statements: tuple[Cql, Sequence[object]]) -> None:
        """Carry out writes of one partition, all or none."""
        with self.errors:
            batch = self._together(statements)
            batch.is_idempotent = True
            self.session.execute(batch)

    def define(self, text: str) -> list[Row]:
        """Carry out a statement on tables, roles or rights, whose names can't be bound, and wait until all agree."""
        with self.errors:
            return list(self.session.execute(text, timeout=6 * PATIENCE))

    def replicas(self, statement: Cql, *values: object) -> list[str]:
        """The addresses of the nodes that the statement is sent to first."""
        bound = self._bound(statement, values)
        found = self.cluster.metadata.get_replicas(bound.keyspace, bound.routing_key)
        return [host.address for host in found]

    def shutdown(self) -> None:
        """End it."""
        self.cluster.shutdown()

    def _together(self, statements: Sequence[tuple[Cql, Sequence[object]]]) -> Any:
        if len(statements) == 1:
            return self._bound(*statements[0])
        batch = BatchStatement(
            BatchType.UNLOGGED,
            consistency_level=ConsistencyLevel.QUORUM,
            serial_consistency_level=ConsistencyLevel.SERIAL,
        )
        for statement, values in statements:
            batch.add(self._bound(statement, values))
        return batch

    def _bound(self, statement: Cql, values: Sequence[object]) -> Any:
        prepared = self._prepared.get(statement)
        if prepared is None:
            with self.errors:
                prepared = self.session.prepare(_TABLE.sub(rf"\g<0>{self.keyspace}.", statement.text, count=1))
            reads = statement.text.lstrip().startswith("SELECT")
            serial = statement.serial
            prepared.consistency_level = ConsistencyLevel.SERIAL if serial and reads else ConsistencyLevel.QUORUM
            prepared.serial_consistency_level = ConsistencyLevel.SERIAL
            prepared.is_idempotent = reads or not serial
            prepared.fetch_size = statement.page
            self._prepared[statement] = prepared
        return prepared.bind(values)

    def _route(self, keyspace: str) -> None:
        """Tell the driver, which reads no schemas here, where the keyspace's replicas are."""
        ((replication,),) = self.session.execute(_REPLICATION, (keyspace,))
        options = dict(replication)
        strategy = options.pop("class")
        self.cluster.metadata.keyspaces[keyspace] = KeyspaceMetadata(keyspace, True, strategy, options)


def _cluster(place: Place, login: Login) -> Cluster:
    near = DCAwareRoundRobinPolicy(place.datacenter) if place.datacenter else RoundRobinPolicy()
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(near),
        retry_policy=Retries(),
        consistency_level=ConsistencyLevel.QUORUM,
        serial_consistency_level=ConsistencyLevel.SERIAL,
        request_timeout=PATIENCE,
        row_factory=tuple_factory,
        speculative_execution_policy=ConstantSpeculativeExecutionPolicy(_SPECULATE, 1),
    )
    return Cluster(
        contact_points=place.hosts,
        port=place.hosts[0][1],
        auth_provider=PlainTextAuthProvider(login.user, login.password),
        protocol_version=5,
        # A role would read the tables of all users, and is told of each new one.
        schema_metadata_enabled=False,
        compression=False,
        reconnection_policy=ConstantReconnectionPolicy(_RECONNECT, None),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        executor_threads=1,
        connection_class=NodeConnection,
        connect_timeout=PATIENCE,
        ssl_context=place.tls.context() if place.tls is not None else None,
        monitor_reporting_enabled=False,
        application_name="grafana_sensor",
    )


class Connections:
    """The logins of one process that are open. Safe for threads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = Lock()
        self._open: dict[tuple[str, str | None], Connection] = {}
        self._turns: dict[tuple[str, str | None], Lock] = {}
        self._failed: dict[tuple[str, str | None], tuple[float, str]] = {}

    def take(self, login: Login, keyspace: str | None) -> Connection:
        """The login into the keyspace, with one holder more, who must release it.

        Raises Unavailable where it can't be had, at once where it couldn't a moment ago: a machine that is off takes
        long to tell, and whoever waits meanwhile would wait as long again, each after the other.
        """
        key = (login.user, keyspace)
        with self._lock:
            turn = self._turns.setdefault(key, Lock())
        with turn:
            with self._lock:
                if (found := self._open.get(key)) is not None:
                    found.holders += 1
                    return found
                at, why = self._failed.pop(key, (-math.inf, ""))
                if time.monotonic() - at < _RECONNECT:
                    self._failed[key] = at, why
                    raise Unavailable(why)
            try:
                made = Connection(self._place, login, keyspace)
            except Unavailable as error:
                self._failed[key] = time.monotonic(), error.message
                raise
            with self._lock:
                made.holders = 1
                self._open[key] = made
            return made

    def release(self, connection: Connection) -> None:
        """Let go of it for one of its holders."""
        with self._lock:
            connection.holders -= 1
            if connection.holders:
                return
            self._open = {key: each for key, each in self._open.items() if each is not connection}
        connection.shutdown()
