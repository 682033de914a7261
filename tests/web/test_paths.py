"""Names of any characters in paths."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from grafana_sensor.web.paths import NameConverter, RawPaths
from tests.web.conftest import ALICE

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


def echo() -> Flask:
    """An app that answers the names in its path."""
    app = Flask("echo")
    app.url_map.merge_slashes = False
    app.url_map.converters["name"] = NameConverter
    app.add_url_rule("/one/<name:first>/two/<name:second>", "echo", lambda first, second: jsonify([first, second]))
    app.wsgi_app = RawPaths(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to wrap an app
    return app


ECHO = echo()


def ask(raw: str, **environ: Any) -> Any:
    """The names that a raw path gives, None where it meets no route; `environ` as a server sets it."""
    answer = ECHO.test_client().get("/", environ_overrides={"RAW_URI": raw, "REQUEST_URI": None, **environ})
    return answer.get_json() if answer.status_code == 200 else None


@given(NAMES, NAMES)
def test_every_name_comes_through(first: str, second: str) -> None:
    """A name of any characters, percent-encoded, comes through as it is: slashes, percent signs, dots and all."""
    assert [first, second] == ask(f"/one/{quote(first, safe='')}/two/{quote(second, safe='')}?q=/three")


@given(NAMES)
def test_a_name_and_its_address_are_one(name: str) -> None:
    """The address that the app builds for a name leads to that name."""
    with ECHO.test_request_context():
        from flask import url_for

        assert [name, "x"] == ask(url_for("echo", first=name, second="x"))


def test_a_slash_parts_names() -> None:
    """A slash that is not escaped parts the path, and an empty name is none."""
    assert None is ask("/one/a/b/two/c")
    assert None is ask("/one//two/c")
    assert ["a/b", "c"] == ask("/one/a%2fb/two/c")


def test_an_absolute_target_is_a_path_too() -> None:
    """A request target with scheme and host, as proxies send it, means its path."""
    assert ["a/b", "c"] == ask("http://sensors.example/one/a%2Fb/two/c")


def test_the_prefix_of_a_mount_is_taken_off() -> None:
    """Where the app is mounted below a prefix, the raw path has it and the routes don't."""
    assert ["a/b", "c"] == ask("/sensors/one/a%2Fb/two/c", SCRIPT_NAME="/sensors")


def test_without_a_raw_path_the_decoded_one_serves() -> None:
    """A server that tells no raw path still serves names without a slash, percent signs too."""
    assert ["a%2Fb", "c"] == ask("", PATH_INFO="/one/a%2Fb/two/c")


@pytest.mark.parametrize("slashes", ["/", "//", "////"])
def test_slashes_at_the_beginning_are_one(slashes: str) -> None:
    """A datasource's URL that ends in a slash gives a path that begins with two, and means the path with one."""
    path = f"{slashes}one/a%2Fb/two/c"
    assert ["a/b", "c"] == ask(path)
    assert ["a/b", "c"] == ask(f"{path}?from=//one")
    assert ["a/b", "c"] == ask(f"http://sensors.example{path}")
    assert ["a/b", "c"] == ask(f"/sensors{path}", SCRIPT_NAME="/sensors")
    assert ["a", "c"] == ask("", PATH_INFO=f"{slashes}one/a/two/c")


def test_other_slashes_stand() -> None:
    """Only slashes at the very beginning are one: those within part empty names, and an escaped one is no separator."""
    assert None is ask("//one//a/two/c")
    assert None is ask("/%2Fone/a/two/c")
    assert ["/a", "/"] == ask("//one/%2Fa/two/%2F")


@pytest.mark.parametrize("raw", ["//query", "///query", "//query?x=1"])
def test_every_door_opens_behind_two_slashes(raw: str, client: FlaskClient) -> None:
    """A panel's request to `//query` is answered as one to `/query`, and is led nowhere else."""
    body = {"range": {"from": 0, "to": 1}, "targets": [{"refId": "A", "target": "CNT(*)"}]}
    expected = client.post("/query", json=body, headers=ALICE)
    actual = client.post("/", json=body, headers=ALICE, environ_overrides={"RAW_URI": raw, "REQUEST_URI": raw})
    assert (200, expected.get_json()) == (actual.status_code, actual.get_json())


@pytest.mark.parametrize("raw", ["//", "///", "//?orgId=1", "?orgId=1", "http://sensors.example//"])
def test_the_root_answers_behind_two_slashes(raw: str, client: FlaskClient) -> None:
    """The test of a datasource at `//`, or at no path at all, is answered as at `/`."""
    answer = client.get("/nowhere", headers=ALICE, environ_overrides={"RAW_URI": raw, "REQUEST_URI": raw})
    assert (200, client.get("/", headers=ALICE).get_json()) == (answer.status_code, answer.get_json())


@pytest.mark.parametrize(
    "name",
    ["weather/roof (north)", "a%2Fb", "..", ".", "%", "ü/ö", "a?b#c", "{a,b}", "(a|b)", " ", "records", "\t\r\n"],
)
def test_a_sensor_of_any_name_is_posted_to_and_found(name: str, client: FlaskClient) -> None:
    """What is posted to a sensor's path is found under that path and that name."""
    path = f"/api/v1/sensors/{quote(name, safe='').replace('.', '%2E')}"
    assert 201 == client.post(f"{path}/records", json={"time": 1, "t": 5}, headers=ALICE).status_code
    assert "t" in [row["attribute"] for row in client.get(f"{path}/attributes", headers=ALICE).get_json()]
    asked = {"select": "t", "sensor": [name], "from": 0, "to": 2, "time": "ms"}
    expected = [{"time": 1000, "sensor": name, "t": 5.0}]
    assert expected == client.post("/api/v1/query", json=asked, headers=ALICE).get_json()
