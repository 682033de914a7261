"""Where the cluster is and how it is used, as a store's URI says it.

Law: `//[user:password@]host[:port]{,host[:port]}/[?name=value&...]`; the parameters are the rows of PARAMETERS, and
what is none of them is refused. A message never shows the user or the password.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from grafana_sensor.adapters.cassandra.tls import Tls
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

PORT: Final = 9042
CHUNKED: Final = ""
"""The layout of records in chunks, which is the usual one."""
LONGEST_PREFIX: Final = 20
FORM: Final = "cassandra://[user:password@]host[:port][,host...]/[?replication=3&datacenter=dc1]"

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>\d{1,5}))?").fullmatch
_DATACENTER = re.compile(r"[A-Za-z0-9_.-]{1,64}").fullmatch
_PREFIX = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST_PREFIX - 1}}}").fullmatch


@dataclass(frozen=True, slots=True)
class Login:
    """A role of Cassandra and its password, which is never shown."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster. `login` is the administrator's.

    `replication`: copies of each record in `datacenter`; 0 for three, or as many as there are nodes where those are
    fewer. `datacenter`: "" for that of the first node that answers. `prefix` begins the names of all keyspaces and
    roles. `shared`: whether new users share a keyspace. `layout`: how new users' records are kept. `tls`: None where
    nothing is encrypted.
    """

    hosts: tuple[tuple[str, int], ...]
    login: Login
    replication: int = 0
    datacenter: str = ""
    prefix: str = "sensors"
    shared: bool = False
    layout: str = CHUNKED
    tls: Tls | None = None

    @classmethod
    def read(cls, place: str, environ: Mapping[str, str]) -> Place:
        """What stands behind the URI's `cassandra:`.

        Who logs in can stand in `environ` instead: GRAFANA_SENSOR_CASSANDRA_USER, and _PASSWORD or _PASSWORD_FILE.
        Raises BadRequest when it can't be.
        """
        if not place.startswith("//"):
            raise BadRequest(f"a store on Cassandra is {FORM}")
        address, _, query = place[2:].partition("?")
        logged, at, named = address.rpartition("@")
        hosts, _, path = named.partition("/")
        if path:
            raise BadRequest(
                f"after the hosts of a store on Cassandra stands nothing but parameters, not {shown(path)}"
            )
        login = _written_login(logged) if at else _login_of(environ)
        return cls(_hosts(hosts), login, **_parameters(query))


def _hosts(text: str) -> tuple[tuple[str, int], ...]:
    found = [_HOST(host) for host in text.split(",")]
    ports = [int(match["port"]) for match in found if match and match["port"]]
    if None in found or any(not 0 < port < 2**16 for port in ports):
        raise BadRequest(f"the store on Cassandra names no host that can be; it is {FORM}")
    usual = ports[-1] if ports else PORT
    return tuple((m["six"] or m["name"], int(m["port"] or usual)) for m in found if m)


def _written_login(text: str) -> Login:
    user, colon, password = text.partition(":")
    if not user or not colon:
        raise BadRequest(f"before the @ of a store on Cassandra stand a user and a password; it is {FORM}")
    return Login(unquote(user), unquote(password))


def _login_of(environ: Mapping[str, str]) -> Login:
    user = environ.get("GRAFANA_SENSOR_CASSANDRA_USER")
    if not user:
        raise BadRequest(
            f"a store on Cassandra wants the user that it logs in with, as GRAFANA_SENSOR_CASSANDRA_USER or in {FORM}"
        )
    password = environ.get("GRAFANA_SENSOR_CASSANDRA_PASSWORD")
    file = environ.get("GRAFANA_SENSOR_CASSANDRA_PASSWORD_FILE")
    if password is None and file:
        try:
            password = Path(file).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError):
            raise BadRequest("the file that GRAFANA_SENSOR_CASSANDRA_PASSWORD_FILE names can't be read") from None
    if password is None:
        raise BadRequest("GRAFANA_SENSOR_CASSANDRA_USER wants GRAFANA_SENSOR_CASSANDRA_PASSWORD, or _PASSWORD_FILE")
    return Login(user, password)


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[1-9]|1[0-9]", text) else None


def _choice(**choices: object) -> Callable[[str], Any]:
    return choices.get


def _matched(pattern: Callable[[str], re.Match[str] | None]) -> Callable[[str], Any]:
    return lambda text: text if pattern(text) else None


def _file(text: str) -> str | None:
    return text if text and "\0" not in text else None


PARAMETERS: Final[Mapping[str, tuple[Callable[[str], Any], str]]] = {
    "replication": (_count, "a number of copies from 1 to 19"),
    "datacenter": (_matched(_DATACENTER), "the name of a data centre"),
    "prefix": (_matched(_PREFIX), f"up to {LONGEST_PREFIX} of a-z, 0-9 and _, a letter first"),
    "tenancy": (_choice(keyspaces=False, shared=True), "'keyspaces' or 'shared'"),
    "layout": (_choice(chunked=CHUNKED, classic="classic"), "'chunked' or 'classic'"),
    "tls": (_choice(full=True, chain=False), "'full' or 'chain'"),
    "ca": (_file, "the name of a file"),
    "certificate": (_file, "the name of a file"),
    "key": (_file, "the name of a file"),
}
"""The parameters of a URI: how each is read (to None where it can't be), and what it is."""


def _parameters(query: str) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in PARAMETERS:
            raise BadRequest(
                f"a store on Cassandra has no parameter {shown(name)}; the parameters are {', '.join(PARAMETERS)}"
            )
        convert, what = PARAMETERS[name]
        read[name] = convert(text)
        if read[name] is None:
            raise BadRequest(f"the parameter {name!r} of a store on Cassandra is {what}, not {shown(text)}")
    if "tenancy" in read:
        read["shared"] = read.pop("tenancy")
    if read.get("shared") and read.get("layout"):
        raise BadRequest(
            "with layout=classic each user has a keyspace of their own, since nothing in its tables says whose a value"
            " is: leave out tenancy=shared"
        )
    files = {name: read.pop(name) for name in ("ca", "certificate", "key") if name in read}
    if "tls" in read:
        read["tls"] = Tls(read["tls"], **files)
        read["tls"].context()
    elif files:
        raise BadRequest(f"the parameter {next(iter(files))!r} of a store on Cassandra wants tls=full beside it")
    return read
