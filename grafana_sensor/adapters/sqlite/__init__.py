"""Users and their blobs in files of SQLite: one file per user, and one for the users themselves.

keyspaces -> store -> reading, writing: what is asked and kept; files -> commits, connections, gate: how one file
is shared by the threads and processes that use it; schema: its tables; errors: its errors in our words.
"""

from grafana_sensor.adapters.sqlite.keyspaces import SqliteKeyspaces

__all__ = ["SqliteKeyspaces"]
