"""A user's open session: what the library does with the user's records.

Law: a session is one user's and sees nobody else's data. It may be used by several threads. Closing it lets go
of the store when its last user has left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Self, get_args

from grafana_sensor.domain.catalog import NO_SENSOR, Declaration, Kind
from grafana_sensor.domain.errors import BadRequest, RecordError, RejectedRecords, Unprocessable
from grafana_sensor.domain.names import RESERVED
from grafana_sensor.domain.shown import shown
from grafana_sensor.ports import RecordStore, ScanStore, Sealed
from grafana_sensor.service import ingest, listings
from grafana_sensor.service.asking import Asking
from grafana_sensor.service.bothscans import BothScans
from grafana_sensor.service.datastore import DataStore
from grafana_sensor.service.ids import BatchIds, record_text
from grafana_sensor.service.ingest import Incoming, Receipt
from grafana_sensor.service.leases import Leases
from grafana_sensor.service.scanmemory import ScanMemory
from grafana_sensor.settings import Settings

FLAGS: Final[dict[str, Kind]] = {"numeric": "number", "alphanumeric": "text"}
"""The seed's words for the kinds of attributes."""

LONGEST_UNIT: Final = 255
"""Characters of an attribute's unit and title."""


class Session(Asking):
    """One user's session over `store`; `clock` gives UTC µs, `stored` is told of every post and its records.

    `scans` are those that every user sees; `memory` keeps what was read of scans, one of its own where none is given.
    A context manager that closes it.
    """

    def __init__(
        self,
        user: str,
        store: RecordStore,
        *,
        settings: Settings,
        ids: BatchIds,
        clock: Callable[[], int],
        memory: ScanMemory | None = None,
        stored: Callable[[Session, int], None] | None = None,
        scans: ScanStore | None = None,
    ) -> None:
        self.user = user
        self.store = store
        self.settings = settings
        self.clock = clock
        self.memory = ScanMemory(settings.scan_memory) if memory is None else memory
        self.leases = Leases(store.close)
        self._ids = ids
        self._stored = stored
        self._scans = scans

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the store as soon as nobody uses the session; harmless when done twice."""
        self.leases.retire()

    def check_table(self, attribute: str) -> bool:
        """Whether the attribute is there: declared, or with values.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.check_table("t")
        False
        """
        return attribute in self.store.catalog().kinds()

    def create_table(self, attribute: str, flag: str) -> None:
        """Declare an attribute "numeric" or "alphanumeric", which decides how its values are kept.

        Raises DeclarationError where values there contradict it, BadRequest for another flag.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.create_table("version", "alphanumeric")
        >>> pk = session.insert_into_sensor("hall", {"version": "1.10"})
        >>> session.get_all_values_on("version")
        ['1.10']
        """
        if flag not in FLAGS:
            raise BadRequest(f"the flag is {shown(flag)}; it must be 'numeric' or 'alphanumeric'")
        self.declare(attribute, kind=FLAGS[flag])

    def declare(
        self, attribute: str, kind: Kind | None = None, unit: str | None = None, title: str | None = None
    ) -> dict[str, Any]:
        """Declare an attribute's kind ("number" or "text"), unit or title; what is None stays as it was.

        Returns the attribute as listings.declared does.

        Raises DeclarationError where values there contradict the kind, Unprocessable for what can't be declared.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.declare("t", unit="celsius")
        {'attribute': 't', 'kind': 'number', 'records': 0, 'unit': 'celsius', 'title': None}
        """
        limits = self.settings.limits
        ingest.check_name(attribute, "attribute's name", limits.name)
        if attribute in RESERVED:
            raise Unprocessable(f"{attribute!r} is no attribute: a record's own field of that name becomes another")
        if kind is not None and kind not in get_args(Kind):
            raise Unprocessable(f"the kind is {shown(kind)}; it must be 'number' or 'text'")
        for text, what in ((unit, "unit"), (title, "title")):
            if text is not None:
                ingest.check_name(text, what, LONGEST_UNIT)
        self.store.declare(attribute, Declaration(kind, unit, title))
        return listings.declared(self, attribute)

    def insert_into(self, flat: object, pk: str, sensor: str = NO_SENSOR) -> None:
        """Store a flat record under the caller's pk; without a sensor only queries per user find it.

        Raises RecordExists when the pk is taken, Unprocessable when it can't be one, RecordError for the record.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.insert_into({"time": "2026-01-01", "t": 21.5}, "first")
        >>> session.query_per_user(["CNT(t)"]), session.get_sensors()
        (1, [])
        """
        ingest.insert_into(self.store, flat, pk, sensor, limits=self.settings.limits, ids=self._ids, clock=self.clock)
        self._tell(1)

    def insert_into_sensor(self, sensor: str, record: object) -> str:
        """Store a record, nested or flat, and return its pk. Raises RecordError, Unprocessable.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"time": "2026-01-01T00:00:00Z", "air": {"t": 21.5}})
        >>> session.sub_query([pk], "air_t", ">", 20) == {pk}
        True
        """
        try:
            return self.insert_many(sensor, [record])[0]
        except RejectedRecords as error:
            raise RecordError(error.rejected[0].message) from None

    def insert_many(self, sensor: str, records: Sequence[object]) -> list[str]:
        """Store records of one sensor, all or none, and return their pks in the same order.

        Raises RejectedRecords, which lists every bad record, Unprocessable, LimitError.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pks = session.insert_many("hall", [{"time": "2026-01-01", "t": 21}, {"time": "2026-01-02", "t": 22}])
        >>> len(pks), session.query_per_sensor("hall", ["SUM(t)"])
        (2, 43.0)
        """
        receipt = self.ingest(Incoming(list(records), sensor))
        return [record_text(receipt.batch, place) for place in range(receipt.accepted)]

    def ingest(self, incoming: Incoming) -> Receipt:
        """Store a post; see service.ingest.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.ingest(Incoming([{"t": 21.5}], sensor="hall", key="first")).duplicate
        False
        >>> session.ingest(Incoming([{"t": 21.5}], sensor="hall", key="first")).duplicate
        True
        """
        receipt = ingest.ingest(
            self.store,
            incoming,
            limits=self.settings.limits,
            ids=self._ids,
            clock=self.clock,
            most=self.settings.max_records,
        )
        self._tell(0 if receipt.duplicate else receipt.accepted)
        return receipt

    def scans(self) -> ScanStore:
        """The user's own scans, and those that every user of this server sees.

        Raises Unprocessable where there are no others and the store keeps none.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.session_login("alice", "secret").scans().search({})
        []
        """
        if self._scans is None:
            return self.store.scans()
        return BothScans(self.store.scans(), self._scans) if self.store.able.scans else self._scans

    def data_store(self, inactive: float | None = None) -> DataStore:
        """The same scans by the API of grafana_sensor.scans; `inactive` as there. Closing it closes nothing.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.session_login("alice", "secret").data_store().search_existing_scans()
        ('0-0', [])
        """
        writing = self.store.scans() if self.store.able.scans else None
        return DataStore(self.scans(), writing, self.clock, inactive=inactive, close=False)

    def seal(self) -> Sealed:
        """Seal all that is unsealed; no answer changes, but later ones come faster.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"t": 21.5})
        >>> session.seal()
        Sealed(epochs=1, records=1, lost=0)
        """
        return self.store.seal(self.store.backlog(), self.clock())

    def check(self) -> list[str]:
        """Verify every summary and rollup against its data: a line for each fault, none when all is well.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> database.session_login("alice", "secret").check()
        []
        """
        return list(self.store.check())

    def _tell(self, records: int) -> None:
        if self._stored is not None and records:
            self._stored(self, records)
