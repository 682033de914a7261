"""What goes wrong beneath a follower of blissdata's scans: each ends with a clear state or error, and nothing hangs.

No wait here is for the clock: each ends with what is waited for, and PATIENCE bounds it where that would not come.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import blissdata
import numpy as np
import pytest

from grafana_sensor import scans as ours
from grafana_sensor.adapters.blissdata import BlissdataScans, Place, opened
from grafana_sensor.domain.errors import BadRequest, Unavailable
from grafana_sensor.domain.scan import ScanState
from tests.scans.blissproducer import BlissProducer, send
from tests.scans.redis import JSON, RedisServer
from tests.scans.test_docs import PAGE

PATIENCE = 30.0

PRODUCER = """
import sys, blissdata, numpy as np
from blissdata.streams.default import Stream
store = blissdata.DataStore(sys.argv[1] + "?protocol=2")
scan = store.create_scan({"name": "ascan", "number": 1, "data_policy": "none"})
stream = scan.create_stream(Stream.make_definition("diode", float))
scan.prepare()
scan.start()
stream.send(np.arange(5.0))
stream.join()
print(scan.key, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor(8) as pool:
        yield pool.submit


def followed(store: Any, key: str) -> tuple[list[float], str]:
    """All that a follower reads of the scan's diode, and the error that ends it."""
    found: list[float] = []
    try:
        cursor = store.load_scan(key).streams["diode"].cursor()
        while (view := cursor.read(timeout=PATIENCE)) is not None:
            found += view.get_data().tolist()
    except (ours.EndOfStream, ours.ScanNotFoundError, Unavailable) as error:
        return found, type(error).__name__
    return found, "nothing came"


def read(cursor: ours.Cursor) -> list[float]:
    """What the cursor reads."""
    view = cursor.read(timeout=PATIENCE)
    assert view is not None
    points: list[float] = view.get_data().tolist()
    return points


def others() -> set[threading.Thread]:
    """The threads that aren't the tests' own."""
    return {each for each in threading.enumerate() if not each.name.startswith("ThreadPoolExecutor")}


def raised(ask: Callable[[], object]) -> Unavailable | None:
    """The error that the call ends with."""
    try:
        ask()
    except Unavailable as error:
        return error
    return None


def test_a_producer_that_is_killed(redis_server: RedisServer) -> None:
    """A scan whose producer was killed stays STARTED; its follower has all points and ends after `inactive` seconds."""
    command = [sys.executable, "-W", "ignore", "-c", PRODUCER, redis_server.url]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
        ours.DataStore(redis_server.url, inactive=0.2) as store,
    ):
        assert process.stdout is not None
        key = process.stdout.readline().strip()
        process.kill()
        process.wait(PATIENCE)
        assert ([0.0, 1.0, 2.0, 3.0, 4.0], "ScanInactive") == followed(store, key)
        scan = store.load_scan(key)
        assert (ScanState.STARTED, False) == (scan.state, scan.streams["diode"].is_sealed())
        with pytest.raises(ours.EndOfStream, match="it is STARTED: who recorded it seems to have died"):
            ours.CursorGroup([scan.streams["diode"]]).read(last_only=True) and scan.update()


def test_a_scan_that_was_closed_by_another(redis_server: RedisServer, producer: BlissProducer) -> None:
    """A stream that nobody sealed ends when its scan is closed, as the memory tracker does to dead ones."""
    made, streams = producer.started()
    send(streams["diode"], np.arange(3.0))
    other = blissdata.DataStore(f"{redis_server.url}?protocol=2")
    scan = blissdata.Scan._load_rw(other, made.key)
    scan.info["end_reason"] = "DELETION"
    scan.close()
    other._redis.connection_pool.disconnect()
    with ours.DataStore(redis_server.url) as store:
        assert ([0.0, 1.0, 2.0], "EndOfStream") == followed(store, made.key)


