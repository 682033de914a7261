-- One user's scans. identity, info, reached and shape are JSON; tag is the timetag, in ms. All streams are sealed once
-- state is 3. No number of a scan comes twice, since the streams of a deleted one go after it, bit by bit.

-- The greatest timetag that was given.
INSERT INTO meta VALUES ('scan_tag', 0);

CREATE TABLE scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    tag INTEGER NOT NULL UNIQUE,
    identity TEXT NOT NULL,
    info TEXT NOT NULL,
    state INTEGER NOT NULL,
    reached TEXT NOT NULL
) STRICT;

CREATE TABLE scan_stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scan INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    dtype TEXT NOT NULL,
    shape TEXT NOT NULL,
    info TEXT NOT NULL,
    UNIQUE (scan, name)
) STRICT;

-- Rows follow each other without gaps; one that is full is packed and never changes.
CREATE TABLE scan_points (
    stream INTEGER NOT NULL,
    start INTEGER NOT NULL,
    count INTEGER NOT NULL,
    is_full INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (stream, start)
) STRICT;
