"""A server with the demo's data, and a browser in which its user is logged in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from selenium.webdriver import Chrome

from grafana_sensor.cli.demo import PASSWORD, USER, prepare
from grafana_sensor.settings import Settings
from tests.pages.browser import browsing, complaints, hosts, log_in, register, serving


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the demo's data, where registration is open."""
    folder: Path = tmp_path_factory.mktemp("pages")
    prepare(Settings(store=f"sqlite://{folder}"))
    with serving(folder, "--open-registration") as found:
        yield found


@pytest.fixture(scope="package")
def dora(address: str) -> tuple[str, str]:
    """Name and password of a user of that server who has one record of a sensor `first`.

    Made once for the server, not for a module: of one module a process may run tests before and after another's.
    """
    auth = ("dora", "a long secret")
    register(address, *auth)
    url = f"{address}/api/v1/sensors/first/records"
    assert 201 == requests.post(url, json={"t": 1}, auth=auth, timeout=30).status_code
    return auth


@pytest.fixture(scope="package")
def logged_in(address: str) -> Iterator[Chrome]:
    """A browser in which the demo's user is logged in; for all tests of these, one after the other."""
    with browsing() as browser:
        log_in(browser, address, USER, PASSWORD)
        yield browser


@pytest.fixture
def page(logged_in: Chrome, address: str) -> Iterator[Chrome]:
    """The same, in which a test may do as it likes, but the page must not complain nor load from elsewhere."""
    complaints(logged_in)
    yield logged_in
    assert [] == complaints(logged_in)
    assert hosts(logged_in) <= {address.removeprefix("http://")}


@pytest.fixture
def browser() -> Iterator[Chrome]:
    """A browser of the test's own, in which nobody is logged in."""
    with browsing() as browser:
        yield browser
