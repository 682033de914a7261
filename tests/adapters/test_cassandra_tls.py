"""TLS to the nodes: what can be said in a URI, and what a real node and a server make of it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from grafana_sensor import connect
from grafana_sensor.adapters.cassandra.place import Place
from grafana_sensor.adapters.cassandra.tls import Tls
from grafana_sensor.domain.errors import BadRequest, Unavailable
from tests.cassandra import certificates, lent
from tests.cassandra.node import Node, Options


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node's certificates and its client's."""
    certificates.make(tmp_path / "own")
    return tmp_path / "own"


def read(**parameters: object) -> Place:
    return Place.read(f"//root:hush@one/?{urlencode(parameters)}", {})


def test_a_uri_says_whom_to_trust(folder: Path) -> None:
    """Files of PEM by their names; with tls=chain a node's certificate need not name its address."""
    ca, certificate, key = (str(folder / name) for name in ("ca.pem", "client.crt", "client.key"))
    assert read().tls is None
    assert Tls(named=True, ca=ca) == read(tls="full", ca=ca).tls
    chain = read(tls="chain", ca=ca, certificate=certificate, key=key).tls
    assert Tls(False, ca, certificate, key) == chain
    assert [(True, ssl.CERT_REQUIRED), (False, ssl.CERT_REQUIRED)] == [
        (context.check_hostname, context.verify_mode)
        for context in (Tls(named=True, ca=ca).context(), Tls(named=False, ca=ca).context())
    ]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"tls": "on"}, "'tls' .* 'full' or 'chain', not 'on'"),
        ({"tls": "full", "ca": ""}, "'ca' .* the name of a file"),
        ({"ca": "ca.pem"}, "'ca' .* wants tls=full"),
        ({"tls": "full", "key": "client.key"}, "'key' .* wants 'certificate'"),
        ({"tls": "full", "ca": "none.pem"}, "'ca' .*none.pem.*No such file"),
        ({"tls": "full", "ca": "ca.pem", "certificate": "none.pem"}, "'certificate' .*none.pem.*No such file"),
        ({"tls": "full", "ca": "ca.pem", "certificate": "client.crt"}, "'certificate' .*'client.crt': it isn't PEM"),
        ({"tls": "full", "ca": "ca.pem", "certificate": "node.crt", "key": "client.key"}, "'certificate' .*don't fit"),
        ({"tls": "full", "ca": "client.key"}, "'ca' .*'client.key': it isn't PEM"),
    ],
)
def test_files_that_cannot_be_used_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], said: str
) -> None:
    """What can't be used is refused by its parameter's name before anything is connected to."""
    monkeypatch.chdir(folder)
    with pytest.raises(BadRequest, match=said):
        read(**parameters)


@contextmanager
def ready(uri: str, **parameters: object) -> Iterator[None]:
    """The store at the URI answers."""
    with connect(f"{uri}?{urlencode(parameters)}") as database:
        database.ready()
        yield


def test_a_node_and_its_server_know_each_other(folder: Path, tmp_path: Path) -> None:
    """Over TLS all is as without; who has another's certificate, or none, is refused, and so is a stranger's node."""
    certificates.make(tmp_path / "others")
    own, others = (
        {"tls": "full", "ca": each / "ca.pem", "certificate": each / "client.crt", "key": each / "client.key"}
        for each in (folder, tmp_path / "others")
    )
    node = Node(tmp_path / "node")
    try:
        with lent.or_skipped():
            node.start(Options(port=0, storage_port=0, throwaway=True, tls=str(folder)))
        with connect(f"{node.uri}?{urlencode(own)}") as database:
            database.register("alice", "secret")
            with database.session_login("alice", "secret") as session:
                session.insert_into_sensor("hall", {"t": 1})
                assert 1 == session.query_per_sensor("hall", ["CNT(t)"])
        for parameters in (own | {"ca": others["ca"]}, others | {"ca": own["ca"]}, {"tls": "full", "ca": own["ca"]}):
            with pytest.raises(Unavailable, match="TLS with its nodes fails"), ready(node.uri, **parameters):
                pass
        with pytest.raises(Unavailable), ready(node.uri):
            pass
    finally:
        node.stop(kill=True)
