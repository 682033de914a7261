"""The doors of Grafana's JSON plugins: simPod JSON, of all versions, and simple-json.

Law: the answers are those of the REST routes, in the plugins' words (web.contract). One request is one look at the
records. An empty body asks for everything that the route has without one; a list that is empty is `[]`.
"""

from __future__ import annotations

from typing import Final, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel

from grafana_sensor.domain.conditions import SENSOR
from grafana_sensor.query.lexer import plain_name
from grafana_sensor.query.variables import is_variable, parse_variable
from grafana_sensor.service import variables
from grafana_sensor.service.annotations import Annotation, find_annotations
from grafana_sensor.service.answers import Question
from grafana_sensor.service.panels import panel, points
from grafana_sensor.service.session import Session
from grafana_sensor.service.variables import Option
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.bodies import json_object, read
from grafana_sensor.web.contract import answers, events, options, requests, targets
from grafana_sensor.web.encode import json_answer
from grafana_sensor.web.parameters import Parameter, decode, text
from grafana_sensor.web.rest import QUERY
from grafana_sensor.web.schemas import checked
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("datasource", __name__)

ANNOTATIONS: Final = (
    Parameter(
        "query",
        "A query text, each of whose records is an annotation.",
        text,
        {"type": "string"},
        example="state WHERE state = 'off'",
    ),
    *(parameter for parameter in QUERY if parameter.name in ("from", "to")),
)
"""The parameters of GET `/annotations`."""

Body = TypeVar("Body", bound=BaseModel)


@blueprint.post("/query")
@signed_in
def answer_panel(session: Session) -> Response:
    """The answers to the targets of a panel, or the annotations of a simPod dashboard."""
    asked = targets.panel_targets(_body(requests.PanelQuery), services().clock())
    drawn = [each for each in asked if not each.annotation]
    found = panel(session, [each.target for each in drawn])
    metrics = services().metrics
    metrics.queries.inc(len(drawn))
    metrics.rows.inc(sum(map(points, found)))
    elements = answers.elements(drawn, found)
    for each in asked:
        if each.annotation:
            elements += events.frame(_annotations(session, each.target.question), each.target.name)
    return json_answer(elements)


@blueprint.route("/annotations", methods=["GET", "POST"])
@signed_in
def annotate(session: Session) -> Response:
    """The annotations of a simple-json dashboard; by GET for Infinity, as simple-json's guide to it wants."""
    now = services().clock()
    if request.method == "GET":
        question = targets.annotation_rows(decode(ANNOTATIONS, request.args), now)
    else:
        question = targets.annotation_question(_body(requests.Annotations), now)
    return json_answer(events.items(_annotations(session, question)))


@blueprint.post("/search")
@signed_in
def search(session: Session) -> Response:
    """The metric list of simple-json and of older versions of simPod, or what a variable lists.

    A metric that is still being typed is searched for at every letter: what is no variable lists all metrics.
    """
    asked = targets.search_text(_body(requests.Search))
    found = variables.options(session, parse_variable(asked)) if is_variable(asked) else _metrics(session)
    return json_answer(options.texts(found))


@blueprint.post("/metrics")
@signed_in
def metric_list(session: Session) -> Response:
    """simPod's metric list, with the fields of its builder."""
    _body(requests.MetricList)
    return json_answer(options.metrics(_metrics(session)))


@blueprint.post("/metric-payload-options")
@signed_in
def payload_options(session: Session) -> Response:
    """The options of a field of simPod's builder; none of a field that isn't ours."""
    asked = _body(requests.PayloadOptions)
    metric = plain_name(str(asked.metric or ""))
    attribute = [metric] if session.check_table(metric) else None
    fields = {field.name: field for field in options.FIELDS}
    match asked.name:
        case "sensor":
            found = variables.sensors(session, attribute)
        case "where":
            found = variables.conditions(session, attribute)
        case "select":
            found = [Option("*"), *variables.attributes(session)]
        case name:
            found = [Option(choice) for choice in fields[name].choices] if name in fields else []
    return json_answer(options.choices(found))


@blueprint.post("/variable")
@signed_in
def variable(session: Session) -> Response:
    """The options of a simPod dashboard's variable."""
    return json_answer(options.variable(variables.options(session, targets.variable(_body(requests.VariableQuery)))))


@blueprint.post("/tag-keys")
@signed_in
def tag_keys(session: Session) -> Response:
    """The keys of ad hoc filters: the sensor, and every attribute."""
    _body(requests.TagKeys)
    catalog = session.store.catalog()
    kinds = [(name, catalog.kind(bits, name)) for name, bits in catalog.kinds().items()]
    return json_answer(options.tag_keys([(SENSOR, "text"), *kinds]))


@blueprint.post("/tag-values")
@signed_in
def tag_values(session: Session) -> Response:
    """The values of a key, of the records that pass the other filters."""
    asked = _body(requests.TagValues)
    if asked.key == SENSOR:
        found = variables.sensors(session, filters=asked.filters)
        return json_answer(options.tag_values([option.value for option in found]))
    return json_answer(options.tag_values(variables.values(session, [asked.key], filters=asked.filters)))


def _metrics(session: Session) -> list[Option]:
    """What a metric list has: the attributes, then the streams of the last scan."""
    return [*variables.attributes(session), *variables.scan_metrics(session)]


def _body(model: type[Body]) -> Body:
    """The request's body, whatever its content type."""
    return checked(model, json_object(read(request, services().settings.max_body)))


def _annotations(session: Session, question: Question | Exception) -> list[Annotation]:
    if isinstance(question, Exception):
        raise question
    found = find_annotations(session, question)
    services().metrics.queries.inc()
    services().metrics.rows.inc(len(found))
    return found
