-- The users: the hash of the password, the file of the records, and when the user came, in UTC µs.

CREATE TABLE user (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    file TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL DEFAULT (CAST(unixepoch('subsec') * 1000000 AS INTEGER))
) STRICT, WITHOUT ROWID;
