"""A login over Cassandra's native protocol (version 4), by hand: the cheapest way to see that a node serves."""

from __future__ import annotations

import socket
import ssl
import struct
from pathlib import Path
from typing import Final

_STARTUP, _READY, _AUTHENTICATE, _AUTH_RESPONSE, _AUTH_SUCCESS = 0x01, 0x02, 0x03, 0x0F, 0x10
_HEAD: Final = struct.Struct("!BBhBI")


def login(address: str, port: int, user: str, password: str, tls: str = "") -> None:
    """Log in, and out; by the certificates in the folder `tls`, if one is given.

    Raises OSError with what stands in the way.
    """
    with socket.create_connection((address, port), timeout=30) as plain, _wrapped(plain, tls) as connection:
        opcode, body = _call(connection, _STARTUP, b"\0\1" + _text("CQL_VERSION") + _text("3.0.0"))
        if opcode == _AUTHENTICATE:
            token = f"\0{user}\0{password}".encode()
            opcode, body = _call(connection, _AUTH_RESPONSE, struct.pack("!I", len(token)) + token)
        if opcode not in (_READY, _AUTH_SUCCESS):
            raise OSError(body[6:].decode(errors="replace"))


def _call(connection: socket.socket, opcode: int, body: bytes) -> tuple[int, bytes]:
    connection.sendall(_HEAD.pack(4, 0, 0, opcode, len(body)) + body)
    _, _, _, answer, length = _HEAD.unpack(_received(connection, _HEAD.size))
    return answer, _received(connection, length)


def _received(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        some = connection.recv(length - len(found))
        if not some:
            raise OSError("the connection was closed")
        found += some
    return found


def _wrapped(plain: socket.socket, tls: str) -> socket.socket:
    if not tls:
        return plain
    folder = Path(tls)
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    context.load_cert_chain(folder / "client.pem")
    return context.wrap_socket(plain, server_hostname=plain.getpeername()[0])


def _text(text: str) -> bytes:
    return struct.pack("!H", len(text)) + text.encode()
