"""What the doors of one app stand on, and how a view finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from flask import current_app

from grafana_sensor.service.database import Database
from grafana_sensor.service.following import Followers
from grafana_sensor.service.sessions import Sessions
from grafana_sensor.settings import Settings
from grafana_sensor.web.metrics import Metrics

KEY: Final = "grafana_sensor"


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one app. `clock`: UTC µs."""

    database: Database
    sessions: Sessions
    settings: Settings
    clock: Callable[[], int]
    metrics: Metrics
    followers: Followers


def services() -> Services:
    """Those of the app whose request is being answered."""
    return cast(Services, current_app.extensions[KEY])
