"""The page's cookie: who is logged in, and the token that the page's requests carry.

Law: the cookie is sealed by Fernet (AES-CBC and HMAC-SHA256) under a key that all workers share, so nobody without the key
reads or makes one; it holds the password, since each request proves itself to the store as Basic authentication does.
It counts for requests of the page's own origin alone, and no longer than LIFETIME.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.fernet import Fernet, InvalidToken
from flask import Request, Response

from grafana_sensor.domain.errors import Forbidden, Unprocessable

COOKIE: Final = "grafana_sensor"
TOKEN: Final = "X-CSRF-Token"  # noqa: S105  # the name of a header
LIFETIME: Final = 7 * 24 * 3600
"""Seconds that a cookie counts after the page gave it; each opening of the page gives another."""
LONGEST: Final = 3_800
"""Characters of a cookie that every browser keeps, its attributes left room."""

_SECOND: Final = 1_000_000
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Login:
    """What a cookie holds. `user` is "" where nobody is logged in; `token` is what forms and requests must repeat."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


class Logins:
    """Seals and opens cookies. `secret` keys them, "" makes one that dies with the process; `clock`: UTC µs."""

    def __init__(self, secret: str, clock: Callable[[], int]) -> None:
        key = hashlib.blake2b((secret or secrets.token_urlsafe(32)).encode(), digest_size=32, person=b"cookie").digest()
        self._fernet = Fernet(urlsafe_b64encode(key))
        self._clock = clock

    def give(self, response: Response, login: Login, *, secure: bool) -> None:
        """Set the cookie. Raises Unprocessable where the password is too long for one."""
        held = orjson.dumps([login.user, login.password, login.token])
        sealed = self._fernet.encrypt_at_time(held, self._clock() // _SECOND).decode()
        if len(sealed) > LONGEST:
            raise Unprocessable(
                "this password is longer than a browser's cookie can hold: the page takes at most some 2,600 bytes;"
                " by Basic authentication it works as ever"
            )
        response.set_cookie(COOKIE, sealed, max_age=LIFETIME, httponly=True, samesite="Lax", secure=secure, path="/")

    def of(self, request: Request) -> Login | None:
        """What the request's cookie holds; None where it has none that counts."""
        sealed = request.cookies.get(COOKIE)
        if sealed is None:
            return None
        try:
            held = self._fernet.decrypt_at_time(sealed.encode(), LIFETIME, self._clock() // _SECOND)
        except (InvalidToken, UnicodeEncodeError):
            return None
        user, password, token = orjson.loads(held)
        return Login(user, password, token)

    def proven(self, request: Request) -> Login | None:
        """The login of a request of the page's scripts to a route of programs; None where it is none.

        Raises Forbidden where the request may change something and lacks the token.
        """
        login = self.of(request)
        if login is None or not login.user or request.headers.get("Sec-Fetch-Site", "none") not in _OWN:
            return None
        if request.method not in _SAFE and not same(login, request.headers.get(TOKEN)):
            raise Forbidden(
                f"a request with the page's cookie needs the page's token in the header {TOKEN}: load the page again;"
                " programs send Authorization: Basic instead"
            )
        return login


def same(login: Login | None, token: str | None) -> bool:
    """Whether the token is the cookie's, told in constant time."""
    return login is not None and token is not None and hmac.compare_digest(login.token.encode(), token.encode())
