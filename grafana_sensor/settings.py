"""Every setting of the server: its name, default, type, help and unit.

Law: one table, from which the flags of the command line, the environment and the documentation are fed. A value
that can't be is refused with the name it came under; nothing is corrected silently.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, cast

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.shown import shown

PREFIX: Final = "GRAFANA_SENSOR_"

Value = str | int | float | bool

_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_KINDS: Final = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: `unit` is "" for a plain count or text; numbers lie in [least, most]."""

    name: str
    default: Value
    type: type[Value]
    help: str
    unit: str = ""
    least: float = -math.inf
    most: float = math.inf

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The flag of the command line that sets it."""
        return "--" + self.name.replace("_", "-")

    def read(self, value: object, source: str) -> Value:
        """The setting's value, given as such or as a text; `source` is the name it came under.

        Raises BadRequest when it is of another type or out of bounds.

        >>> SETTINGS["port"].read("8080", "--port")
        8080
        """
        found = self._converted(value)
        if found is None:
            raise BadRequest(f"{source} is {_KINDS[self.type]}, not {shown(value)}: {self.help}")
        if isinstance(found, str):
            if "\0" in found:
                raise BadRequest(f"{source} holds the character U+0000")
        elif not (self.least <= found <= self.most and math.isfinite(found)):
            bounds = f"{self.least:,g} or more" if self.most == math.inf else f"from {self.least:,g} to {self.most:,g}"
            raise BadRequest(f"{source} is {shown(value)}; it must be {bounds}{' ' + self.unit if self.unit else ''}")
        return found

    def _converted(self, value: object) -> Value | None:
        if type(value) is self.type:
            return value
        if self.type is float and type(value) is int:
            return float(value)
        if not isinstance(value, str):
            return None
        if self.type is bool:
            word = value.strip().lower()
            return True if word in _TRUE else False if word in _FALSE else None
        try:
            return float(value) if self.type is float else int(value)
        except ValueError:
            return None


def _row(default: Value, text: str, unit: str = "", least: float = -math.inf, most: float = math.inf) -> Any:
    return field(default=default, metadata={"help": text, "unit": unit, "least": least, "most": most})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process; SETTINGS lists these fields as rows.

    Values given to the constructor are taken as they are; `read` is what checks them.
    """

    store: str = _row(
        "sqlite:sensors",
        "where the records are: sqlite:FOLDER, sqlite:///ABSOLUTE/FOLDER, cassandra://HOST/ or memory://",
    )
    host: str = _row("127.0.0.1", "the address to listen on; 0.0.0.0 is every one of this machine's")
    port: int = _row(8000, "the port to listen on; 0 takes a free one", least=0, most=65_535)
    workers: int = _row(2, "processes that answer requests", "processes", 1, 64)
    threads: int = _row(4, "threads of each worker", "threads", 1, 256)
    followers: int = _row(
        16, "who may follow scans at once in each worker, each by a thread of its own", "followers", 0, 1_024
    )
    follow_inactive: float = _row(600.0, "how long a follower of a scan waits without news", "seconds", 1)
    follow_seconds: float = _row(3_600.0, "how long one follower may follow", "seconds", 1)
    open_registration: bool = _row(False, "let anybody register a user by POST /api/v1/users")
    cors_origins: str = _row("", "origins whose pages may ask from a browser, separated by commas; * for any")
    metrics: bool = _row(True, "answer Prometheus' GET /metrics, without authentication")
    scans: str = _row("", "a Redis of blissdata whose scans every user sees too: redis://HOST:PORT")
    max_body: int = _row(64 * 2**20, "the longest body of a request, unpacked", "bytes", 1_024)
    max_records: int = _row(1_000_000, "records of one post", "records", 1)
    max_nesting: int = _row(64, "how deep a record may nest", "levels", 1, 900)
    max_attributes: int = _row(1_000, "attributes of one record", "attributes", 1)
    max_name: int = _row(255, "the longest name of an attribute or a sensor", "characters", 1)
    max_text: int = _row(65_536, "the longest text value of a record, in UTF-8", "bytes", 1)
    max_points: int = _row(1_000_000, "rows or points that one answer may have", "points", 1)
    max_values: int = _row(50_000_000, "values that one answer may hold in memory at once", "values", 1)
    scan_memory: int = _row(256 * 2**20, "points of scans that each worker keeps for the next answer", "bytes", 0)
    query_seconds: float = _row(30.0, "how long one answer may take", "seconds", 0.001)
    max_user_keyspaces: int = _row(
        100,
        "users who may have a keyspace of their own on Cassandra; more can share one, by tenancy=shared",
        "users",
        1,
    )
    cache_size: int = _row(64, "users whose sessions each worker keeps open", "users", 1)
    session_seconds: float = _row(3_000.0, "how long a session is kept open after its login", "seconds", 1)
    seal_batches: int = _row(64, "an epoch is sealed when it has this many unsealed batches", "batches", 1)
    seal_records: int = _row(4_096, "an epoch is sealed when this many of its records are unsealed", "records", 1)
    seal_seconds: float = _row(30.0, "an epoch is sealed when its oldest unsealed batch is this old", "seconds", 0)

    @classmethod
    def read(cls, environ: Mapping[str, str], overrides: Mapping[str, object] | None = None) -> Settings:
        """The settings of an environment; `overrides`, by name and as values or texts, go before it.

        An override of None is not given. Raises BadRequest, which names the variable or the flag, for a value
        that can't be, and for an override that is no setting.

        >>> Settings.read({"GRAFANA_SENSOR_PORT": "8080", "HOME": "/"}, {"threads": 8}).port
        8080
        """
        given = {name: value for name, value in (overrides or {}).items() if value is not None}
        for name in given:
            if name not in SETTINGS:
                raise BadRequest(f"there is no setting {shown(name)}; the settings are {', '.join(SETTINGS)}")
        values: dict[str, Any] = {}
        for row in SETTINGS.values():
            if row.name in given:
                values[row.name] = row.read(given[row.name], row.flag)
            elif row.variable in environ:
                values[row.name] = row.read(environ[row.variable], row.variable)
        return cls(**values)

    @property
    def limits(self) -> Limits:
        """The limits of one record."""
        return Limits(self.max_nesting, self.max_attributes, self.max_name, self.max_text)

    def budget(self, clock: Callable[[], float] | None = None) -> Budget:
        """What one answer may cost, from now on; without a clock (monotonic, seconds) it may take any time."""
        return Budget(self.max_points, self.max_values, self.query_seconds, clock)


def _rows() -> dict[str, Setting]:
    """The fields of Settings as rows, by name, in their order."""
    defaults = ((each, cast(Value, each.default)) for each in fields(Settings))
    return {each.name: Setting(each.name, default, type(default), **each.metadata) for each, default in defaults}


SETTINGS: Final[Mapping[str, Setting]] = _rows()
"""Every setting by its name."""
