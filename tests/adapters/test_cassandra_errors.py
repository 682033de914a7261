from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import cassandra
import pytest
from cassandra import cluster, connection, pool, protocol

from grafana_sensor.adapters.cassandra.connections import NodeConnection
from grafana_sensor.adapters.cassandra.errors import DEFECT, MEANINGS, Unsure, own
from grafana_sensor.domain.errors import Unavailable


def exceptions(module: ModuleType) -> Iterator[type[BaseException]]:
    """The exceptions that the module defines."""
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, BaseException) and each.__module__ == module.__name__:
            yield each


@pytest.mark.parametrize("module", [cassandra, cluster, connection, pool, protocol], ids=lambda module: module.__name__)
def test_every_exception_of_the_driver_has_a_meaning(module: ModuleType) -> None:
    """The table names each of the driver's exceptions, or one that it is a kind of."""
    assert [] == [each.__name__ for each in exceptions(module) if not set(MEANINGS) & set(each.__mro__)]


def test_what_the_surroundings_cause_is_unavailable() -> None:
    """A cluster that is away or slow is Unavailable; a defect of ours stays what it is."""
    assert isinstance(own(cluster.NoHostAvailable("none", {})), Unavailable)
    assert isinstance(own(cassandra.OperationTimedOut()), Unavailable)
    assert DEFECT == MEANINGS[cassandra.InvalidRequest]
    mistake = cassandra.InvalidRequest("no such column")
    assert mistake is own(mistake)


ALONE = "Cannot achieve consistency level QUORUM"


@pytest.mark.parametrize("what", ["authorization of permissions", "authorization of super-user permission"])
def test_rights_that_cannot_be_looked_up_are_not_missing(what: str) -> None:
    """Where too few nodes are up to look a right up, it is they who are told, not the right."""
    unsure = own(cassandra.Unauthorized(f"Unable to perform {what}: {ALONE}"))
    missing = own(cassandra.Unauthorized("User alice has no SELECT permission"))
    assert "nodes are up" in str(unsure)
    assert "lacks a right" in str(missing)


def refused(said: str) -> BaseException:
    """What comes of it when one node is down and the other says that to a login."""
    away = connection.ConnectionException("refused")
    return own(cluster.NoHostAvailable("none", {"one": away, "two": cassandra.AuthenticationFailed(said)}))


def test_a_login_that_is_refused_is_told_as_such() -> None:
    """A cluster that refuses the server's own login is told apart from one that is away, without the password."""
    assert "refuses the user and the password" in str(refused("Provided username x and/or password are incorrect"))


@pytest.mark.parametrize("what", ["authentication", "authorization of login permission"])
def test_a_login_that_cannot_be_looked_up_is_not_wrong(what: str) -> None:
    """Where too few nodes are up to look the server's login up, it is they who are told, not the login."""
    assert "too few of its nodes are up" in str(refused(f"Unable to perform {what}: {ALONE}"))


def test_a_node_that_is_unsure_of_a_login_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver, which gives a node up that refuses a login, is told another error where the node can't know."""
    said = iter([f"Unable to perform authentication: {ALONE}", "Provided username x and/or password are incorrect"])

    def factory(*_: object) -> None:
        raise cassandra.AuthenticationFailed(next(said))

    monkeypatch.setattr(connection.Connection, "factory", factory)
    with pytest.raises(Unsure, match=ALONE):
        NodeConnection.factory("one", 1)
    with pytest.raises(cassandra.AuthenticationFailed):
        NodeConnection.factory("one", 1)


def test_nodes_that_were_reached_before_are_not_looked_for_at_a_wrong_address() -> None:
    """Without a node to ask, once connected, it is told that they are away, not that the address may be wrong."""
    assert "address" not in str(own(cluster.NoHostAvailable("none", {})))
    assert "address" in str(own(cluster.NoHostAvailable("none", {"one": connection.ConnectionException("no")})))
