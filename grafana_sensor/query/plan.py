"""Planning: the names of a query looked up, its range narrowed, and who answers it.

Law: pure. A plan names only what the user has; what can't be answered is an error here, before any record is
read. Times are UTC µs, ranges half-open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grafana_sensor.domain.catalog import NO_SENSOR, Catalog, Declaration
from grafana_sensor.domain.columns import NUMBER, TEXT
from grafana_sensor.domain.conditions import PATTERNS, SENSOR, TIME, Condition
from grafana_sensor.domain.errors import (
    BadRequest,
    ConditionError,
    ProjectionError,
    RangeError,
    UnknownAttribute,
    UnknownSensor,
)
from grafana_sensor.domain.plans import EVERYTHING, Every, Projection, Query
from grafana_sensor.domain.timestamps import parse_moment, to_iso


@dataclass(frozen=True, slots=True)
class Ask:
    """A query over [start, end), asked at `now` (all UTC µs).

    `every`, where given, wins over the query's. `max_points` (at least 1) and `interval` (µs) guide `auto`;
    beyond `max_points` a raw series is reduced.
    """

    query: Query
    start: int
    end: int
    now: int
    every: Every | None = None
    max_points: int = 1000
    interval: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A query whose names are known.

    `projections`: as asked, a raw `*` replaced by the attributes of the sensors asked.
    `sensors`: those asked, in code point order; `apart`: each of them answers for itself.
    [`start`, `end`) is the range asked, [`low`, `high`) the part of it that conditions on `time` leave.
    `conditions`: on attributes, and on TIME what is no range; `sensor_conditions`: on the sensor's name.
    `kinds`: the bits of the kinds of every attribute that the user has.
    """

    catalog: Catalog
    kinds: Mapping[str, int]
    projections: tuple[Projection, ...]
    raw: bool
    sensors: tuple[str, ...]
    apart: bool
    start: int
    end: int
    low: int
    high: int
    conditions: tuple[Condition, ...]
    sensor_conditions: tuple[Condition, ...]
    every: Every | None

    def has(self, sensor: str, attribute: str) -> bool:
        """Whether the sensor has the attribute; each has EVERYTHING."""
        return attribute == EVERYTHING or attribute in self.catalog.sensors[sensor]

    def answers(self, sensor: str) -> bool:
        """Whether a record of the sensor may pass the conditions; a record of no sensor lacks `sensor`."""
        if self.low >= self.high or (self.sensor_conditions and sensor == NO_SENSOR):
            return False
        return all(c.meets_text(sensor) for c in self.sensor_conditions) and all(
            c.attribute == TIME or self.has(sensor, c.attribute) for c in self.conditions
        )

    def attributes(self, sensor: str) -> list[str]:
        """The projected attributes that the sensor has, each once, in the order asked."""
        return list(dict.fromkeys(p.attribute for p in self.projections if self.has(sensor, p.attribute)))

    def only_texts(self, attribute: str) -> bool:
        """Whether the attribute holds texts and no number in all of the user's data."""
        return attribute != EVERYTHING and self.catalog.kind(self.kinds[attribute], attribute) == "text"

    def mixed(self, attribute: str) -> bool:
        """Whether the attribute holds numbers and texts anywhere in the user's data."""
        return attribute != EVERYTHING and self.kinds[attribute] == NUMBER | TEXT

    def declared(self, attribute: str) -> Declaration:
        """What the user has said of the attribute."""
        return self.catalog.declarations.get(attribute, Declaration())

    def within(self, start: int, end: int) -> Plan:
        """The same over [start, end), which lies in the range."""
        return replace(self, start=start, end=end, low=max(self.low, start), high=min(self.high, end))


def check_range(start: int, end: int) -> None:
    """Raises RangeError where a range of UTC µs is reversed."""
    if start > end:
        raise RangeError(f"the range is reversed: from {to_iso(start)} lies after to {to_iso(end)}")


def resolve(catalog: Catalog, ask: Ask) -> Plan:
    """The plan of what is asked of a user who has `catalog`.

    Raises UnknownAttribute, UnknownSensor, ProjectionError, ConditionError or RangeError where it can't be
    answered, with the place in the query text, and BadRequest when `max_points` is below 1.
    """
    check_range(ask.start, ask.end)
    if ask.max_points < 1:
        raise BadRequest(f"max_points is {ask.max_points}; it must be 1 or more")
    query = ask.query
    kinds = catalog.kinds()
    raw = _is_raw(query.projections)
    for projection in query.projections:
        if projection.attribute != EVERYTHING:
            named_at = projection.position if projection.named_at is None else projection.named_at
            _known(projection.attribute, kinds, named_at)
    for condition in query.conditions:
        if condition.attribute not in (TIME, SENSOR):
            _known(condition.attribute, kinds, condition.position)
    every = query.every if ask.every is None else ask.every
    sensors = _sensors(catalog, query)
    low, high, others = _narrowed(ask)
    plan = Plan(
        catalog=catalog,
        kinds=kinds,
        projections=_expanded(query.projections, catalog, sensors) if raw else query.projections,
        raw=raw,
        sensors=sensors,
        apart=raw or query.by_sensor or query.sensors is not None,
        start=ask.start,
        end=ask.end,
        low=low,
        high=high,
        conditions=others,
        sensor_conditions=tuple(c for c in query.conditions if c.attribute == SENSOR),
        every=every,
    )
    if raw and every is not None:
        raise _every_on_raw(plan, query.projections[0])
    return plan


