"""Runs the program that writes to us as Telegraf does: telegraf/.

Law: as that of readers.py, by which it is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tests.plugins.readers import HERE, missing, run

TELEGRAF: Final = HERE.parent.parent / "build" / "telegraf"


def written_by_telegraf(cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What became of each case's `metrics` under its `config`: how many are `kept` to be sent again, and an `error`.

    A metric has a `measurement`, `tags`, `fields` and a `time` in ns.
    """
    if not TELEGRAF.is_file():
        missing("the program that go builds")
    return run([str(TELEGRAF)], cases)
