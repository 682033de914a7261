"""What sessions and the administrator ask of the users' keyspaces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from grafana_sensor.ports.records import RecordStore


class Keyspaces(ABC):
    """The users, each with a keyspace of their own that their password opens.

    `remote`: whether the store is elsewhere, so that it may be away when a server starts and come back by itself.
    """

    remote: ClassVar[bool] = False

    @abstractmethod
    def create(self, user: str, password: str) -> None:
        """A keyspace and a role for a new user. Raises UserExists."""

    @abstractmethod
    def initialize(self, user: str, password: str) -> None:
        """The tables of the user's keyspace; harmless when done twice. Raises WrongCredentials."""

    @abstractmethod
    def open(self, user: str, password: str) -> RecordStore:
        """The user's records, with the user's own rights. Raises WrongCredentials."""

    @abstractmethod
    def open_as_administrator(self, user: str) -> RecordStore:
        """The user's records, with the administrator's rights. Raises NotFound."""

    @abstractmethod
    def set_password(self, user: str, password: str) -> None:
        """Replace the password; what is open stays open. Raises NotFound."""

    @abstractmethod
    def credential(self, user: str) -> str | None:
        """A text that changes whenever the user's password does; None for no such user. Cheap."""

    @abstractmethod
    def users(self) -> list[str]:
        """All users, in code point order."""

    @abstractmethod
    def ready(self) -> None:
        """Raises Unavailable where the store would not serve a request."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is held; harmless when done twice."""
