"""The JSON bodies of the REST routes as models: what is taken is checked by them, what is answered is described.

Law: members that a body does not know are left aside; a known one of the wrong type is a BadRequest that names it.
Types are JSON's own: no text is taken for a number here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown

Kind = Literal["number", "text"]

M = TypeVar("M", bound=BaseModel)


class Taken(BaseModel):
    """A body that a client sends."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class NewUser(Taken):
    """A user to register."""

    user: str = Field(description="1 to 64 printable characters without `:` and `/`", examples=["alice"])
    password: str = Field(description="1 to 1,024 characters", examples=["secret"])


class NewPassword(Taken):
    """A new password for the user who asks."""

    password: str = Field(description="1 to 1,024 characters", examples=["secret"])


class Declared(Taken):
    """What is declared of an attribute; at least one member, and what is left out stays as it was."""

    kind: Kind | None = Field(None, description="what its values are stored as")
    unit: str | None = Field(None, description="the unit, as Grafana names it", examples=["celsius"])
    title: str | None = Field(None, description="how it is shown", examples=["Air temperature"])


class Given(BaseModel):
    """A body that the server answers."""

    model_config = ConfigDict(extra="forbid")


class Links(Given):
    """Where to go from here."""

    health: str
    ready: str
    openapi: str
    sensors: str
    attributes: str
    query: str


class Welcome(Given):
    """What the server is."""

    name: str
    version: str
    links: Links


class Health(Given):
    """That the server, or the store behind it, answers."""

    status: Literal["ok", "ready"]


class Sensor(Given):
    """A sensor: how many attributes and records it has, and the times of its first and last record."""

    sensor: str
    attributes: int
    records: int
    first: str | None = Field(json_schema_extra={"format": "date-time"})
    last: str | None = Field(json_schema_extra={"format": "date-time"})


class Attribute(Given):
    """An attribute: the kind of its values, how many records have it, and what is declared of it."""

    attribute: str
    kind: Literal["number", "text", "mixed"]
    records: int
    unit: str = Field("", description="where it is declared")
    title: str = Field("", description="where it is declared")


class Count(Given):
    """A value and how many records have it."""

    value: float | str
    records: int


class ScanRow(Given):
    """A scan in the list; what is not known, or not yet, is null."""

    created: str | int | None = Field(description="RFC 3339, or epoch milliseconds")
    number: int | None
    name: str | None
    title: str | None
    state: Literal["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"]
    start: str | int | None
    end: str | int | None
    end_reason: str | None = Field(examples=["SUCCESS"])
    duration: float | None = Field(description="in seconds")
    npoints: int | None
    data_policy: str | None
    session: str | None
    proposal: str | None
    collection: str | None
    dataset: str | None
    path: str | None
    streams: int
    key: str


class StreamTold(Given):
    """A stream: `points` were sent, those before `first` are there no more."""

    stream: str
    kind: Literal["array", "json", "scan", "missing"]
    dtype: str
    shape: list[int] = Field(description="of one point; -1 where it varies")
    points: int
    first: int
    sealed: bool
    unit: str | None
    title: str | None
    info: dict[str, Any]


class ScanTold(Given):
    """A scan with all that it says of itself."""

    key: str
    identity: dict[str, str | int]
    state: Literal["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"]
    created: str | None
    start: str | None
    end: str | None
    info: dict[str, Any]
    streams: list[StreamTold]


class Point(Given):
    """A point of a stream: a number, a list of numbers, or JSON."""

    index: int
    value: Any


class Page(Given):
    """A page of rows, and the token of the next one; null where there is none."""

    data: list[dict[str, Any]]
    next: str | None


class Rejected(Given):
    """A record that was refused: its index in the post, from 0, and why."""

    index: int
    message: str


class Stored(BaseModel):
    """What became of a post."""

    model_config = ConfigDict(extra="forbid")

    accepted: int = Field(description="how many records are stored")
    batch: str = Field(description="the id of the post's records")
    duplicate: bool = Field(False, description="true where the post had been stored before, and nothing new was")
    rejected: list[Rejected] = Field(default=[], description="with `on_error=skip`: what was left out")


class User(Given):
    """A user."""

    user: str


class Fault(Given):
    """What went wrong, for programs: a stable code, and the offset in the query text where there is one."""

    code: str
    message: str
    position: int | None = None


class Problem(Given):
    """What went wrong."""

    message: str
    error: Fault
    rejected: list[Rejected] = Field(default=[], description="the records that can't be stored; nothing of the post is")


class WriteProblem(Problem):
    """What went wrong, with what clients of InfluxDB look for."""

    code: str = Field(description="InfluxDB's word for it", examples=["invalid"])
    line: int | None = Field(None, description="the number of the first wrong line, from 1")


def checked(model: type[M], body: Mapping[str, Any]) -> M:
    """The body as a model. Raises BadRequest, which names the member, where it does not fit."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"]))
        if first["type"] == "missing":
            raise BadRequest(f"{name} is missing; the body is an object with {_members(model)}") from None
        message = first["msg"][0].lower() + first["msg"][1:]
        raise BadRequest(f"{name} is {shown(first['input'])}: {message}") from None


def _members(model: type[BaseModel]) -> str:
    return " and ".join(name for name, each in model.model_fields.items() if each.is_required())
