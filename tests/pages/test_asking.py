"""Asking on the page: by text, by choosing, over ranges, and what is shown of the answer."""

from __future__ import annotations

from typing import Any

import requests
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.support.select import Select

from tests.pages.browser import READY, complaints, log_in, one, register, text, until

JULY = {"from": "2013-07-01", "to": "2013-08-01"}
AUTH = ("demo", "demo")

PAINTED = """
const drawn = document.querySelector("#chart canvas");
const canvas = Object.assign(document.createElement("canvas"), { width: drawn.width, height: drawn.height });
const context = canvas.getContext("2d", { willReadFrequently: true });
context.drawImage(drawn, 0, 0);
const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
const hex = getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim();
const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
let found = 0;
for (let at = 0; at < data.length; at += 4) {
  if (data[at + 3] > 200 && wanted.every((part, place) => Math.abs(part - data[at + place]) < 12)) found += 1;
}
return found;
"""
ROWS = """
return [...document.querySelectorAll("#result tbody tr")].map((row) => [...row.children].map((cell) => cell.textContent));
"""
DRAWN = "const { plot } = document.getElementById('chart'); return plot && plot.data.map((column) => [...column]);"


def ask(page: Chrome, address: str, q: str, **span: str) -> None:
    """Open the page on a question, and wait until it is answered."""
    request = requests.Request("GET", f"{address}/", params={"q": q, **(span or JULY)}).prepare()
    page.get(str(request.url))
    settled(page)


def settled(page: Chrome) -> None:
    """Wait until what was asked is answered."""
    until(page, lambda: page.execute_script(READY) and not page.find_elements("css selector", "#chart.busy"))


def rest(address: str, q: str, **span: str) -> Any:
    """The rows that REST gives."""
    answer = requests.get(f"{address}/api/v1/query", params={"q": q, **(span or JULY)}, auth=AUTH, timeout=30)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    """REST's rows as the table writes them."""

    def cell(value: object) -> str:
        if value is None:
            return ""
        return f"{value:.17g}" if isinstance(value, float) and value.is_integer() else str(value)

    return [[cell(value) for value in row.values()] for row in rows]


def test_the_page_opens_on_the_data(page: Chrome, address: str) -> None:
    """At first the page shows the whole year of all three airports, drawn and in a table."""
    page.get(f"{address}/")
    settled(page)
    assert "AVG(temp) FROM EWR, JFK, LGA" == one(page, "#q").get_property("value")
    span = [one(page, f"#{name}").get_property("value") for name in ("from", "to")]
    assert ["2013-01-01T06:00:00Z", "2013-12-30T23:00:01Z"] == span
    assert 4 == len(page.execute_script(DRAWN))
    assert 3 == len(page.execute_script(ROWS))


def test_rows_are_those_of_rest(page: Chrome, address: str) -> None:
    """The table has REST's rows, cell by cell, of aggregates, of buckets and of records."""
    for q in ("AVG(temp), MAX(wind_gust) BY sensor", "SUM(precip) FROM JFK EVERY 1d", "MIN(temp) EVERY 28d"):
        ask(page, address, q)
        assert cells(rest(address, q)) == page.execute_script(ROWS)
    q = "temp, wind_gust FROM EWR"
    ask(page, address, q)
    expected = cells(rest(address, q))
    assert expected[:100] == page.execute_script(ROWS)
    one(page, "#more").click()
    until(page, lambda: len(page.execute_script(ROWS)) == 200)
    assert expected[:200] == page.execute_script(ROWS)
    assert "200 rows, and more" == one(page, "#status").text


def test_units_stand_beside_the_columns(page: Chrome, address: str) -> None:
    """A column has the unit that is declared of its attribute, a count has none."""
    ask(page, address, ["AVG(temp), CNT(temp)", "_speed_none, temp"][0])
    assert ["avg_temp °F", "cnt_temp"] == [each.text for each in page.find_elements("css selector", "#result th")]


def test_the_chart_holds_what_is_answered(page: Chrome, address: str) -> None:
    """The chart's columns are the buckets and values of the answer, and its lines are on the canvas in their colours."""
    q = "AVG(temp) FROM EWR, LGA EVERY 1d"
    ask(page, address, q)
    times, *lines = page.execute_script(DRAWN)
    rows = rest(address, q)
    assert len(rows) == 2 * len(times) == 62
    for sensor, line in zip(("EWR", "LGA"), lines, strict=True):
        assert [row["avg_temp"] for row in rows if row["sensor"] == sensor] == line
    assert all(page.execute_script(PAINTED, name) > 200 for name in ("--s1", "--s2"))
    legend = one(page, ".u-legend").text
    assert "EWR AVG(Temperature)" in legend


