"""A real Chromium, driven over loopback, and a real server for it to look at.

Law: the browser may load nothing but what the server gives, and everything that its console says is kept. Both end with
their context. Where Chromium or its driver is missing a test is skipped, or fails if the variable CI is set.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import pytest
import requests
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

SECONDS: Final = 30
"""How long something may take to come that will come."""
READY: Final = "return document.documentElement.dataset.ready === 'yes'"

SERVE: Final = "from grafana_sensor.cli import main; main()"


@contextmanager
def serving(store: Path, *flags: str) -> Iterator[str]:
    """The address of a server of two workers over the store in this folder."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SERVE, "serve", "--store", f"sqlite://{store}", "--port", "0", *flags]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        lines = iter(server.stderr.readline, "")
        found = next(filter(None, (re.search(r"Listening at: (http://\S+)", line) for line in lines)), None)
        assert found is not None
        try:
            yield found[1]
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()


@contextmanager
def browsing(*, width: int = 1280, height: int = 1000, dark: bool = False, script: bool = True) -> Iterator[Chrome]:
    """A browser with a window of this size, light or dark, and scripts or none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        _missing("chromium or chromedriver")
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-gpu"):
        options.add_argument(flag)
    # No request leaves the machine, whatever asks for one.
    options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost")
    options.add_argument(f"--window-size={max(width, 500)},{height}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    if not script:
        options.add_experimental_option("prefs", {"webkit.webprefs.javascript_enabled": False})
    browser = Chrome(options=options, service=Service(driver))
    try:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in media.items()]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        yield browser
    finally:
        browser.quit()


def register(address: str, user: str, password: str) -> None:
    """A new user, where registration is open."""
    new = {"user": user, "password": password}
    assert 201 == requests.post(f"{address}/api/v1/users", json=new, timeout=30).status_code


def log_in(browser: Chrome, address: str, user: str, password: str, query: str = "") -> None:
    """Log in by the form, and wait until the page is whole."""
    browser.get(f"{address}/{query}")
    one(browser, "#log-user").send_keys(user)
    one(browser, "#log-password").send_keys(password)
    one(browser, "#log-password").submit()
    until(browser, lambda: browser.execute_script(READY))


def one(browser: Chrome, selector: str) -> WebElement:
    """The element of a CSS selector, as soon as it is there."""
    found: WebElement = until(browser, lambda: next(iter(browser.find_elements(By.CSS_SELECTOR, selector)), None))
    return found


def text(browser: Chrome, selector: str) -> str:
    """The text of an element as a script sees it, shown or not."""
    found: str = browser.execute_script("return document.querySelector(arguments[0]).textContent", selector)
    return found


def until(browser: Chrome, condition: Callable[[], Any]) -> Any:
    """What the condition gives as soon as that is true."""
    return WebDriverWait(browser, SECONDS, poll_frequency=0.05).until(lambda _: condition())


def complaints(browser: Chrome) -> list[str]:
    """What the console said so far that is a warning or worse: errors, refusals by the policy; emptied by reading."""
    return [f"{entry['level']}: {entry['message']}" for entry in browser.get_log("browser") if entry["level"] != "INFO"]


def hosts(browser: Chrome) -> set[str]:
    """The hosts from which the page loaded something."""
    names = browser.execute_script(
        "return [location.href, ...performance.getEntriesByType('resource').map(each => each.name)]"
    )
    return {urlsplit(name).netloc for name in names}


def _missing(what: str) -> NoReturn:
    message = f"{what} is missing: .ci/debian-packages names what installs it"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
