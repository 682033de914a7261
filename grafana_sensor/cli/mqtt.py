"""`grafana-sensor mqtt`: messages of an MQTT broker into the store.

Law: a message is acknowledged when it is stored, or can never be and that was told.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click

from grafana_sensor.cli.commands import Command
from grafana_sensor.cli.options import logged_in, read_settings, settings_options, user_options
from grafana_sensor.cli.terminal import Report
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown
from grafana_sensor.settings import PREFIX

if TYPE_CHECKING:
    import ssl

    from grafana_sensor.cli.bridge import Tally
    from grafana_sensor.cli.broker import Address
    from grafana_sensor.cli.messages import Message

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
"""The schemes of a broker's address, and the port of each."""

TELLING_SECONDS: Final = 60.0
"""How often a pipe is told how things stand, where they have changed."""

_OF_ADDRESS: Final = ("broker", "protocol", "broker_user", "broker_password", "ca", "certificate", "key")

EXAMPLES: Final = r"""
grafana-sensor mqtt --topic 'zigbee2mqtt/{sensor}'
grafana-sensor mqtt --topic 'tele/{sensor}/SENSOR' --topic 'shellies/{sensor}/sensor/{attribute}'
grafana-sensor mqtt --broker mqtts://broker.example --ca ca.pem --broker-user grafana --topic 'plant/#' --sensor-field id
"""


@click.command("mqtt", cls=Command, short_help="Store what an MQTT broker sends.", examples=EXAMPLES)
@user_options
@click.option(
    "--broker",
    default="mqtt://localhost",
    show_default=True,
    envvar=PREFIX + "BROKER",
    show_envvar=True,
    help="The broker: mqtt://HOST[:1883], or by TLS mqtts://HOST[:8883].",
)
@click.option(
    "--topic", "topics", multiple=True, required=True,
    help="Topics by pattern: + or # as MQTT has them; {sensor} and {attribute} are a level that names it,"
    " {sensor#} and {attribute#} all the rest. Several may be given.",
)  # fmt: skip
@click.option("--sensor-field", help="The field of a payload that names the sensor, in the place of the topic.")
@click.option("--time-field", help="The field of the time.  [default: time, timestamp, ts, datetime or date]")
@click.option("--client-id", help="The name of the session at the broker.  [default: grafana-sensor-USER]")
@click.option(
    "--journal", type=click.Path(dir_okay=False, path_type=Path),
    help="The file that makes a crash harmless.  [default: mqtt-CLIENT_ID.journal]",
)  # fmt: skip
@click.option(
    "--rejected", type=click.Path(dir_okay=False, path_type=Path),
    help="A file that messages which can't be stored are added to, one JSON object a line.",
)  # fmt: skip
@click.option("--broker-user", envvar=PREFIX + "BROKER_USER", show_envvar=True, help="The user at the broker.")
@click.option(
    "--broker-password", envvar=PREFIX + "BROKER_PASSWORD", show_envvar=True, help="Their password at the broker."
)
@click.option("--ca", type=click.Path(dir_okay=False), help="Whom to trust, PEM.  [default: the system's]")
@click.option("--certificate", type=click.Path(dir_okay=False), help="The client's certificate, PEM.")
@click.option("--key", type=click.Path(dir_okay=False), help="Its key, PEM, where it is in another file.")
@click.option(
    "--protocol", type=click.Choice(["5", "3.1.1"]), default="5", show_default=True, help="The version of MQTT."
)
@settings_options("max_nesting", "max_attributes", "max_name", "max_text")
def command(
    *,
    user: str,
    password: str | None,
    topics: tuple[str, ...],
    sensor_field: str | None,
    time_field: str | None,
    client_id: str | None,
    journal: Path | None,
    rejected: Path | None,
    **given: Any,
) -> None:
    """Store what an MQTT broker sends, until interrupted.

    A payload is a JSON object or an array of them; where the topic's pattern has {attribute}, it may be a bare number
    or text, too. The sensor is what {sensor} stands for, or --sensor-field says, else the topic.

    Messages of QoS 1 and 2 are acknowledged when they are stored, and what comes while nobody listens waits at the
    broker: none is lost, and none is stored twice, as long as the session, the client id and the journal are kept.
    """
    from grafana_sensor.cli.bridge import Bridge
    from grafana_sensor.cli.broker import Broker
    from grafana_sensor.cli.journal import journal_at
    from grafana_sensor.cli.messages import Reader
    from grafana_sensor.cli.topics import patterns

    settings = read_settings(given)
    if settings.store.lower().startswith("memory:"):
        raise BadRequest("memory:// ends with the process that fills it, and messages are acknowledged for good")
    address = _address(client_id or f"grafana-sensor-{user}", **{name: given[name] for name in _OF_ADDRESS})
    reader = Reader(patterns(topics), sensor_field, time_field, settings.limits)
    report = Report()
    with (
        journal_at(journal or Path(f"mqtt-{address.client_id.replace(os.sep, '_')}.journal")) as kept,
        logged_in(settings, user, password) as session,
        _kept(rejected) as file,
        _ending() as ends,
    ):
        bridge = Bridge(session.ingest, reader, kept, _refusing(report, file))
        broker = Broker(address, bridge, clock=session.clock, log=report.line, ends=ends)
        bridge.begin()
        try:
            broker.listen(_telling(report, bridge.tally))
        finally:
            report.state("")
            report.line(str(bridge.tally))


