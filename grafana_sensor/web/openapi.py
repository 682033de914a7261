"""The OpenAPI 3.1 description, made of the app's own routes and the rows of `operations`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Map

from grafana_sensor.version import __version__
from grafana_sensor.web import recorded, schemas
from grafana_sensor.web.contract import replies, requests
from grafana_sensor.web.encode import CURSOR, json_answer
from grafana_sensor.web.ingest import KEY, LONGEST_KEY
from grafana_sensor.web.operation import Form, Operation
from grafana_sensor.web.operations import OPERATIONS
from grafana_sensor.web.parameters import Parameter

blueprint: Final = Blueprint("openapi", __name__)

METHODS: Final = frozenset({"DELETE", "GET", "POST", "PUT"})
"""The methods that are described; HEAD and OPTIONS go without saying."""

_REFERENCE: Final = "#/components/schemas/{model}"
_RULE_NAME = re.compile(r"<(?:\w+:)?(\w+)>")
_INTRODUCTION: Final = """\
Records of sensors in, exact ranges and aggregates out. Every request proves itself by Basic authentication.
Errors are always JSON, and their message stands in the reason phrase too.
Under /api/v1 are the routes for Infinity, scripts and people; those of the tag datasource are for Grafana's plugins
simPod JSON and simple-json.
In a name in a path, `/` is written `%2F`. Names of sensors come as `a,b`, `{a,b}`, `(a|b)`, repeated, or `var-sensor=`.
Times are ISO 8601, an epoch in s, ms, µs or ns, or relative: `now-6h`."""


@blueprint.get("/openapi.json")
def describe() -> Response:
    """The description of this app."""
    return json_answer(document(current_app.url_map))


def document(rules: Map) -> dict[str, Any]:
    """The description of the routes of `rules`."""
    by_endpoint = {rule.endpoint: _RULE_NAME.sub(r"{\1}", rule.rule) for rule in rules.iter_rules()}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = by_endpoint[operation.endpoint]
        paths.setdefault(path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "grafana_sensor", "version": __version__, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{operation.endpoint.partition('.')[2]}_{operation.method}",
        "tags": [operation.tag],
        "summary": operation.summary,
        "security": [{"basic": []}] if operation.signed_in else [],
        "responses": _answers(operation),
    }
    if operation.endpoint == "status.welcome":
        described["security"] = [{}, {"basic": []}]
    if parameters := [*_names(operation.names), *map(_parameter, operation.parameters), *_headers(operation)]:
        described["parameters"] = parameters
    if operation.takes:
        described["requestBody"] = {"required": True, "content": _content(operation.takes)}
    return described


def _names(names: Mapping[str, str]) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1}
    return [
        {"name": name, "in": "path", "required": True, "schema": schema, "example": example}
        for name, example in names.items()
    ]


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": "query",
        "description": parameter.help,
        "required": False,
        "schema": parameter.schema,
    }
    return described if parameter.example is None else {**described, "example": parameter.example}


def _headers(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.idempotent:
        yield {
            "name": KEY,
            "in": "header",
            "required": False,
            "description": "Names the post: the same key again, with the same path and body, stores nothing twice.",
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
            "example": "greenhouse-1/2026-01-01",
        }


def _answers(operation: Operation) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    for status, forms in operation.answers.items():
        answers[str(status)] = {"description": HTTPStatus(status).phrase, "content": _content(forms)}
        if "text/csv" in forms:
            answers[str(status)]["headers"] = {
                CURSOR: {
                    "description": "In CSV and Arrow with `limit`: the token of the next page, where there is one.",
                    "schema": {"type": "string"},
                }
            }
    for status in sorted(operation.problems):
        answers[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model=operation.problem.__name__)}}},
        }
    return answers


def _content(forms: Mapping[str, Form]) -> dict[str, Any]:
    return {kind: _form(form) for kind, form in forms.items()}


def _form(form: Form) -> dict[str, Any]:
    schema: Any = form.schema
    if form.model is not None:
        schema = {"$ref": _REFERENCE.format(model=form.model.__name__)}
        schema = {"type": "array", "items": schema} if form.many else schema
    return {"schema": schema} if form.example is None else {"schema": schema, "example": form.example}


def _schemas() -> dict[str, Any]:
    models = [
        model
        for module in (schemas, recorded, requests, replies)
        for model in vars(module).values()
        if isinstance(model, type)
        and issubclass(model, BaseModel)
        and model.__module__ == module.__name__
        and model not in (schemas.Taken, schemas.Given)
    ]
    taken = [(m, "validation") for m in models if issubclass(m, schemas.Taken)]
    given = [(m, "serialization") for m in models if not issubclass(m, schemas.Taken)]
    _, schema = models_json_schema([*taken, *given], ref_template=_REFERENCE)  # type: ignore[list-item]
    found: dict[str, Any] = schema["$defs"]
    return found
