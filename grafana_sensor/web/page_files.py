"""The files that the page loads: scripts, styles and a picture, from the package.

Law: only files that are there at the start are served, by their name alone. Their address holds a digest of them all, so
a browser may keep them for ever; under any other digest the answer is to be asked for again each time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from flask import Request, Response

from grafana_sensor.domain.errors import NotFound
from grafana_sensor.domain.shown import shown

TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file: its bytes, its media type, and the quoted digest of its bytes."""

    body: bytes
    kind: str
    etag: str


@cache
def known() -> dict[str, File]:
    """Every file by its name."""
    found = {}
    for path in sorted((files("grafana_sensor.web") / "static").iterdir(), key=lambda path: path.name):
        kind = TYPES.get(path.name.rpartition(".")[2])
        if kind is not None:
            body = path.read_bytes()
            found[path.name] = File(body, kind, hashlib.blake2b(body, digest_size=12).hexdigest())
    return found


@cache
def build() -> str:
    """The digest of all the files."""
    each = "".join(f"{name} {file.etag}\n" for name, file in known().items())
    return hashlib.blake2b(each.encode(), digest_size=8).hexdigest()


def answer(request: Request, asked: str, name: str) -> Response:
    """The file, or 304 where the browser has it. Raises NotFound."""
    file = known().get(name)
    if file is None:
        raise NotFound(f"the page has no file {shown(name)}")
    response = Response(file.body, content_type=file.kind)
    response.set_etag(file.etag)
    response.headers["Cache-Control"] = FOR_EVER if asked == build() else "no-cache"
    response.make_conditional(request)
    return response
