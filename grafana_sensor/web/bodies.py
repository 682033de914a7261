"""The bytes of a request's body: read within the limit, and unpacked.

Law: no more than the limit is ever held of what is unpacked; a body that is longer is a TooLarge that names the
limit, before it is read where its length is told. One that breaks off is never taken for a whole one. gzip is the one
encoding, of any number of members.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import IO, Any, Final

from flask import Request

from grafana_sensor.domain.errors import BadRequest, TooLarge, UnsupportedMedia
from grafana_sensor.domain.jsontext import loads
from grafana_sensor.domain.shown import named_kind, shown

_PIECE: Final = 16_384
_OUT: Final = 1 << 20
_LINGER: Final = 5.0
"""Seconds that the rest of a refused body is waited for: who still sends can't read the answer."""
_GZIP: Final = 16 + zlib.MAX_WBITS


def read(request: Request, limit: int) -> bytes:
    """The unpacked body, of at most `limit` bytes.

    Raises TooLarge beyond it, UnsupportedMedia for an encoding other than gzip, BadRequest for broken gzip and for a
    body that breaks off.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMedia(f"the content encoding {shown(encoding)} is not read here; send gzip, or none")
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit, packed=encoding.endswith("gzip"))
    pieces = _pieces(request.stream, None if "Transfer-Encoding" in request.headers else request.content_length)
    return joined(unpacked(pieces) if encoding.endswith("gzip") else pieces, limit)


def unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip members packed, in pieces of at most a megabyte. Raises BadRequest where they are broken."""
    inflate = zlib.decompressobj(_GZIP)
    begun = False
    try:
        for piece in pieces:
            rest = piece
            while rest:
                begun = True
                yield inflate.decompress(rest, _OUT)
                rest = inflate.unconsumed_tail
                if inflate.eof:
                    rest, begun = inflate.unused_data.lstrip(b"\0"), False
                    inflate = zlib.decompressobj(_GZIP)
        while begun and (more := inflate.decompress(inflate.unconsumed_tail, _OUT)):
            yield more
    except zlib.error as error:
        raise BadRequest(f"the body is not gzip: {error}") from None
    if begun and not inflate.eof:
        raise BadRequest("the body is gzip that ends too early; send it whole")


def joined(pieces: Iterator[bytes], limit: int) -> bytes:
    """The pieces as one. Raises TooLarge as soon as they are longer than `limit` bytes."""
    whole = bytearray()
    for piece in pieces:
        if len(whole) + len(piece) > limit:
            raise _too_large(limit, packed=False)
        whole += piece
    return bytes(whole)


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is, whatever its content type says; an empty body is an empty object.

    Raises BadRequest when it is something else, with line and column where it is no JSON.
    """
    if not body.strip():
        return {}
    value = loads(body)
    if not isinstance(value, dict):
        raise BadRequest(f"the body is {named_kind(value)}; it must be a JSON object")
    return value


def drain(stream: IO[bytes], connection: Any = None) -> None:
    """Read what is left of a body and forget it, for some seconds at most; `connection` is its socket, if known."""
    ends = monotonic() + _LINGER
    with suppress(Exception):  # whatever is wrong with it, the answer was given
        before = connection and connection.gettimeout()
        if connection is not None:
            connection.settimeout(_LINGER)
        try:
            while stream.read(_PIECE) and monotonic() < ends:
                pass
        finally:
            if connection is not None:
                connection.settimeout(before)


def _pieces(stream: IO[bytes], length: int | None) -> Iterator[bytes]:
    """The body as it comes. Raises BadRequest where it ends before its `length` (None: it tells by itself)."""
    got = 0
    while True:
        try:
            piece = stream.read(_PIECE)
        except Exception as error:  # of whatever server: no code of ours runs here
            raise BadRequest("the body breaks off or its chunks are broken; send it again, whole") from error
        if not piece:
            break
        got += len(piece)
        yield piece
    if length is not None and got < length:
        raise BadRequest(f"the body breaks off after {got:,} of {length:,} bytes; send it again, whole")


def _too_large(limit: int, *, packed: bool) -> TooLarge:
    what = "the body" if packed else "the body, unpacked,"
    return TooLarge(f"{what} is longer than the limit of {limit:,} bytes; send it in several requests")
