"""The connection to an MQTT broker: what it sends goes over the bridge, and is acknowledged when it is stored.

Law: the session is the broker's to keep, under a fixed client id, so that what comes while nobody listens waits there.
What the broker refuses for good is an error; for everything else it is tried again, ever more rarely. Retained messages
are left out: their time is not that of their arrival. One thread does all, so that nothing is acknowledged out of turn.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from grafana_sensor.cli.bridge import UNACKNOWLEDGED, Bridge
from grafana_sensor.cli.messages import Message
from grafana_sensor.domain.errors import BadRequest, Error, Unavailable

SESSION_SECONDS: Final = 7 * 86_400
"""How long the broker is asked to keep the session (MQTT 5); idempotency keys are kept as long."""

KEEPALIVE: Final = 30
"""Seconds after which a silent connection is dead."""

_REFUSED: Final = {
    132: "it does not speak this version of MQTT: try another --protocol",
    133: "it does not take the client id: give another --client-id",
    134: "the user or the password of the broker is wrong",
    135: "it does not authorize this user",
    138: "it has banned this client",
    140: "it wants another way of authentication",
    142: "another client with the same id has taken the session over: give each its own --client-id",
}
"""What is not tried again, by its reason code."""

_QUIET: Final = 0.01
_IDLE: Final = 0.5
"""Seconds that are waited for another message: while some are to be stored, and else."""
_LONGEST_GATHERING: Final = 0.25
_STEADY: Final = 5.0
"""Seconds after which a connection is one, and not a try."""
_DELAYS: Final = (0.5, 30.0)
"""Seconds until the second try, and at most."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is, and who connects: `tls` where that is encrypted, `protocol` "5" or "3.1.1"."""

    host: str
    port: int
    client_id: str
    protocol: str = "5"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None


@dataclass(slots=True)
class Retry:
    """When something is tried again."""

    at: float = 0.0
    delay: float = _DELAYS[0]

    def later(self) -> None:
        """It failed: try it again later, and later still the next time."""
        self.at = time.monotonic() + self.delay
        self.delay = min(2 * self.delay, _DELAYS[1])

    def reset(self) -> None:
        """It went well."""
        self.at, self.delay = 0.0, _DELAYS[0]

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return time.monotonic() >= self.at


