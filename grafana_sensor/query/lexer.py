"""A cursor over a query text: blanks, names, values, operators and lists, and errors that point at the place.

Law: what a name or a value is depends on where it stands, so the grammar asks and the scanner reads; nothing
is cut into tokens ahead. Each character is read a bounded number of times, so the time is linear in the text.

Where a name stands, a backslash before a character of ESCAPED is taken off. In a quoted text it goes only
before a quote or a backslash, in a pattern only before the pattern's own quote: the rest is the pattern's.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NoReturn

from grafana_sensor.domain.errors import BadRequest, LimitError, QuerySyntaxError
from grafana_sensor.domain.plans import Name
from grafana_sensor.domain.shown import shown

MAX_TEXT: Final = 65_536
"""Characters of a query text."""

ESCAPED: Final = frozenset("\\^$*+?.()|{}[]/-")
"""What Grafana and JavaScript put a backslash before when they write a name as a regular expression."""

CLAUSES: Final = ("FROM", "WHERE", "BY", "EVERY")
"""In their order."""
KEYWORDS: Final = frozenset((*CLAUSES, "SELECT", "AND", "AS"))
"""What can't be a bare name. IN and EXISTS stand where no name can."""

LISTS: Final = {"(": (")", "|"), "{": ("}", ",")}
"""By its opening bracket, the closing one and the separator of a list of names."""

_VARIABLE = re.compile(r"\$\{[^}]{0,200}\}|\$[^\W\d]\w*|\[\[[^\]]{0,200}\]\]")
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\.)*+){quote}", re.DOTALL) for quote in "\"'"}
_NAME_ESCAPE = re.compile(r"\\([\\^$*+?.()|{}\[\]/\-])")
_QUOTED_NAME_ESCAPE = re.compile(r"\\([\\^$*+?.()|{}\[\]/\-'\"])")
_TEXT_ESCAPE = re.compile(r"\\([\\'\"])")
_OPERATOR = re.compile(r"=~|!~|!=|<=|>=|=|<|>")
_EVERYTHING = re.compile(r"\.?\*(?=[\s,]|\Z)")
_BLANKS = re.compile(r"\s*")
_MARKS = frozenset("_.:/-")


def plain_name(raw: str) -> str:
    r"""The name without the backslashes that Grafana puts before regex-special characters.

    >>> plain_name(r"weather\/roof \(north\)")
    'weather/roof (north)'
    """
    return _NAME_ESCAPE.sub(r"\1", raw)


def variable_in(text: str) -> str | None:
    """The first `$x`, `${x}` or `[[x]]` in a text, None where there is none.

    >>> variable_in("temperature_${room}"), variable_in("a$")
    ('${room}', None)
    """
    found = _VARIABLE.search(text)
    return found[0] if found else None


def refuse_variable(text: str, position: int | None = None) -> None:
    """Raises QuerySyntaxError where the text is, as a whole, a variable that Grafana should have expanded."""
    if _VARIABLE.fullmatch(text.strip()):
        raise QuerySyntaxError(_unexpanded(text.strip()), position=position)


def _unexpanded(variable: str) -> str:
    return (
        f"{shown(variable)} was left unexpanded by Grafana: does the dashboard have that variable,"
        " and are variables expanded here?"
    )


def _capitals(word: str) -> str:
    # Of ASCII only: "ﬁ".upper() is "FI", and a name with it is no keyword.
    return word.upper() if word.isascii() else ""


def _is_name_character(character: str) -> bool:
    # A mark is a part of the letter before it; in many scripts a word can't be written without.
    return character.isalnum() or character in _MARKS or unicodedata.category(character)[0] == "M"


