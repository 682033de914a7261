"""Sensors' JSON in, exact ranges and aggregates out: for Grafana, for scripts and for people."""

__version__ = "0.1.0"
