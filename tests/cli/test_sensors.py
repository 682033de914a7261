from __future__ import annotations

from tests.cli.conftest import Run


def test_sensors_are_listed(alice: Run) -> None:
    """Each sensor is listed with its attributes, its records and the times of the first and last."""
    alice(
        "ingest",
        "--sensor",
        "roof",
        stdin='{"time": "2026-01-01", "t": 1}\n{"time": "2026-01-02", "t": 2, "s": "on"}\n',
    )
    alice("ingest", "--sensor", "hall", stdin='{"time": "2025-01-01"}')
    listed = alice("sensors")
    assert 0 == listed.exit_code
    assert [
        "sensor,attributes,records,first,last",
        "hall,0,1,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z",
        "roof,2,2,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z",
    ] == listed.stdout.splitlines()
