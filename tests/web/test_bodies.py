"""Bodies read within the limit and unpacked."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from grafana_sensor.domain.errors import BadRequest, TooLarge, UnsupportedMedia
from grafana_sensor.web.bodies import joined, json_object, read, unpacked

LIMIT = 100_000


def request(body: bytes, encoding: str | None = None, *, chunked: bool = False, length: int | None = None) -> Request:
    """A request with the body, as a server gives it."""
    headers = Headers() if encoding is None else Headers({"Content-Encoding": encoding})
    environ = EnvironBuilder(method="POST", headers=headers, input_stream=io.BytesIO(body)).get_environ()
    if chunked:
        environ.pop("CONTENT_LENGTH", None)
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(len(body) if length is None else length)
    return Request(environ)


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


@given(st.lists(st.binary(max_size=500), min_size=1, max_size=4), st.integers(1, 64))
def test_gzip_of_any_members_gives_what_was_packed(members: list[bytes], size: int) -> None:
    """gzip of one or several members, fed in pieces of any size, gives what was packed."""
    packed = b"".join(map(gzip.compress, members))
    assert b"".join(members) == joined(unpacked(pieces(packed, size)), LIMIT)


@given(st.binary(min_size=1, max_size=500), st.data())
def test_gzip_cut_anywhere_is_refused(body: bytes, data: st.DataObject) -> None:
    """gzip that ends too early, wherever, is a 400."""
    packed = gzip.compress(body)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(BadRequest, match="gzip"):
        joined(unpacked(pieces(packed[:cut], 64)), LIMIT)


def test_bytes_after_gzip_are_refused() -> None:
    """What follows gzip and is no gzip is a 400; zeros, which pad tapes, are let pass."""
    packed = gzip.compress(b"abc")
    assert b"abc" == joined(unpacked(iter([packed + bytes(9)])), LIMIT)
    with pytest.raises(BadRequest, match="not gzip"):
        joined(unpacked(iter([packed + b"rest"])), LIMIT)


def test_a_bomb_stops_at_the_limit() -> None:
    """A body that unpacks to more than the limit is refused once the limit is reached, and the limit is named."""
    drawn = 0

    def counted() -> Iterator[bytes]:
        nonlocal drawn
        for piece in unpacked(pieces(gzip.compress(bytes(50_000_000)), 1_000)):
            drawn += len(piece)
            yield piece

    with pytest.raises(TooLarge, match="100,000 bytes"):
        joined(counted(), LIMIT)
    assert drawn < 3_000_000


def test_a_length_over_the_limit_is_refused_unread() -> None:
    """A Content-Length over the limit is refused before anything is read."""
    sent = request(b"x", length=LIMIT + 1)
    with pytest.raises(TooLarge, match="limit of 100,000 bytes"):
        read(sent, LIMIT)
    assert b"x" == sent.environ["wsgi.input"].read(1)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_the_limit_is_taken(chunked: bool) -> None:
    """A body as long as the limit is read, one byte more is refused, with its length told or in chunks."""
    body = b"x" * LIMIT
    assert body == read(request(body, chunked=chunked), LIMIT)
    with pytest.raises(TooLarge):
        read(request(body + b"x", chunked=chunked), LIMIT)


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_a_body_that_breaks_off_is_refused(encoding: str | None) -> None:
    """A body that ends before its Content-Length is a 400, though what came could be read."""
    body = b"{}" if encoding is None else gzip.compress(b"{}")
    short = request(body, encoding, length=len(body) + 5)
    with pytest.raises(BadRequest, match="breaks off"):
        read(short, LIMIT)
    short = request(body, encoding, length=len(body) + 5)
    short.environ["wsgi.input_terminated"] = True
    with pytest.raises(BadRequest, match=f"breaks off after {len(body)} of {len(body) + 5} bytes"):
        read(short, LIMIT)


def test_packed_bodies_are_unpacked_by_their_encoding() -> None:
    """gzip by either name is unpacked, identity is not, in any case of letters."""
    packed = gzip.compress(b"{}")
    for encoding in ("gzip", "x-gzip", "GZIP"):
        assert b"{}" == read(request(packed, encoding), LIMIT)
    assert [b"{}"] * 3 == [read(request(b"{}", encoding), LIMIT) for encoding in ("identity", "", None)]


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """An encoding that is not read is a 415 that names it."""
    with pytest.raises(UnsupportedMedia, match=encoding):
        read(request(b"x", encoding), LIMIT)


def test_a_json_object_is_read() -> None:
    """A body of JSON is its object, and no body is an empty one."""
    assert {"a": 1} == json_object(b'{"a": 1}')
    assert {} == json_object(b" ")


def test_what_is_no_object_is_refused() -> None:
    """A body that is another JSON value is a 400 that says what it is."""
    with pytest.raises(BadRequest, match="the body is a list"):
        json_object(b"[]")
