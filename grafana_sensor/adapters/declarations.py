"""What a declaration makes of the one that stands: the law that every adapter applies under its own lock."""

from __future__ import annotations

from dataclasses import fields, replace

from grafana_sensor.domain.catalog import Declaration, check_declaration


def amended(attribute: str, old: Declaration, added: Declaration, bits: int) -> Declaration:
    """What is declared of the attribute once `added` is said too; what it leaves None stays.

    `bits`: the kinds of the values there. Raises DeclarationError where they contradict the added kind.
    """
    if added.kind is not None:
        check_declaration(attribute, added.kind, bits)
    said = {field.name: getattr(added, field.name) for field in fields(added)}
    return replace(old, **{name: value for name, value in said.items() if value is not None})
