"""The page's cookie, and what it lets a request do."""

from __future__ import annotations

import pytest
from flask import Request, Response
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from grafana_sensor.domain.errors import Forbidden, Unprocessable
from grafana_sensor.web.logins import COOKIE, LIFETIME, TOKEN, Login, Logins

SECOND = 1_000_000
TEXT = st.text(st.characters(codec="utf-8"), max_size=64)


def cookie_of(logins: Logins, login: Login) -> str:
    """The cookie that a response carries."""
    response = Response()
    logins.give(response, login, secure=False)
    return response.headers["Set-Cookie"].partition("=")[2].partition(";")[0]


def request_of(cookie: str | None, method: str = "GET", **headers: str) -> Request:
    """A request that carries a cookie, and headers with `_` for `-`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie is not None:
        given["Cookie"] = f"{COOKIE}={cookie}"
    return Request(EnvironBuilder(method=method, headers=Headers(given)).get_environ())


@given(TEXT, TEXT)
def test_a_cookie_holds_what_it_was_given(user: str, password: str) -> None:
    """A user and a password of any characters come back from the cookie, with the same token."""
    logins, login = Logins("k" * 16, lambda: 0), Login(user, password)
    assert login == logins.of(request_of(cookie_of(logins, login)))


def test_a_cookie_shows_no_password() -> None:
    """Neither the cookie nor a login in print holds the password."""
    login = Login("alice", "a secret")
    assert "a secret" not in cookie_of(Logins("", lambda: 0), login) + repr(login)


def test_a_cookie_of_another_key_counts_for_nothing() -> None:
    """A cookie is opened by whoever has the same key, after a restart too, and by no other."""
    cookie = cookie_of(Logins("k" * 16, lambda: 0), Login("alice", "secret"))
    same, other = Logins("k" * 16, lambda: 0), Logins("", lambda: 0)
    assert [True, False] == [logins.of(request_of(cookie)) is not None for logins in (same, other)]


@pytest.mark.parametrize("cookie", ["", "x", "gAAAAA", "\u00e9", None])
def test_what_is_no_cookie_of_ours_counts_for_nothing(cookie: str | None) -> None:
    """Whatever stands in the place of a cookie is nobody's."""
    assert Logins("", lambda: 0).of(request_of(cookie)) is None


def test_a_cookie_ends() -> None:
    """A cookie counts for a week and no longer."""
    seconds = iter([0, LIFETIME, LIFETIME + 1])
    logins = Logins("", lambda: next(seconds) * SECOND)
    cookie = cookie_of(logins, Login("alice", "secret"))
    assert [True, False] == [logins.of(request_of(cookie)) is not None for _ in range(2)]


def test_what_changes_something_needs_the_token() -> None:
    """A request that may change something is refused without the cookie's own token, and one that reads is not."""
    logins, login = Logins("", lambda: 0), Login("alice", "secret")
    cookie = cookie_of(logins, login)
    assert login == logins.proven(request_of(cookie))
    assert login == logins.proven(request_of(cookie, "POST", X_CSRF_Token=login.token))
    for headers in ({}, {"X_CSRF_Token": Login().token}, {"X_CSRF_Token": "\u00e9"}):
        with pytest.raises(Forbidden, match=TOKEN):
            logins.proven(request_of(cookie, "POST", **headers))


@pytest.mark.parametrize(
    ("site", "known"), [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)]
)
def test_other_origins_bring_no_cookie(site: str, known: bool) -> None:  # drawn from the table
    """What a page of another origin sends counts as sent without a cookie, though the browser adds it."""
    logins = Logins("", lambda: 0)
    cookie = cookie_of(logins, Login("alice", "secret"))
    assert known == (logins.proven(request_of(cookie, Sec_Fetch_Site=site)) is not None)


def test_a_cookie_of_nobody_proves_nothing() -> None:
    """The cookie of the form to log in opens no route."""
    logins = Logins("", lambda: 0)
    assert logins.proven(request_of(cookie_of(logins, Login()))) is None


def test_a_password_beyond_a_cookie_is_refused() -> None:
    """A password that no browser's cookie could hold is an error that says so."""
    logins = Logins("", lambda: 0)
    cookie_of(logins, Login("alice", "x" * 1_024))
    with pytest.raises(Unprocessable, match="longer than a browser's cookie"):
        cookie_of(logins, Login("alice", "\U0001f511" * 1_024))
