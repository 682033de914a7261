"""Queries: from a text to a plan to an answer, without I/O.

Law: pure; what is read comes through the ports, and nothing here knows a wire format.
"""

from grafana_sensor.query.handlers import (
    agr_check,
    agr_handler,
    average_handler,
    count_handler,
    maximum_handler,
    minimum_handler,
    sum_handler,
)
from grafana_sensor.query.parse import parse_query

__all__ = [
    "agr_check",
    "agr_handler",
    "average_handler",
    "count_handler",
    "maximum_handler",
    "minimum_handler",
    "parse_query",
    "sum_handler",
]
