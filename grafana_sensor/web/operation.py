"""One route and method as the OpenAPI description tells it: what it takes and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from grafana_sensor.web import schemas
from grafana_sensor.web.parameters import Parameter

Schema = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
OBJECT: Final[Schema] = {"type": "object"}


@dataclass(frozen=True, slots=True)
class Form:
    """A body in one media type: a model, a list of it (`many`), or a schema; and an example that works."""

    model: type[BaseModel] | None = None
    schema: Schema | None = None
    many: bool = False
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One route and method: `takes` the body, `answers` by status and media type, `names` examples of path names."""

    endpoint: str
    method: str
    tag: str
    summary: str
    answers: Mapping[int, Mapping[str, Form]]
    problems: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    takes: Mapping[str, Form] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    signed_in: bool = True
    idempotent: bool = False
    problem: type[BaseModel] = schemas.Problem


def json_form(model: type[BaseModel], *, many: bool = False, example: Any = None) -> dict[str, Form]:
    """A body of JSON."""
    return {"application/json": Form(model, many=many, example=example)}


SIGNED: Final = (401, 503)
BODY: Final = (400, 413, 415, 422)
POSTED: Final = (*BODY, *SIGNED, 409)
"""Statuses of problems: of who asks, of what is sent, and of what is stored."""
