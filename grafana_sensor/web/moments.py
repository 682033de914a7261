"""The times of a request: what they mean, and what they are where none is given."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from grafana_sensor.domain.errors import RangeError
from grafana_sensor.domain.timestamps import parse_moment, to_datetime

EARLIEST: Final = "now-6h"
"""Where a range begins that doesn't say."""
LATEST: Final = "now"
"""Where it ends."""


def instant(name: str, value: object, now: int) -> datetime:
    """The time of a field, as a datetime: a plain number would be told apart by its size again. `now`: UTC µs.

    Raises RangeError, which names the field, for what is no time.
    """
    try:
        return to_datetime(parse_moment(value, now))
    except RangeError as error:
        raise RangeError(f"{name}: {error.message}") from None