def written(projection: Projection) -> str:
    """The projection as it was written, without AS."""
    if projection.text:
        return projection.text
    return f"{projection.aggregate}({projection.attribute})" if projection.aggregate else projection.attribute


def _is_raw(projections: Sequence[Projection]) -> bool:
    """Whether the projections are raw. Raises ProjectionError where they mix, or there is none."""
    if not projections:
        raise ProjectionError("nothing is projected; name an attribute, an aggregate such as AVG(attribute), or *")
    raw = projections[0].aggregate is None
    for projection in projections:
        if (projection.aggregate is None) is not raw:
            raise ProjectionError(
                f"raw and aggregate projections don't mix: {written(projections[0])} and {written(projection)}",
                position=projection.position,
            )
        if projection.attribute == EVERYTHING and projection.aggregate not in (None, "CNT"):
            raise ProjectionError(
                f"{projection.aggregate} needs an attribute; only CNT takes *", position=projection.position
            )
    return raw


def _known(attribute: str, kinds: Mapping[str, int], position: int | None) -> None:
    if attribute not in kinds:
        raise UnknownAttribute.named(attribute, list(kinds), position)


def _sensors(catalog: Catalog, query: Query) -> tuple[str, ...]:
    if query.sensors is None:
        return tuple(sorted(catalog.sensors))
    found: set[str] = set()
    for name in query.sensors:
        sensors = catalog.sensors_named(name.text)
        if sensors is None:
            known = [sensor for sensor in catalog.sensors if sensor != NO_SENSOR]
            raise UnknownSensor.named(name.text, known, name.position)
        found.update(sensors)
    return tuple(sorted(found))


def _expanded(projections: Sequence[Projection], catalog: Catalog, sensors: Sequence[str]) -> tuple[Projection, ...]:
    """Raw projections with `*` replaced by the attributes of the sensors, in code point order."""
    everything = sorted({attribute for sensor in sensors for attribute in catalog.sensors[sensor]})
    found: list[Projection] = []
    for p in projections:
        if p.attribute == EVERYTHING:
            found += [replace(p, attribute=attribute, text=attribute) for attribute in everything]
        else:
            found.append(p)
    return tuple(found)


def _narrowed(ask: Ask) -> tuple[int, int, tuple[Condition, ...]]:
    """The part of the range that conditions on `time` leave, and the conditions that a store must decide."""
    low, high = ask.start, ask.end
    others: list[Condition] = []
    for condition in ask.query.conditions:
        if condition.attribute == SENSOR or (condition.attribute == TIME and condition.operator == "EXISTS"):
            continue
        if condition.attribute != TIME:
            others.append(condition)
            continue
        moments = _moments(condition, ask.now)
        match condition.operator:
            case "!=" | "IN":
                others.append(replace(condition, values=tuple(map(str, moments))))
            case "<" | "<=":
                high = min(high, moments[0] + (condition.operator == "<="))
            case ">" | ">=":
                low = max(low, moments[0] + (condition.operator == ">"))
            case _:
                low, high = max(low, moments[0]), min(high, moments[0] + 1)
    return low, high, tuple(others)


def _moments(condition: Condition, now: int) -> list[int]:
    """The condition's values as UTC µs. Raises ConditionError for a pattern, RangeError for what is no time."""
    if condition.operator in PATTERNS:
        raise ConditionError(
            f"{condition.operator} matches texts, and time is none; compare it with = != < <= > >= or IN",
            position=condition.position,
        )
    try:
        return [parse_moment(value, now) for value in condition.values]
    except RangeError as error:
        raise RangeError(f"in the condition on time, {error.message}", position=condition.position) from None


def _every_on_raw(plan: Plan, projection: Projection) -> ProjectionError:
    if projection.attribute == EVERYTHING:
        remedy = "name an attribute in an aggregate, such as AVG(attribute), or count the records with CNT(*)"
    else:
        aggregate = "LAST" if plan.only_texts(projection.attribute) else "AVG"
        remedy = f"{aggregate}({written(projection)}) would do"
    return ProjectionError(
        f"EVERY cuts aggregates, and {written(projection)} is raw: {remedy}", position=projection.position
    )
