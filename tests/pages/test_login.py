"""Logging in, registering and logging out, in a browser."""

from __future__ import annotations

import pytest
import requests
from selenium.webdriver import Chrome

from tests.pages.browser import browsing, complaints, log_in, one, register, text, until

FETCH = """
const [path, options, done] = arguments;
fetch(path, options).then(async (answer) => done([answer.status, await answer.text()]), (error) => done([0, String(error)]));
"""


def test_the_right_password_opens_the_page(browser: Chrome, address: str) -> None:
    """After logging in the sensors are there, and what was asked for in the address is answered."""
    log_in(browser, address, "demo", "demo", "?q=MAX(temp)+FROM+LGA&from=2013-07-01&to=2013-08-01")
    assert ["EWR", "JFK", "LGA"] == [each.text for each in browser.find_elements("css selector", ".tile h3")]
    until(browser, lambda: "98.96" in text(browser, "#result tbody"))
    assert "MAX(temp) FROM LGA" == one(browser, "#q").get_property("value")
    assert [] == complaints(browser)


def test_a_wrong_password_is_told(browser: Chrome, address: str) -> None:
    """A wrong password leaves the form there, with the user filled in and what is wrong; no dialog of the browser's opens."""
    browser.get(f"{address}/")
    one(browser, "#log-user").send_keys("demo")
    one(browser, "#log-password").send_keys("wrong")
    one(browser, "#log-password").submit()
    assert "the user or the password is wrong" in one(browser, ".error").text
    assert "demo" == one(browser, "#log-user").get_property("value")


def test_registering_leads_to_a_first_record(browser: Chrome, address: str) -> None:
    """Who registers sees how to post; the page shows the record as soon as it is there."""
    browser.get(f"{address}/")
    one(browser, ".register summary").click()
    one(browser, "#new-user").send_keys("bob")
    one(browser, "#new-password").send_keys("a long secret")
    one(browser, "#new-password").submit()
    line = one(browser, "#first-curl").text
    assert f"{address}/api/v1/sensors/greenhouse-1/records" in line
    record = {"air": {"temperature": 21.5, "humidity": 48}, "door": "closed"}
    posted = requests.post(line.split()[-1], json=record, auth=("bob", "a long secret"), timeout=30)
    assert 201 == posted.status_code
    until(browser, lambda: browser.find_elements("css selector", ".tile .much"))
    assert ["21.5", "48", "closed"] == [each.text for each in browser.find_elements("css selector", ".tile .much")]
    assert [] == complaints(browser)


def test_a_request_without_the_token_is_refused(page: Chrome, address: str) -> None:
    """With the cookie alone a request of the page's own origin reads, but changes nothing; with the token it may."""
    page.get(f"{address}/")
    token = page.execute_script("return document.body.dataset.token")
    body = {"method": "POST", "body": '{"targets": []}'}
    reading = page.execute_async_script(FETCH, "/api/v1/sensors", {})
    writing = page.execute_async_script(FETCH, "/query", body)
    allowed = page.execute_async_script(FETCH, "/query", {**body, "headers": {"X-CSRF-Token": token}})
    assert [200, 403, 200] == [reading[0], writing[0], allowed[0]]
    assert "needs the page's token" in writing[1]
    page.get_log("browser")  # it tells of the 403, as it should


def test_no_script_reads_the_cookie(page: Chrome, address: str) -> None:
    """The cookie is there, and no script can see it."""
    page.get(f"{address}/")
    assert "" == page.execute_script("return document.cookie")
    assert [("grafana_sensor", True, "Lax")] == [
        (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) for cookie in page.get_cookies()
    ]


def test_another_password_ends_the_login(browser: Chrome, address: str) -> None:
    """Once the password is another, the page says that nobody is logged in any more, and asks for it when loaded."""
    register(address, "carol", "first")
    requests.post(f"{address}/api/v1/sensors/hall/records", json={"t": 1}, auth=("carol", "first"), timeout=30)
    log_in(browser, address, "carol", "first")
    changed = requests.put(
        f"{address}/api/v1/users/me", json={"password": "other"}, auth=("carol", "first"), timeout=30
    )
    assert 200 == changed.status_code

    def told() -> bool:
        one(browser, "#ask .primary").click()
        return one(browser, "#banner").is_displayed()

    until(browser, told)
    assert "no longer logged in" in one(browser, "#banner").text
    browser.refresh()
    assert "log in again" in one(browser, ".error").text


def test_logging_out_closes_the_page(browser: Chrome, address: str) -> None:
    """After logging out the form is there again, also on the way back."""
    log_in(browser, address, "demo", "demo")
    one(browser, ".bar form button").click()
    one(browser, "#log-user")
    browser.back()
    one(browser, "#log-user")
    assert [] == browser.find_elements("css selector", ".tile")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_works_without_scripts(width: int, address: str) -> None:
    """Without scripts a user logs in, sees the sensors, asks, gets rows, and is told what is wrong; nothing dead is shown."""
    with browsing(width=width, script=False) as browser:
        browser.get(f"{address}/")
        one(browser, "#log-user").send_keys("demo")
        one(browser, "#log-password").send_keys("demo")
        one(browser, "#log-password").submit()
        one(browser, ".tiles")
        assert 3 == len(browser.find_elements("css selector", ".tile"))
        one(browser, "#ask .primary").click()
        one(browser, "#result table")
        assert 3 == len(browser.find_elements("css selector", "#result tbody tr"))
        assert [] == [each for each in browser.find_elements("css selector", ".scripted") if each.is_displayed()]
        one(browser, "#q").send_keys(" WHERE")
        one(browser, "#ask .primary").click()
        assert one(browser, ".fault p").text
