"""Users and their blobs on Apache Cassandra: a keyspace and a role per user, or one that users share.

keyspaces -> homes, store: who there is, and what is kept of each; store -> catalog, keys, reading, sealing: the parts
of one user's blobs; schema: the tables, made and upgraded; connections: logins and statements; place: the URI;
errors: the driver's errors in our words.
"""

from grafana_sensor.adapters.cassandra.keyspaces import CassandraKeyspaces
from grafana_sensor.adapters.cassandra.place import Place

__all__ = ["CassandraKeyspaces", "Place"]
