"""A database that shows the scans of a Redis to every user, beside their own."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from grafana_sensor import connect
from grafana_sensor.domain.errors import BadRequest, Forbidden, Unavailable
from grafana_sensor.scans import CursorGroup
from tests.endtoend.servers import AUTHORIZATION, PASSWORD, USER, connected, post, serving
from tests.scans.blissproducer import BlissProducer, send
from tests.scans.redis import RedisServer


def test_every_user_sees_them_beside_their_own(redis_server: RedisServer, producer: BlissProducer) -> None:
    """Each user finds the Redis' scans and their own, nobody another's; recording goes to one's own."""
    theirs, streams = producer.started(name="theirs")
    send(streams["diode"], np.arange(3.0))
    with connect("memory://", scans=redis_server.url) as database:
        found = {}
        for user in ("alice", "bob"):
            database.register(user, "secret")
            with database.session_login(user, "secret") as session:
                store = session.data_store()
                mine = store.create_scan({"name": user, "number": 1, "data_policy": "none"})
                found[user] = [store.load_scan(key).name for key in store.search_existing_scans()[1]]
                assert mine.key == store.get_last_scan()[1]
                views = CursorGroup(store.load_scan(theirs.key).streams).read()
                assert [[0.0, 1.0, 2.0]] == [view.get_data().tolist() for view in views.values()]
                store.delete_scan(mine.key, force=True)
                with pytest.raises(Forbidden, match="only read"):
                    store.delete_scan(theirs.key, force=True)
    assert {"alice": ["theirs", "alice"], "bob": ["theirs", "bob"]} == found
    assert theirs.key == producer.store.get_last_scan()[1]


def test_the_redis_may_come_later(own_redis: RedisServer) -> None:
    """A database is opened while the Redis is away, connects to it when it is first asked, and lets go of it."""
    own_redis.stop()
    with connect("memory://", scans=own_redis.url) as database:
        database.register("alice", "secret")
        with database.session_login("alice", "secret") as session:
            with pytest.raises(Unavailable, match="does not answer"):
                session.scans().search({})
            own_redis.start()
            assert 0 == own_redis.connections()
            assert [] == session.scans().search({})
            assert 1 == own_redis.connections()
    assert 0 == own_redis.connections()


def test_a_wrong_url() -> None:
    """What is no Redis of blissdata is refused when the database is opened, without a word of a password."""
    with pytest.raises(BadRequest, match="redis://HOST:PORT"):
        connect("memory://", scans="http://user:secret@localhost")


def test_a_server_that_starts_before_the_redis(own_redis: RedisServer, tmp_path: Path) -> None:
    """Each worker of a server finds the Redis when it comes, and again when it was away; the server serves meanwhile."""
    own_redis.stop()
    uri = f"sqlite:{tmp_path / 'store'}"
    with connect(uri) as database:
        database.register(USER, PASSWORD)
    with serving(uri, "--workers", "2", "--scans", own_redis.url) as (_, port):
        assert ({503}, {201}) == (asked(port, "/api/v1/scans"), posted(port))
        own_redis.start()
        producer = BlissProducer(own_redis.url)
        made = producer.create(name="theirs")
        assert {200} == asked(port, "/api/v1/scans/last") == asked(port, f"/api/v1/scans/{made.key}")
        own_redis.stop()
        assert {503} == asked(port, "/api/v1/scans/last")
        own_redis.start()
        assert {200} == asked(port, "/api/v1/scans/last")
        producer.close()


def asked(port: int, path: str) -> set[int]:
    """The statuses of the path, asked over connections of which each worker gets some."""
    found = set()
    with ExitStack() as stack:
        # They are open together, so that no worker takes all.
        for connection in [stack.enter_context(connected(port)) for _ in range(8)]:
            connection.request("GET", path, headers={"Authorization": AUTHORIZATION})
            answer = connection.getresponse()
            answer.read()
            found.add(answer.status)
    return found


def posted(port: int) -> set[int]:
    """The status of a post of one record."""
    with connected(port) as connection:
        return {post(connection, 1)}
