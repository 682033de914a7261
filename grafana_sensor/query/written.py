"""Names and values as a query text writes them.

Law: what is written reads back as the same name or value, whatever characters it has; but what looks like a variable of
Grafana's (`$x`, `${x}`, `[[x]]`) is refused wherever it is read.
"""

from __future__ import annotations

import re

from grafana_sensor.query.lexer import KEYWORDS

_BARE = re.compile(r"[A-Za-z0-9_.:/-]+").fullmatch


def written_name(name: str) -> str:
    r"""The name, in double quotes where it must be.

    >>> written_name("air_t"), written_name('wind "N"'), written_name("from")
    ('air_t', '"wind \\"N\\""', '"from"')
    """
    if _BARE(name) and name.upper() not in KEYWORDS:
        return name
    return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'


def written_text(text: str) -> str:
    r"""The text value in single quotes.

    >>> written_text("it's")
    "'it\\'s'"
    """
    return "'" + re.sub(r"([\\'])", r"\\\1", text) + "'"
