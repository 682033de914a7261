"""The walk from a nested record to its leaves.

Law: iterative, with a stack of its own no deeper than the limit, so that depth can't exhaust Python's; memory is
bounded by the limits, not by the input. Leaves come in the order of the record. Null and empty objects and lists
have no leaf. A key is text without U+0000 and lone surrogates; a value is an object, a list, a text, a number, a
boolean or null, as Python's own types or numpy's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from grafana_sensor.domain.errors import RecordError
from grafana_sensor.domain.limits import Limits
from grafana_sensor.domain.names import Path
from grafana_sensor.domain.shown import named_kind, shown

Leaf = tuple[Path, str, str, object]
"""The path of the object or list a value stands in, its key there, both joined by `_`, and the value."""

_SCALARS = frozenset({str, int, float, bool})
_Items = Iterator[tuple[str, object]]


def leaves_of(record: Mapping[str, object], limits: Limits) -> list[Leaf]:
    """The leaves of `record`, in its order.

    Raises RecordError when it nests too deep, has too many leaves, or holds a key or value that can't be stored.
    """
    found: list[Leaf] = []
    most, longest = limits.attributes, limits.name
    stack: list[tuple[Path, str, _Items]] = [((), "", _items(record, ()))]
    while stack:
        path, prefix, items = stack[-1]
        for key, value in items:
            if type(value) in _SCALARS:
                if len(found) == most:
                    raise RecordError(f"the record has more attributes than the limit of {most:,}")
                name = prefix + key
                if len(name) > longest:
                    raise too_long(name, limits)
                found.append((path, key, name, value))
            elif value is None:
                continue
            elif isinstance(value, (dict, list, tuple, Mapping)):
                if value:
                    _check_entry(path, prefix + key, len(stack), limits)
                    inner = (*path, key)
                    stack.append((inner, f"{prefix}{key}_", _items(value, inner)))
                    break
            else:
                # a list of one, so that the walk meets the plain value in this place
                stack.append((path, prefix, iter([(key, _plain(value, (*path, key)))])))
                break
        else:
            stack.pop()
    return found


def without(record: Mapping[str, object], path: Path) -> Mapping[str, object]:
    """A copy of `record` in which the value at `path`, which must be there, is null and so leaves no leaf.

    Only what the path meets is copied, a list as the object of its indexes: its leaves have the same paths.
    """
    top = node = dict(record)
    for part in path[:-1]:
        inner: Any = node[part]
        below = dict(inner if isinstance(inner, Mapping) else _indexed(inner))
        node[part] = below
        node = below
    node[path[-1]] = None
    return top


def dotted(path: Iterable[str]) -> str:
    """A path as messages show it, its parts joined by dots, quoted and cut."""
    return shown(".".join(path))


def too_long(name: str, limits: Limits) -> RecordError:
    """The error for an attribute's name that is too long."""
    return RecordError(
        f"the attribute name {shown(name)} has {len(name):,} characters, more than the limit of {limits.name}"
    )


def check_text(text: str, limits: Limits) -> None:
    """Raises RecordError when a text value can't be stored: too long, U+0000 or a lone surrogate in it."""
    if 4 * len(text) > limits.text:
        _check_length(text, limits)
    if "\0" in text:
        raise RecordError("the text holds the character U+0000, which can't be stored")
    if not text.isascii() and _has_surrogate(text):
        raise RecordError("the text holds a lone surrogate, which is no character")


def _check_length(text: str, limits: Limits) -> None:
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > limits.text:
        raise RecordError(f"the text has {size:,} bytes in UTF-8, more than the limit of {limits.text:,}")


def _check_entry(path: Path, name: str, depth: int, limits: Limits) -> None:
    if depth >= limits.nesting:
        raise RecordError(f"the record is nested deeper than the limit of {limits.nesting} levels")
    if len(name) > limits.name:
        raise RecordError(f"the names below {dotted(path)} are longer than the limit of {limits.name} characters")


def _items(node: Mapping[str, object] | Sequence[object], path: Path) -> _Items:
    if isinstance(node, (dict, Mapping)):
        _check_keys(node, path)
        return iter(node.items())
    return _indexed(node)


def _indexed(values: Sequence[object]) -> _Items:
    return ((str(index), value) for index, value in enumerate(values))


def _check_keys(node: Mapping[Any, object], path: Path) -> None:
    """All keys at once: a look at each of them would cost as much as all the rest."""
    try:
        joined = "".join(node)
    except TypeError:
        wrong = next(key for key in node if not isinstance(key, str))
        where = f" in {dotted(path)}" if path else ""
        raise RecordError(f"a key{where} is {named_kind(wrong)}, {shown(wrong)}; keys are texts") from None
    if "\0" in joined:
        wrong = next(key for key in node if "\0" in key)
        raise RecordError(f"the name {dotted((*path, wrong))} holds the character U+0000, which can't be stored")
    if not joined.isascii() and _has_surrogate(joined):
        wrong = next(key for key in node if _has_surrogate(key))
        raise RecordError(f"the name {dotted((*path, wrong))} holds a lone surrogate, which is no character")


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _plain(value: object, path: Path) -> object:
    """The value of one of Python's own types that a subclass or a numpy scalar stands for."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    kind = named_kind(value)
    raise RecordError(
        f"the field {dotted(path)} is {kind}; a value is an object, a list, a text, a number, a boolean or null"
    )
