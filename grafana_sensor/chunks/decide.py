"""What summaries say of a condition without the data: that all records meet it, that none does, or nothing.

Law: True and False are certain; whatever isn't certain is None, and the data decide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafana_sensor.chunks.tables import Entry
from grafana_sensor.domain.columns import Floats
from grafana_sensor.domain.conditions import PATTERNS, Bound, Condition
from grafana_sensor.domain.summaries import Summary

Verdict = bool | None


def decide(condition: Condition, entry: Entry, records: int) -> Verdict:
    """Whether all (True) or none (False) of `records` records meet the condition on an attribute of theirs."""
    s = entry.summary
    verdicts: list[Verdict] = []
    if s.numbers + s.texts < records:
        verdicts.append(False)
    if s.numbers:
        verdicts.append(_numbers(condition, s))
    if s.texts:
        verdicts.append(_texts(condition, entry.dictionary))
    return _agreed(verdicts)


def decide_times(condition: Condition, first: int, last: int) -> Verdict:
    """Whether all or none of the records from `first` to `last` (UTC µs, both included) meet one on TIME."""
    if condition.operator == "EXISTS":
        return True
    if condition.operator in ("=", "!=", "IN"):
        if all(not first <= int(value) <= last for value in condition.values):
            return condition.operator == "!="
        return None if first < last else _agreed([bool(condition.mask_times(np.array([first]))[0])])
    met = condition.mask_times(np.array([first, last], np.int64))
    return bool(met[0]) if met[0] == met[1] else None


def _agreed(verdicts: Sequence[Verdict]) -> Verdict:
    first = verdicts[0] if verdicts else False
    return first if all(verdict is first for verdict in verdicts) else None


def _numbers(condition: Condition, summary: Summary) -> Verdict:
    ends: Floats = np.array([summary.minimum, summary.maximum])
    low, high = condition.meets_numbers(ends).tolist()
    if summary.minimum == summary.maximum and not (condition.operator in PATTERNS and summary.minimum == 0.0):
        return bool(low)  # 0.0 and -0.0 are equal, but a pattern tells them apart
    match condition.operator:
        case "EXISTS":
            return True
        case "<" | "<=" | ">" | ">=":
            return bool(low) if low == high else None
        case "=" | "!=" | "IN":
            bounds = [bound for bound in map(Bound.read, condition.values) if bound is not None and bound.exact]
            if all(not summary.minimum <= bound.value <= summary.maximum for bound in bounds):
                return condition.operator == "!="
    return None


def _texts(condition: Condition, dictionary: Sequence[str] | None) -> Verdict:
    if condition.operator == "EXISTS":
        return True
    if dictionary is None:
        return None
    return _agreed([condition.meets_text(text) for text in dictionary])
