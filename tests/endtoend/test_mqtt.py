"""A real broker, real publishers, and `grafana-sensor mqtt` between them and the store, through whatever goes wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import Any, Final

import pytest

from grafana_sensor import connect
from tests.cassandra import certificates
from tests.endtoend.brokers import SECONDS, Broker, Wire, mosquitto, running
from tests.endtoend.servers import PASSWORD, USER

PLANT: Final = ("--topic", "plant/{sensor}/data")
END: Final = ("plant/end/data", "{")
"""What can't be read, so that it is told when all before it is stored."""

DIES: Final = "import os, signal; die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL); "
BEFORE_STORING: Final = DIES + "from grafana_sensor.service.session import Session; Session.ingest = die; "
BEFORE_ACKNOWLEDGING: Final = DIES + "from paho.mqtt.client import Client; Client.ack = die; "
HALFWAY: Final = (
    DIES + "from paho.mqtt.client import Client; from itertools import count; ack = Client.ack; left = count(-5); "
    "Client.ack = lambda *a: ack(*a) if next(left) else die(); "
)
"""What is done to a listener before it begins."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running(tmp_path / "broker") as broker:
        yield broker


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The URI of a store in which the user is registered."""
    uri = f"sqlite://{tmp_path}/store"
    with connect(uri) as database:
        database.register(USER, PASSWORD)
    return uri