def test_the_legend_tells_the_values_under_the_cursor(page: Chrome, address: str) -> None:
    """Where the cursor stands the legend has the time and the value with its unit."""
    ask(page, address, "AVG(temp) FROM EWR EVERY 1d")
    page.execute_script("document.querySelector('#chart').scrollIntoView({ block: 'center', behavior: 'instant' })")
    ActionChains(page).move_to_element(one(page, "#chart .u-over")).perform()
    until(page, lambda: "2013-07-16 00:00:00" in one(page, ".u-legend").text)
    assert "°F" in one(page, ".u-legend").text


def test_a_line_is_hidden_by_its_legend(page: Chrome, address: str) -> None:
    """A line goes and comes back by Enter on its entry in the legend, as by a click."""
    ask(page, address, "AVG(temp) FROM EWR, LGA EVERY 1d")
    shown = "return document.getElementById('chart').plot.series.map(({ show }) => show)"
    entry = page.find_elements("css selector", ".u-legend th[tabindex]")[1]
    for expected in (False, True):
        entry.send_keys(Keys.ENTER)
        assert [True, True, expected] == page.execute_script(shown)
    entry.click()
    assert [True, True, False] == page.execute_script(shown)


def test_a_gap_is_a_gap(page: Chrome, address: str) -> None:
    """A bucket without records is null in the chart, so no line runs over it."""
    span = {"from": "2013-12-30T20:00:00Z", "to": "2013-12-31T02:00:00Z"}
    ask(page, address, "AVG(temp) FROM EWR EVERY 1h", **span)
    expected = [row["avg_temp"] for row in rest(address, "AVG(temp) FROM EWR EVERY 1h", **span)]
    assert expected == page.execute_script(DRAWN)[1]
    assert None in expected


def test_several_units_have_several_axes(page: Chrome, address: str) -> None:
    """Values of two units are drawn over two axes, which name them."""
    ask(page, address, "AVG(temp), AVG(pressure) FROM EWR EVERY 1d")
    axes = page.execute_script(
        "return document.getElementById('chart').plot.axes.map(({ label, show }) => [label, show])"
    )
    assert [["°F", True], ["mbar", True]] == axes[1:]


def test_an_error_is_marked_at_its_place(page: Chrome, address: str) -> None:
    """A wrong name is marked in the text, with what is wrong and what would be right, and selected in the field."""
    ask(page, address, "AVG(tempp) FROM EWR")
    assert "tempp" == one(page, "#q-error mark").text
    assert "did you mean 'temp'?" in one(page, "#q-error p").text
    assert "true" == one(page, "#q").get_attribute("aria-invalid")
    chosen = page.execute_script(
        "const q = document.getElementById('q'); return q.value.slice(q.selectionStart, q.selectionEnd)"
    )
    assert "tempp" == chosen
    assert [] == page.execute_script(ROWS)
    field = one(page, "#q")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("AVG(temp) FROM EWR", Keys.ENTER)
    until(page, lambda: len(page.execute_script(ROWS)) == 1)
    assert ("", "false") == (text(page, "#q-error"), field.get_attribute("aria-invalid"))
    page.get_log("browser")  # it tells of the 400s, as it should


def test_completion_offers_what_may_follow(page: Chrome, address: str) -> None:
    """Completion offers aggregates and attributes, sensors after FROM, steps after EVERY, and takes one by the keys."""
    ask(page, address, "temp FROM EWR")
    field = one(page, "#q")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("ma")
    assert "MAX()" in [each.text.split("\n")[0] for each in page.find_elements("css selector", "#q-list li")]
    field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
    assert "MAX()" == field.get_property("value")
    field.send_keys("wind_s")
    assert "Wind speed" in one(page, "#q-list").text
    field.send_keys(Keys.ARROW_DOWN, Keys.TAB, Keys.END, " FROM j")
    assert ["JFK"] == [each.text.split("\n")[0] for each in page.find_elements("css selector", "#q-list li")]
    field.send_keys(Keys.ARROW_DOWN)
    active = field.get_attribute("aria-activedescendant")
    assert "true" == one(page, f"#{active}").get_attribute("aria-selected")
    field.send_keys(Keys.ENTER, " EVERY 1")
    assert "1h" in one(page, "#q-list").text
    field.send_keys("2h", Keys.ESCAPE, Keys.ENTER)
    settled(page)
    assert "MAX(wind_speed) FROM JFK EVERY 12h" == field.get_property("value")
    assert cells(rest(address, "MAX(wind_speed) FROM JFK EVERY 12h")) == page.execute_script(ROWS)


