from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import cassandra
import pytest
from cassandra import cluster, connection, pool, protocol

from grafana_sensor.adapters.cassandra.errors import DEFECT, MEANINGS, own
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


def test_rights_that_cannot_be_looked_up_are_not_missing() -> None:
    """Where too few nodes are up to look a right up, it is they who are told, not the right."""
    unsure = own(cassandra.Unauthorized("Unable to perform authorization of permissions"))
    missing = own(cassandra.Unauthorized("User alice has no SELECT permission"))
    assert "nodes are up" in str(unsure)
    assert "lacks a right" in str(missing)


def test_a_login_that_is_refused_is_told_as_such() -> None:
    """A cluster that refuses the server's own login is told apart from one that is away, without the password."""
    refused = own(cluster.NoHostAvailable("none", {"one": cassandra.AuthenticationFailed("bad")}))
    assert "refuses the user and the password" in str(refused)