class Listener:
    """A process of the command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []

    def until(self, text: str) -> str:
        """Wait for a line that it says."""
        assert self.process.stderr is not None
        for line in iter(self.process.stderr.readline, ""):
            self.said.append(line)
            if re.search(text, line):
                return line
        raise AssertionError(f"it never said {text!r} but {self.said}")

    def end(self, by: signal.Signals = signal.SIGTERM) -> str:
        """Ask it to end; what it says then."""
        self.process.send_signal(by)
        _, said = self.process.communicate(timeout=SECONDS)
        assert 0 == self.process.returncode, said
        return said


@contextmanager
def listening(
    store: str, port: int, *flags: str, first: str = "", host: str = "mqtt://127.0.0.1"
) -> Iterator[Listener]:
    """The command, with something done to it `first`; killed at the end where it still runs."""
    folder = Path(store.removeprefix("sqlite://")).parent
    given = ["--store", store, "--user", USER, "--password", PASSWORD, "--broker", f"{host}:{port}", *flags]
    command = [sys.executable, "-c", f"{first}from grafana_sensor.cli import main; main()", "mqtt", *given]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        alarm = Timer(SECONDS, process.kill)
        alarm.start()
        try:
            yield Listener(process)
        finally:
            alarm.cancel()
            if process.poll() is None:
                process.kill()
                process.communicate()


def rows(store: str, q: str) -> Any:
    """The rows of a query over the whole history."""
    with connect(store) as database, database.session_login(USER, PASSWORD) as session:
        return session.query(q)


def numbers(store: str) -> list[float]:
    """The numbers that are stored, in their order; each stands once where all is well."""
    return sorted(row["number"] for row in rows(store, "number FROM press"))


def press(count: int, first: int = 0) -> list[tuple[str, str]]:
    """Messages of one sensor, alike where they have no number."""
    return [("plant/press/data", json.dumps({"number": number})) for number in range(first, first + count)]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_messages_are_stored(broker: Broker, store: str, protocol: str) -> None:
    """Objects, arrays, bare numbers and texts become records of the sensors that their topics name, of any QoS."""
    topics = ("--topic", "zigbee2mqtt/{sensor}", "--topic", "shellies/{sensor}/sensor/{attribute}")
    more = ("--topic", "devices/{sensor}/status/{attribute#}", "--topic", "raw/#")
    with listening(store, broker.port, *PLANT, *topics, *more, "--protocol", protocol) as listener:
        listener.until("connected to")
        for qos in (0, 1, 2):
            broker.publish(("zigbee2mqtt/Living room", json.dumps({"temperature": 20 + qos})), qos=qos)
        broker.publish(
            ("shellies/hall/sensor/temperature", "21.5"),
            ("shellies/hall/sensor/state", "open"),
            ("devices/shellyplus/status/switch:0", '{"apower": 8.5, "output": true}'),
            ("raw/a/b", '[{"time": "2026-03-01", "t": 1}, {"time": "2026-03-02", "t": 2}]'),
            END,
        )
        listener.until("plant/end/data.*invalid JSON")
        assert "8 messages, 8 records stored, 1 refused" in listener.end()
    assert [20, 21, 22] == [row["temperature"] for row in rows(store, 'temperature FROM "Living room"')]
    assert [{"sensor": "hall", "last_temperature": 21.5, "last_state": "open"}] == rows(
        store, "LAST(temperature), LAST(state) FROM hall"
    )
    assert [{"sensor": "shellyplus", "last_switch:0_apower": 8.5, "last_switch:0_output": 1}] == rows(
        store, "LAST(switch:0_apower), LAST(switch:0_output) FROM shellyplus"
    )
    assert [1, 2] == [row["t"] for row in rows(store, 't FROM "raw/a/b" WHERE time < 2026-03-03')]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_comes_while_nobody_listens_waits(broker: Broker, store: str, protocol: str) -> None:
    """Messages that are published between two runs are stored by the second, more than are sent at once."""
    for first in (0, 1_500):
        with listening(store, broker.port, *PLANT, "--protocol", protocol) as listener:
            listener.until("connected to")
            if first:
                broker.publish(END)
                listener.until("invalid JSON")
            listener.end()
        if not first:
            broker.publish(*press(1_500))
    assert list(range(1_500)) == numbers(store)


@pytest.mark.parametrize(
    ("dies", "protocol"),
    [(BEFORE_STORING, "5"), (BEFORE_ACKNOWLEDGING, "5"), (HALFWAY, "5"), (HALFWAY, "3.1.1")],
)
def test_a_killed_listener_loses_and_doubles_nothing(broker: Broker, store: str, dies: str, protocol: str) -> None:
    """Killed before it stores, after that, or amid the acknowledgements, it stores each message once in the end."""
    flags = (*PLANT, "--protocol", protocol)
    with listening(store, broker.port, *flags) as listener:
        listener.until("connected to")
        listener.end()
    broker.publish(*press(30), *press(30))
    for first in (dies, dies):
        with listening(store, broker.port, *flags, first=first) as listener:
            assert -signal.SIGKILL == listener.process.wait(SECONDS)
    with listening(store, broker.port, *flags) as listener:
        listener.until("a session goes on")
        broker.publish(END)
        listener.until("invalid JSON")
        listener.end()
    assert sorted([*range(30), *range(30)]) == numbers(store)


def test_a_crashed_broker_loses_and_doubles_nothing(broker: Broker, store: str) -> None:
    """Killed with messages that are stored and not acknowledged, and others waiting, it starts again, and all are there once."""
    ignores = "from paho.mqtt.client import Client; ack = Client.ack; Client.ack = lambda *_: 0; "
    later = "from grafana_sensor.cli.bridge import Bridge; again = Bridge.disconnected; "
    mends = "Bridge.disconnected = lambda *a: (setattr(Client, 'ack', ack), again(*a))[1]; "
    with listening(store, broker.port, *PLANT, first=ignores + later + mends) as listener:
        listener.until("connected to")
        broker.publish(*press(20), END)
        listener.until("invalid JSON")
        broker.crash()
        listener.until("is lost")
        broker.start()
        listener.until("a session goes on")
        broker.publish(*press(20, 20), ("plant/end/data", "["))
        listener.until("invalid JSON.*\n")
        assert ", 21 sent again" in listener.end()
    assert list(range(40)) == numbers(store)


def test_a_cut_wire_loses_and_doubles_nothing(broker: Broker, store: str) -> None:
    """Acknowledgements that never arrive have the messages sent again, and they are stored once."""
    wire = Wire(broker.port)
    try:
        with listening(store, wire.port, *PLANT) as listener:
            listener.until("connected to")
            broker.publish(("plant/begin/data", "{"))
            listener.until("plant/begin/data")
            for turn in range(3):
                wire.swallows = True
                broker.publish(*press(20, 20 * turn), END)
                listener.until("plant/end/data")
                wire.cut()
                listener.until("a session goes on")
            broker.publish(("plant/last/data", "{"))
            listener.until("plant/last/data")
            assert "sent again" in listener.end()
    finally:
        wire.close()
    assert list(range(60)) == numbers(store)


def test_a_store_that_is_away_keeps_messages_waiting(broker: Broker, store: str) -> None:
    """While the store is away nothing is acknowledged, also beyond what is sent at once; then all is stored."""
    away = (
        "from grafana_sensor.service.session import Session; from grafana_sensor.domain.errors import Unavailable; "
        "from itertools import count; ingest = Session.ingest; left = count(-2)\n"
        "def refuse(*a):\n    if next(left) < 0: raise Unavailable('the store is away')\n    return ingest(*a)\n"
        "Session.ingest = refuse\n"
    )
    with listening(store, broker.port, *PLANT, first=away) as listener:
        listener.until("connected to")
        broker.publish(*press(1_200), END)
        listener.until("the store is away")
        listener.until("the store answers again")
        listener.until("invalid JSON")
        listener.end()
    assert list(range(1_200)) == numbers(store)


def test_bad_messages_are_told_kept_and_acknowledged(broker: Broker, store: str, tmp_path: Path) -> None:
    """Each is told with its topic, kept in the file, and never comes again; the others are stored."""
    flags = (*PLANT, "--rejected", str(tmp_path / "rejected.ndjson"))
    with listening(store, broker.port, *flags) as listener:
        listener.until("connected to")
        bad: list[tuple[str, str | bytes]] = [
            ("plant/a/data", '{"t": 1'),
            ("plant/b/data", "21.5"),
            ("plant/c/data", b"\xff"),
            ("plant/d/data", '[{"t": 1}, 2]'),
            ("plant/e/data", ""),
            ("plant/f/data", json.dumps({"t": "x" * 70_000})),
            ("plant/g/data", '{"time": "1800-01-01", "t": 1}'),
        ]
        broker.publish(*bad, *press(1), END)
        listener.until("plant/end/data")
        listener.end()
    with listening(store, broker.port, *flags) as listener:
        listener.until("a session goes on")
        broker.publish(END)
        listener.until("plant/end/data")
        assert "1 messages, 0 records stored, 1 refused" in listener.end()
    kept = [json.loads(line) for line in (tmp_path / "rejected.ndjson").read_text().splitlines()]
    assert {topic for topic, _ in bad} | {"plant/end/data"} == {each["topic"] for each in kept}
    assert len(bad) + 2 == len(kept)
    assert '{"t": 1' == next(each["payload"] for each in kept if each["topic"] == "plant/a/data")
    assert [0] == numbers(store)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_retained_messages_are_left_out(broker: Broker, store: str, protocol: str) -> None:
    """What the broker keeps for new subscribers has no time of its own, and is not stored."""
    broker.publish(*press(1), retain=True)
    with listening(store, broker.port, *PLANT, "--protocol", protocol) as listener:
        listener.until("connected to")
        broker.publish(*press(1, 1), END)
        listener.until("plant/end/data")
        listener.end()
    assert [1] == numbers(store)


def test_topics_that_are_no_longer_given_are_left(broker: Broker, store: str) -> None:
    """A second run with other topics gets what these have, and nothing of the first one's any more."""
    with listening(store, broker.port, "--topic", "old/#") as listener:
        listener.until("connected to")
        listener.end()
    with listening(store, broker.port, *PLANT) as listener:
        listener.until("a session goes on")
        broker.publish(("old/a", "{}"), *press(1), END)
        listener.until("plant/end/data")
        assert "2 messages, 1 records stored, 1 refused" in listener.end()


