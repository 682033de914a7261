"""Sensors' JSON in, exact ranges and aggregates out: for Grafana, for scripts and for people."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grafana_sensor.bootstrap import connect

from grafana_sensor.version import __version__

__all__ = ["__version__", "connect"]


def __getattr__(name: str) -> Any:
    # Not loaded by `import grafana_sensor`: the domain, the version and `--help` need none of it.
    if name == "connect":
        from grafana_sensor.bootstrap import connect

        return connect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
