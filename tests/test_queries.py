from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from grafana_sensor import connect
from grafana_sensor.domain.errors import Error
from grafana_sensor.domain.series import Series
from grafana_sensor.domain.timestamps import parse_duration, to_iso, to_iso_many
from grafana_sensor.service import answers
from grafana_sensor.service.answers import Question
from grafana_sensor.service.ingest import Incoming
from grafana_sensor.service.session import Session
from tests.contract.stores import ADAPTERS, stores_of

SCRIPTS = sorted(Path(__file__).with_name("queries").glob("*.test"))
OPTIONS = ("from", "to", "max_points", "interval")
REFUSAL = re.compile(r"(\w+)(?: at (\d+))?(?:: (.*))?")


@dataclass
class Command:
    """A line of a script with its first word taken off, the lines below it, and its place."""

    word: str
    rest: str
    place: str
    below: list[str] = field(default_factory=list)

    def json(self) -> list[Any]:
        """The lines below, each as JSON."""
        return [json.loads(line) for line in self.below]


def commands(path: Path) -> Iterator[Command]:
    """The commands of a script: a word at the start of a line; what follows until the next one belongs to it."""
    words = {"load", "declare", "ask", *OPTIONS, "expect", "series", "refuse"}
    command: Command | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if word in words:
            if command is not None:
                yield command
            command = Command(word, rest, f"{path.name}:{number}")
        else:
            assert command is not None, f"{path.name}:{number}: {line!r} belongs to no command"
            command.below.append(line)
    if command is not None:
        yield command


class Script:
    """Runs commands in a session; `sealing`: after each load all is sealed."""

    def __init__(self, session: Session, *, sealing: bool) -> None:
        self.session = session
        self.sealing = sealing
        self.question: dict[str, Any] = {}

    def run(self, command: Command) -> None:
        """Run a command; what it expects is asserted."""
        match command.word:
            case "load":
                self._load(command.json())
            case "declare":
                name, kind = command.rest.rsplit(" ", 1)
                self.session.declare(name, kind="text" if kind == "text" else "number")
            case "ask":
                self.question = {"q": command.rest}
            case "from" | "to":
                self.question["start" if command.word == "from" else "end"] = command.rest
            case "max_points":
                self.question["max_points"] = int(command.rest)
            case "interval":
                self.question["interval"] = parse_duration(command.rest)
            case "expect":
                self._same(command, self._rows())
            case "series":
                self._same(command, [_line(each) for each in answers.series(self.session, Question(**self.question))])
            case "refuse":
                self._refused(command)

    def _load(self, records: list[dict[str, Any]]) -> None:
        posted = [record for record in records if "pk" not in record]
        if posted:
            self.session.ingest(Incoming(posted, sensor_field="sensor"))
        for record in records:
            if "pk" in record:
                flat = {name: value for name, value in record.items() if name not in ("pk", "sensor")}
                self.session.insert_into(flat, record["pk"], record.get("sensor", ""))
        if self.sealing:
            self.session.seal()

    def _rows(self) -> list[dict[str, Any]]:
        table = answers.rows(self.session, Question(**self.question))
        timed = [column.name for column in table.columns if column.kind == "time"]
        return [row | {name: to_iso(row[name]) for name in timed} for row in table.rows()]

    def _same(self, command: Command, actual: list[dict[str, Any]]) -> None:
        # As texts, so that the order of columns, 1 and 1.0, and the lines of a difference show.
        expected = "\n".join(map(json.dumps, command.json()))
        assert expected == "\n".join(map(json.dumps, actual)), command.place

    def _refused(self, command: Command) -> None:
        wanted = REFUSAL.fullmatch(command.rest)
        assert wanted, f"{command.place}: {command.rest!r} is not 'code [at position][: words]'"
        with pytest.raises(Error) as caught:
            self._rows()
        expected = (wanted[1], wanted[2] and int(wanted[2]))
        assert expected == (caught.value.code, wanted[2] and caught.value.position), command.place
        assert (wanted[3] or "") in caught.value.message, command.place


def _line(series: Series) -> dict[str, Any]:
    points = [list(point) for point in zip(to_iso_many(series.times), series.values, strict=True)]
    notices = {"notices": list(series.notices)} if series.notices else {}
    return {"name": series.name, "tags": dict(series.tags), "points": points, **notices}


@pytest.mark.parametrize("sealing", [False, True], ids=["batches", "sealed"])
@pytest.mark.parametrize("adapter", sorted(ADAPTERS))
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_answers_are_those_of_the_script(script: Path, adapter: str, sealing: bool, tmp_path: Path) -> None:
    """What a script loads and asks is answered as it expects, from batches and from chunks, on every store."""
    with stores_of(adapter, tmp_path) as stores, connect(stores.uri) as database:
        database.register("alice", "secret")
        with database.session_login("alice", "secret") as session:
            running = Script(session, sealing=sealing)
            for command in commands(script):
                running.run(command)
