"""Where a Redis is, and how it is talked to.

Law: what blissdata can't do without is in the URL, whatever redis-py's own defaults are: RESP2, answers as bytes, an
end to each wait, and no more connections than these. A password is never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

SCHEMES: Final = ("redis", "rediss", "unix")

_DEFAULTS: Final = {"protocol": "2", "socket_timeout": "5", "socket_connect_timeout": "5", "max_connections": "64"}
_ONLY: Final = {"protocol": "2", "decode_responses": "false", "db": "0"}
"""Parameters that must have this value where they are given."""
_PORT: Final = 6379


@dataclass(frozen=True, slots=True)
class Place:
    """A Redis: `url` is complete, `name` can be shown; answers are waited for `timeout` seconds."""

    url: str
    name: str
    timeout: float

    @classmethod
    def read(cls, url: str) -> Place:
        """The place of a URL as blissdata takes it. Raises BadRequest.

        >>> Place.read("redis://:secret@localhost").name
        'localhost:6379'
        >>> Place.read("redis://localhost:6380?socket_timeout=2").timeout
        2.0
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORT
        except ValueError as error:
            raise BadRequest(f"the URL of the Redis can't be read: {error}") from None
        if parts.scheme not in SCHEMES:
            raise BadRequest("scans are read from redis://HOST:PORT, rediss://HOST:PORT or unix://PATH")
        unix = parts.scheme == "unix"
        name = parts.path if unix else f"{parts.hostname or 'localhost'}:{port}"
        if not unix and parts.path not in ("", "/", "/0"):
            raise BadRequest(f"{shown(parts.path)} of the Redis {name}: blissdata's scans are in its database 0")
        given = {key.lower(): value for key, value in parse_qsl(parts.query, keep_blank_values=True)}
        for key, only in _ONLY.items():
            if given.get(key, only).lower() != only:
                raise BadRequest(f"{key}={given[key]} of the Redis {name}: blissdata reads with {key}={only} only")
        options = _DEFAULTS | {key: value for key, value in given.items() if key != "decode_responses"}
        timeout = _positive(options, "socket_timeout", name)
        _positive(options, "socket_connect_timeout", name)
        _positive(options, "max_connections", name)
        return cls(parts._replace(query=urlencode(options)).geturl(), name, timeout)


def _positive(options: dict[str, str], key: str, name: str) -> float:
    try:
        number = int(options[key]) if key == "max_connections" else float(options[key])
    except ValueError:
        number = 0
    if not 0 < number < 1e6:
        raise BadRequest(f"{key} of the Redis {name} is {shown(options[key])}; it must be a number above 0")
    return number