def test_tls_and_certificates(tmp_path: Path, store: str) -> None:
    """By TLS the broker is known by its certificate and the client by its own; another authority is not trusted."""
    certificates.make(tmp_path / "tls")
    certificates.make(tmp_path / "other")
    tls = tmp_path / "tls"
    lines = (f"cafile {tls}/ca.pem", f"certfile {tls}/node.crt", f"keyfile {tls}/node.key", "require_certificate true")
    own = ("--certificate", f"{tls}/client.crt", "--key", f"{tls}/client.key")
    with running(tmp_path / "broker", *lines) as broker:
        to = {"host": "mqtts://127.0.0.1"}
        with listening(store, broker.port, *PLANT, *own, "--ca", f"{tls}/ca.pem", **to) as listener:
            listener.until("connected to")
            listener.end()
        with listening(store, broker.port, *PLANT, *own, "--ca", f"{tmp_path}/other/ca.pem", **to) as listener:
            listener.until("error: the certificate of the broker at 127.0.0.1 can't be trusted: .*; --ca names")
            assert 1 == listener.process.wait(SECONDS)
        with listening(store, broker.port, *PLANT, "--ca", f"{tls}/ca.pem", **to) as listener:
            listener.until("ended the connection at once|can't be reached")


def test_users_of_the_broker(tmp_path: Path, store: str) -> None:
    """The broker's user comes by flag and its password by the environment; a wrong one ends it, and none is told."""
    mosquitto()
    passwords = tmp_path / "passwords"
    passwords.write_text("grafana:hidden\n")
    subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, timeout=SECONDS)
    with running(tmp_path / "broker", f"password_file {passwords}", "allow_anonymous false") as broker:
        for password, said in (
            ("hidden", "connected to"),
            ("guessed", "error: the broker refuses: .*(user|authorize)"),
        ):
            first = f"import os; os.environ['GRAFANA_SENSOR_BROKER_PASSWORD'] = '{password}'; "
            with listening(store, broker.port, *PLANT, "--broker-user", "grafana", first=first) as listener:
                listener.until(said)
                if password == "hidden":
                    listener.end()
                assert password not in "".join(listener.said)


def test_two_of_one_name_do_not_fight(broker: Broker, store: str, tmp_path: Path) -> None:
    """A second listener with the journal is refused; of two with the same client id one is told what is wrong."""
    with listening(store, broker.port, *PLANT) as listener:
        listener.until("connected to")
        with listening(store, broker.port, *PLANT) as second:
            second.until("error: the journal .* is another process's")
        with listening(store, broker.port, *PLANT, "--journal", str(tmp_path / "other")) as third:
            third.until("connected to")
            listener.until("another client (with the same|have the) id")
            third.end()
