"""The datasources: where the server is and who asks, from the environment of Grafana.

Law: dashboards and rules name a datasource by its uid here, so these never change. No password is written down:
Grafana puts in `$NAME` when it reads the file.
"""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.models.dashboard import DataSourceRef

INFINITY: Final = DataSourceRef("yesoreyeram-infinity-datasource", "grafana-sensor")
SIMPOD: Final = DataSourceRef("simpod-json-datasource", "grafana-sensor-simpod")
SIMPLE_JSON: Final = DataSourceRef("grafana-simple-json-datasource", "grafana-sensor-simple-json")
PROMETHEUS: Final = DataSourceRef("prometheus", "grafana-sensor-prometheus")

URL: Final = "${GRAFANA_SENSOR_URL}"
_TIMEOUT: Final = 60
"""Seconds; the server itself gives an answer up after 30, and says so."""


def datasources() -> dict[str, Any]:
    """The content of the file, the default datasource first."""
    return {
        "apiVersion": 1,
        "datasources": [
            _ours("Sensors", INFINITY, isDefault=True, jsonData=_infinity()),
            _ours("Sensors (simPod JSON)", SIMPOD, jsonData={"defaultEditorMode": "code", "timeout": _TIMEOUT}),
            _ours("Sensors (simple-json)", SIMPLE_JSON, jsonData={"timeout": _TIMEOUT}),
            {
                **_named("Sensors' server (Prometheus)", PROMETHEUS),
                "url": "${PROMETHEUS_URL}",
                "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
            },
        ],
    }


def _infinity() -> dict[str, Any]:
    return {
        "auth_method": "basicAuth",
        "allowedHosts": [URL],
        "timeoutInSeconds": _TIMEOUT,
        # Without it Save & test asks nothing, and is always green.
        "customHealthCheckEnabled": True,
        "customHealthCheckUrl": f"{URL}/api/v1/sensors",
    }


def _ours(name: str, ref: DataSourceRef, **more: Any) -> dict[str, Any]:
    return {
        **_named(name, ref),
        "url": URL,
        "basicAuth": True,
        "basicAuthUser": "${GRAFANA_SENSOR_USER}",
        **more,
        "secureJsonData": {"basicAuthPassword": "${GRAFANA_SENSOR_PASSWORD}"},
    }


def _named(name: str, ref: DataSourceRef) -> dict[str, Any]:
    return {"name": name, "uid": ref.uid, "type": ref.type_val, "access": "proxy", "orgId": 1, "editable": False}
