from __future__ import annotations

from pathlib import Path

import apsw

from tests.cli.conftest import Run

LINES = "".join(f'{{"time": "2026-01-0{day}", "t": {day}}}\n' for day in range(1, 8))


def test_a_whole_keyspace_has_no_faults(alice: Run) -> None:
    """Where all is well, nothing is printed but how much was looked at."""
    alice("ingest", "--sensor", "roof", stdin=LINES)
    alice("seal")
    checked = alice("check")
    assert (0, "", "1 keyspaces checked, 0 faults\n") == (checked.exit_code, checked.stdout, checked.stderr)


def test_a_damaged_keyspace_is_told(alice: Run, tmp_path: Path) -> None:
    """A chunk whose bytes were changed is a fault, printed with its user and place, and exit code 1."""
    alice("ingest", "--sensor", "roof", stdin=LINES)
    alice("seal")
    assert damage(tmp_path / "store") > 0
    for asked in (("check",), ("check", "--user", "alice")):
        checked = alice(*asked)
        assert 1 == checked.exit_code
        assert checked.stdout.startswith("alice: sensor 'roof', epoch ")


def damage(store: Path) -> int:
    """Cut the last byte off every column of a chunk in all files of a store; how many there were."""
    found = 0
    for path in store.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"SQLite format 3"):
            connection = apsw.Connection(str(path))
            if list(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'chunk'")):
                connection.execute("UPDATE chunk SET blob = substr(blob, 1, length(blob) - 1)")
                found += connection.changes()
            connection.close()
    return found


def test_an_unknown_user_fails(alice: Run) -> None:
    """A user that isn't there can't be checked."""
    assert 1 == alice("check", "--user", "carol").exit_code
