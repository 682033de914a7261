from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks
from tests.docs.desk import Desk, compare

PAGE = """\
Text.

```sh
export A=1
```

```text
1
```

1. An item:

    ```python
    if True:
        print(1)
    ```

<!-- file: a.csv -->

```csv
a
```

```json
{}
```

```sh
grafana-sensor serve --workers 1
```

<!-- the server is stopped -->

```sh
grafana-sensor demo --live --url http://x
```

```
a drawing
```
"""


def test_a_page_falls_into_its_blocks() -> None:
    """Each fence is what its word, the comment before it and the block above make of it, without its indent."""
    found = [(block.line, block.role, block.text) for block in blocks(PAGE)]
    assert [
        (3, "run", "export A=1\n"),
        (7, "output", "1\n"),
        (13, "run", "if True:\n    print(1)\n"),
        (20, "file", "a\n"),
        (24, "other", "{}\n"),
        (28, "serve", "grafana-sensor serve --workers 1\n"),
        (34, "run", "grafana-sensor demo --live --url http://x\n"),
        (38, "other", "a drawing\n"),
    ] == found
    assert [34] == [block.line for block in blocks(PAGE) if block.stopped]


@pytest.mark.parametrize(
    ("word", "text", "printed", "equal"),
    [
        ("text", "a\nb...d\n", "a \nbcd\n", True),
        ("text", "a\n", "a\nb\n", False),
        ("text", "a.c\n", "abc\n", False),
        ("json", '{"a": 1, "b": "..."}', '{"a":1,"b":[2]}', True),
        ("json", '{"a": 1.0}', '{"a":1}', False),
        ("json", '{"b": 1, "a": 2}', '{"a": 2, "b": 1}', False),
        ("json", "[1]", "[1, 2]", False),
    ],
)
def test_what_is_printed_is_compared(word: str, text: str, printed: str, equal: bool) -> None:
    """Texts go line by line, JSON by its values, types and order; three dots are anything."""
    block = Block(1, word, text, "output")
    if equal:
        compare(block, printed)
    else:
        with pytest.raises(AssertionError):
            compare(block, printed)


def test_a_desk_keeps_what_a_shell_keeps(tmp_path: Path) -> None:
    """Exports and the folder go on from block to block; other variables don't; files are there for all."""
    page = """\
```sh
mkdir deeper
cd deeper
export A='x y'
B=1
```

```sh
echo "$A ${B-none}"
basename "$PWD"
```

```text
x y none
deeper
```

<!-- file: f.txt -->

```text
words
```

```sh
cat ../f.txt
```

```text
words
```

```python
import os

print(os.environ["A"])
```

```text
x y
```
"""
    with Desk(tmp_path) as desk:
        desk.follow(blocks(page))


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    """A block fails where any of its commands does, in a pipe too, and with it the page."""
    for script in ("false\ntrue\n", "false | true\n", "echo $unset\n"):
        folder = tmp_path / str(len(script))
        folder.mkdir()
        with Desk(folder) as desk, pytest.raises(AssertionError, match="line 3"):
            desk.follow([Block(3, "sh", script, "run")])


def test_a_refusal_that_is_not_shown_is_told(tmp_path: Path) -> None:
    """An answer of 4xx fails the page, unless the page shows it."""
    serving = "```sh\nexport GRAFANA_SENSOR_STORE=sqlite:s\n```\n```sh\ngrafana-sensor serve --workers 1\n```\n"
    asking = "```sh\ncurl http://127.0.0.1:8000/api/v1/query\n```\n"
    shown = '```json\n{"message": "...", "error": "..."}\n```\n'
    with Desk(tmp_path) as desk:
        desk.follow(blocks(serving + asking + shown))
        with pytest.raises(AssertionError, match="error: 401"):
            desk.follow(blocks(asking))
