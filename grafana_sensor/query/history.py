"""The whole history: where a range that is open begins and ends.

Law: a side of a range that reaches the beginning or the end of times ends with the records of the sensors
asked, whatever the conditions: buckets over the whole history are those from its first to its last record.
"""

from __future__ import annotations

import numpy as np

from grafana_sensor.domain.budget import Budget
from grafana_sensor.domain.plans import BEGINNING, EVERYTHING, FOREVER, Need, Request
from grafana_sensor.ports import RecordReading
from grafana_sensor.query.plan import Plan


def closed(reading: RecordReading, plan: Plan, now: int, budget: Budget) -> Plan:
    """The plan with the open sides of its range closed; where no record is, its range is empty.

    An empty range lies at the side that is not open, else at `now` (UTC µs).
    """
    start, end = plan.start, plan.end
    if start == end or (start > BEGINNING and end < FOREVER):
        return plan
    times: list[int] = []
    for sensor in plan.sensors:
        request = Request({EVERYTHING: Need.COUNT | Need.ENDS}, (), np.array([start, end], np.int64))
        (summary,) = reading.summarise(sensor, request, budget)[EVERYTHING]
        times += [record.time for record in (summary.first, summary.last) if record is not None]
    if not times:
        place = start if start > BEGINNING else end if end < FOREVER else now
        return plan.within(place, place)
    return plan.within(
        min(times) if start <= BEGINNING else start,
        max(times) + 1 if end >= FOREVER else end,
    )
