"""The values of a long JSON text, one by one, as they are written.

Law: the text is the elements of one array, or values one after the other. It is read in pieces, and no more of it is
held than the longest value takes. Values are found, not understood: who ingests them parses them again.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Final, Protocol

from grafana_sensor.domain.errors import BadRequest

Raw = tuple[bytes, int]
"""A record as it stands in the file, and its line there, from 1."""

_PIECE: Final = 2**20
_BLANKS: Final = re.compile(r"[ \t\r\n]*")


class Stream(Protocol):
    """What is read of a file."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""

    def readline(self, size: int, /) -> bytes:
        """The next line, or as much of it as `size` allows."""


class JsonValues:
    """Iterates once; a value is at most `longest` characters long.

    Raises BadRequest, which names the line, where the text is no JSON, not UTF-8, or a value is longer.
    """

    def __init__(self, stream: Stream, longest: int) -> None:
        self._stream = stream
        self._longest = longest
        self._text = ""
        self._place = 0
        self._line = 1
        self._ended = False
        self._bytes = codecs.getincrementaldecoder("utf-8-sig")()
        # Numbers of any length are let pass as texts.
        self._decode = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse).raw_decode

    def __iter__(self) -> Iterator[Raw]:
        if self._peek() != "[":
            while self._peek():
                yield self._value()
            return
        yield from self._elements()
        if self._peek():
            raise self._wrong("there is more after the end of the array")

    def _elements(self) -> Iterator[Raw]:
        self._place += 1
        if self._peek() == "]":
            self._place += 1
            return
        while True:
            yield self._value()
            mark = self._peek()
            if mark not in {",", "]"}:
                raise self._wrong(f"',' or ']' expected, not {mark!r}" if mark else "the array has no end")
            self._place += 1
            if mark == "]":
                return

    def _peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        while True:
            found = _BLANKS.match(self._text, self._place)
            self._move(self._place if found is None else found.end())
            if self._place < len(self._text) or self._ended:
                return self._text[self._place : self._place + 1]
            self._more()

    def _value(self) -> Raw:
        self._peek()
        while (end := self._end()) is None:
            self._more()
        line, value = self._line, self._text[self._place : end]
        self._move(end)
        return value.encode(), line

    def _end(self) -> int | None:
        """Where the value here ends; None where more of the text may tell."""
        try:
            _, end = self._decode(self._text, self._place)
            wrong = None
        except json.JSONDecodeError as error:
            end, wrong = error.pos, error.msg
        except RecursionError:
            raise self._wrong("nested too deep to be read") from None
        if wrong is None and (self._ended or end < len(self._text)):
            return end
        if self._ended:
            self._move(max(end, self._place))
            raise self._wrong(f"invalid JSON: {wrong}")
        if len(self._text) - self._place > self._longest:
            raise self._wrong(f"no end within {self._longest:,} characters, the limit of one record")
        return None

    def _more(self) -> None:
        """Read on, as much again as is held, so that a long value is tried anew a few times only."""
        piece = self._stream.read(max(_PIECE, len(self._text) - self._place))
        self._ended = not piece
        try:
            text = self._bytes.decode(piece, final=self._ended)
        except UnicodeDecodeError:
            raise self._wrong("not UTF-8, here or further on") from None
        self._text = self._text[self._place :] + text
        self._place = 0

    def _move(self, place: int) -> None:
        self._line += self._text.count("\n", self._place, place)
        self._place = place

    def _wrong(self, what: str) -> BadRequest:
        return BadRequest(f"line {self._line}: {what}")


def _refuse(name: str) -> object:
    raise json.JSONDecodeError(f"{name} is no JSON number", "", 0)
