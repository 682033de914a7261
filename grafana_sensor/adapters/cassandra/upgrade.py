"""What an older keyspace needs beside new columns: the reach of each sensor, and the rollup tree over what was sealed.

Law: harmless when done again. No server of the older version may seal or store there meanwhile.
"""

from __future__ import annotations

import secrets
from typing import Final

from grafana_sensor.adapters.cassandra.connections import Connection, Cql
from grafana_sensor.adapters.cassandra.sealing import PUT_NODE
from grafana_sensor.chunks.grid import LADDER, Grid
from grafana_sensor.chunks.rollup import Rollup
from grafana_sensor.chunks.tree import all_nodes
from grafana_sensor.domain.layout import Layout

SENSORS: Final = Cql("SELECT DISTINCT owner, sensor FROM roll")
HELD: Final = Cql("SELECT kind, epoch, blob FROM roll WHERE owner = ? AND sensor = ? AND kind IN ('m', 'r')", 100)
REACH: Final = Cql(
    "UPDATE sensor SET state = ?, low = ?, high = ? WHERE owner = ? AND kind = 's' AND name = ? IF EXISTS", serial=True
)


def make_trees(connection: Connection) -> None:
    """Make the nodes, and tell the reach, of all sensors in the connection's keyspace."""
    grid = Grid(Layout(), LADDER)
    for owner, sensor in connection.run(SENSORS):
        rows = connection.run(HELD, owner, sensor)
        if not rows:
            continue
        nodes = all_nodes({epoch: Rollup.decode(blob) for kind, epoch, blob in rows if kind == "r"}, grid)
        connection.run_all(
            (PUT_NODE, (owner, sensor, start, str(width), blob)) for (start, width), blob in nodes.items()
        )
        epochs = [epoch for _, epoch, _ in rows]
        reach = min(epochs), max(epochs) + LADDER.first
        connection.conditional((REACH, (secrets.token_hex(8), *reach, owner, sensor)))
