"""Scans in a Redis that blissdata (ESRF) records to, read by its own library, which is loaded when it is asked for."""

from grafana_sensor.adapters.blissdata.place import Place
from grafana_sensor.adapters.blissdata.store import BlissdataScans

__all__ = ["BlissdataScans", "Place"]
