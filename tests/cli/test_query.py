from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run

LINES = "".join(f'{{"time": "{year}-01-0{day}", "t": {day}}}\n' for year in (1950, 2026) for day in (1, 2))


@pytest.fixture
def asked(alice: Run) -> Run:
    """As `alice`, with four records of a roof."""
    assert 0 == alice("ingest", "--sensor", "roof", stdin=LINES).exit_code
    return alice


def test_the_whole_history_answers(asked: Run) -> None:
    """Without times every record counts, however old."""
    answer = asked("query", "CNT(t), AVG(t)")
    assert (0, "cnt_t,avg_t\n4,1.5\n") == (answer.exit_code, answer.stdout)


def test_a_range_is_half_open(asked: Run) -> None:
    """--from is in, --to is out."""
    answer = asked("query", "t", "--from", "2026-01-01", "--to", "2026-01-02", "--format", "json")
    assert [{"time": "2026-01-01T00:00:00Z", "sensor": "roof", "t": 1.0}] == json.loads(answer.stdout)


def test_every_wins_over_the_text(asked: Run) -> None:
    """--every goes before the EVERY of the text."""
    answer = asked("query", "SUM(t) EVERY 1d", "--every", "28d", "--from", "2026-01-01", "--to", "2026-01-03")
    assert ["time,sum_t", "2025-12-18T00:00:00Z,3"] == answer.stdout.splitlines()[:2]


def test_a_limit_says_that_more_follow(asked: Run) -> None:
    """--limit gives the first rows, and says on standard error where there are more."""
    answer = asked("query", "t", "--limit", "3")
    assert (4, "note: more rows follow the first 3, which is the --limit\n") == (
        len(answer.stdout.splitlines()),
        answer.stderr,
    )
    assert "" == asked("query", "t", "--limit", "4").stderr


def test_an_answer_beyond_a_setting_fails(asked: Run) -> None:
    """The limits of an answer are settings; one that bites is named, and nothing is printed."""
    failed = asked("query", "t", "--max-points", "3")
    assert (1, "") == (failed.exit_code, failed.stdout)
    assert "more than 3 rows or points" in failed.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("x",), 1, "error: unknown attribute 'x'"),
        (("AVG(t",), 1, "error: "),
        (("t", "--from", "soon"), 1, "error: 'soon' is no time"),
        (("t", "--from", "2026-01-01", "--to", "2025-01-01"), 1, "error: "),
        (("t", "--limit", "0"), 2, "'--limit'"),
        (("t", "--format", "xml"), 2, "'--format'"),
        (("t", "--max-points", "none"), 2, "--max-points"),
        ((), 2, "Missing argument 'QUERY'"),
    ],
)
def test_what_is_wrong_is_told(asked: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    """A wrong question fails with its message, a wrong call shows the usage."""
    failed = asked("query", *arguments)
    assert (code, "") == (failed.exit_code, failed.stdout)
    assert message in failed.stderr
