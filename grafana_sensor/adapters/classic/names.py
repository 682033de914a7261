"""Names of the tables of attributes.

Law: an attribute has a table for its numbers and one for its texts, each made when it is first needed. The name is a
function of the attribute and the kind alone, of at most 48 characters of a-z, 0-9 and _, and two never share one. What
can be a table's name is one as it stands; another is escaped, and read back; one that is too long for that keeps its
beginning and 160 bits of its hash, and is found by the attributes that the catalog lists.
"""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256
from typing import Final

from grafana_sensor.domain.columns import NUMBER, TEXT

LONGEST: Final = 48
OWN: Final = frozenset({"metadata", "metadata_reverse", "sensors", "sensor", "key"})
"""The names of the other tables of a keyspace."""

# Nothing that stands as it is has two _ in a row, which all the beginnings have.
_PLAIN: Final = {NUMBER: "", TEXT: "t__"}
_ESCAPED: Final = {NUMBER: "x__", TEXT: "y__"}
_HASHED: Final = {NUMBER: "h__", TEXT: "i__"}
_READABLE: Final = 11

_is_plain = re.compile(rf"(?!.*__)[a-z][a-z0-9_]{{0,{LONGEST - 4}}}").fullmatch
_escapes: Final = re.compile(r"_(_|[0-9a-f]+_)")


def table_name(attribute: str, kind: int) -> str:
    """The name of the table of the attribute's numbers, or texts (`kind`: NUMBER or TEXT).

    >>> table_name("air_temperature", NUMBER), table_name("air_temperature", TEXT), table_name("wind speed", NUMBER)
    ('air_temperature', 't__air_temperature', 'x__wind_20_speed')
    """
    if _is_plain(attribute) and attribute not in OWN:
        return _PLAIN[kind] + attribute
    escaped = _ESCAPED[kind] + "".join(map(_escaped, attribute))
    if len(escaped) <= LONGEST:
        return escaped
    readable = re.sub(r"[^a-z0-9]+", "_", attribute.lower())[:_READABLE]
    digest = b32encode(sha256(attribute.encode("utf-8", "surrogatepass")).digest()[:20]).decode("ascii").lower()
    return f"{_HASHED[kind]}{readable}__{digest}"


def attribute_of(table: str) -> tuple[str, int] | None:
    """The attribute and the kind that a table is of; None where the name holds only a hash, or is no attribute's.

    >>> attribute_of("x__wind_20_speed"), attribute_of("sensors")
    (('wind speed', 1), None)
    """
    for kind in (NUMBER, TEXT):
        if table.startswith(_ESCAPED[kind]):
            return _escapes.sub(_unescaped, table.removeprefix(_ESCAPED[kind])), kind
        plain = table.removeprefix(_PLAIN[kind])
        if _PLAIN[kind] + plain == table and plain not in OWN and _is_plain(plain):
            return plain, kind
    return None


def _escaped(character: str) -> str:
    if character == "_":
        return "__"
    return character if re.fullmatch("[a-z0-9]", character) else f"_{ord(character):x}_"


def _unescaped(match: re.Match[str]) -> str:
    return "_" if match[1] == "_" else chr(int(match[1][:-1], 16))
