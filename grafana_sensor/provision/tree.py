"""The files of Grafana's set-up, written and compared.

Law: `dashboards/` has one JSON document a dashboard, `provisioning/` the YAML that Grafana reads when it starts. A file of
these folders that isn't made here is told, never deleted.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from grafana_sensor.provision.alerting import FOLDER, rules
from grafana_sensor.provision.boards import document
from grafana_sensor.provision.datasources import datasources
from grafana_sensor.provision.fleet import fleet
from grafana_sensor.provision.scan import scan
from grafana_sensor.provision.sensors import PLUGINS, sensors
from grafana_sensor.provision.server import server

DASHBOARDS: Final = "dashboards"
PROVISIONING: Final = "provisioning"

_HEAD: Final = "# Made by `grafana-sensor provision`: change the code, not this file.\n"


def files() -> dict[str, str]:
    """The content of each file by its path, in order of path."""
    boards = {f"sensors-{name}": sensors(name) for name in PLUGINS}
    boards |= {"fleet": fleet(), "scan": scan(), "server": server()}
    found = {f"{DASHBOARDS}/{name}.json": _json(document(each)) for name, each in boards.items()}
    made = {"alerting/sensors": rules(), "dashboards/sensors": _provider(), "datasources/sensors": datasources()}
    found |= {f"{PROVISIONING}/{name}.yaml": _yaml(each) for name, each in made.items()}
    return dict(sorted(found.items()))


def write(folder: Path) -> list[str]:
    """Have the files in the folder; the paths of those that were not so yet."""
    changed = []
    for name, text in files().items():
        path = folder / name
        if _read(path) != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed


def differences(folder: Path) -> list[str]:
    """What the folder's files differ in from what is made: a line for each file, and the first lines that differ."""
    found: list[str] = []
    made = files()
    for name, text in made.items():
        there = _read(folder / name)
        if there is None:
            found.append(f"{name} is missing")
        elif there != text:
            found.extend(_difference(name, there, text))
    return found + [f"{name} is not made by this program" for name in _tracked(folder) if name not in made]


def _provider() -> dict[str, Any]:
    provider = {
        "name": "grafana_sensor",
        "orgId": 1,
        "folder": FOLDER,
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "updateIntervalSeconds": 30,
        "options": {"path": "${GRAFANA_SENSOR_DASHBOARDS}"},
    }
    return {"apiVersion": 1, "providers": [provider]}


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _yaml(value: Any) -> str:
    return _HEAD + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=120)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _difference(name: str, there: str, text: str) -> list[str]:
    """The file's name and how many lines differ, and the first few of them."""
    lines = list(difflib.unified_diff(there.splitlines(), text.splitlines(), lineterm="", n=0))[2:]
    changed = [line for line in lines if not line.startswith("@@")]
    return [f"{name} differs in {len(changed):,} lines", *(f"    {line}" for line in changed[:_SHOWN])]


_SHOWN: Final = 6


def _tracked(folder: Path) -> Iterator[str]:
    for top in (DASHBOARDS, PROVISIONING):
        for path in sorted((folder / top).rglob("*")):
            if path.is_file():
                yield path.relative_to(folder).as_posix()
