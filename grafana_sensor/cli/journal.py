"""What must be known after a crash: which messages were being stored, and which had been.

Law: a batch of messages stands in the journal, on disk, under the key by which it is stored, before it is. So whoever
starts again stores it once more under that key, which stores nothing twice, and knows its messages when the broker
sends them again. One process at a time has a journal.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grafana_sensor.cli.messages import Message
from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

Mark = tuple[int, str]
"""What tells a message of a session from others: its id there, and the digest of what it says."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that are stored by one post, under a key."""

    key: str
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a journal says: the marks of messages that are stored, the oldest first, and the batch that may be.

    `filters` are what the session asks the broker for.
    """

    stored: Sequence[Mark] = ()
    batch: Batch | None = None
    filters: Sequence[str] = ()


class Journal:
    """The journal in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".new")

    def read(self) -> Entry:
        """What it says; nothing where there is none. Raises BadRequest where it can't be read."""
        try:
            said = json.loads(self._path.read_text("utf-8"))
            messages = said["batch"] and [
                Message(topic, b64decode(payload), received, mid, repeat)
                for topic, payload, received, mid, repeat in said["batch"]["messages"]
            ]
            batch = said["batch"] and Batch(said["batch"]["key"], messages)
            return Entry([(mid, digest) for mid, digest in said["stored"]], batch, said["filters"])
        except FileNotFoundError:
            return Entry()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadRequest(
                f"the journal {shown(str(self._path))} can't be read: {error}; without it, messages that were being"
                " stored may be stored twice: move it away to accept that"
            ) from None

    def write(self, entry: Entry) -> None:
        """Say this from now on; it is on disk when this returns."""
        batch = entry.batch and {
            "key": entry.batch.key,
            "messages": [
                [each.topic, b64encode(each.payload).decode(), each.received, each.mid, each.repeat]
                for each in entry.batch.messages
            ],
        }
        with self._next.open("w", encoding="utf-8") as file:
            said = {"stored": entry.stored, "batch": batch, "filters": entry.filters}
            json.dump(said, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        self._next.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def journal_at(path: Path) -> Iterator[Journal]:
    """The journal at a path, for this process alone. Raises BadRequest where another has it, or it can't be written."""
    try:
        lock = path.with_name(path.name + ".lock").open("w")
    except OSError as error:
        raise BadRequest(f"the journal {shown(str(path))} can't be written: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadRequest(
                f"the journal {shown(str(path))} is another process's: give each its own --client-id and --journal"
            ) from None
        yield Journal(path)
