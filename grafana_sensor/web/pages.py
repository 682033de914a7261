"""The web page: for a browser's `GET /`, its forms, and the files that it loads.

Law: a form is taken with the token of its cookie alone, so that no other page can send it. Nothing on the page is inline:
the Content-Security-Policy allows what comes from here and nothing else. What can be done without a script is done
by the server; scripts only add to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlencode

from flask import Blueprint, Request, Response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from grafana_sensor.domain.errors import Error, Forbidden, WrongCredentials
from grafana_sensor.version import __version__
from grafana_sensor.web import page_files, page_view
from grafana_sensor.web.bodies import read
from grafana_sensor.web.logins import COOKIE, Login, same
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("pages", __name__, url_prefix="/page", template_folder="html")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

LONGEST_FORM: Final = 65_536
"""Bytes of a form; none of ours comes near."""

_JSON, _HTML = "application/json", "text/html"


def wanted(asking: Request) -> bool:
    """Whether the client would rather have a page than JSON, as browsers say and programs don't."""
    accepted = asking.accept_mimetypes
    return accepted[_HTML] > accepted[_JSON]


def show() -> Response:
    """The page of who is logged in, or the form to log in."""
    found = services()
    login = found.logins.of(request)
    if login is None or not login.user:
        return _form(200, login, query=request.query_string.decode("latin-1"))
    try:
        with found.sessions.login(login.user, login.password) as session:
            context = page_view.context(session, request.args, found.clock())
    except WrongCredentials:
        message = "your password was changed; log in again"
        return _form(401, Login(), message, query=request.query_string.decode("latin-1"))
    return _dressed(_page("page.html", login, **context), 200, login)


def _told(view: Callable[[dict[str, str]], Response]) -> Callable[[], Response]:
    """The view of a form, whose errors are told on the form itself; refused without the cookie's token."""

    @wraps(view)
    def answered() -> Response:
        found = services()
        login = found.logins.of(request)
        fields: dict[str, str] = {}
        try:
            body = read(request, LONGEST_FORM).decode("utf-8", "replace")
            fields = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
            if not same(login, fields.get("token")):
                raise Forbidden("this form is too old, or your browser keeps no cookies; try again")
            return view(fields)
        except (Error, HTTPException) as error:
            status = error.status if isinstance(error, Error) else error.code or 400
            message = error.message if isinstance(error, Error) else error.description or error.name
            new = view.__name__ == "register"
            return _form(status, login, message, user=fields.get("user", ""), query=fields.get("query", ""), new=new)

    return answered


@blueprint.post("/login")
@_told
def login(fields: dict[str, str]) -> Response:
    """Log in, and go on to what was asked for."""
    return _entered(fields)


@blueprint.post("/register")
@_told
def register(fields: dict[str, str]) -> Response:
    """Register where that is open, and log in."""
    found = services()
    if not found.settings.open_registration:
        raise Forbidden("registration is closed here; the administrator registers: grafana-sensor register USER")
    found.database.register(fields.get("user", ""), fields.get("password", ""))
    return _entered(fields)


@blueprint.post("/logout")
@_told
def logout(fields: dict[str, str]) -> Response:  # noqa: ARG001  # as every form's view
    """Forget who is logged in."""
    response = _back()
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.get("/tiles")
def tiles() -> Response:
    """The sensors alone, which the page renews by itself."""
    found = services()
    login = found.logins.of(request)
    if login is None or not login.user:
        raise WrongCredentials("nobody is logged in; load the page again")
    with found.sessions.login(login.user, login.password) as session:
        context = page_view.sensors(session, request.args, found.clock())
    return _dressed(render_template("tiles.html", **context), 200)


@blueprint.get("/files/<digest>/<name>")
def file(digest: str, name: str) -> Response:
    """A file that the page loads."""
    return page_files.answer(request, digest, name)


def _entered(fields: dict[str, str]) -> Response:
    """Back to the page, with the cookie of the user whose password is right."""
    found = services()
    entered = Login(fields.get("user", ""), fields.get("password", ""))
    with found.sessions.login(entered.user, entered.password):
        pass
    response = _back(urlencode(parse_qsl(fields.get("query", ""))))
    found.logins.give(response, entered, secure=request.is_secure)
    return response


def _back(query: str = "") -> Response:
    """To the page, asked for anew."""
    return Response(status=303, headers={"Location": url_for("status.welcome") + (f"?{query}" if query else "")})


def _form(
    status: int, login: Login | None, message: str = "", *, user: str = "", query: str = "", new: bool = False
) -> Response:
    """The form to log in, with a cookie for its token; `query` is what of the page was asked for."""
    login = Login(token=login.token) if login else Login()
    html = _page(
        "login.html",
        login,
        message=message,
        name=user,
        query=query,
        new=new,
        open_registration=services().settings.open_registration,
    )
    return _dressed(html, status, login)


def _page(template: str, login: Login, **context: object) -> str:
    build = page_files.build()
    return render_template(template, login=login, build=build, version=__version__, root=request.script_root, **context)


def _dressed(html: str, status: int, login: Login | None = None) -> Response:
    response = Response(html, status, HEADERS, mimetype=_HTML)
    if login is not None:
        services().logins.give(response, login, secure=request.is_secure)
    return response
