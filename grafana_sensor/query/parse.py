"""The grammar of query texts: from a text to a plans.Query, or an error that points at the place.

    [SELECT] projection {, projection} [FROM sensors] [WHERE condition {AND condition}] [BY sensor]
    [EVERY duration | auto | all]

Law: pure, and names are not looked up here. Keywords and aggregates in any case; clauses each once and in this
order. A keyword as a name stands in double quotes. Any text gives a Query or an error of domain.errors.
"""

from __future__ import annotations

from typing import Final, NoReturn

from grafana_sensor.domain.conditions import PATTERNS, SENSOR, TIME, Condition
from grafana_sensor.domain.errors import ConditionError, ProjectionError, RangeError
from grafana_sensor.domain.plans import EVERYTHING, Every, Name, Projection, Query
from grafana_sensor.domain.shown import shown
from grafana_sensor.domain.timestamps import parse_duration
from grafana_sensor.query.aggregates import KNOWN, canonical
from grafana_sensor.query.lexer import CLAUSES, KEYWORDS, LISTS, Scanner

_ORDER: Final = "[SELECT] projections [FROM sensors] [WHERE conditions] [BY sensor] [EVERY duration | auto | all]"
_PROJECTION: Final = "an attribute, * or an aggregate like AVG(attribute)"
_AFTER: Final = {
    "FROM": "a comma, WHERE, BY, EVERY or the end (a name with blanks stands in double quotes)",
    "WHERE": "AND, BY, EVERY or the end",
    "BY": "EVERY or the end",
    "EVERY": "the end",
}


def parse_query(text: str) -> Query:
    r"""The query that a text writes.

    Its names, projections and conditions carry their 0-based offsets; conditions on `time` keep the texts
    as written. Raises QuerySyntaxError where the text does not follow the grammar, ProjectionError where raw
    and aggregate projections mix or an aggregate is unknown, ConditionError for a bad pattern, RangeError for
    an impossible EVERY, LimitError for a text of more than 65,536 characters.

    >>> query = parse_query("AVG(temperature) FROM (lab\\.s2|roof (north)) WHERE humidity < 80 EVERY 5m")
    >>> [sensor.text for sensor in query.sensors], query.every
    (['lab.s2', 'roof (north)'], 300000000)
    """
    scanner = Scanner(text)
    scanner.keyword("SELECT")
    found = projections(scanner)
    sensors: tuple[Name, ...] | None = None
    met: tuple[Condition, ...] = ()
    by_sensor, every = False, None
    after, last = "a comma, AS, FROM, WHERE, BY, EVERY or the end", -1
    while not scanner.done():
        at = scanner.at
        clause = scanner.keyword(*CLAUSES)
        if clause is None:
            not_ended(scanner, after)
        place = CLAUSES.index(clause)
        if place <= last:
            wrong = "stands twice" if place == last else f"stands after {CLAUSES[last]}"
            raise scanner.error(f"{clause} {wrong}; the order is {_ORDER}, each once", at)
        if clause == "FROM":
            sensors = _sensors(scanner)
        elif clause == "WHERE":
            met = conditions(scanner)
        elif clause == "BY":
            by_sensor = _by_sensor(scanner)
        else:
            every = _every(scanner)
        after, last = _AFTER[clause], place
    return Query(found, sensors, met, by_sensor, every)


def projections(scanner: Scanner) -> tuple[Projection, ...]:
    """The projections that come next, comma by comma. Raises ProjectionError where raw and aggregate mix."""
    found = projection(scanner)
    while scanner.take(","):
        found += projection(scanner)
    refuse_mix(found)
    return tuple(found)


def projection(scanner: Scanner) -> list[Projection]:
    """The projection that comes next, with its AS name; of a list of attributes one for each."""
    scanner.skip()
    at = scanner.at
    aggregate: str | None = None
    word = scanner.word()
    if word.upper() not in KEYWORDS and word and scanner.next() == "(":
        aggregate = _aggregate(scanner, word, at)
        names, listed = _argument(scanner, aggregate)
    else:
        scanner.at = at
        names, listed = _attributes(scanner, _PROJECTION)
        if listed and (rest := scanner.peek_word()).startswith("."):
            message = f"expected {_PROJECTION}, found {shown(scanner.text[at])}: sensors stand after FROM, as in {rest[1:]} FROM a"
            raise scanner.error(message, at)
    text = scanner.text[at : scanner.at].rstrip()
    alias = _alias(scanner, names, aggregate)
    found = []
    for name in names:
        refuse_reserved(name.text, scanner, at if name.position is None else name.position)
        if listed:
            text = f"{word}({name.text})" if aggregate else name.text
        found.append(Projection(name.text, aggregate, alias, text, scanner.position(at), name.position))
    return found


def _attributes(scanner: Scanner, what: str) -> tuple[list[Name], bool]:
    """The attribute or `*` that comes next, or those of a list, and whether it is a list."""
    if scanner.next() in LISTS:
        return scanner.name_list("an attribute"), True
    at = scanner.at
    return [Name(EVERYTHING, scanner.position(at)) if scanner.take("*") else scanner.name(what)], False


