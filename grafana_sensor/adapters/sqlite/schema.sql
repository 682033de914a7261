-- One user's blobs.
-- A batch that is not sealed is its own marker: both are written in one transaction, so a row here says that the
-- data is there. Blobs lie apart from what is listed, or, where nothing lists them, behind an index whose pages
-- hold no blobs: a look-up reads few pages however many chunks there are.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Changes with every declaration.
INSERT INTO meta VALUES ('catalog_version', 0);
-- Changes with every change of sensor, attribute or declaration, and tells that a catalog read before still holds.
INSERT INTO meta VALUES ('catalog_state', 0);

-- generation: how often it was sealed.
CREATE TABLE sensor (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL DEFAULT 0
) STRICT;

-- kinds: bits of the kinds of its values.
CREATE TABLE attribute (
    sensor INTEGER NOT NULL REFERENCES sensor,
    name TEXT NOT NULL,
    kinds INTEGER NOT NULL,
    PRIMARY KEY (sensor, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE declaration (
    attribute TEXT PRIMARY KEY,
    kind TEXT,
    unit TEXT,
    title TEXT
) STRICT, WITHOUT ROWID;

-- Times in UTC µs, first and last both included.
CREATE TABLE batch (
    sensor INTEGER NOT NULL REFERENCES sensor,
    epoch INTEGER NOT NULL,
    id TEXT NOT NULL,
    records INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    received INTEGER NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (sensor, epoch, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_blob (
    place INTEGER PRIMARY KEY,
    blob BLOB NOT NULL
) STRICT;

CREATE TABLE chunk (
    sensor INTEGER NOT NULL REFERENCES sensor,
    epoch INTEGER NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (sensor, epoch, id, name)
) STRICT;

CREATE TABLE rollup (
    sensor INTEGER NOT NULL REFERENCES sensor,
    epoch INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (sensor, epoch)
) STRICT;

-- Idempotency keys and callers' record ids; received in UTC µs.
CREATE TABLE key (
    name TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    digest BLOB NOT NULL,
    batch TEXT NOT NULL,
    received INTEGER NOT NULL,
    answer BLOB,
    lasting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX passing_key ON key (received) WHERE NOT lasting;