class Scanner:
    """The cursor. `field`: the request's field that the text came in; None for a query text.

    Offsets are 0-based, of characters. A field's names carry no position, and its errors name the field.
    Raises LimitError for a text of more than MAX_TEXT characters, QuerySyntaxError for a lone surrogate.
    """

    def __init__(self, text: str, field: str | None = None) -> None:
        self.text = text
        self.field = field
        self.at = 0
        if len(text) > MAX_TEXT:
            raise self.error(
                f"a query text of {len(text):,} characters is over the limit of {MAX_TEXT:,}", 0, LimitError
            )
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self.error("half of a surrogate pair is no character", error.start) from None

    def error(
        self, message: str, at: int, kind: type[BadRequest | LimitError] = QuerySyntaxError
    ) -> BadRequest | LimitError:
        """An error about the place `at`."""
        if self.field is None:
            return kind(message, position=at)
        return kind(f"{self.field}: {message} (at offset {at})")

    def expected(self, what: str, at: int | None = None) -> NoReturn:
        """Raises QuerySyntaxError: `what` should stand at `at` (here by default), and something else does."""
        if at is None:
            self.skip()
            at = self.at
        variable = _VARIABLE.match(self.text, at)
        if variable:
            raise self.error(_unexpanded(variable[0]), at)
        hint = " (a name with @ in it stands in double quotes)" if self.text[at : at + 1] == "@" else ""
        raise self.error(f"expected {what}, found {self._found(at)}{hint}", at)

    def position(self, at: int) -> int | None:
        """The position that a value carries which was read at `at`."""
        return at if self.field is None else None

    def _found(self, at: int) -> str:
        if at >= len(self.text):
            return "end of text"
        return shown(self.text[at : max(self._word_end(at, ""), at + 1)])

    def skip(self) -> None:
        """Go past blanks."""
        blanks = _BLANKS.match(self.text, self.at)
        self.at = blanks.end() if blanks else self.at

    def done(self) -> bool:
        """Whether only blanks are left."""
        self.skip()
        return self.at >= len(self.text)

    def next(self) -> str:
        """The next character that is no blank; empty at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def take(self, character: str) -> bool:
        """Go past this character where it is the next one."""
        if self.next() != character:
            return False
        self.at += 1
        return True

    def peek_word(self) -> str:
        """The bare word that comes next, as written; empty where none does."""
        self.skip()
        return self.text[self.at : self._word_end(self.at, "")]

    def word(self, more: str = "") -> str:
        """The bare word that comes next, as written, and go past it. `more`: characters that it may have too."""
        self.skip()
        start, self.at = self.at, self._word_end(self.at, more)
        return self.text[start : self.at]

    def keyword(self, *words: str) -> str | None:
        """Go past the next word where it is one of these (in any case), and return it in capitals."""
        word = self.peek_word()
        capitals = _capitals(word)
        if capitals not in words:
            return None
        self.at += len(word)
        return capitals

    def operator(self) -> str | None:
        """The comparison or pattern operator that comes next, None where there is none; go past it."""
        self.skip()
        found = _OPERATOR.match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[0]

    def _word_end(self, at: int, more: str) -> int:
        text = self.text
        while at < len(text):
            if _is_name_character(text[at]) or text[at] in more:
                at += 1
            elif text[at] == "\\" and text[at + 1 : at + 2] in ESCAPED:
                at += 2
            else:
                break
        return at

    def quoted(self) -> str:
        """What stands between the quote that comes next and its partner, as written; go past it."""
        found = _QUOTED[self.next()].match(self.text, self.at)
        if not found:
            raise self.error(f"the text that starts here is not closed: expected {self.text[self.at]}", self.at)
        self.at = found.end()
        return found[1]

    def name(self, what: str) -> Name:
        """The bare or double-quoted name that comes next; `what` says in errors what it would be of."""
        quoted = self.next() == '"'
        at = self.at
        if quoted:
            raw = self.quoted()
            self._refuse_variable(raw, at)
            return self._named(_QUOTED_NAME_ESCAPE.sub(r"\1", raw), at)
        raw = self.word()
        if not raw:
            self.expected(what)
        self._refuse_keyword(raw, at)
        return self._named(plain_name(raw), at)

    def sensor(self) -> Name:
        r"""As name; a bare one with an escaped character runs over blanks, to a comma or the next clause.

        Only Grafana escapes, and it writes a single value without brackets: `weather\/roof \(north\)`.
        Without an escape a second word is an error as elsewhere. `*` and `.*` stand for all sensors.
        """
        quoted = self.next() == '"'
        start = self.at
        if everything := _EVERYTHING.match(self.text, start):
            self.at = everything.end()
            return Name(everything[0], self.position(start))
        name = self.name("a sensor")
        if quoted:
            return name
        end = self.at
        escaped = "\\" in self.text[start:end]
        while (word := self.peek_word()) and _capitals(word) not in CLAUSES:
            self.at += len(word)
            escaped = escaped or "\\" in word
            if escaped:
                end = self.at
        self.at = end
        return self._named(plain_name(self.text[start:end]), start)

    def name_list(self, what: str) -> list[Name]:
        """The names of a `( | )` or `{ , }` that comes next; go past it. `what` says in errors what they are of.

        A name runs to its separator, blanks and balanced brackets too; escaped ones don't count as such.
        """
        opening = self.next()
        closing, separator = LISTS[opening]
        opened = self.at
        self.at += 1
        names = self._elements(what, separator, opening, closing)
        if self.at >= len(self.text):
            raise self.error(f"the list that starts here is not closed: expected {closing!r}", opened)
        self.at += 1
        return names

    def names_to_end(self, what: str) -> list[Name]:
        """The names up to the end of the text, with commas between them, each with blanks and brackets."""
        return self._elements(what, ",", "", "")

    def _elements(self, what: str, separator: str, opening: str, closing: str) -> list[Name]:
        """The names up to a closing bracket whose opening one is not among them, or to the end."""
        names, depth = [], 0
        while True:
            if self.next() == '"':
                names.append(self.name(what))
                if self.next() not in (separator, closing, ""):
                    self.expected(f"{separator!r} or {closing!r}" if closing else f"{separator!r} or the end")
            else:
                start = self.at
                depth = self._run(separator, opening, closing, depth)
                names.append(self._element(what, start))
            if self.text[self.at : self.at + 1] != separator:
                return names
            self.at += 1

    def _run(self, separator: str, opening: str, closing: str, depth: int) -> int:
        """Go to the end of a list's element; the depth of brackets there."""
        text = self.text
        while self.at < len(text) and text[self.at] != separator:
            character = text[self.at]
            if character == closing and not depth:
                break
            depth += (character == opening) - (character == closing)
            self.at += 2 if character == "\\" and text[self.at + 1 : self.at + 2] in ESCAPED else 1
        return depth

    def _element(self, what: str, start: int) -> Name:
        raw = self.text[start : self.at].rstrip()
        if not raw:
            self.expected(what, start)
        self._refuse_variable(raw, start)
        return self._named(plain_name(raw), start)

    def value(self, after: str, *, pattern: bool = False, name: bool = False) -> str:
        """The value that comes next: a quoted text, or a bare number or word.

        `after`: what it follows, for errors. `pattern`: backslashes are kept. `name`: the value names a
        sensor, so Grafana may have escaped it in quotes too.
        """
        quote = self.next()
        at = self.at
        if quote and quote in _QUOTED:
            raw = self.quoted()
            if pattern:
                return re.sub(r"\\(.)", lambda m: quote if m[1] == quote else m[0], raw, flags=re.DOTALL)
            self._refuse_variable(raw, at)
            return (_QUOTED_NAME_ESCAPE if name else _TEXT_ESCAPE).sub(r"\1", raw)
        raw = self.word("+")
        if not raw:
            self.expected(f"a number or text after {after!r}")
        self._refuse_keyword(raw, at)
        return raw if pattern else plain_name(raw)

    def _refuse_keyword(self, raw: str, at: int) -> None:
        if _capitals(raw) in KEYWORDS:
            raise self.error(
                f"{raw!r} is a keyword here: where it is meant as it stands, write it in double quotes", at
            )

    def _refuse_variable(self, raw: str, at: int) -> None:
        if _VARIABLE.fullmatch(raw.strip()):
            raise self.error(_unexpanded(raw.strip()), at)

    def _named(self, text: str, at: int) -> Name:
        if not text:
            raise self.error("a name can't be empty", at)
        return Name(text, self.position(at))