def _alias(scanner: Scanner, names: list[Name], aggregate: str | None) -> str | None:
    """The AS name that comes next, None where none does."""
    scanner.skip()
    place = scanner.at
    if not scanner.keyword("AS"):
        return None
    if len(names) > 1 or (aggregate is None and names[0].text == EVERYTHING):
        what = f"{len(names)} attributes have" if len(names) > 1 else "* stands for"
        raise scanner.error(f"{what} many columns and can't be renamed by one AS", place, ProjectionError)
    return scanner.name("a name after AS").text


def _aggregate(scanner: Scanner, word: str, at: int) -> str:
    aggregate = canonical(word)
    if aggregate is None:
        message = f"unknown aggregate {shown(word)}; known are {KNOWN} (a name with brackets stands in double quotes)"
        raise scanner.error(message, at, ProjectionError)
    scanner.take("(")
    return aggregate


def _argument(scanner: Scanner, aggregate: str) -> tuple[list[Name], bool]:
    """What _attributes gives, up to the closing bracket of an aggregate; the opening one is past."""
    scanner.skip()
    at = scanner.at
    names, listed = _attributes(scanner, f"an attribute after '{aggregate}('")
    if aggregate != "CNT" and any(name.text == EVERYTHING for name in names):
        raise scanner.error(f"{aggregate} takes an attribute; * is only for CNT(*)", at, ProjectionError)
    if not scanner.take(")"):
        scanner.expected("')' after the attribute (a name with blanks or brackets stands in double quotes)")
    return names, listed


def refuse_reserved(attribute: str, scanner: Scanner, at: int) -> None:
    """Raises ProjectionError for `time` and `sensor`."""
    if attribute in (TIME, SENSOR):
        message = f"{attribute!r} is no attribute to project: every row gives its time and its sensor"
        raise scanner.error(message, at, ProjectionError)


def refuse_mix(found: list[Projection]) -> None:
    """Raises ProjectionError, at the first that differs, where raw and aggregate projections mix."""
    for other in found[1:]:
        if (other.aggregate is None) is not (found[0].aggregate is None):
            raise ProjectionError(
                f"raw and aggregate projections do not mix: {shown(found[0].text)} and {shown(other.text)}",
                position=other.position,
            )


def _sensors(scanner: Scanner) -> tuple[Name, ...]:
    names: list[Name] = []
    while True:
        if scanner.next() in LISTS:
            names += scanner.name_list("a sensor")
        else:
            names.append(scanner.sensor())
        if not scanner.take(","):
            return tuple(names)


def conditions(scanner: Scanner) -> tuple[Condition, ...]:
    """The conditions that come next, AND by AND."""
    found = [_condition(scanner)]
    while scanner.keyword("AND"):
        found.append(_condition(scanner))
    return tuple(found)


def _condition(scanner: Scanner) -> Condition:
    scanner.skip()
    at = scanner.at
    attribute = scanner.name("an attribute").text
    scanner.skip()
    place = scanner.at
    operator = scanner.operator() or scanner.keyword("IN", "EXISTS")
    if operator is None:
        scanner.expected("an operator (= != < <= > >= =~ !~ IN EXISTS)")
    refuse_time_pattern(attribute, operator, scanner.position(place))
    name = attribute == SENSOR
    values: tuple[str, ...] = ()
    if operator == "IN":
        values = _choices(scanner, name)
    elif operator != "EXISTS":
        values = (scanner.value(operator, pattern=operator in PATTERNS, name=name),)
    return Condition(attribute, operator, values, scanner.position(at))


def _choices(scanner: Scanner, name: bool) -> tuple[str, ...]:
    if not scanner.take("("):
        scanner.expected("'(' after 'IN'")
    values = [scanner.value("IN (", name=name)]
    while scanner.take(","):
        values.append(scanner.value(",", name=name))
    if not scanner.take(")"):
        scanner.expected("a comma or ')'")
    return tuple(values)


def refuse_time_pattern(attribute: str, operator: str, position: int | None = None) -> None:
    """Raises ConditionError for a pattern on `time`, which is no text."""
    if attribute == TIME and operator in PATTERNS:
        raise ConditionError(f"'time' can't be matched by {operator}: compare it by = != < <= > >=", position=position)


def not_ended(scanner: Scanner, expected: str) -> NoReturn:
    """Raises QuerySyntaxError: what comes next is not what may."""
    if scanner.peek_word().upper() == "OR":
        message = "OR is not in the grammar: conditions are joined by AND; for several values use IN (v, …)"
        raise scanner.error(message, scanner.at)
    scanner.expected(expected)


def _by_sensor(scanner: Scanner) -> bool:
    if not scanner.keyword("SENSOR"):
        scanner.expected("'sensor' after 'BY'")
    return True


def _every(scanner: Scanner) -> Every:
    scanner.skip()
    at = scanner.at
    word = scanner.word()
    if not word:
        scanner.expected("a duration like 5m, auto or all after 'EVERY'")
    try:
        return every_of(word)
    except RangeError as error:
        raise scanner.error(error.message, at, RangeError) from None


def every_of(text: str) -> Every:
    """The width of buckets that a text names. Raises RangeError where it is no duration, auto or all.

    >>> every_of("5m"), every_of("AUTO")
    (300000000, 'auto')
    """
    match text.strip().lower():
        case "auto":
            return "auto"
        case "all":
            return "all"
    return parse_duration(text.strip())
