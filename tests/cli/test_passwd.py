from __future__ import annotations

from tests.cli.conftest import Run


def test_the_new_password_counts(alice: Run) -> None:
    """After a change the new password is taken and the old one refused."""
    changed = alice("passwd", "alice", "--password", "tea")
    assert (0, "the password of alice is changed\n") == (changed.exit_code, changed.stdout)
    assert 0 == alice("sensors", "--password", "tea").exit_code
    refused = alice("sensors")
    assert (1, "error: the user or the password is wrong\n") == (refused.exit_code, refused.stderr)


def test_the_password_in_the_environment_is_the_old_one(alice: Run) -> None:
    """The new password is never taken from the environment, which holds the one in use, but from standard input."""
    assert 2 == alice("passwd", "alice").exit_code
    assert 0 == alice("passwd", "alice", stdin="tea\n").exit_code
    assert 0 == alice("sensors", "--password", "tea").exit_code


def test_an_unknown_user_fails(run: Run) -> None:
    """Nobody's password can't be changed."""
    failed = run("passwd", "bob", "--password", "tea")
    assert 1 == failed.exit_code
    assert "'bob'" in failed.stderr
