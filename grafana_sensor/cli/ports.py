"""Whether a server can listen where it is to."""

from __future__ import annotations

import errno
import socket
from typing import Final

from grafana_sensor.domain.errors import BadRequest, Unavailable
from grafana_sensor.domain.shown import shown

_WHY: Final = {
    errno.EADDRINUSE: "another program listens there: stop that one, or choose another --port",
    errno.EACCES: "ports below 1024 are the administrator's: choose another --port",
    errno.EADDRNOTAVAIL: "this machine has no such address: choose another --host",
}


def free_port(host: str, port: int) -> int:
    """The port; one that is free for 0. Raises Unavailable, BadRequest where nothing can listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise BadRequest(f"--host {shown(host)} is no address of a machine") from None
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            why = _WHY.get(error.errno or 0, error.strerror or str(error))
            raise Unavailable(f"can't listen on {host}, port {port}: {why}") from None
        found: int = listener.getsockname()[1]
        return found
