from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks
from tests.docs.desk import Desk
from tests.docs.followed import DRAWN, FOLLOWED, NOT_RUN, OWN
from tests.docs.tree import ROOT, pages

PAGES = dict(pages())


def is_listed(page: str, block: Block) -> bool:
    """Whether the block is one that can't run here."""
    return any(page == name and block.text.startswith(start) for name, start in NOT_RUN)


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_page_can_be_followed(page: str, tmp_path: Path) -> None:
    """From top to bottom every command of the page does what it is there for, and prints what the page shows."""
    with Desk(tmp_path) as desk:
        desk.follow([block for block in blocks(PAGES[page]) if not is_listed(page, block)])


def test_every_block_is_somebodys() -> None:
    """Each fenced block of each page is run at a desk, by a test of the page's own, or is listed with a reason."""
    alone = []
    for page, text in PAGES.items():
        for block in blocks(text):
            followed = page in FOLLOWED and block.role != "other"
            own = page in OWN and block.word in OWN[page][1]
            if not (followed or own or page in DRAWN or is_listed(page, block)):
                alone.append(f"{page}:{block.line}")
    assert [] == alone


def test_the_lists_name_what_there_is() -> None:
    """The pages, tests and blocks of the lists exist; a page's own test names the page."""
    assert {*FOLLOWED, *OWN, *DRAWN, *(page for page, _ in NOT_RUN)} <= PAGES.keys()
    for page, start in NOT_RUN:
        assert 1 == sum(block.text.startswith(start) for block in blocks(PAGES[page])), (page, start)
    for page, (test, _) in OWN.items():
        name = page.rpartition("/")[2]
        assert name in (ROOT / test).read_text(encoding="utf-8"), (page, test)


def test_make_demo_is_what_is_followed_for_it() -> None:
    """The recipe is the command that stands for it when a page is followed."""
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo: $(VENV)/.run\n\t$(BIN)/grafana-sensor demo $(ARGS)\n" in recipes
