from __future__ import annotations

from tests.cli.conftest import Run

LINES = '{"time": "2026-01-01", "t": 1}\n{"time": "2026-06-01", "t": 2}\n'


def test_sealing_changes_no_answer(alice: Run) -> None:
    """All users' batches are sealed, once, and the answers stay."""
    alice("register", "bob", "--password", "secret")
    alice("ingest", "--sensor", "roof", stdin=LINES)
    alice("ingest", "--sensor", "roof", "--user", "bob", stdin=LINES)
    before = alice("query", "CNT(t), SUM(t)").stdout
    assert "4 records sealed, in 4 epochs of sensors\n" == alice("seal").stdout
    assert "0 records sealed, in 0 epochs of sensors\n" == alice("seal").stdout
    assert before == alice("query", "CNT(t), SUM(t)").stdout


def test_one_user_is_sealed(alice: Run) -> None:
    """With --user only that user's are; an unknown one is an error."""
    alice("register", "bob", "--password", "secret")
    alice("ingest", "--sensor", "roof", stdin=LINES)
    assert "0 records sealed, in 0 epochs of sensors\n" == alice("seal", "--user", "bob").stdout
    assert "2 records sealed, in 2 epochs of sensors\n" == alice("seal", "--user", "alice").stdout
    assert 1 == alice("seal", "--user", "carol").exit_code
