from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grafana_sensor.adapters.cassandra.place import Login, Place
from grafana_sensor.domain.errors import BadRequest

NAMED = {"GRAFANA_SENSOR_CASSANDRA_USER": "root", "GRAFANA_SENSOR_CASSANDRA_PASSWORD": "hush"}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("//root:hush@one", {"hosts": (("one", 9042),)}),
        ("//root:hush@one,two:9043/", {"hosts": (("one", 9043), ("two", 9043))}),
        ("//root:hush@one:1,[::1]:2/", {"hosts": (("one", 1), ("::1", 2))}),
        ("//one/?replication=3&datacenter=dc1", {"hosts": (("one", 9042),), "replication": 3, "datacenter": "dc1"}),
        ("//one?layout=classic&tenancy=keyspaces", {"hosts": (("one", 9042),), "layout": "classic"}),
        ("//one?layout=chunked&tenancy=shared", {"hosts": (("one", 9042),), "shared": True}),
        ("//one?tenancy=shared&prefix=lab_2", {"hosts": (("one", 9042),), "shared": True, "prefix": "lab_2"}),
    ],
)
def test_a_uri_says_where_and_how(uri: str, expected: dict[str, Any]) -> None:
    """Hosts with ports of their own or the last one's, and parameters; who logs in, there or in the environment."""
    assert Place(**{"login": Login("root", "hush"), **expected}) == Place.read(uri, NAMED)


def test_a_password_of_the_uri_may_be_escaped() -> None:
    """What a URI can't hold stands in it escaped; the URI goes before the environment."""
    assert Login("a b", "p@:/?") == Place.read("//a%20b:p%40%3A%2F%3F@one", NAMED).login


def test_a_password_may_stand_in_a_file(tmp_path: Path) -> None:
    """The first line of the file is the password."""
    (tmp_path / "password").write_text("hush\nmore\n")
    environ = {
        "GRAFANA_SENSOR_CASSANDRA_USER": "root",
        "GRAFANA_SENSOR_CASSANDRA_PASSWORD_FILE": f"{tmp_path}/password",
    }
    assert Login("root", "hush") == Place.read("//one", environ).login


@pytest.mark.parametrize(
    ("uri", "environ", "said"),
    [
        ("one", NAMED, "cassandra://"),
        ("//", NAMED, "no host"),
        ("//one?layout=other", NAMED, "'chunked' or 'classic'"),
        ("//one?layout=classic&tenancy=shared", NAMED, "leave out tenancy=shared"),
        ("//one:0", NAMED, "no host"),
        ("//one:70000", NAMED, "no host"),
        ("//one,,two", NAMED, "no host"),
        ("//one/keyspace", NAMED, "'keyspace'"),
        ("//root@one", NAMED, "a user and a password"),
        ("//one", {}, "GRAFANA_SENSOR_CASSANDRA_USER"),
        ("//one", {"GRAFANA_SENSOR_CASSANDRA_USER": "root"}, "_PASSWORD"),
        (
            "//one",
            {"GRAFANA_SENSOR_CASSANDRA_USER": "root", "GRAFANA_SENSOR_CASSANDRA_PASSWORD_FILE": "/none/hush"},
            "can't be read",
        ),
        ("//root:hush@one?replicas=3", NAMED, "no parameter 'replicas'"),
        ("//root:hush@one?replication=0", NAMED, "'replication' .* from 1 to 19, not '0'"),
        ("//root:hush@one?datacenter=", NAMED, "'datacenter'"),
        ("//root:hush@one?prefix=Lab", NAMED, "'prefix'"),
        ("//root:hush@one?tenancy=mine", NAMED, "'keyspaces' or 'shared'"),
    ],
)
def test_another_uri_is_refused(uri: str, environ: dict[str, str], said: str) -> None:
    """What can't be is refused by name, and no password is shown."""
    with pytest.raises(BadRequest, match=said) as caught:
        Place.read(uri, environ)
    assert "hush" not in caught.value.message


def test_a_place_never_shows_its_password() -> None:
    """A place, printed into a log, shows who logs in and not by what."""
    assert "hush" not in repr(Place.read("//root:hush@one", {}))
