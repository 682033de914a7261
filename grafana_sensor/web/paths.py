"""Names in paths: a name of any characters is one segment, a slash in it written `%2F`.

Law: WSGI's PATH_INFO is decoded, so a name's own `/` looks like a separator there. The raw path is read instead,
cut at its slashes, and each segment's own `/` and `%` are escaped again; `NameConverter` takes that off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from werkzeug.routing import BaseConverter

from grafana_sensor.domain.errors import BadRequest

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_RAW: Final = ("RAW_URI", "REQUEST_URI")


class NameConverter(BaseConverter):
    """A segment of a path that is a name, whatever characters it has."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        """The name that an escaped segment writes."""
        return value.replace("%2F", "/").replace("%25", "%")

    def to_url(self, value: str) -> str:
        """The segment of a name."""
        return super().to_url(value).replace("/", "%2F")


class RawPaths:
    """Sets PATH_INFO from the raw path, where the server gives one, with `/` and `%` in segments escaped."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the request."""
        raw = next((environ[key] for key in _RAW if environ.get(key)), None)
        if raw is None:
            environ["PATH_INFO"] = environ.get("PATH_INFO", "").replace("%", "%25")
        else:
            segments = _path(raw, environ.get("SCRIPT_NAME", "")).split("/")
            decoded = [unquote_to_bytes(segment.encode("latin-1", "replace")) for segment in segments]
            escaped = b"/".join(d.replace(b"%", b"%25").replace(b"/", b"%2F") for d in decoded)
            environ["PATH_INFO"] = escaped.decode("latin-1")
        return self._app(environ, start_response)


def check_path(environ: WSGIEnvironment) -> None:
    """Raises BadRequest when the path is not UTF-8."""
    try:
        environ["PATH_INFO"].encode("latin-1").decode()
    except UnicodeDecodeError:
        raise BadRequest("the path is not UTF-8; write names in it percent-encoded, as UTF-8") from None


def _path(raw: str, prefix: str) -> str:
    """The path of a request target, from `/` on, without the query and without the prefix of a mount."""
    target = raw.partition("?")[0].partition("#")[0]
    if "://" in target and not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    if prefix and (target == prefix or target.startswith(prefix + "/")):
        target = target[len(prefix) :]
    return target or "/"
