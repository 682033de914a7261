"""Files and standard input as streams of bytes, unpacked, with what they look like.

Law: gzip is told by its first bytes, a format by the name's end and else by the first characters; nothing is read
twice, so a pipe will do.
"""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from grafana_sensor.cli.blocks import Format, guess
from grafana_sensor.cli.jsonvalues import Stream
from grafana_sensor.domain.errors import BadRequest, Error, NotFound

STDIN: Final = "-"

_ENDS: Final[dict[str, Format]] = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
_GZIP: Final = b"\x1f\x8b"
_START: Final = 65_536


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name for messages, its unpacked bytes, its format, and how many bytes of it were read so far."""

    name: str
    stream: Stream
    format: Format
    read: Callable[[], int]


@contextmanager
def opened(path: str, form: Format | None) -> Iterator[Source]:
    """The file, or standard input for "-"; `form` None: as it looks.

    Raises NotFound where there is none, BadRequest where it can't be read or unpacked, then and while it is read.
    """
    name = "standard input" if path == STDIN else path
    try:
        with sys.stdin.buffer if path == STDIN else Path(path).open("rb") as file:
            counted = _Counted(file)
            start, stream = _begun(io.BufferedReader(counted), len(_GZIP))
            if start == _GZIP:
                stream = io.BufferedReader(gzip.GzipFile(fileobj=stream))
            if form is None:
                form = _ENDS.get(Path(path.removesuffix(".gz")).suffix.lower())
            if form is None:
                start, stream = _begun(stream, _START)
                form = guess(start)
            yield Source(name, stream, form, lambda: counted.count)
    except Error:  # some are OSErrors too
        raise
    except FileNotFoundError:
        raise NotFound(f"there is no file {path!r}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadRequest(f"{name}: the gzip is damaged, or ends too early: {error}") from None
    except OSError as error:
        raise BadRequest(f"{name} can't be read: {error.strerror or error}") from None


def size(paths: tuple[str, ...]) -> int | None:
    """The bytes of all the files; None where one has no size to be known."""
    if STDIN in paths or not all(Path(path).is_file() for path in paths):
        return None
    return sum(Path(path).stat().st_size for path in paths)


class _Counted(io.RawIOBase):
    """Counts what is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # which is what buffered readers give
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


class _Joined(io.RawIOBase):
    """Some bytes, and then a stream's."""

    def __init__(self, start: bytes, rest: io.BufferedReader) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # which is what buffered readers give
        if not self._start:
            return self._rest.readinto(buffer)
        data, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _begun(stream: io.BufferedReader, length: int) -> tuple[bytes, io.BufferedReader]:
    """The first bytes of the stream, fewer only at its end, and a stream that has them still."""
    start = stream.read(length)
    return start, io.BufferedReader(_Joined(start, stream), 2**20)
