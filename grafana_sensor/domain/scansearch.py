"""Which scans a search means.

Law: every condition must be met. Texts are met whatever their case; `*` at the begin or the end of a text stands for any
characters, `|` parts alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grafana_sensor.domain.errors import ConditionError
from grafana_sensor.domain.scan import IDENTITY
from grafana_sensor.domain.shown import shown

Identity = Mapping[str, str | int]
_Meets = Callable[[str], bool]


def search(identity: Identity) -> Callable[[Identity], bool]:
    """Whether an identity meets all of these; every one does where it is empty.

    Raises ConditionError for a pattern or a field that can't be.

    >>> meant = search({"dataset": "efgh*", "number": 2})
    >>> meant({"name": "ascan", "number": 2, "dataset": "EFGH0001"}), meant({"name": "ascan", "number": 2})
    (True, False)
    """
    tests = {field: _condition(field, wanted) for field, wanted in identity.items()}

    def meant(found: Identity) -> bool:
        return all(field in found and meets(str(found[field]).casefold()) for field, meets in tests.items())

    return meant


def _condition(field: str, wanted: object) -> _Meets:
    if field not in IDENTITY:
        raise ConditionError(f"scans are searched by {', '.join(IDENTITY)}, not by {shown(field)}")
    if field == "number":
        return _number(wanted)
    if not isinstance(wanted, str):
        raise ConditionError(f"{field} is searched by a text, not by {shown(wanted)}")
    alternatives = [_pattern(field, each.strip()) for each in wanted.split("|")]
    return lambda text: any(meets(text) for meets in alternatives)


def _number(wanted: object) -> _Meets:
    texts = str(wanted).split("|") if isinstance(wanted, (int, str)) and not isinstance(wanted, bool) else [""]
    try:
        numbers = {str(int(each)) for each in texts}
    except ValueError:
        raise ConditionError(f"number is searched by a whole number, not by {shown(wanted)}") from None
    return lambda text: text in numbers


def _pattern(field: str, text: str) -> _Meets:
    middle = text.removeprefix("*").removesuffix("*").casefold()
    if not middle or "*" in middle:
        raise ConditionError(
            f"{field} can't be searched by {shown(text)}: a text is met whole, or by 'abc*', '*abc' or '*abc*';"
            f" leave {field} out for any"
        )
    if text.startswith("*") and text.endswith("*"):
        return lambda found: middle in found
    if text.startswith("*"):
        return lambda found: found.endswith(middle)
    if text.endswith("*"):
        return lambda found: found.startswith(middle)
    return lambda found: found == middle
