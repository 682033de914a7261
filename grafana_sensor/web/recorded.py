"""The bodies of the routes that record scans, as models.

Law: as in `schemas`, but that a scan's members which aren't known are refused: they would be lost. Points are read without a model, for speed; theirs describe them.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import ConfigDict, Field

from grafana_sensor.web.schemas import Given, Taken

State = Literal["CREATED", "PREPARED", "STARTED", "STOPPED", "CLOSED"]

_WHOLE: Final = ConfigDict(strict=True, extra="forbid", frozen=True)


class NewStream(Taken):
    """A stream of a scan to record."""

    model_config = _WHOLE

    name: str = Field(description="1 to 255 characters", examples=["diode:current"])
    dtype: str = Field(
        "float64", description="NumPy's name of numbers or booleans; or `json`, or `scan` for keys of sub-scans"
    )
    shape: list[int] = Field([], description="of one point; -1 where it varies; `[]`: a number a point")
    info: dict[str, Any] = Field({}, description="what else is known of it", examples=[{"unit": "A"}])


class NewScan(Taken):
    """A scan to record: what it is searched by, what is known of it, and its streams."""

    model_config = _WHOLE

    name: str = Field(examples=["ascan"])
    number: int = Field(examples=[2])
    data_policy: str = "none"
    session: str | None = None
    proposal: str | None = None
    collection: str | None = None
    dataset: str | None = None
    path: str | None = None
    info: dict[str, Any] = Field(
        {}, description="title, start_time, channels, and whatever else", examples=[{"title": "a"}]
    )
    streams: list[NewStream] = Field([], description="in the order in which they are listed")
    key: str | None = Field(None, description="a ULID of your own, so that a repeat begins no second scan")


class Begun(Given):
    """A scan that takes points."""

    key: str
    state: State
    duplicate: bool = Field(False, description="true where the scan had been begun before")


class SentPoints(Taken):
    """Points of a stream."""

    points: list[Any]
    start: int | None = Field(
        None,
        ge=0,
        description="the index of the first one, so that a repeat adds nothing; without it, the stream's end",
    )


class SentStreams(Taken):
    """Points of several streams."""

    streams: dict[str, SentPoints | list[Any]]


class Lengths(Given):
    """How many points each stream has now."""

    lengths: dict[str, int]


class Closing(Taken):
    """How a scan ended."""

    end_reason: str = Field("SUCCESS", description="SUCCESS, FAILURE, USER_ABORT, …")
    info: dict[str, Any] = Field({}, description="what else is known of the scan by now")


class Ended(Given):
    """A scan that is closed."""

    key: str
    state: State
    lengths: dict[str, int]


class Deleted(Given):
    """A scan that is gone."""

    deleted: str
