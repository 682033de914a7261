"""Draws the pictures of docs/page.md anew, from the demo's data: `make screenshots`.

Law: nothing but the server and the browser decides what is on them; a picture is small enough to be kept in the tree.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from selenium.webdriver import ActionChains, Chrome

from grafana_sensor.cli.demo import PASSWORD, USER, prepare
from grafana_sensor.settings import Settings
from tests.pages.browser import browsing, log_in, one, serving
from tests.pages.test_asking import settled

PICTURES: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LARGEST: Final = 200_000
"""Bytes of a picture."""

WEEK: Final = "?q=AVG(temp),+AVG(wind_speed)+FROM+JFK+EVERY+1h&from=2013-07-14&to=2013-07-21"


def main() -> None:
    """Draw all of them."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder:
        prepare(Settings(store=f"sqlite://{folder}"))
        with serving(Path(folder)) as address:
            for name, dark in (("page-light", False), ("page-dark", True)):
                with browsing(width=1200, height=1180, dark=dark) as browser:
                    log_in(browser, address, USER, PASSWORD)
                    settled(browser)
                    keep(name, browser.get_screenshot_as_png())
            with browsing(width=390, height=844) as browser:
                log_in(browser, address, USER, PASSWORD)
                settled(browser)
                keep("page-phone", browser.get_screenshot_as_png())
            with browsing(width=1200, height=1000) as browser:
                log_in(browser, address, USER, PASSWORD, WEEK)
                settled(browser)
                point_at_the_chart(browser)
                keep("page-chart", one(browser, "#query").screenshot_as_png)


def point_at_the_chart(browser: Chrome) -> None:
    """Hold the cursor over the chart, so that its legend tells values."""
    browser.execute_script("document.getElementById('query').scrollIntoView()")
    over = one(browser, "#chart .u-over")
    ActionChains(browser).move_to_element_with_offset(over, over.size["width"] // 6, 0).perform()


def keep(name: str, picture: bytes) -> None:
    """Write one picture."""
    if len(picture) > LARGEST:
        sys.exit(f"{name}.png has {len(picture):,} bytes, more than {LARGEST:,}")
    (PICTURES / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