class Broker:
    """A broker that is listened to. `clock` gives UTC µs, `log` takes lines, `ends` says that it is time to end."""

    def __init__(
        self, address: Address, bridge: Bridge, *, clock: Callable[[], int], log: Callable[[str], None], ends: Event
    ) -> None:
        self._address = address
        self._bridge = bridge
        self._clock = clock
        self._log = log
        self._ends = ends
        self._connecting = Retry()
        self._storing = Retry()
        self._connected = False
        self._since = 0.0
        self._resumed = False
        self._failure: Error | None = None
        self._client = self._made()

    def listen(self, tick: Callable[[], None]) -> None:
        """Store what the broker sends until it is time to end; `tick` is called now and then.

        Raises BadRequest for what the broker refuses for good.
        """
        begun = None
        while not self._ends.is_set():
            before = self._bridge.tally.messages
            self._step(_QUIET if self._bridge.gathered and self._storing.due else _IDLE)
            if self._failure is not None:
                raise self._failure
            if not self._bridge.waiting:
                self._bridge.settle()
                begun = None
            else:
                begun = time.monotonic() if begun is None else begun
                quiet = before == self._bridge.tally.messages
                if quiet or self._bridge.full or time.monotonic() - begun > _LONGEST_GATHERING:
                    begun = None
                    self._flush()
            tick()
        self._end()

    def _step(self, seconds: float) -> None:
        """Hear the broker for so long at most, or try to reach it where it is time."""
        if self._client.socket() is not None:
            self._client.loop(seconds)
            if self._bridge.overflowing and self._client.socket() is not None:
                self._client.disconnect()  # what was not taken comes again with the next connection
        elif self._connecting.due and not self._bridge.overflowing:
            self._connect()
        else:
            self._ends.wait(min(seconds, 0.1))

    def _connect(self) -> None:
        self._connecting.later()
        properties = None
        if self._address.protocol == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
            properties.SessionExpiryInterval = SESSION_SECONDS
            properties.ReceiveMaximum = UNACKNOWLEDGED
        address = self._address
        try:
            if properties is None:
                self._client.connect(address.host, address.port, KEEPALIVE)
            else:
                self._client.connect(address.host, address.port, KEEPALIVE, clean_start=False, properties=properties)
        except ssl.SSLCertVerificationError as error:
            raise BadRequest(
                f"the certificate of the broker at {address.host} can't be trusted: {error.verify_message}; --ca names"
                " the authority that signed it"
            ) from None
        except (OSError, ValueError) as error:
            self._log(f"the broker at {address.host}:{address.port} can't be reached: {error}")

    def _flush(self) -> None:
        if not self._storing.due:
            return
        try:
            done = self._bridge.flush()
        except Unavailable as error:
            if self._storing.at == 0.0:
                self._log(f"{error.message}; it is tried again, and nothing is acknowledged meanwhile")
            self._storing.later()
            return
        if self._storing.at:
            self._log("the store answers again")
        self._storing.reset()
        for message in done:
            if message.mid:
                self._client.ack(message.mid, 1)

    def _end(self) -> None:
        """Store what is there once more, and say good-bye, which ends no session."""
        self._storing.reset()
        self._flush()
        if not self._bridge.waiting:
            self._bridge.settle()
        if self._client.socket() is not None:
            self._client.disconnect()

    def _made(self) -> Client:
        address = self._address
        five = address.protocol == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=address.client_id,
            clean_session=None if five else False,
            protocol=MQTTv5 if five else MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if address.user is not None:
            client.username_pw_set(address.user, address.password)
        if address.tls is not None:
            client.tls_set_context(address.tls)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(self, client: Client, _: Any, flags: Any, reason: ReasonCode, __: Any) -> None:
        if reason.is_failure:
            self._refuse(reason)
            return
        self._connected, self._since = True, time.monotonic()
        self._bridge.connected(resumed=flags.session_present)
        filters = self._bridge.reader.filters
        if self._bridge.left_behind:
            client.unsubscribe(self._bridge.left_behind)
        if self._address.protocol == "5":
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            client.subscribe([(each, options) for each in filters])
        else:
            client.subscribe([(each, 1) for each in filters])
        self._resumed = flags.session_present

    def _on_subscribe(self, _: Any, __: Any, ___: int, reasons: list[ReasonCode], ____: Any) -> None:
        for pattern, reason in zip(self._bridge.reader.patterns, reasons, strict=False):
            if reason.is_failure:
                self._failure = BadRequest(f"the broker refuses the topic {pattern.filter!r}: {reason}")
        self._bridge.subscribed()
        filters = ", ".join(self._bridge.reader.filters)
        session = "a session goes on" if self._resumed else "a session begins"
        self._log(f"connected to {self._address.host}:{self._address.port}, {session}: {filters}")

    def _on_message(self, _: Any, __: Any, message: MQTTMessage) -> None:
        self._bridge.take(
            Message(
                message.topic,
                bytes(message.payload),
                self._clock(),
                message.mid,
                repeat=message.dup,
                retained=message.retain,
            )
        )

    def _on_disconnect(self, _: Any, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        if self._ends.is_set():
            return
        if reason.is_failure and reason.value in _REFUSED:
            self._refuse(reason)
        elif not self._connected:
            self._log(f"the broker at {self._address.host}:{self._address.port} ended the connection at once: {reason}")
        elif time.monotonic() - self._since < _STEADY:
            self._log(
                f"the connection to the broker is lost as soon as it was made: {reason}; does another client have the"
                f" id {self._address.client_id!r}?"
            )
        else:
            self._connecting.reset()
            self._log(f"the connection to the broker is lost: {reason}")
        self._connected = False
        self._bridge.disconnected()

    def _refuse(self, reason: ReasonCode) -> None:
        if reason.value in _REFUSED:
            self._failure = BadRequest(f"the broker refuses: {_REFUSED[reason.value]}")
        else:
            self._log(f"the broker refuses: {reason}")
