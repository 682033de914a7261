"""Write the pages that are made from code: docs/cli.md and docs/reference."""

from __future__ import annotations

from tests import docs_cli
from tests.docs.reference import PAGES
from tests.docs.tree import REFERENCE

if __name__ == "__main__":
    docs_cli.PAGE.write_text(docs_cli.page(), encoding="utf-8")
    REFERENCE.mkdir(exist_ok=True)
    for name, made in PAGES.items():
        (REFERENCE / f"{name}.md").write_text(made(), encoding="utf-8")
