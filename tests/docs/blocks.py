"""The fenced blocks of a page, and what each is to whoever runs the page.

A comment `<!-- file: NAME -->` before a block makes it a file, `<!-- the server is stopped -->` says just that. A block of json, text or csv that follows one that is run,
with no other between them, is what that prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["run", "serve", "file", "output", "other"]

RUN: Final = frozenset({"sh", "bash", "console", "python"})
OUTPUT: Final = frozenset({"json", "text", "csv"})
SERVING: Final = re.compile(r"(?:grafana-sensor (?:serve|demo)\b(?!.*--url)|make demo\b)[^\n]*")

_FENCE: Final = re.compile(
    r"^(?P<indent> *)(?P<ticks>```+)(?P<word>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=indent)(?P=ticks)$",
    re.MULTILINE | re.DOTALL,
)
_FILE: Final = re.compile(r"<!-- file: (\S+) -->\s*\Z")
_STOPPED: Final = re.compile(r"<!-- the server is stopped -->\s*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fence of a page: its line, from 1, the word behind its ticks, and its text without the indent.

    `file`: the name of the file that it is. `stopped`: no server of the page runs any more.
    """

    line: int
    word: str
    text: str
    role: Role
    file: str | None = None
    stopped: bool = False


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    found: list[Block] = []
    for match in _FENCE.finditer(page):
        indent = match["indent"]
        text = "".join(line.removeprefix(indent) for line in match["text"].splitlines(keepends=True))
        named = _FILE.search(page[: match.start()])
        after = found[-1].role if found else "other"
        found.append(
            Block(
                page.count("\n", 0, match.start()) + 1,
                match["word"],
                text,
                _role(match["word"], text, after, is_file=named is not None),
                named and named[1],
                _STOPPED.search(page[: match.start()]) is not None,
            )
        )
    return found


def _role(word: str, text: str, after: Role, *, is_file: bool) -> Role:
    if is_file:
        return "file"
    if word in RUN:
        return "serve" if SERVING.fullmatch(text.strip()) else "run"
    return "output" if word in OUTPUT and after == "run" else "other"
