"""Expands a dashboard as Grafana does: variables in their formats, repeated panels, All.

Law: it stands for Grafana's template service, and knows nothing of our server. A variable that the dashboard doesn't have
is left as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROOT: Final = Path(__file__).resolve().parent.parent.parent
BOARDS: Final = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "dashboards").glob("*.json"))
}

_VARIABLE: Final = re.compile(r"\$(\w+)|\$\{(\w+)(?::(\w+))?\}")
_SPECIAL: Final = re.compile(r"[\\^$*+?.()|{}\[\]/]")

Value = str | list[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The values of a dashboard's variables. `everything`: what All is written as where the variable says how."""

    values: Mapping[str, Value]
    everything: Mapping[str, str] = field(default_factory=dict)

    def having(self, **more: Value) -> Chosen:
        """The same with more variables, which no All stands for any longer."""
        kept = {name: text for name, text in self.everything.items() if name not in more}
        return Chosen({**self.values, **more}, kept)

    def filled(self, text: str, form: str) -> str:
        """The text with its variables in it, in the format that it says, else in the plugin's own."""

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            if name in self.everything:
                return self.everything[name]
            return formatted(self.values[name], found[3] or form) if name in self.values else found[0]

        return _VARIABLE.sub(value, text)


def formatted(value: Value, form: str) -> str:
    """A value in one of Grafana's formats."""
    several = [value] if isinstance(value, str) else value
    match form:
        case "regex":
            escaped = [_SPECIAL.sub(lambda found: "\\" + found[0], each) for each in several]
            return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
        case "glob":
            return several[0] if len(several) == 1 else "{" + ",".join(several) + "}"
        case "pipe":
            return "|".join(several)
        case "raw":
            return ",".join(several)
        case "doublequote":
            return ",".join('"' + each.replace('"', '\\"') + '"' for each in several)
        case "percentencode":
            return quote(formatted(value, "glob"), safe="")
        case "json":
            return json.dumps(value)
    raise AssertionError(f"no dashboard of ours should write a variable as {form!r}")


def panels(board: Mapping[str, Any], chosen: Chosen, options: Mapping[str, list[str]]) -> Iterator[tuple[Any, Chosen]]:
    """Each panel that has targets, with the variables as it sees them: once for each value that it is repeated for."""
    for panel in board["panels"]:
        if "targets" not in panel:
            continue
        name = panel.get("repeat")
        if name is None:
            yield panel, chosen
            continue
        value = options[name] if name in chosen.everything else chosen.values[name]
        for each in [value] if isinstance(value, str) else value:
            yield panel, chosen.having(**{name: each})
