"""What an older file needs beside new tables: the rollup tree over what was sealed before there was one."""

from __future__ import annotations

from typing import Any

import apsw

from grafana_sensor.chunks.grid import LADDER, Grid
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.chunks.tree import all_nodes
from grafana_sensor.domain.layout import Layout

SENSORS = "SELECT DISTINCT sensor FROM rollup"
ROLLUPS = "SELECT epoch, blob FROM rollup WHERE sensor = ?"
PUT_NODE = "INSERT INTO node (sensor, start, width, blob) VALUES (?, ?, ?, ?)"


def make_nodes(connection: apsw.Connection) -> None:
    """Make the nodes of all sensors, inside the caller's transaction."""
    grid = Grid(Layout(), LADDER)
    for (sensor,) in connection.execute(SENSORS).fetchall():
        rows: list[Any] = connection.execute(ROLLUPS, (sensor,)).fetchall()
        nodes = all_nodes({epoch: Rollup.decode(blob) for epoch, blob in rows}, grid)
        connection.executemany(PUT_NODE, [(sensor, *span, blob) for span, blob in nodes.items()])
