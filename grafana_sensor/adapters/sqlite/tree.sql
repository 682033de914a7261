-- How far each sensor's records reach, the layouts of its epochs, and the rollup tree.

-- From the start of its first epoch to the end of its last (UTC µs); null while it has no records.
ALTER TABLE sensor ADD COLUMN low INTEGER;
ALTER TABLE sensor ADD COLUMN high INTEGER;

-- From `start` on its epochs are `width` µs wide; before the first row, a week.
CREATE TABLE layout (
    sensor INTEGER NOT NULL REFERENCES sensor,
    start INTEGER NOT NULL,
    width INTEGER NOT NULL,
    PRIMARY KEY (sensor, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE node (
    sensor INTEGER NOT NULL REFERENCES sensor,
    start INTEGER NOT NULL,
    width INTEGER NOT NULL,
    blob BLOB NOT NULL,
    UNIQUE (sensor, start, width)
) STRICT;

-- Until now every epoch was a week. The nodes of what was sealed are made by upgrade.py.
UPDATE sensor SET (low, high) = (
    SELECT min(epoch), max(epoch) + 604800000000
    FROM (SELECT sensor, epoch FROM batch UNION ALL SELECT sensor, epoch FROM rollup) AS held
    WHERE held.sensor = sensor.id
);
