"""What a session answers: the queries and lists of the library.

Law: rows are `{"time": datetime in UTC, "sensor": text, attribute: value or None}` in the order of time; one
aggregate is a scalar, several a mapping by the projections as they were given. `start` is in, `finish` is out;
without them the whole history answers. Dates are datetimes (naive ones in UTC), epochs or ISO texts.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from grafana_sensor.domain.conditions import TIME
from grafana_sensor.domain.errors import BadRequest, UnknownAttribute, UnknownSensor
from grafana_sensor.domain.plans import BEGINNING, EVERYTHING, FOREVER, Projection, Query, Request
from grafana_sensor.domain.series import Table
from grafana_sensor.domain.shown import named_kind
from grafana_sensor.domain.timestamps import to_datetime
from grafana_sensor.ports import RecordStore, ScanStore
from grafana_sensor.query.aggregates import Result
from grafana_sensor.query.fields import parse_conditions
from grafana_sensor.query.plan import Ask, resolve
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.ids import record_text
from grafana_sensor.service.printing import drawn
from grafana_sensor.service.scanmemory import ScanMemory
from grafana_sensor.service.source import known_sensors, looking
from grafana_sensor.settings import Settings

Moment = datetime | int | float | str
Row = dict[str, Any]
Results = list[Row] | dict[str, Result] | Result
Conditions = str | Sequence[object] | None


class Asking(ABC):
    """The part of a session that asks; `clock`: UTC µs."""

    user: str
    store: RecordStore
    settings: Settings
    clock: Callable[[], int]
    memory: ScanMemory

    @abstractmethod
    def scans(self) -> ScanStore:
        """The scans that the user sees."""

    def query(self, text: str, start: Moment | None = None, finish: Moment | None = None) -> list[Row]:
        """The rows of a query text, with the columns that REST gives; `time` is a datetime.

        Raises BadRequest and its kin where the text is wrong, with its position, and LimitError.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"time": "2026-01-01", "t": 21.5})
        >>> session.query("AVG(t), CNT(*) FROM hall")
        [{'sensor': 'hall', 'avg_t': 21.5, 'cnt': 1}]
        """
        return _rows(answers.rows(self, Question(q=text, start=start, end=finish)))

    def query_per_user(self, projection: str | Sequence[str], conditions: Conditions = None) -> Results:
        """What all the user's records answer.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pks = session.insert_many("hall", [{"time": "2026-01-01", "t": 21}, {"time": "2026-01-02", "t": 22}])
        >>> session.query_per_user(["MAX(t)", "CNT(*)"], [["t", "<", "22"]])
        {'MAX(t)': 21.0, 'CNT(*)': 1}
        """
        return self.range_query_per_user(projection, conditions)

    def query_per_sensor(self, sensor: str, projection: str | Sequence[str], conditions: Conditions = None) -> Results:
        """What one sensor's records answer. Raises UnknownSensor, UnknownAttribute, ProjectionError and their kin.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"time": "2026-01-01", "t": 21.5})
        >>> session.query_per_sensor("hall", ["t"])
        [{'time': datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'sensor': 'hall', 't': 21.5}]
        """
        return self.range_query_per_sensor(sensor, projection, conditions)

    def range_query_per_user(
        self,
        projection: str | Sequence[str],
        conditions: Conditions = None,
        start: Moment | None = None,
        finish: Moment | None = None,
    ) -> Results:
        """What all the user's records of [start, finish) answer.

        Raises ProjectionError where raw and aggregate projections mix, UnknownAttribute, ConditionError or
        RangeError, and LimitError.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pks = session.insert_many("hall", [{"time": "2026-01-01", "t": 21}, {"time": "2026-01-02", "t": 22}])
        >>> session.range_query_per_user(["AVG(t)"], [], "2026-01-01", "2026-01-02")
        21.0
        """
        return self._results(None, projection, conditions, start, finish)

    def range_query_per_sensor(
        self,
        sensor: str,
        projection: str | Sequence[str],
        conditions: Conditions = None,
        start: Moment | None = None,
        finish: Moment | None = None,
    ) -> Results:
        """What one sensor's records of [start, finish) answer. Raises UnknownSensor, and as range_query_per_user.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"time": "2026-01-01", "air": {"t": 21.5}})
        >>> session.range_query_per_sensor("hall", ["AVG(air_t)"], [["air_t", "<", "30"]], "2026-01-01", "2026-01-02")
        21.5
        """
        if not isinstance(sensor, str):
            raise BadRequest(f"a sensor is a text, not {named_kind(sensor)}")
        return self._results(sensor, projection, conditions, start, finish)

    def sub_query(self, pks: Iterable[str], attribute: str, condition: str, value: object) -> set[str]:
        """Those of the pks whose records meet `attribute condition value`; unknown pks meet nothing.

        Raises UnknownAttribute, ConditionError.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> session.insert_into({"time": "2026-01-01", "t": 21.5}, "first")
        >>> session.insert_into({"time": "2026-01-02", "t": 31.5}, "second")
        >>> session.sub_query(["first", "second", "third"], "t", "<", "30")
        {'first'}
        """
        wanted, met = set(pks), set[str]()
        conditions = parse_conditions([[attribute, condition, value]], plain=True)
        query = Query((Projection(EVERYTHING, "CNT"),), conditions=conditions)
        with looking(self) as (reading, budget):
            plan = resolve(reading.catalog(), Ask(query, BEGINNING, FOREVER, self.clock()))
            request = Request({}, plan.conditions, np.array([plan.low, plan.high], np.int64))
            for sensor in plan.sensors if wanted else ():
                if not plan.answers(sensor):
                    continue
                for block in reading.records(sensor, (), request, budget, ids=True):
                    if block.ids is not None:
                        met |= wanted & {record_text(*block.ids[place]) for place in range(len(block))}
        return met

    def get_all_values_on(self, attribute: str) -> list[float | str]:
        """Every value of an attribute, in the order of time. Raises UnknownAttribute, LimitError.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pks = session.insert_many("hall", [{"time": "2026-01-01", "t": 21}, {"time": "2026-01-02", "t": "off"}])
        >>> session.get_all_values_on("t")
        [21.0, 'off']
        """
        known = self.get_attributes()
        if attribute not in known:
            raise UnknownAttribute.named(attribute, known)
        table = answers.rows(self, Question(select=[attribute]), split_kinds=False)
        return list(table.columns[-1].values)

    def get_sensors(self) -> list[str]:
        """The user's sensors, in code point order.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"t": 21.5})
        >>> session.get_sensors()
        ['hall']
        """
        return known_sensors(self.store.catalog())

    def get_all_sensors_attributes(self) -> list[list[Any]]:
        """`[[user, sensor, [attributes]], ...]` of all sensors, in code point order.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("greenhouse-1", {"air": {"temperature": 21.5}})
        >>> session.get_all_sensors_attributes()
        [['alice', 'greenhouse-1', ['air_temperature']]]
        """
        catalog = self.store.catalog()
        return [[self.user, sensor, sorted(catalog.sensors[sensor])] for sensor in known_sensors(catalog)]

    def get_sensor_attributes(self, sensor: str) -> list[list[Any]]:
        """`[[user, sensor, [attributes]]]` of one sensor, in code point order. Raises UnknownSensor.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"t": 21.5, "door": "open"})
        >>> session.get_sensor_attributes("hall")
        [['alice', 'hall', ['door', 't']]]
        """
        catalog = self.store.catalog()
        known = known_sensors(catalog)
        if sensor not in known:
            raise UnknownSensor.named(sensor, known)
        return [[self.user, sensor, sorted(catalog.sensors[sensor])]]

    def get_attributes(self) -> list[str]:
        """All the user's attributes, declared ones too, in code point order.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"t": 21.5, "door": "open"})
        >>> session.get_attributes()
        ['door', 't']
        """
        return list(self.store.catalog().kinds())

    def print_results(self, results: Results) -> None:
        """Draw a query's results as a table on the standard output.

        >>> from grafana_sensor import connect
        >>> database = connect("memory://")
        >>> database.register("alice", "secret")
        >>> session = database.session_login("alice", "secret")
        >>> pk = session.insert_into_sensor("hall", {"time": "2026-01-01", "t": 21.5})
        >>> session.print_results(session.query_per_user(["t"]))
        time                       sensor     t
        -------------------------  ------  ----
        2026-01-01 00:00:00+00:00  hall    21.5
        """
        sys.stdout.write(drawn(results) + "\n")

    def _results(
        self,
        sensor: str | None,
        projection: str | Sequence[str],
        conditions: Conditions,
        start: Moment | None,
        finish: Moment | None,
    ) -> Results:
        asked = None if sensor is None else [sensor]
        question = Question(select=projection, sensor=asked, where=conditions, start=start, end=finish, plain=True)
        found = answers.results(self, question)
        if isinstance(found, Table):
            return _rows(found)
        if len(found) == 1:
            return found[0]
        texts = [text.strip() for text in projection.split(",")] if isinstance(projection, str) else projection
        return dict(zip(texts, found, strict=True))


def _rows(table: Table) -> list[Row]:
    """The rows, their times as datetimes."""
    rows = table.rows()
    if table.columns and table.columns[0].kind == "time":
        for row in rows:
            row[TIME] = to_datetime(row[TIME])
    return rows
