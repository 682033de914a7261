from __future__ import annotations

from tests.docs_cli import PAGE, page


def test_the_page_is_that_of_the_commands() -> None:
    """docs/cli.md says what the commands' help says; `python -m tests.docs` writes it anew."""
    assert page() == PAGE.read_text(encoding="utf-8")
