"""docker-compose.yml is one to Docker Compose, and agrees with the files beside it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import yaml

from grafana_sensor.adapters.cassandra import Place
from grafana_sensor.settings import PREFIX, Settings
from tests.provision.composed import SECRETS, example, read, services, written
from tests.provision.expanding import BOARDS, ROOT

OURS: Final = {"user", "server", "simulator"}
PROFILES: Final = {
    "cassandra": "cassandra",
    "cassandra-password": "cassandra",
    "redis": "scans",
    "prometheus": "metrics",
}
OTHERS: Final = {"USER", "PASSWORD", "CASSANDRA_USER", "CASSANDRA_PASSWORD", "SCANS"}
"""What our program takes from the environment beside its settings."""


def test_compose_takes_the_file() -> None:
    """Compose's own loader takes the file with the example's variables and two passwords."""
    found = services()
    assert {*OURS, "grafana", *PROFILES} == set(found)
    assert PROFILES == {name: profile for name, each in found.items() for profile in each.get("profiles") or ()}


def test_passwords_have_no_default() -> None:
    """Without a password, or with an empty one, the file is refused by the name of the variable."""
    for name in SECRETS:
        for given in ({}, {name: ""}):
            done = read({**example(), **{other: "x" for other in SECRETS if other != name}, **given})
            assert 1 == done.returncode
            assert f"required variable {name} is missing a value: set it in .env, as .env.example shows" in done.stderr


def test_the_example_has_every_variable() -> None:
    """.env.example names each variable of the file and no other, with the value that holds without it."""
    found = written()
    assert set(found) == set(example())
    for name, otherwise in found.items():
        assert otherwise == ({"?set it in .env, as .env.example shows"} if name in SECRETS else {f"-{example()[name]}"})


def test_what_is_mounted_is_there() -> None:
    """Each file and folder that is mounted is in the tree, and mounted to be read alone."""
    mounted = {
        Path(volume["source"]).relative_to(ROOT).as_posix(): volume
        for each in services().values()
        for volume in each.get("volumes") or ()
        if volume["type"] == "bind"
    }
    assert {"dashboards", "docker/prometheus.yml", "provisioning"} == set(mounted)
    for name, volume in mounted.items():
        assert (ROOT / name).exists()
        assert volume["read_only"] is True


def test_grafana_finds_its_files() -> None:
    """Grafana is given each variable that provisioning/ takes, and the dashboards where it looks for them."""
    grafana = services()["grafana"]
    given = grafana["environment"]
    taken = {
        name
        for path in (ROOT / "provisioning").rglob("*.yaml")
        for name in re.findall(r"\$\{(\w+)\}", path.read_text("utf-8"))
    }
    assert taken == {name for name in given if not name.startswith("GF_")}
    targets = {Path(each["source"]).name: each["target"] for each in grafana["volumes"]}
    assert given["GRAFANA_SENSOR_DASHBOARDS"] == targets["dashboards"]
    assert "/etc/grafana/provisioning" == targets["provisioning"]
    home = Path(given["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert (targets["dashboards"], True) == (str(home.parent), home.stem in BOARDS)
    assert "http://server:8000" == given["GRAFANA_SENSOR_URL"]
    assert SECRETS["GRAFANA_SENSOR_PASSWORD"] == given["GRAFANA_SENSOR_PASSWORD"]


def test_plugins_have_versions() -> None:
    """Grafana installs the plugins of our datasources before it starts, each in a version that is named."""
    wanted = services()["grafana"]["environment"]["GF_PLUGINS_PREINSTALL_SYNC"].split(",")
    types = [
        each["type"]
        for each in yaml.safe_load((ROOT / "provisioning/datasources/sensors.yaml").read_text("utf-8"))["datasources"]
    ]
    assert [each.partition("@")[0] for each in wanted] == types[:2]
    assert all(re.fullmatch(r"[\w-]+@\d+\.\d+\.\d+", each) for each in wanted)


def test_only_this_machine_reaches_what_is_published() -> None:
    """Ports are published on 127.0.0.1, of the server, Grafana and Prometheus alone; the stores have none."""
    found = services()
    published = {name: each["ports"] for name, each in found.items() if each.get("ports")}
    assert {"server", "grafana", "prometheus"} == set(published)
    assert {"127.0.0.1"} == {port["host_ip"] for ports in published.values() for port in ports}
    elsewhere = services({"BIND_ADDRESS": "192.0.2.1"})
    assert "127.0.0.1" == elsewhere["prometheus"]["ports"][0]["host_ip"]


def test_each_starts_after_what_it_needs() -> None:
    """A service waits for what it needs to be healthy, or done; what is in a profile may be absent."""
    found = services()
    for name, each in found.items():
        for other, need in (each.get("depends_on") or {}).items():
            assert need["required"] is (other not in PROFILES or name in PROFILES)
            done = other in ("user", "cassandra-password")
            assert ("service_completed_successfully" if done else "service_healthy") == need["condition"]
            # The server's check is in its Dockerfile.
            assert done or other == "server" or found[other]["healthcheck"]["test"]
    order = ["user", "server", "simulator"]
    assert all(before in found[after]["depends_on"] for before, after in pairwise(order))
    assert "server" in found["grafana"]["depends_on"]


def test_our_services_hold_no_rights() -> None:
    """Our own services have a file system that they can't write to but for the store, and no capability."""
    for name in OURS:
        each = services()[name]
        assert (True, ["ALL"], ["no-new-privileges:true"]) == (
            each["read_only"],
            each["cap_drop"],
            each["security_opt"],
        )
    assert not services()["simulator"].get("volumes")


def test_our_services_are_given_what_they_take() -> None:
    """Each variable of ours is a setting, or one that the program takes beside those, and its value is taken."""
    for store in (example()["GRAFANA_SENSOR_STORE"], "cassandra://cassandra/?replication=1"):
        found = services({"GRAFANA_SENSOR_STORE": store, "CASSANDRA_PASSWORD": "it's"})
        for name in OURS:
            given = found[name]["environment"]
            ours = {each.removeprefix(PREFIX) for each in given}
            assert ours <= {row.name.upper() for row in _rows()} | OTHERS
            assert Settings.read(given).store == given.get("GRAFANA_SENSOR_STORE", Settings().store)
    place = Place.read("//cassandra/?replication=1", found["server"]["environment"])
    assert ("cassandra", "it's") == (place.login.user, place.login.password)


def test_prometheus_asks_the_server() -> None:
    """Prometheus' configuration names the server as the network of the services does."""
    content = yaml.safe_load((ROOT / "docker/prometheus.yml").read_text("utf-8"))
    (job,) = content["scrape_configs"]
    assert [{"targets": ["server:8000"]}] == job["static_configs"]
    (volume,) = [each for each in services()["prometheus"]["volumes"] if each["type"] == "bind"]
    assert f"--config.file={volume['target']}" in services()["prometheus"]["command"]


def _rows() -> Any:
    from grafana_sensor.settings import SETTINGS

    return SETTINGS.values()
