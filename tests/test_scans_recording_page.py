"""The page about recording scans, held to its word: its lines are run, and its answers compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from grafana_sensor.bootstrap import close_app, create_app
from grafana_sensor.settings import Settings
from tests.test_devices import FENCE, curl

PAGE = (Path(__file__).parent.parent / "docs/scans-recording.md").read_text(encoding="utf-8")


@pytest.fixture
def client() -> Iterator[FlaskClient]:
    app = create_app(Settings.read({}, {"store": "memory://", "open_registration": True}))
    try:
        client = app.test_client()
        assert 201 == client.post("/api/v1/users", json={"user": "demo", "password": "demo"}).status_code
        yield client
    finally:
        close_app(app)


def test_the_lines_of_the_page_work(client: FlaskClient) -> None:
    """Each line of curl gets the answer that the page shows after it."""
    fences = [fence for fence in FENCE.findall(PAGE) if fence[0] in ("sh", "json")]
    assert [("sh", "json")] * (len(fences) // 2) == [
        (one, two) for (one, _), (two, _) in zip(fences[::2], fences[1::2], strict=True)
    ]
    for (_, line), (_, answer) in zip(fences[::2], fences[1::2], strict=True):
        assert json.loads(answer) == curl(line).send(client).get_json(), line


def test_the_python_of_the_page_works() -> None:
    """It records the scan that it says."""
    ((_, code),) = [fence for fence in FENCE.findall(PAGE) if fence[0] == "python"]
    names: dict[str, object] = {}
    exec(
        code.replace(
            "        scan.close()", "        scan.close()\n        found = session.store.scans().load(scan.key)"
        ),
        names,
    )  # the page's own
    found = names["found"]
    assert "CLOSED" == found.state.name  # type: ignore[attr-defined]  # a Scan
    assert [10, 10, 10] == [stream.length for stream in found.streams.values()]  # type: ignore[attr-defined]
