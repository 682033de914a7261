"""The page for devices' owners, held to its word: its lines are run, its attributes flattened, its answers compared.

The commands are followed as those of any page (tests/docs). A
comment `flattened: FILE option=value…` stands before the table of the attributes of the file's first record.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from grafana_sensor.domain.flatten import Flat, flatten
from grafana_sensor.domain.numbers import json_text
from grafana_sensor.domain.timestamps import parse, to_iso
from grafana_sensor.web import senml
from tests.apps import demo_client
from tests.docs.blocks import blocks
from tests.docs.desk import SERVED, Desk

ROOT = Path(__file__).parent.parent
DEMO = ("demo", "demo")
FILES = ROOT / "tests/devices"
PAGE = (ROOT / "docs/devices.md").read_text(encoding="utf-8")
SERVER = "http://127.0.0.1:8000"
NOW = parse("2026-03-01T09:00:00Z") or 0

PUT = re.compile(r"^curl .*-X PUT -d '(.*)' \S+/attributes/(\S+)$", re.MULTILINE)
TABLE = re.compile(r"^<!-- flattened: (\S+)(.*?) -->\n\n((?:\|.*\n)*)", re.MULTILINE)
ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
QUERY = re.compile(r"WebQuery (\S+) POST \[(.*?)\](.*) ENDON")
SECTIONS = [
    "From MQTT, any of them",
    "The Things Network v3",
    "Tasmota",
    "Zigbee2MQTT",
    "Shelly Gen2 and later",
    "SenML",
]

client = pytest.fixture(demo_client)


def section(title: str) -> str:
    """The part of the page under a heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_record(name: str, options: dict[str, str], kinds: dict[str, str]) -> Flat:
    """The first record of a payload, flattened as its post flattens it."""
    text = (FILES / name).read_text(encoding="utf-8")
    if name.startswith("senml"):
        record: Any = senml.records(json.loads(text), NOW, one_sensor=False)[0]
        options = {"time_field": senml.TIME_FIELD, "sensor_field": senml.SENSOR_FIELD}
    else:
        record = json.loads(text.splitlines()[0] if name.endswith(".ndjson") else text)
    return flatten(record, kinds=kinds, **options)  # type: ignore[arg-type]  # the options are texts


def declared() -> dict[str, str]:
    """The kinds of attributes that the page declares."""
    return {name: json.loads(body)["kind"] for body, name in PUT.findall(PAGE)}


@pytest.mark.parametrize("title", SECTIONS)
def test_the_commands_of_the_page_run(title: str, tmp_path: Path) -> None:
    """Every curl line of a section is taken by the server, and the answers are those that the page shows."""
    shutil.copytree(FILES, tmp_path / "desk/tests/devices")
    with Desk(tmp_path) as desk:
        desk.follow([*SERVED, *(block for block in blocks(section(title)) if block.word != "bash")])


@pytest.mark.parametrize("title", SECTIONS)
def test_every_query_shows_its_answer(title: str) -> None:
    """Under each query of a section stands its answer, and it isn't empty."""
    found = [block for block in blocks(section(title)) if block.word in {"sh", "json"}]
    answers = [
        after for block, after in pairwise(found) if block.text.splitlines()[-1].startswith("curl -u demo:demo -G")
    ]
    assert sum("-G" in block.text for block in found) == len(answers) > 0
    assert all(json.loads(block.text) for block in answers)


def test_the_attributes_of_the_page_are_the_real_ones() -> None:
    """The tables name the attributes that flattening gives, with their values, and none else."""
    tables = TABLE.findall(PAGE)
    assert {path.name for path in FILES.iterdir()} == {name for name, _, _ in tables}
    for name, given, table in tables:
        options = dict(word.split("=", 1) for word in given.split())
        flat = first_record(name, options, declared())
        said = {key: v if isinstance(v, str) else json_text(v) for key, v in flat.attributes.items()}
        assert dict(ROW.findall(table)) == {"(time)": to_iso(flat.time), "(sensor)": flat.sensor or "–"} | said


def test_the_rule_of_tasmota_posts(client: FlaskClient) -> None:
    """What the rule's WebQuery sends, headers and body as they stand, is stored at the server's time."""
    url, headers, body = QUERY.findall(section("Tasmota"))[0]
    fields = dict(header.split(":", 1) for header in headers.split("|"))
    response = client.post(url.removeprefix(SERVER), data=body.replace("%value%", "18.4"), headers=fields)
    assert response.status_code == 201, response.text
    asked = {"q": "LAST(BME280_Temperature) FROM greenhouse", "from": "now-1h", "to": "now+1h"}
    found = client.get("/api/v1/query", query_string=asked, auth=DEMO)
    assert [{"sensor": "greenhouse", "last_BME280_Temperature": 18.4}] == found.json


def test_the_header_of_the_page_is_the_users() -> None:
    """The Authorization header that the page gives to devices is that of demo:demo."""
    found = set(re.findall(r"Basic ([A-Za-z0-9+/=]+)[|`]", PAGE))
    assert {base64.b64encode(b"demo:demo").decode()} == found


def test_senml_is_plain_json_under_another_content_type(client: FlaskClient) -> None:
    """Without its content type a pack's objects are stored as they stand, as the page warns."""
    body = (FILES / "senml-pack.json").read_bytes()
    posted = client.post("/api/v1/sensors/boiler/records", data=body, content_type="application/json", auth=DEMO)
    assert 8 == json.loads(posted.data)["accepted"]
    names = json.loads(client.get("/api/v1/sensors/boiler/attributes", auth=DEMO).data)
    assert {"bn", "bt", "bu", "bver", "n", "u", "v", "vb", "vs", "s", "t"} == {each["attribute"] for each in names}


def test_a_pack_says_its_times_and_sensors_itself(client: FlaskClient) -> None:
    """time_field and sensor_field are refused with SenML, and nothing is stored."""
    body = (FILES / "senml-pack.json").read_bytes()
    for name in ("time_field", "sensor_field"):
        answer = client.post(f"/api/v1/records?{name}=n", data=body, content_type="application/senml+json", auth=DEMO)
        assert 400 == answer.status_code
    assert [] == client.get("/api/v1/sensors", auth=DEMO).json


def test_a_wrong_pack_is_refused_whole(client: FlaskClient) -> None:
    """A pack with a record against the RFC is a 422 with its index, with on_error=skip too, and stores nothing."""
    pack = json.dumps([{"bn": "a:", "n": "b", "v": 1}, {"n": "c"}])
    for path in ("/api/v1/records", "/api/v1/records?on_error=skip", "/api/v1/sensors/a/records?format=senml"):
        answer = client.post(path, data=pack, content_type="application/senml+json", auth=DEMO)
        assert (422, [1]) == (answer.status_code, [each["index"] for each in json.loads(answer.data)["rejected"]])
    assert [] == client.get("/api/v1/sensors", auth=DEMO).json
