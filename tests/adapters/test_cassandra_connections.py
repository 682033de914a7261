from __future__ import annotations

from types import SimpleNamespace

import pytest

from grafana_sensor.adapters.cassandra import connections
from grafana_sensor.adapters.cassandra.connections import Connections
from grafana_sensor.adapters.cassandra.place import Login, Place
from grafana_sensor.domain.errors import Unavailable
from tests.contract.blobs import together

PLACE = Place((("one", 9042),), Login("root", "hush"))


def test_who_waits_for_a_login_that_fails_fails_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight at once one tries, and all are told why it failed; a second later the next one tries again."""
    now, tries = [0.0], list[object]()

    def failing(*asked: object) -> None:
        tries.append(asked)
        raise Unavailable("the machine is off")

    monkeypatch.setattr(connections, "Connection", failing)
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    opened = Connections(PLACE)

    def take(_: int) -> str:
        with pytest.raises(Unavailable) as caught:
            opened.take(PLACE.login, "sensors")
        return caught.value.message

    assert ["the machine is off"] * 8 == together(take, 8)
    assert 1 == len(tries)
    now[0] = 1.0
    assert "the machine is off" == take(0)
    assert 2 == len(tries)
