"""Basic authentication: whose request it is.

Law: every request proves itself; nothing is remembered but the service's cache of sessions. User names and passwords
are UTF-8, or else ISO 8859-1, as older clients write them. A header that can't be read is wrong credentials too.
Where clients of InfluxDB write, their `Token user:password` is taken beside it.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from flask import Response, request

from grafana_sensor.domain.errors import WrongCredentials
from grafana_sensor.service.session import Session
from grafana_sensor.web.services import services

_HOW: Final = "send the header Authorization: Basic with user:password in base64"

P = ParamSpec("P")


def signed_in(view: Callable[Concatenate[Session, P], Response]) -> Callable[P, Response]:
    """The view with the session of the request's user as its first argument; 401 where there is none."""

    @wraps(view)
    def with_session(*args: P.args, **kwargs: P.kwargs) -> Response:
        user, password = credentials(request.headers.get("Authorization"))
        with services().sessions.login(user, password) as session:
            return view(session, *args, **kwargs)

    return with_session


def signed_in_by_token(view: Callable[Concatenate[Session, P], Response]) -> Callable[P, Response]:
    """As signed_in; `Authorization: Token user:password` is taken too."""

    @wraps(view)
    def with_session(*args: P.args, **kwargs: P.kwargs) -> Response:
        user, password = token_or_basic(request.headers.get("Authorization"))
        with services().sessions.login(user, password) as session:
            return view(session, *args, **kwargs)

    return with_session


def token_or_basic(header: str | None) -> tuple[str, str]:
    """The user and the password of a header in either scheme. Raises WrongCredentials as credentials does.

    >>> token_or_basic("Token alice:secret")
    ('alice', 'secret')
    """
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "token":
        return credentials(header)
    user, colon, password = _text(token.strip().encode("latin-1", "replace")).partition(":")
    if not colon:
        raise WrongCredentials("the token has no colon: here it is the user and the password, Token user:password")
    return user, password


def credentials(header: str | None) -> tuple[str, str]:
    """The user and the password of an Authorization header.

    Raises WrongCredentials when it is missing, of another scheme, or can't be read.

    >>> credentials("Basic YWxpY2U6c2VjcmV0")
    ('alice', 'secret')
    """
    if header is None:
        raise WrongCredentials(f"this needs a user and a password: {_HOW}")
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise WrongCredentials(f"only Basic authentication is taken here: {_HOW}")
    try:
        raw = b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise WrongCredentials(f"the Authorization header is not base64: {_HOW}") from None
    user, colon, password = _text(raw).partition(":")
    if not colon:
        raise WrongCredentials(f"the Authorization header has no colon between user and password: {_HOW}")
    return user, password


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
