"""The alert rule: a sensor is silent.

Law: one instance for each sensor, which names it. No text in it has a dollar: versions of Grafana differ in where they
take one for a variable of the environment. Who is told is the user's own contact point.
"""

from __future__ import annotations

import json
from typing import Any, Final

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import RelativeTimeRange, Rule
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from grafana_sensor.provision.plugins import Infinity

FOLDER: Final = "Sensors"
QUIET: Final = 15
"""Minutes without a record, after which a sensor is silent."""
_RANGE: Final = {"from": f"now-{QUIET}m", "to": "now"}

_EXPRESSION: Final = DataSourceRef("__expr__", "__expr__")


def rules() -> dict[str, Any]:
    """The content of the file."""
    return {
        "apiVersion": 1,
        "groups": [
            {"orgId": 1, "name": "sensors", "folder": FOLDER, "interval": "1m", "rules": [_document(_silent().build())]}
        ],
    }


def _silent() -> alerting.Rule:
    counted = Infinity().bands("CNT(*) AS records BY sensor EVERY 1m", ("records",), parameters=_RANGE)
    below = expr.ExprTypeThresholdConditionsEvaluator().type("lt").params([1])
    return (
        alerting.Rule("A sensor is silent")
        .uid("grafana-sensor-silent")
        .condition("C")
        .for_val("1m")
        .queries(
            [
                alerting.Query("A")
                .datasource_uid(Infinity().source.uid or "")
                .relative_time_range(RelativeTimeRange(from_val=QUIET * 60, to=0))
                .model(counted),
                _expression("B", expr.TypeReduce().expression("A").reducer("sum")),
                _expression(
                    "C",
                    expr.TypeThreshold()
                    .expression("B")
                    .conditions([expr.ExprTypeThresholdConditions().evaluator(below)]),
                ),
            ]
        )
        .no_data_state("Alerting")
        .exec_err_state("Error")
        .labels({"severity": "warning"})
        .annotations(
            {
                "summary": "{{ .Labels.sensor }} is silent",
                "description": "No record of the sensor {{ .Labels.sensor }} has come in the last 15 minutes.",
            }
        )
    )


def _expression(ref_id: str, model: expr.TypeReduce | expr.TypeThreshold) -> alerting.Query:
    model.ref_id(ref_id).datasource(_EXPRESSION)
    span = RelativeTimeRange(from_val=QUIET * 60, to=0)
    return alerting.Query(ref_id).datasource_uid("__expr__").relative_time_range(span).model(model)


def _document(rule: Rule) -> dict[str, Any]:
    """The rule as a file has it; what the group says of all its rules is left to that."""
    found: dict[str, Any] = json.loads(JSONEncoder().encode(rule))
    return {name: value for name, value in found.items() if name not in ("folderUID", "orgID", "ruleGroup")}
