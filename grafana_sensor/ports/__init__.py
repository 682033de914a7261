"""What the core asks of the outside: users' keyspaces, their records and scans, and the blobs beneath the records.

Law: few methods, promises in words. Times are UTC µs, ranges half-open. Whatever a port promises holds for
any number of threads and processes at once, and across a crash at any point. Every method raises Unavailable
where the store does not answer.

RecordStore is what queries and ingest see. The chunk engine implements it over BlobStore; an adapter whose
database answers queries by itself implements it directly. ScanStore is what the scans' doors see.
"""

from grafana_sensor.ports.blobs import Append, Batch, BlobReading, BlobStore, Rollup, Seal
from grafana_sensor.ports.keyspaces import Keyspaces
from grafana_sensor.ports.records import (
    Able,
    Backlog,
    Key,
    Part,
    Post,
    RecordReading,
    RecordStore,
    Sealed,
    StaleDeclarations,
)
from grafana_sensor.ports.scans import ScanStore, ScanWriting

__all__ = [
    "Able",
    "Append",
    "Backlog",
    "Batch",
    "BlobReading",
    "BlobStore",
    "Key",
    "Keyspaces",
    "Part",
    "Post",
    "RecordReading",
    "RecordStore",
    "Rollup",
    "ScanStore",
    "ScanWriting",
    "Seal",
    "Sealed",
    "StaleDeclarations",
]
