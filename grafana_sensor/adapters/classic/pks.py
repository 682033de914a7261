"""The pk of a record, and the record id that it stands for.

Law: one is made of the other without loss: records keep their order within equal times, and nothing is kept for it.
"""

from __future__ import annotations

import re
from typing import Final

from grafana_sensor.domain.columns import RecordId
from grafana_sensor.service.ids import record_text

_DIGITS: Final = 8
_generated = re.compile(rf"([0-9a-f]{{32}})-([0-9a-f]{{{_DIGITS}}})").fullmatch


def pk_of(identity: RecordId) -> str:
    """The pk: `batch-position` as it is told to users, or the caller's own.

    >>> pk_of(("06474846204000000000000000000000", 10)), pk_of(("door-1", -1))
    ('06474846204000000000000000000000-0000000a', 'door-1')
    """
    return record_text(*identity)


def id_of(pk: str) -> RecordId:
    """The record id of a pk; no caller's has the form of those that are given here.

    >>> id_of("06474846204000000000000000000000-0000000a"), id_of("door-1")
    (('06474846204000000000000000000000', 10), ('door-1', -1))
    """
    found = _generated(pk)
    return (found[1], int(found[2], 16)) if found else (pk, -1)
