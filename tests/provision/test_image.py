"""The Dockerfile makes an image that isn't root's, can be built again, and starts the program."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from typing import Final

import pytest

from grafana_sensor.settings import Settings
from tests.provision.expanding import ROOT
from tests.test_house import setup_cfg

LOCK: Final = ROOT / "docker" / "requirements.txt"


def instructions() -> Iterator[tuple[str, str]]:
    """The instructions of the Dockerfile, each with what it is given, in order."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#")).replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, " ".join(rest.split())


def given(word: str) -> list[str]:
    """What each instruction of that word is given."""
    return [rest for found, rest in instructions() if found == word]


def test_the_image_is_not_roots() -> None:
    """The program runs as a user whom the last stage makes, by a number; nothing that needs root follows."""
    (user,) = given("USER")
    (made,) = [rest for rest in given("RUN") if rest.startswith("useradd")]
    assert f"--uid {user} " in made
    assert user != "0"
    words = [word for word, _ in instructions()]
    assert "RUN" not in words[words.index("USER") :]


def test_the_base_has_a_version() -> None:
    """Both stages stand on one base, slim and of a named version."""
    (base,) = given("ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-[a-z]+", base)
    assert ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"] == given("FROM")


def test_what_is_copied_is_there() -> None:
    """Each source of a COPY is in the tree, and .dockerignore leaves it in."""
    ignored = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    kept = {line[1:] for line in ignored if line.startswith("!")}
    sources = [source for rest in given("COPY") if not rest.startswith("--from") for source in rest.split()[:-1]]
    assert "*" == ignored[0]
    assert kept == set(sources)
    assert [] == [source for source in sources if not (ROOT / source).exists()]


def test_the_image_has_what_the_package_needs() -> None:
    """The files that setup.cfg names are copied before the package is installed."""
    sources = " ".join(given("COPY"))
    assert all(name in sources for name in ("setup.py", "setup.cfg", "README.md", "LICENSE", "grafana_sensor"))


def test_the_health_check_asks_whether_the_store_answers() -> None:
    """The image's own check is Python's, of /ready, at the port that it serves."""
    (check,) = given("HEALTHCHECK")
    program, flag, code = json.loads(check.partition("CMD ")[2])
    assert ("python", "-c") == (program, flag)
    assert "http://127.0.0.1:8000/ready" in code
    compile(code, "HEALTHCHECK", "exec")
    assert ["8000"] == given("EXPOSE")


def test_the_entry_point_is_the_program() -> None:
    """The image starts the console script of setup.cfg, by a command that it has, with settings that it takes."""
    from grafana_sensor.cli import main

    scripts = [line.partition("=")[0].strip() for line in setup_cfg("options.entry_points", "console_scripts")]
    (entry,), (command,) = given("ENTRYPOINT"), given("CMD")
    assert scripts == json.loads(entry)
    assert json.loads(command)[0] in main.commands
    environment = dict(pair.split("=", 1) for rest in given("ENV") for pair in rest.split())
    found = Settings.read(environment)
    assert ("0.0.0.0", 8000, "sqlite:///var/lib/grafana_sensor") == (found.host, found.port, found.store)
    assert found.store.removeprefix("sqlite://") in given("VOLUME")


def test_the_lock_has_every_package() -> None:
    """docker/requirements.txt has each package that setup.cfg needs, of one version, with hashes, and setuptools."""
    text = LOCK.read_text("utf-8")
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, re.MULTILINE))
    wanted = setup_cfg("options", "install_requires")
    assert [] == [each for each in (*wanted, "setuptools") if each not in pinned]
    entries = re.split(r"\n(?=[a-z0-9-]+==)", text)
    assert len(pinned) == len(entries) - 1
    assert [] == [entry for entry in entries[1:] if "--hash=sha256:" not in entry]


@pytest.mark.parametrize("name", ["grafana_sensor/demo/nyc-weather-2013.csv.gz", "grafana_sensor/py.typed"])
def test_data_of_the_package_is_not_ignored(name: str) -> None:
    """No pattern of .dockerignore after those that are kept takes the package's data out again."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    last = max(place for place, line in enumerate(lines) if line.startswith("!"))
    assert [] == [line for line in lines[last + 1 :] if fnmatch.fnmatch(name, line)]
    assert (ROOT / name).is_file()
