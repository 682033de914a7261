from __future__ import annotations

import socket

import pytest

from grafana_sensor.cli.ports import free_port
from grafana_sensor.domain.errors import BadRequest, Unavailable


def test_a_free_port_is_found() -> None:
    """Port 0 gives one that can be listened on, and a free one itself."""
    port = free_port("127.0.0.1", 0)
    assert 0 < port == free_port("127.0.0.1", port)


def test_a_busy_port_is_told() -> None:
    """Where another listens, the error names the port and a way out."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port}: another program listens there.* --port"):
            free_port("127.0.0.1", port)


def test_a_host_that_is_none_is_told() -> None:
    """A host that is no address is an error that names it; so is one of another machine."""
    with pytest.raises(BadRequest, match="--host 'not a host' is no address"):
        free_port("not a host", 0)
    with pytest.raises(Unavailable, match="this machine has no such address"):
        free_port("192.0.2.1", 0)
