"""How the page looks and is reached: light, dark, on a phone, by the keyboard; live; and what it lets be copied."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.select import Select

from tests.pages.browser import browsing, complaints, hosts, log_in, one, register, text, until
from tests.pages.test_asking import DRAWN, PAINTED, ROWS, ask, cells, settled

CONTRAST = """
const light = (rgb) => rgb.map((part) => part / 255).map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const [red, green, blue, alpha = 1] = parts(getComputedStyle(each).backgroundColor);
    if (alpha > 0.99) return [red, green, blue];
  }
  return [255, 255, 255];
};
const bad = [];
for (const element of document.querySelectorAll("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility() || element.closest(".u-off, [disabled]")) continue;
  const [one, other] = [light(parts(getComputedStyle(element).color).slice(0, 3)), light(behind(element))].sort((a, b) => b - a);
  const ratio = (one + 0.05) / (other + 0.05);
  if (ratio < 4.5) bad.push(`${element.tagName} ${element.className} ${element.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
}
return bad;
"""
UNNAMED = """
return [...document.querySelectorAll("button, a, input, select, textarea, [role=img], [role=region], [role=group], progress")].filter((each) => {
  const labelled = each.labels?.length || each.getAttribute("aria-label") || each.title || each.textContent.trim() || each.type === "hidden";
  return !labelled;
}).map((each) => each.outerHTML);
"""
WIDER = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_can_be_read(width: int, dark: bool, address: str) -> None:  # drawn from the table
    """Light and dark, on a phone and on a screen: all text has the contrast that WCAG wants, nothing is wider than the window, and every control has a name."""
    with browsing(width=width, dark=dark) as browser:
        browser.get(f"{address}/")
        one(browser, "#log-user")
        assert [] == browser.execute_script(CONTRAST)
        log_in(browser, address, "demo", "demo")
        settled(browser)
        for each in browser.find_elements("css selector", "details"):
            browser.execute_script("arguments[0].open = true", each)
        assert [] == browser.execute_script(CONTRAST)
        assert [] == browser.execute_script(UNNAMED)
        assert 0 == browser.execute_script(WIDER)
        assert browser.execute_script(PAINTED, "--s1") > 100
        assert [] == complaints(browser)
        assert {address.removeprefix("http://")} == hosts(browser)


def test_the_theme_is_a_choice_that_stays(page: Chrome, address: str) -> None:
    """The button goes from the system's theme to light and dark; the choice outlives the page, and the chart follows."""
    page.get(f"{address}/")
    settled(page)
    ground = lambda: page.execute_script("return getComputedStyle(document.body).backgroundColor")  # noqa: E731
    light = ground()
    for _ in range(2):
        one(page, "#theme").click()
    dark = ground()
    assert light != dark
    assert page.execute_script(PAINTED, "--s1") > 100
    page.refresh()
    settled(page)
    assert (dark, "Theme: dark") == (ground(), one(page, "#theme").get_attribute("title"))
    one(page, "#theme").click()
    assert light == ground()


def test_the_keyboard_is_enough(address: str) -> None:
    """By the keyboard alone a user logs in, skips to the content, asks, opens what is folded, and runs a preset."""
    with browsing() as browser:
        browser.get(f"{address}/")
        one(browser, "#log-user")
        ActionChains(browser).send_keys("demo", Keys.TAB, "demo", Keys.ENTER).perform()
        one(browser, "#q")
        settled(browser)
        ActionChains(browser).send_keys(Keys.TAB, Keys.ENTER).perform()
        until(browser, lambda: browser.current_url.endswith("#main"))
        visited = set()
        for _ in range(80):
            ActionChains(browser).send_keys(Keys.TAB).perform()
            here = browser.switch_to.active_element
            visited.add(here.get_attribute("id") or here.text)
            if here.get_attribute("id") == "q":
                break
        assert {"8 more", "q"} <= visited
        ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys(
            "MAX(temp) FROM EWR", Keys.ENTER
        ).perform()
        until(browser, lambda: len(browser.execute_script(ROWS)) == 1)
        ActionChains(browser).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
        assert one(browser, "#build-sensor").is_displayed()
        assert [] == complaints(browser)


def test_what_is_copied_works(page: Chrome, address: str) -> None:
    """The curl line gives the rows that are shown, the Infinity URL is one with the dashboard's range, the target is the text."""
    q = "AVG(temp), MAX(temp) BY sensor"
    ask(page, address, q)
    one(page, "#copies summary").click()
    assert q == text(page, "#copy-target")
    line = shlex.split(text(page, "#copy-curl"))
    assert ["curl", "-u", "demo"] == line[:3]
    answer = subprocess.run(
        [*line[:2], "demo:demo", *line[3:], "--silent"], capture_output=True, check=True, timeout=30
    ).stdout
    assert cells(json.loads(answer)) == page.execute_script(ROWS)
    infinity = text(page, "#copy-infinity").replace("${__from}", "1372636800000").replace("${__to}", "1375315200000")
    rows: list[Any] = requests.get(infinity, auth=("demo", "demo"), timeout=30).json()
    assert {"time", "sensor", "avg_temp", "max_temp"} == set(rows[0])
    assert urlsplit(address).netloc == urlsplit(infinity).netloc


@pytest.mark.parametrize("q", [r"temp FROM EWR WHERE sensor != 'it\'s'", "temp FROM EWR WHERE temp > 90 AND temp < 95"])
def test_what_is_copied_keeps_quotes(q: str, page: Chrome, address: str) -> None:
    """Quotes and signs of a query come through the shell and the address as they are."""
    ask(page, address, q)
    words = shlex.split(text(page, "#copy-curl"))
    assert f"q={q}" in words
    assert [q] == parse_qs(urlsplit(text(page, "#copy-infinity")).query)["q"]


def test_the_copy_button_copies(page: Chrome, address: str) -> None:
    """A copy button puts its text on the clipboard and says so."""
    ask(page, address, "AVG(temp)")
    permission = {"origin": address, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    page.execute_cdp_cmd("Browser.grantPermissions", permission)
    one(page, "#copies summary").click()
    button = one(page, "[data-copy='copy-target']")
    button.click()
    until(page, lambda: button.text == "Copied")
    copied = page.execute_async_script("navigator.clipboard.readText().then(arguments[0], String)")
    assert "AVG(temp)" == copied


def test_a_live_device_is_seen_moving(address: str) -> None:
    """The page opens on the last hour of data that still comes, and by itself shows what comes next, while another query is being written."""
    auth = ("erin", "a long secret")
    register(address, *auth)

    def post(record: dict[str, Any]) -> None:
        url = f"{address}/api/v1/sensors/live/records"
        assert 201 == requests.post(url, json=record, auth=auth, timeout=30).status_code

    for value in (1, 2, 3):
        post({"t": value})
    with browsing() as browser:
        log_in(browser, address, *auth)
        settled(browser)
        assert ["now-1h", "now"] == [one(browser, f"#{name}").get_property("value") for name in ("from", "to")]
        assert "5" == Select(one(browser, "#refresh")).first_selected_option.get_attribute("value")
        one(browser, "#q").send_keys(" AND (")
        post({"t": 4711})
        until(browser, lambda: "4,711" in text(browser, ".tile .main .much"))
        until(browser, lambda: max(filter(None, browser.execute_script(DRAWN)[1])) > 1000)
        assert "AVG(t) FROM live AND (" == one(browser, "#q").get_property("value")
        assert "" == text(browser, "#q-error")
        Select(one(browser, "#refresh")).select_by_visible_text("Refresh: off")
        browser.refresh()
        settled(browser)
        assert "0" == Select(one(browser, "#refresh")).first_selected_option.get_attribute("value")
        assert [] == complaints(browser)