def test_choosing_writes_the_query(page: Chrome, address: str) -> None:
    """What is chosen is written as a text, and asked at once."""
    ask(page, address, "temp FROM EWR")
    one(page, "#build summary").click()
    for name, value in {
        "sensor": "LGA",
        "attribute": "temp (Temperature, °F)",
        "aggregate": "MAX",
        "every": "1d",
        "field": "humid (Relative humidity, %)",
        "operator": ">",
    }.items():
        Select(one(page, f"#build-{name}")).select_by_visible_text(value)
    one(page, "#build-value").send_keys("60", Keys.TAB)
    q = "MAX(temp) FROM LGA WHERE humid > 60 EVERY 1d"
    until(page, lambda: one(page, "#q").get_property("value") == q)
    settled(page)
    assert cells(rest(address, q)) == page.execute_script(ROWS)


def test_a_tile_leads_to_its_course(page: Chrome, address: str) -> None:
    """A click on a value asks for that attribute of that sensor over the sensor's own range."""
    page.get(f"{address}/")
    settled(page)
    page.find_elements("css selector", ".tile")[1].find_element("css selector", ".others .value").click()
    until(page, lambda: one(page, "#q").get_property("value") == "dewp FROM JFK")
    settled(page)
    assert cells(rest(address, "dewp FROM JFK", **{"from": "2013-01-01", "to": "2014-01-01"}))[
        :100
    ] == page.execute_script(ROWS)
    assert "thinned" in one(page, "#notices").text or "points" in one(page, "#notices").text


def test_dragging_zooms_and_back_leads_back(page: Chrome, address: str) -> None:
    """Dragging in the chart asks for what was drawn up; the browser's way back shows what was there before."""
    ask(page, address, "AVG(temp) FROM EWR EVERY 1d")
    page.execute_script("document.querySelector('#chart').scrollIntoView({ block: 'center', behavior: 'instant' })")
    over = one(page, "#chart .u-over")
    width = over.size["width"]
    ActionChains(page).move_to_element_with_offset(over, -width // 4, 0).click_and_hold().move_by_offset(
        width // 2, 0
    ).release().perform()
    until(page, lambda: one(page, "#from").get_property("value") != JULY["from"])
    settled(page)
    start, end = (str(one(page, f"#{name}").get_property("value")) for name in ("from", "to"))
    assert ("2013-07-08", "2013-07-24") == (start[:10], end[:10])
    assert 17 == len(page.execute_script(DRAWN)[0])
    page.back()
    until(page, lambda: one(page, "#from").get_property("value") == JULY["from"])
    settled(page)
    assert 31 == len(page.execute_script(DRAWN)[0])


def test_ranges_by_presets_dates_and_steps(page: Chrome, address: str) -> None:
    """Presets end now, All is where the data is, dates are taken as written, and the range moves and widens."""
    ask(page, address, "AVG(temp) FROM EWR")
    page.find_element("xpath", "//button[text()='6 h']").click()
    settled(page)
    span = lambda: [one(page, f"#{name}").get_property("value") for name in ("from", "to")]  # noqa: E731
    assert ["now-6h", "now"] == span()
    assert "Nothing in this range" in one(page, "#chart").text
    page.find_element("xpath", "//button[text()='All']").click()
    settled(page)
    assert ["2013-01-01T06:00:00Z", "2013-12-30T23:00:01Z"] == span()
    for name, value in (("from", "2013-03-01"), ("to", "2013-03-02")):
        field = one(page, f"#{name}")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(value)
    field.send_keys(Keys.ENTER)
    settled(page)
    assert cells(
        rest(address, "AVG(temp) FROM EWR", **{"from": "2013-03-01", "to": "2013-03-02"})
    ) == page.execute_script(ROWS)
    one(page, "[data-move='0.5']").click()
    assert ["2013-03-01T12:00:00Z", "2013-03-02T12:00:00Z"] == span()
    one(page, "[data-zoom='2']").click()
    assert ["2013-03-01T00:00:00Z", "2013-03-03T00:00:00Z"] == span()
    settled(page)


def test_texts_are_bands(browser: Chrome, address: str) -> None:
    """A series of texts is a band for each time that one text held, as wide as that is of the range."""
    begin, auth = 1_388_534_400, ("frank", "a long secret")
    register(address, *auth)
    states = [*["open"] * 3, *["closed"] * 3, "open", "open", "open"]
    records = [{"time": begin + 600 * place, "door": text} for place, text in enumerate(states)]
    url = f"{address}/api/v1/sensors/gate/records"
    assert 201 == requests.post(url, json=records, auth=auth, timeout=30).status_code
    log_in(browser, address, *auth, f"?q=door+FROM+gate&from={begin}&to={begin + 6_000}")
    settled(browser)
    bands = browser.find_elements("css selector", "#states .held")
    assert ["open", "closed", "open"] == [band.text for band in bands]
    whole = one(browser, "#states .band").size["width"]
    assert [30, 30, 20] == [round(100 * band.size["width"] / whole) for band in bands]
    assert "closed, 2014-01-01 00:30:00 to 2014-01-01 01:00:00" == bands[1].get_attribute("title")
    assert [] == browser.find_elements("css selector", "#chart canvas")
    assert [] == complaints(browser)