def test_a_scan_that_is_deleted_while_it_is_followed(
    redis_server: RedisServer, producer: BlissProducer, background: Callable[..., Future[Any]]
) -> None:
    """Its follower ends with ScanNotFoundError, whether or not its streams were sealed."""
    made, streams = producer.started()
    send(streams["diode"], np.arange(3.0))
    with ours.DataStore(redis_server.url) as store, ours.DataStore(redis_server.url) as other:
        following = background(followed, store, made.key)
        waiting = background(other.load_scan(made.key).update, timeout=PATIENCE)
        producer.store.delete_scan(made.key, force=True)
        found, end = following.result()
        assert end in ("EndOfStream", "ScanNotFoundError")  # the seal may be seen before the deletion
        assert found in ([], [0.0, 1.0, 2.0])
        assert isinstance(waiting.exception(), ours.ScanNotFoundError) or waiting.result()


def test_a_redis_that_comes_back_with_its_data(own_redis: RedisServer, background: Callable[..., Future[Any]]) -> None:
    """While it is away every call says so; after it the same objects go on where they were."""
    producer = BlissProducer(own_redis.url)
    made, streams = producer.started()
    send(streams["diode"], np.arange(3.0))
    key = made.key
    store = ours.DataStore(own_redis.url)
    scan = store.load_scan(key)
    cursor = scan.streams["diode"].cursor()
    assert [0.0, 1.0, 2.0] == read(cursor)
    waiting = background(cursor.read, timeout=PATIENCE)
    own_redis.stop()
    with pytest.raises(Unavailable, match=f"the Redis 127.0.0.1:{own_redis.port} does not answer"):
        waiting.result()
    for ask in (store.get_last_scan, lambda: store.load_scan(key), scan.update, lambda: scan.streams["diode"][0]):
        with pytest.raises(Unavailable, match="does not answer"):
            ask()
    own_redis.start()
    assert key == store.get_last_scan()[1]
    assert cursor.read(block=False) is None
    writer = BlissProducer(own_redis.url)
    stream = blissdata.Scan._load_rw(writer.store, key).get_writer_stream("diode")
    stream.event_stream._write_index = 3
    send(stream, np.array([3.0]))
    assert [3.0] == read(cursor)
    stream.seal()
    with pytest.raises(ours.EndOfStream):
        cursor.read(timeout=PATIENCE)
    for each in (producer, writer, store):
        each.close()


def test_a_redis_that_comes_back_empty(own_redis: RedisServer) -> None:
    """Its scans are gone by a clear error, and it is told that it must be set up; then new ones are seen."""
    producer = BlissProducer(own_redis.url)
    made, _ = producer.started()
    producer.close()
    with ours.DataStore(own_redis.url) as store:
        scan = store.load_scan(made.key)
        tag = store.get_last_scan_timetag()
        with own_redis.client() as client:
            client.flushall()
        own_redis.stop()
        own_redis.start()
        for ask in (
            lambda: store.load_scan(made.key),
            lambda: scan.update(timeout=PATIENCE),
            lambda: scan.streams["diode"][:],
        ):
            with pytest.raises(ours.ScanNotFoundError, match="may have been deleted"):
                ask()
        with pytest.raises(ours.NoScanAvailable):
            store.get_last_scan()
        with pytest.raises(Unavailable, match="isn't set up for blissdata"):
            store.search_existing_scans()
        with pytest.raises(Unavailable, match="isn't set up for blissdata"):
            ours.DataStore(own_redis.url)
        own_redis.clear()
        again = BlissProducer(own_redis.url)
        key = again.create().key
        assert key == store.get_next_scan(since=tag, timeout=PATIENCE)[1]
        assert [key] == store.search_existing_scans()[1]
        again.close()


def test_a_redis_that_hangs(own_redis: RedisServer) -> None:
    """One that takes connections but answers nothing is given up after socket_timeout, however long one would wait."""
    producer = BlissProducer(own_redis.url)
    made, _ = producer.started()
    with ours.DataStore(f"{own_redis.url}?socket_timeout=0.5") as store:
        scan = store.load_scan(made.key)
        own_redis.hang()
        for ask in (scan.update, lambda: store.load_scan(made.key), store.get_next_scan):
            with pytest.raises(Unavailable, match="does not answer: Timeout"):
                ask()
        own_redis.hang(False)
        assert made.key == store.get_last_scan()[1]
    producer.close()


