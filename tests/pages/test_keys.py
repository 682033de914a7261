"""The key that seals the page's cookies, over workers and restarts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from grafana_sensor import connect
from grafana_sensor.web.logins import COOKIE
from tests.pages.browser import serving

HTML = {"Accept": "text/html"}


def logged_in(address: str) -> str:
    """The cookie of alice, who logs in."""
    with requests.Session() as session:
        found = re.search(r'name="token" value="([^"]+)"', session.get(f"{address}/", headers=HTML, timeout=30).text)
        assert found is not None
        fields = {"token": found[1], "user": "alice", "password": "secret"}
        session.post(f"{address}/page/login", data=fields, headers=HTML, timeout=30)
        return session.cookies[COOKIE]


def statuses(address: str, cookie: str, times: int = 1) -> set[int]:
    """What the sensors answer to a cookie, on a new connection each time."""
    url = f"{address}/api/v1/sensors"
    return {requests.get(url, cookies={COOKIE: cookie}, timeout=30).status_code for _ in range(times)}


@pytest.mark.parametrize(("key", "after"), [(None, 401), ("a key of the administrator's", 200)])
def test_a_login_outlives_a_restart_where_a_key_is_given(
    key: str | None, after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All workers open a cookie, whichever gave it; after a restart they do where the key is the same."""
    with connect(f"sqlite://{tmp_path}/store") as database:
        database.register("alice", "secret")
    if key is not None:
        monkeypatch.setenv("GRAFANA_SENSOR_SECRET_KEY", key)
    with serving(tmp_path / "store") as address:
        cookie = logged_in(address)
        assert {200} == statuses(address, cookie, 12)
    with serving(tmp_path / "store") as address:
        assert {after} == statuses(address, cookie)