def _address(
    client_id: str,
    *,
    broker: str,
    protocol: str,
    broker_user: str | None,
    broker_password: str | None,
    ca: str | None,
    certificate: str | None,
    key: str | None,
) -> Address:
    """Where the broker is, and who connects. Called wrongly where that can't be told."""
    from grafana_sensor.cli.broker import Address

    host, port, secure = _place(broker)
    if not secure and (ca or certificate or key):
        raise click.UsageError("--ca, --certificate and --key are of TLS: give the broker as mqtts://HOST")
    if key and not certificate:
        raise click.UsageError("--key is given without the --certificate that it is of")
    if broker_password is not None and broker_user is None:
        raise click.UsageError("a password of the broker is given without --broker-user")
    tls = _tls(ca, certificate, key) if secure else None
    return Address(host, port, client_id, protocol, broker_user, broker_password, tls)


def _place(broker: str) -> tuple[str, int, bool]:
    """The host, the port, and whether it is by TLS. Called wrongly where that can't be told."""
    try:
        parts = urlsplit(broker if "://" in broker else f"mqtt://{broker}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise click.UsageError(f"--broker is {shown(broker)}: {error}") from None
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query:
        raise click.UsageError(f"--broker is {shown(broker)}; it must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]")
    if "@" in parts.netloc:
        raise click.UsageError("--broker holds a user: give --broker-user and GRAFANA_SENSOR_BROKER_PASSWORD")
    return host, PORTS[parts.scheme] if port is None else port, parts.scheme == "mqtts"


def _tls(ca: str | None, certificate: str | None, key: str | None) -> ssl.SSLContext:
    """What the connection is encrypted by. Raises BadRequest where a file can't be read."""
    import ssl

    for file in filter(None, (ca, certificate, key)):
        if not Path(file).is_file():
            raise BadRequest(f"there is no file {shown(file)}")
    try:
        context = ssl.create_default_context(cafile=ca)
        if certificate is not None:
            context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError) as error:
        raise BadRequest(f"the certificates can't be read: {error}") from None
    return context


@contextmanager
def _kept(rejected: Path | None) -> Iterator[IO[str] | None]:
    """The file of the messages that can't be stored, if there is to be one."""
    try:
        opened = nullcontext() if rejected is None else rejected.open("a", encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"the file {shown(str(rejected))} can't be written: {error.strerror}") from None
    with opened as file:
        yield file


@contextmanager
def _ending() -> Iterator[Event]:
    """Set when the process is asked to end."""
    ends = Event()
    before = {each: signal.signal(each, lambda *_: ends.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield ends
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _refusing(report: Report, file: IO[str] | None) -> Callable[[Message, str], None]:
    """Tells of messages that can't be stored, and keeps them where there is a file."""

    def refuse(message: Message, why: str) -> None:
        report.line(f"{shown(message.topic)}: {why}")
        if file is None:
            return
        payload = message.payload.decode("utf-8", "backslashreplace")
        said = {"topic": message.topic, "payload": payload, "received": message.received, "message": why}
        file.write(json.dumps(said) + "\n")
        file.flush()
        os.fsync(file.fileno())

    return refuse


def _telling(report: Report, tally: Tally) -> Callable[[], None]:
    """Says how things stand: at once on a terminal, each minute in a pipe."""
    told, at = str(tally), time.monotonic()

    def tell() -> None:
        nonlocal told, at
        now, text = time.monotonic(), str(tally)
        report.state(text)
        if text != told and now - at >= TELLING_SECONDS and not report.drawn:
            report.line(text)
            told, at = text, now

    return tell
