"""docker-compose.yml as Docker Compose reads it: by its own loader, which `make test` builds where Go is."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any, Final

import pytest

from tests.provision.expanding import ROOT

FILE: Final = ROOT / "docker-compose.yml"
READER: Final = ROOT / "build" / "compose"
SECRETS: Final = {"GRAFANA_SENSOR_PASSWORD": "a'b$c d", "GRAFANA_ADMIN_PASSWORD": "admin's"}


def example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read(given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What the loader says of the file, with these variables alone."""
    if not READER.is_file():
        message = "the program that go builds is missing: `make test` gets it where go is installed"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return subprocess.run(
        [str(READER), str(FILE)], env=dict(given), capture_output=True, text=True, check=False, timeout=60
    )


def services(given: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The services of all profiles, with the example's variables, the passwords, and those given."""
    done = read({**example(), **SECRETS, **(given or {})})
    assert 0 == done.returncode, done.stderr
    found = json.loads(done.stdout)["services"]
    assert isinstance(found, dict)
    return found


def written() -> dict[str, set[str]]:
    """The variables of the file, and what is written for each where it isn't set: `-value` or `?message`."""
    found: dict[str, set[str]] = {}
    for name, otherwise in re.findall(r"(?<!\$)\$\{(\w+):?([-?][^}]*)?\}", FILE.read_text("utf-8")):
        found.setdefault(name, set()).add(otherwise)
    return found
