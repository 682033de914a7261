from __future__ import annotations

from tests.cli.conftest import Run

RECORDS = (
    '[{"time": "2026-01-01", "sensor": "roof", "t": 1}, {"time": "2026-01-01", "sensor": "hall", "t": "on", "s": "x"}]'
)


def test_attributes_are_listed(alice: Run) -> None:
    """Attributes are listed of all records, or of one sensor's, with kinds and counts."""
    alice("ingest", stdin=RECORDS)
    of_all, of_one = alice("attributes"), alice("attributes", "roof")
    assert ["attribute,kind,records,unit,title", "s,text,1,,", "t,mixed,2,,"] == of_all.stdout.splitlines()
    assert ["attribute,kind,records,unit,title", "t,number,1,,"] == of_one.stdout.splitlines()


def test_an_unknown_sensor_fails(alice: Run) -> None:
    """A sensor that isn't there is an error that names one that is near."""
    alice("ingest", stdin=RECORDS)
    failed = alice("attributes", "rooof")
    assert (1, "error: unknown sensor 'rooof' (did you mean 'roof'?)\n") == (failed.exit_code, failed.stderr)
