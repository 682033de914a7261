"""Users over HTTP: registration, where it is open, and a change of one's own password."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from grafana_sensor.domain.errors import Forbidden
from grafana_sensor.service.session import Session
from grafana_sensor.web.auth import signed_in
from grafana_sensor.web.bodies import json_object, read
from grafana_sensor.web.encode import json_answer
from grafana_sensor.web.schemas import NewPassword, NewUser, checked
from grafana_sensor.web.services import services

blueprint: Final = Blueprint("accounts", __name__, url_prefix="/api/v1/users")


@blueprint.post("")
def register() -> Response:
    """A new user; 403 where registration is not open, 409 where the name is taken."""
    found = services()
    if not found.settings.open_registration:
        raise Forbidden("registration is closed here; the administrator registers: grafana-sensor register USER")
    new = checked(NewUser, json_object(read(request, found.settings.max_body)))
    found.database.register(new.user, new.password)
    return json_answer({"user": new.user}, 201)


@blueprint.put("/me")
@signed_in
def set_password(session: Session) -> Response:
    """Another password for the user who asks; the old one is refused from then on."""
    found = services()
    new = checked(NewPassword, json_object(read(request, found.settings.max_body)))
    found.database.set_password(session.user, new.password)
    return json_answer({"user": session.user})