@pytest.mark.parametrize(("modules", "lacking"), [((), "modules ReJSON and search"), ((JSON,), "module search")])
def test_a_redis_without_its_modules(tmp_path: Path, modules: tuple[Any, ...], lacking: str) -> None:
    """A Redis that lacks what blissdata keeps scans by says which."""
    server = RedisServer(tmp_path / "redis", modules=modules)
    server.start()
    try:
        with pytest.raises(Unavailable, match=f"lacks the {lacking}"):
            ours.DataStore(server.url)
    finally:
        server.stop()


def test_a_redis_that_is_not_there(own_redis: RedisServer) -> None:
    """Opening the API says at once that nothing answers; a store that is opened later works when it is there."""
    own_redis.stop()
    later = BlissdataScans(Place.read(own_redis.url))
    with pytest.raises(Unavailable, match="does not answer"):
        ours.DataStore(own_redis.url)
    with pytest.raises(Unavailable, match="does not answer"):
        later.last_timetag()
    own_redis.start()
    assert "0-0" == later.last_timetag()
    later.close()


def test_a_reader_without_rights_to_write(own_redis: RedisServer) -> None:
    """The rights of the docs suffice to read; a wrong password is said to be one, and none is shown."""
    producer = BlissProducer(own_redis.url)
    _, streams = producer.started()
    send(streams["diode"], np.arange(3.0))
    with own_redis.client() as client:
        rights = next(line for line in PAGE.read_text().splitlines() if line.startswith("ACL SETUSER reader "))
        client.execute_command(*rights.replace("PASSWORD", "secret").split())
    url = own_redis.url.replace("//", "//reader:secret@")
    with ours.DataStore(url) as store:
        scan = store.load_scan(store.search_existing_scans(name="a*")[1][0])
        assert [0.0, 1.0, 2.0] == scan.streams["diode"][:].tolist()
        assert [0.0, 1.0, 2.0] == read(scan.streams["diode"].cursor())
        assert not scan.update(timeout=0.01)
        with pytest.raises(ours.NoScanAvailable):
            store.get_next_scan(timeout=0.01)
    with pytest.raises(Unavailable, match="refuses") as error:
        ours.DataStore(url.replace("secret", "sesame"))
    assert "sesame" not in str(error.value)
    producer.close()


def test_nothing_is_left_behind(own_redis: RedisServer, background: Callable[..., Future[Any]]) -> None:
    """Followers that end, time out and fail leave no thread, and no connection once the store is closed."""
    threads = others()
    producer = BlissProducer(own_redis.url)
    made, streams = producer.started()
    connected = own_redis.connections()
    store = ours.DataStore(own_redis.url)
    for _ in range(50):
        scan = store.load_scan(made.key)
        assert scan.streams["diode"].cursor().read(timeout=0.001) is None
        assert {} == ours.CursorGroup(scan.streams).read(block=False)
    assert 1 == own_redis.connections() - connected
    following = [background(followed, store, made.key) for _ in range(6)]
    send(streams["diode"], np.arange(3.0))
    producer.store.delete_scan(made.key, force=True)
    assert {"EndOfStream", "ScanNotFoundError"} >= {each.result()[1] for each in following}
    assert 7 >= own_redis.connections() - connected
    store.close()
    producer.close()
    assert 0 == own_redis.connections()
    assert threads == others()


def test_more_at_once_than_connections(
    redis_server: RedisServer, producer: BlissProducer, background: Callable[..., Future[Any]]
) -> None:
    """Beyond the cap of connections whoever asks is told so, and the next who asks is answered."""
    made, _ = producer.started()
    with ours.DataStore(f"{redis_server.url}?max_connections=1") as store:
        cursor = store.load_scan(made.key).streams["diode"].cursor()
        waiting = background(cursor.read, timeout=PATIENCE)
        refused = None
        while refused is None and not waiting.done():  # one of both finds no connection
            refused = raised(store.get_last_scan)
        made.stop()
        assert "too many are waiting for the Redis" in str(refused or waiting.exception())
        waiting.exception()
        assert made.key == store.get_last_scan()[1]


def test_the_library_is_missing(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, what to install is said before anything is connected to."""
    monkeypatch.setattr(opened, "find_spec", lambda _: None)
    with pytest.raises(BadRequest, match=r"pip install 'grafana_sensor\[blissdata\]'"):
        ours.DataStore(redis_server.url)
