"""The page about recording scans, held to its word: its lines are run, and its answers compared."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import blocks
from tests.docs.desk import SERVED, Desk

PAGE = (Path(__file__).parent.parent / "docs/scans-recording.md").read_text(encoding="utf-8")


def test_the_lines_of_the_page_work(tmp_path: Path) -> None:
    """Each line of curl gets the answer that the page shows after it."""
    lines = [block for block in blocks(PAGE) if block.word in ("sh", "json")]
    assert ["run", "output"] * (len(lines) // 2) == [block.role for block in lines]
    with Desk(tmp_path) as desk:
        desk.follow([*SERVED, *lines])


def test_the_python_of_the_page_works() -> None:
    """It records the scan that it says."""
    (code,) = [block.text for block in blocks(PAGE) if block.word == "python"]
    names: dict[str, object] = {}
    exec(
        code.replace(
            "        scan.close()", "        scan.close()\n        found = session.store.scans().load(scan.key)"
        ),
        names,
    )  # the page's own
    found = names["found"]
    assert "CLOSED" == found.state.name  # type: ignore[attr-defined]  # a Scan
    assert [10, 10, 10] == [stream.length for stream in found.streams.values()]  # type: ignore[attr-defined]
