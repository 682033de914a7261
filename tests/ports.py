"""Ports for servers that are started, killed, and started again at the same one."""

from __future__ import annotations

import secrets
import socket
from typing import Final

_PORTS: Final = range(20_000, 32_000)
"""Below those from which systems take one for the near end of a connection, or for whoever asks for any."""


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody listens on there; no connection gets it while its server is away."""
    while True:
        port = secrets.choice(_PORTS)
        try:
            socket.create_server((address, port)).close()
        except OSError:
            continue
        return port
