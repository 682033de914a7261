"""A device's way to the server: one connection that is kept, Basic authentication, keys, gzip, and patience.

Law: what may go through later is tried again, ever more seldom, until it is answered; a request that changes anything
is the same each time, key and all.
"""

from __future__ import annotations

import base64
import gzip
import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

JSON: Final = "application/json"
TIMEOUT: Final = 60.0
"""Seconds that an answer may take."""
PATIENCE: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds until a request is tried again; the last of them again and again."""

_AGAIN: Final = frozenset({0, 429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: `body` is the JSON, or the text that is none. `status`: 0 where it said nothing."""

    status: int
    body: Any

    @property
    def message(self) -> str:
        """What an error says."""
        return str(self.body["message"] if isinstance(self.body, dict) and "message" in self.body else self.body)

    @property
    def code(self) -> object:
        """An error's code; None where it has none."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error.get("code") if isinstance(error, dict) else None


class Client:
    """A user's connection to the server at `url`.

    `pause` waits for so many seconds, or raises what ends it all; `tell` is told, once a time, that a server is away.
    Raises BadRequest for an address that is none.
    """

    def __init__(
        self, url: str, user: str, password: str, pause: Callable[[float], None], tell: Callable[[str], None]
    ) -> None:
        try:
            parts = urlsplit(url)
            place, port = parts.hostname, parts.port
        except ValueError:
            place, port = None, None
        if place is None or parts.scheme not in ("http", "https"):
            raise BadRequest(f"{shown(url)} is no address of a server; one is http://127.0.0.1:8000")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(place, port, timeout=TIMEOUT)
        self._url = url
        self._path = parts.path.rstrip("/")
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._pause = pause
        self._tell = tell

    def get(self, path: str) -> Answer:
        """The answer to a GET."""
        return self._insist("GET", path, None, {})

    def send(self, method: str, path: str, value: object, *, key: str | None = None, packed: bool = False) -> Answer:
        """The answer to a request with a JSON body, `packed` by gzip."""
        headers = {"Content-Type": JSON}
        body = json.dumps(value, separators=(",", ":")).encode()
        if key is not None:
            headers["Idempotency-Key"] = key
        if packed:
            body = gzip.compress(body, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return self._insist(method, path, body, headers)

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _insist(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        tries = 0
        while True:
            answer = self._once(method, path, body, headers)
            if answer.status not in _AGAIN:
                return answer
            if tries == 1:
                self._tell(f"{self._url} does not answer: {answer.message}; trying again")
            self._pause(PATIENCE[min(tries, len(PATIENCE) - 1)])
            tries += 1

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request(
                method, self._path + path, body, {"Authorization": self._authorization, "Accept": JSON, **headers}
            )
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return Answer(0, f"{error}" or type(error).__name__)
        try:
            return Answer(answer.status, json.loads(text))
        except ValueError:
            return Answer(answer.status, text.decode("utf-8", "replace"))
